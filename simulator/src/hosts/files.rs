//! Files of a Linux as its programs see them: what the kernel makes up (`sysfs`), and what is kept ([`SimFs`]).
//!
//! [`SimFs`]: crate::world::SimFs

use std::borrow::Cow;

use super::shell::Errno;
use super::{guest, sysfs};
use crate::world::fs::is_pool_file;
use crate::world::{HostName, Linux, World};

/// Whether a path belongs to the kernel.
pub fn is_kernel(path: &str) -> bool {
    ["/sys", "/proc", "/dev"].iter().any(|top| {
        path.strip_prefix(top)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Directory of the management node that is the root of what it exports by NFS (spec: scsi-pools 2.5, mount step).
const EXPORT_ROOT: &str = "/install";

/// Where a path under an NFS mount really is: the server, and the path there. Mounts are looked for under `/mnt` only,
/// where xCAT makes them.
fn exported(world: &World, host: &HostName, path: &str) -> Option<(HostName, String)> {
    if !path.starts_with("/mnt/") {
        return None;
    }
    let table = world.linuxes.get(host)?.fs.files.get("/etc/mtab")?;
    table.text.text().lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (source, directory, kind) = (fields.next()?, fields.next()?, fields.next()?);
        let rest = path.strip_prefix(directory)?;
        if kind != "nfs" || !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let (server, what) = source.split_once(':')?;
        let server = world.resolve(server)?.clone();
        let root = if server == world.mn.host {
            EXPORT_ROOT
        } else {
            ""
        };
        // A host that mounts itself would go round in circles.
        (server != *host).then(|| (server, format!("{root}{what}{rest}")))
    })
}

/// Text of a file.
pub fn read<'a>(world: &'a World, host: &HostName, path: &str) -> Result<Cow<'a, str>, Errno> {
    if let Some((server, path)) = exported(world, host, path) {
        return read(world, &server, &path);
    }
    if path == "/dev/null" {
        return Ok(Cow::Borrowed(""));
    }
    if path.starts_with("/dev/") && sysfs::is_device(world, host, path) {
        return guest::disk::read(world, host, path).map(Cow::Owned);
    }
    if is_kernel(path)
        && let Some(answer) = sysfs::read(world, host, path)
    {
        return answer.map(Cow::Owned);
    }
    let linux = world.linuxes.get(host).ok_or(Errno::NoEntry)?;
    match linux.fs.files.get(path) {
        Some(file) => Ok(file.text.text()),
        None if is_directory(world, host, path) => Err(Errno::IsDirectory),
        None => Err(Errno::NoEntry),
    }
}

/// Whether there is no room for what is to be written (spec: zfcp-and-san 8.1 F65).
pub fn is_full(linux: &Linux, path: &str) -> bool {
    linux.zfcp.faults.etc_full && path.starts_with("/etc/")
}

/// Replaces a file or appends to it. An empty text opens a kernel's file and writes nothing.
pub fn write(
    world: &mut World,
    host: &HostName,
    path: &str,
    text: &str,
    append: bool,
) -> Result<(), Errno> {
    if let Some((server, path)) = exported(world, host, path) {
        return write(world, &server, &path, text, append);
    }
    if path == "/dev/null" {
        return Ok(());
    }
    if is_kernel(path) {
        if sysfs::list(world, host, path).is_some() {
            return Err(Errno::IsDirectory);
        }
        if path.starts_with("/dev/") && sysfs::is_device(world, host, path) {
            return guest::disk::write(world, host, path, text);
        }
        if text.is_empty() && sysfs::exists(world, host, path) {
            return Ok(());
        }
        if !text.is_empty()
            && let Some(answer) = sysfs::write(world, host, path, text)
        {
            return answer;
        }
        // The kernel makes its files itself; nobody else can.
        return Err(if path.starts_with("/dev/") {
            Errno::Access
        } else {
            Errno::NoEntry
        });
    }
    if is_directory(world, host, path) {
        return Err(Errno::IsDirectory);
    }
    let parent = path.rsplit_once('/').map_or("/", |(p, _)| p);
    if !parent.is_empty() && !is_directory(world, host, parent) {
        return Err(if exists(world, host, parent) {
            Errno::NotDirectory
        } else {
            Errno::NoEntry
        });
    }
    let now = world.now_ms;
    let linux = world.linuxes.get_mut(host).ok_or(Errno::NoEntry)?;
    if is_full(linux, path) && !text.is_empty() {
        return Err(Errno::NoSpace);
    }
    if !is_pool_file(path) {
        let old = linux.fs.read(path);
        let new = match (&old, append) {
            (Some(old), true) => Cow::Owned(format!("{old}{text}")),
            _ => Cow::Borrowed(text),
        };
        world
            .scratch
            .file(host, path, old.as_deref(), Some(new.as_ref()));
    }
    if append {
        linux.fs.append(path, text, now);
    } else {
        linux.fs.write(path, text, now);
    }
    Ok(())
}

/// Removes a regular file.
pub fn remove(world: &mut World, host: &HostName, path: &str) -> Result<(), Errno> {
    if let Some((server, path)) = exported(world, host, path) {
        return remove(world, &server, &path);
    }
    if is_kernel(path) && exists(world, host, path) {
        return Err(Errno::Permission);
    }
    let linux = world.linuxes.get_mut(host).ok_or(Errno::NoEntry)?;
    match linux.fs.remove(path) {
        Some(file) => {
            let old = file.text.text();
            world.scratch.file(host, path, Some(old.as_ref()), None);
            // A directory outlives its last file.
            if let Some((parent, _)) = path.rsplit_once('/')
                && !parent.is_empty()
            {
                linux.fs.directories.insert(parent.to_owned());
            }
            Ok(())
        }
        None if linux.fs.is_directory(path) => Err(Errno::IsDirectory),
        None => Err(Errno::NoEntry),
    }
}

/// Names in a directory, sorted.
pub fn list(world: &World, host: &HostName, path: &str) -> Result<Vec<String>, Errno> {
    if let Some((server, path)) = exported(world, host, path) {
        return list(world, &server, &path);
    }
    if is_kernel(path)
        && let Some(mut names) = sysfs::list(world, host, path)
    {
        names.sort();
        return Ok(names);
    }
    let linux = world.linuxes.get(host).ok_or(Errno::NoEntry)?;
    if !is_directory(world, host, path) {
        return Err(if exists(world, host, path) {
            Errno::NotDirectory
        } else {
            Errno::NoEntry
        });
    }
    Ok(linux.fs.list(path).into_iter().collect())
}

/// Whether there is anything at a path.
pub fn exists(world: &World, host: &HostName, path: &str) -> bool {
    if let Some((server, path)) = exported(world, host, path) {
        return exists(world, &server, &path);
    }
    if path == "/dev/null" || (is_kernel(path) && sysfs::exists(world, host, path)) {
        return true;
    }
    world
        .linuxes
        .get(host)
        .is_some_and(|l| l.fs.files.contains_key(path))
        || is_directory(world, host, path)
}

/// Directories that every Linux has, whether a file is in them or not.
const STANDARD: [&str; 16] = [
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/mnt", "/opt", "/proc", "/root", "/sbin",
    "/sys", "/tmp", "/usr", "/usr/bin", "/var",
];

/// Whether a path is a directory.
pub fn is_directory(world: &World, host: &HostName, path: &str) -> bool {
    if let Some((server, path)) = exported(world, host, path) {
        return is_directory(world, &server, &path);
    }
    if is_kernel(path) && sysfs::list(world, host, path).is_some() {
        return true;
    }
    STANDARD.contains(&path)
        || matches!(
            path,
            "/etc/udev" | "/etc/udev/rules.d" | "/var/opt" | "/var/log" | "/var/tmp"
        )
        || world
            .linuxes
            .get(host)
            .is_some_and(|l| l.fs.is_directory(path))
}
