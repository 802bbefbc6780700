//! What is mounted: `mount`, `umount`, and the table that other programs ask.

use super::block::file_system;
use super::disk::{self, Condition};
use super::tool::view;
use crate::hosts::coreutils::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// File that keeps what is mounted, as on Linuxes of the time; a boot empties it.
pub const MTAB: &str = "/etc/mtab";

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Source as it was given.
    pub source: String,
    /// Kernel name of the device, or the source again when it is not a disk.
    pub device: String,
    /// Where it is mounted.
    pub directory: String,
}

/// Everything that is mounted apart from the root file system.
pub fn table(env: &ProgramEnv<'_>) -> Vec<Mount> {
    let text = env.read(MTAB).unwrap_or_default();
    let view = view(env);
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (source, directory) = (fields.next()?, fields.next()?);
            let device = view
                .as_ref()
                .and_then(|view| Some(disk::kernel_name(view, &disk::open(view, source)?)))
                .unwrap_or_else(|| source.rsplit('/').next().unwrap_or(source).to_owned());
            Some(Mount {
                source: source.to_owned(),
                device,
                directory: directory.to_owned(),
            })
        })
        .collect()
}

/// Mount points of a disk, directly or through its map.
pub fn of_disk(env: &ProgramEnv<'_>, disk: &str) -> Vec<String> {
    let map = view(env).and_then(|view| {
        let (.., scsi) = view.zfcp.disk(disk)?;
        view.zfcp
            .maps
            .get(&scsi.wwid)
            .map(|m| format!("dm-{}", m.dm))
    });
    table(env)
        .into_iter()
        .filter(|m| m.device == disk || Some(&m.device) == map.as_ref())
        .map(|m| m.directory)
        .collect()
}

/// mount: without operands the table, else an entry in it. A disk must hold a file system.
pub fn mount(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "ot", &["types", "options"]);
    let text = env
        .read(MTAB)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    if options.has(&["-a", "--all"]) {
        return mount_all(env);
    }
    let (Some(source), Some(directory)) = (options.operands.first(), options.operands.get(1))
    else {
        if let Some(one) = options.operands.first() {
            return mount_from_table(env, one);
        }
        let mut out = Outcome::ok("/dev/dasda1 on / type ext4 (rw,relatime,data=ordered)\n");
        for line in text.lines() {
            if let [device, directory, kind, options, ..] =
                line.split(' ').collect::<Vec<_>>().as_slice()
            {
                out.say(format!("{device} on {directory} type {kind} ({options})"));
            }
        }
        return out;
    };
    let path = env.path(directory);
    if !files::is_directory(env.world, &env.host, &path) {
        return Outcome::fail(
            32,
            format!("mount: mount point {directory} does not exist\n"),
        );
    }
    let mut kind = options
        .value(&["-t", "--types"])
        .unwrap_or("ext4")
        .to_owned();
    if kind == "nfs"
        && let Some((server, _)) = source.split_once(':')
        && env.world.resolve(server).is_none()
    {
        return Outcome::fail(32, "mount.nfs: Connection timed out\n");
    }
    let mut flags = options
        .value(&["-o", "--options"])
        .unwrap_or("rw")
        .to_owned();
    let mut device = source.clone();
    if source.starts_with("/dev/") {
        let path = disk::canonical(env.world, &env.host, &env.directory, source);
        match examine(env, source, &path) {
            Ok(Some((found, read_only))) => {
                kind = found;
                if read_only {
                    "ro".clone_into(&mut flags);
                }
                device = path;
            }
            // A disk that the model does not know more of, as a DASD.
            Ok(None) => {}
            Err(outcome) => return outcome,
        }
    }
    let line = format!("{device} {path} {kind} {flags} 0 0\n");
    match env.write(MTAB, &(text + &line)) {
        Ok(()) => Outcome::ok(""),
        Err(errno) => Outcome::fail(32, format!("mount: {directory}: {errno}\n")),
    }
}

/// File system type of a SCSI disk or map and whether it is read-only; `None` when the path is neither.
fn examine(
    env: &ProgramEnv<'_>,
    shown: &str,
    path: &str,
) -> Result<Option<(String, bool)>, Outcome> {
    let Some(view) = view(env) else {
        return Ok(None);
    };
    let Some(opened) = disk::open(&view, path) else {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with("sd")
            || path.starts_with("/dev/disk/by-path/ccw")
            || path.starts_with("/dev/mapper/")
        {
            return Err(Outcome::fail(
                32,
                format!("mount: special device {shown} does not exist\n"),
            ));
        }
        return Ok(None);
    };
    let content = match disk::volume(&view, &opened, false) {
        Ok((_, volume)) => volume.content.clone(),
        Err(_) => {
            return Err(Outcome::fail(
                32,
                format!("mount: {shown}: can't read superblock\n"),
            ));
        }
    };
    let read_only = disk::volume(&view, &opened, true) == Err(Condition::ReadOnly);
    match file_system(&content) {
        Some((kind, _)) => Ok(Some((kind.to_owned(), read_only))),
        None => Err(Outcome::fail(
            32,
            format!(
                "mount: wrong fs type, bad option, bad superblock on {shown},\n       missing codepage or helper program, or other error\n"
            ),
        )),
    }
}

/// Lines of /etc/fstab: source, directory, type, options.
fn fstab(env: &ProgramEnv<'_>) -> Vec<[String; 4]> {
    env.read("/etc/fstab")
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split_whitespace().map(str::to_owned);
            Some([
                fields.next()?,
                fields.next()?,
                fields.next()?,
                fields.next()?,
            ])
        })
        .collect()
}

fn mount_line(env: &mut ProgramEnv<'_>, [source, directory, kind, flags]: &[String; 4]) -> Outcome {
    let words = ["mount", "-t", kind, "-o", flags, source, directory]
        .iter()
        .map(|w| (*w).to_owned())
        .collect::<Vec<_>>();
    mount(env, &words, "")
}

fn mount_from_table(env: &mut ProgramEnv<'_>, what: &str) -> Outcome {
    let line = fstab(env)
        .into_iter()
        .find(|l| l[0] == what || l[1] == what);
    match line {
        Some(line) => mount_line(env, &line),
        None => Outcome::fail(32, format!("mount: can't find {what} in /etc/fstab\n")),
    }
}

/// `mount -a`: what a boot does with local file systems.
pub fn mount_all(env: &mut ProgramEnv<'_>) -> Outcome {
    let mut out = Outcome::default();
    for line in fstab(env) {
        let skip = matches!(
            line[2].as_str(),
            "swap" | "proc" | "sysfs" | "tmpfs" | "devpts"
        ) || line[1] == "/"
            || line[3].split(',').any(|o| o == "noauto")
            || table(env).iter().any(|m| m.directory == line[1]);
        if skip {
            continue;
        }
        let one = mount_line(env, &line);
        if one.rc != 0 && !line[3].split(',').any(|o| o == "nofail") {
            out.rc = one.rc;
            out.stderr.push_str(&one.stderr);
        }
    }
    out
}

/// umount: by directory or by device.
pub fn umount(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let text = env
        .read(MTAB)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let Some(what) = words.iter().skip(1).rfind(|w| !w.starts_with('-')) else {
        return Outcome::fail(1, "umount: bad usage\n");
    };
    let path = env.path(what);
    let device = disk::canonical(env.world, &env.host, &env.directory, what);
    let keep: String = text
        .split_inclusive('\n')
        .filter(|line| {
            let mut fields = line.split(' ');
            let (source, directory) = (fields.next(), fields.next());
            directory != Some(path.as_str())
                && source != Some(what.as_str())
                && source != Some(device.as_str())
        })
        .collect();
    if keep == text {
        return Outcome::fail(32, format!("umount: {what}: not mounted.\n"));
    }
    match env.write(MTAB, &keep) {
        Ok(()) => Outcome::ok(""),
        Err(errno) => Outcome::fail(32, format!("umount: {what}: {errno}\n")),
    }
}
