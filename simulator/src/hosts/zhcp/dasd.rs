//! DASD tools on disks that the zHCP's scripts have brought online: `lsdasd`, `dasdfmt`, `fdasd`, `dasdview`.

use super::script::DASD_DEVICES;
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// The tools: a device must be one of the kernel's list.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let name = words
        .first()
        .map_or("", |w| w.rsplit('/').next().unwrap_or(w));
    let list = env
        .read(DASD_DEVICES)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    if name == "lsdasd" {
        let mut text =
            "Bus-ID     Status      Name      Device  Type  BlkSz  Size      Blocks\n".to_owned();
        text.push_str(&"=".repeat(78));
        text.push('\n');
        for line in list.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let id = line.split('(').next().unwrap_or_default();
            let device = words.iter().find(|w| w.starts_with("dasd")).unwrap_or(&"");
            text.push_str(&format!(
                "{id:<10} active      {device:<9} 94:0    ECKD  4096\n"
            ));
        }
        return Outcome::ok(text);
    }
    let Some(device) = words.iter().rev().find_map(|w| w.strip_prefix("/dev/")) else {
        return Outcome::fail(1, format!("{name}: No device specified!\n"));
    };
    if list
        .lines()
        .any(|l| l.split_whitespace().any(|w| w == device))
    {
        Outcome::ok("")
    } else {
        Outcome::fail(
            1,
            format!("{name}: Could not open device '/dev/{device}': No such file or directory\n"),
        )
    }
}
