//! `lsdasd` of a guest.

use super::tool::view;
use crate::hosts::ProgramEnv;
use crate::hosts::coreutils::Options;
use crate::hosts::sysfs::dasd;
use crate::seam::Outcome;

/// lsdasd: `-s` leaves out the `0.0.`, `-a` and `-b` change nothing here; bus ids as operands.
pub fn lsdasd(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let short = options.has(&["-s", "--short"]);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let wanted: Vec<String> = options
        .operands
        .iter()
        .filter_map(|id| super::tool::device_number(id))
        .map(crate::world::zfcp::names::bus_id)
        .collect();
    let mut out = Outcome::default();
    out.say("Bus-ID     Status      Name      Device  Type  BlkSz  Size      Blocks");
    out.say("=".repeat(78));
    for disk in dasd::all(&view) {
        if !options.operands.is_empty() && !wanted.contains(&disk.id) {
            continue;
        }
        let id = if short {
            disk.id.trim_start_matches("0.0.")
        } else {
            &disk.id
        };
        let status = if disk.read_only {
            "active(ro)"
        } else {
            "active"
        };
        out.say(format!(
            "{id:<8}   {status:<10}  {:<8}  {:<6}  {:<4}  {:<4}   {:<8}  {}",
            disk.name,
            format!("94:{}", disk.minor),
            disk.kind().1.trim_end(),
            disk.block_size,
            format!("{}MB", disk.bytes() >> 20),
            disk.blocks
        ));
    }
    out
}
