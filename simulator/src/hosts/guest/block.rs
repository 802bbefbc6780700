//! Programs that look at block devices: `blockdev`, `lsblk`, `blkid`, `mkfs` (spec: zfcp-and-san 4.10).
//!
//! A volume's content is one text, its identity. A text of the form `{type} uuid {uuid}` is a file system; `mkfs` writes
//! one, `blkid` reads it, `dd` carries any content along.

use super::disk::{self, Opened};
use super::mounts;
use super::tool::{base_name, view};
use crate::hosts::coreutils::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// File system type and UUID of a content, if it is a file system.
pub fn file_system(content: &str) -> Option<(&str, &str)> {
    let (kind, uuid) = content.split_once(" uuid ")?;
    (!kind.is_empty() && !kind.contains(' ')).then_some((kind, uuid.trim()))
}

/// blockdev: `--getsize64`, `--getsz`, `--getss`, `--getro`, `--flushbufs`, `--rereadpt`.
pub fn blockdev(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let Some(name) = options.operands.first() else {
        return Outcome::fail(1, "Usage:\n blockdev [-v|-q] commands devices\n");
    };
    let path = disk::canonical(env.world, &env.host, &env.directory, name);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let Some(opened) = disk::open(&view, &path) else {
        return Outcome::fail(
            1,
            format!("blockdev: cannot open {name}: No such file or directory\n"),
        );
    };
    let bytes = disk::bytes(&view, &opened);
    let mut out = Outcome::default();
    for (option, _) in &options.options {
        match option.as_str() {
            "--getsize64" => out.say(bytes.to_string()),
            "--getsz" | "--getsize" => out.say((bytes / 512).to_string()),
            "--getss" | "--getbsz" | "--getpbsz" => out.say("512"),
            "--getro" => {
                let read_only = disk::volume(&view, &opened, true)
                    .is_err_and(|c| c == disk::Condition::ReadOnly);
                out.say(if read_only { "1" } else { "0" });
            }
            "--flushbufs" | "--rereadpt" | "--setrw" | "--setro" | "-v" | "-q" => {}
            other => {
                return Outcome::fail(1, format!("blockdev: Unknown command: {other}\n"));
            }
        }
    }
    out
}

fn human(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("T", 1 << 40),
        ("G", 1 << 30),
        ("M", 1 << 20),
        ("K", 1 << 10),
    ];
    for (unit, size) in UNITS {
        if bytes >= size {
            let tenths = bytes * 10 / size;
            return if tenths.is_multiple_of(10) {
                format!("{}{unit}", tenths / 10)
            } else {
                format!("{}.{}{unit}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{bytes}B")
}

/// lsblk: a table of DASDs and disks with their maps; `-b`, `-n`, `-d`, a device as operand.
pub fn lsblk(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "o", &["output"]);
    let in_bytes = options.has(&["-b", "--bytes"]);
    let alone = options.has(&["-d", "--nodeps"]);
    let wanted: Vec<String> = options
        .operands
        .iter()
        .map(|name| disk::canonical(env.world, &env.host, &env.directory, name))
        .collect();
    let mounted = mounts::table(env);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mount_point = |name: &str| {
        mounted
            .iter()
            .find(|m| m.device == name)
            .map_or_else(String::new, |m| m.directory.clone())
    };
    let size = |bytes: u64| {
        if in_bytes {
            bytes.to_string()
        } else {
            human(bytes)
        }
    };
    let mut out = Outcome::default();
    if !options.has(&["-n", "--noheadings"]) {
        out.say("NAME   MAJ:MIN RM  SIZE RO TYPE  MOUNTPOINT");
    }
    let mut found = wanted.is_empty();
    for dasd in crate::hosts::sysfs::dasd::all(&view) {
        if !wanted.is_empty() && !wanted.contains(&format!("/dev/{}", dasd.name)) {
            continue;
        }
        found = true;
        let ro = u8::from(dasd.read_only);
        let size = size(dasd.bytes());
        let numbers = format!("94:{}", dasd.minor);
        out.say(format!(
            "{:<6} {numbers:>7}  0 {size:>4}  {ro} disk",
            dasd.name
        ));
        if !alone {
            let root = if dasd.minor == 0 { "  /" } else { "" };
            let (name, numbers) = (format!("{}1", dasd.name), format!("94:{}", dasd.minor + 1));
            out.say(format!(
                "└─{name} {numbers:>7}  0 {size:>4}  {ro} part{root}"
            ));
        }
    }
    for (.., scsi) in view.zfcp.disks() {
        if !wanted.is_empty() && !wanted.contains(&format!("/dev/{}", scsi.disk)) {
            continue;
        }
        found = true;
        let numbers = crate::hosts::sysfs::dev::numbers(&scsi.disk);
        let line = format!(
            "{:<6} {numbers:>7}  0 {:>4}  0 disk  {}",
            scsi.disk,
            size(scsi.bytes),
            mount_point(&scsi.disk)
        );
        out.say(line.trim_end());
        if let Some(map) = view.zfcp.maps.get(&scsi.wwid).filter(|_| !alone) {
            let name = disk::shown_name(&view, &Opened::Map(scsi.wwid.clone()));
            let numbers = format!("253:{}", map.dm);
            let line = format!(
                "└─{name} {numbers:>7}  0 {:>4}  0 mpath {}",
                size(scsi.bytes),
                mount_point(&format!("dm-{}", map.dm))
            );
            out.say(line.trim_end());
        }
    }
    if !found {
        return Outcome::fail(
            32,
            format!("lsblk: {}: not a block device\n", options.operands[0]),
        );
    }
    out
}

/// blkid: file systems on devices; `-o value -s TAG`, `-U UUID`.
pub fn blkid(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "osUtc", &[]);
    disk::wait_for_queues(env, &options.operands);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let mut devices: Vec<(String, Opened)> = Vec::new();
    if options.operands.is_empty() {
        for (.., scsi) in view.zfcp.disks() {
            devices.push((
                format!("/dev/{}", scsi.disk),
                Opened::Disk(scsi.disk.clone()),
            ));
        }
        for wwid in view.zfcp.maps.keys() {
            let opened = Opened::Map(wwid.clone());
            devices.push((
                format!("/dev/mapper/{}", disk::shown_name(&view, &opened)),
                opened,
            ));
        }
    }
    for name in &options.operands {
        let path = disk::canonical(env.world, &env.host, &env.directory, name);
        if let Some(opened) = disk::open(&view, &path) {
            devices.push((name.clone(), opened));
        }
    }
    let mut out = Outcome::default();
    for (name, opened) in devices {
        let Ok((_, volume)) = disk::volume(&view, &opened, false) else {
            continue;
        };
        let Some((kind, uuid)) = file_system(&volume.content) else {
            continue;
        };
        if options.value(&["-U"]).is_some_and(|wanted| wanted != uuid) {
            continue;
        }
        let only = options.value(&["-s"]);
        if options.has(&["-U"]) {
            out.say(name);
        } else if options.value(&["-o"]) == Some("value") {
            for (tag, value) in [("UUID", uuid), ("TYPE", kind)] {
                if only.is_none_or(|wanted| wanted == tag) {
                    out.say(value);
                }
            }
        } else {
            let tags: Vec<String> = [("UUID", uuid), ("TYPE", kind)]
                .iter()
                .filter(|(tag, _)| only.is_none_or(|wanted| wanted == *tag))
                .map(|(tag, value)| format!("{tag}=\"{value}\""))
                .collect();
            out.say(format!("{name}: {} ", tags.join(" ")));
        }
    }
    if out.stdout.is_empty() {
        out.rc = 2;
    }
    out
}

/// mkfs.TYPE, `mkfs -t TYPE`, mke2fs: a new file system with a UUID of the site's generator.
pub fn mkfs(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "tbLNmiI", &[]);
    let tool = base_name(words).to_owned();
    let kind = tool
        .strip_prefix("mkfs.")
        .or_else(|| options.value(&["-t"]))
        .unwrap_or("ext2")
        .to_owned();
    let Some(name) = options.operands.first() else {
        return Outcome::fail(1, format!("Usage: {tool} [options] device\n"));
    };
    let path = disk::canonical(env.world, &env.host, &env.directory, name);
    if mounts::table(env)
        .iter()
        .any(|m| path == format!("/dev/{}", m.device))
    {
        return Outcome::fail(
            1,
            format!("{name} is mounted; will not make a filesystem here!\n"),
        );
    }
    let (high, low) = (env.world.next_random(), env.world.next_random());
    let uuid = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    );
    let known = view(env).is_some_and(|view| disk::open(&view, &path).is_some());
    if is_dasd(env, &path) {
        return Outcome::default();
    }
    if !known && !files::exists(env.world, &env.host, &path) {
        return Outcome::fail(
            1,
            format!("Could not stat {name} --- No such file or directory\n"),
        );
    }
    match disk::write(env.world, &env.host, &path, &format!("{kind} uuid {uuid}")) {
        Ok(()) => Outcome::ok(format!("Filesystem UUID: {uuid}\n")),
        Err(errno) => Outcome::fail(1, format!("{tool}: {errno} while setting up superblock\n")),
    }
}

/// Whether a path names a DASD, or a partition of one, that the kernel has online.
fn is_dasd(env: &ProgramEnv<'_>, path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dev/").filter(|n| n.starts_with("dasd")) else {
        return false;
    };
    let disk = name.trim_end_matches(|c: char| c.is_ascii_digit());
    env.read("/proc/dasd/devices")
        .is_ok_and(|list| list.split_whitespace().any(|word| word == disk))
}
