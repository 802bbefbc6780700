//! What the file layer of the shell asks about a path.
//!
//! A path that the Linux's own files hold is theirs, so that a site file can put any kernel file in place of a made-up
//! one.

use super::tree::{Node, View, parts};
use super::{Errno, store};
use crate::hosts::guest::udev;
use crate::world::{HostName, World};

/// Whether a path may be the kernel's at all. `/sys` is so altogether; of `/proc` and `/dev` only what is made up here.
fn is_candidate(world: &World, host: &HostName, path: &str) -> bool {
    matches!(parts(path).next(), Some("sys" | "proc" | "dev"))
        && world
            .linuxes
            .get(host)
            .is_some_and(|linux| linux.fs.read(path).is_none())
}

fn is_sys(path: &str) -> bool {
    parts(path).next() == Some("sys")
}

/// Text of a kernel file; `None` when `path` is not the kernel's.
pub fn read(world: &World, host: &HostName, path: &str) -> Option<Result<String, Errno>> {
    if !is_candidate(world, host, path) {
        return None;
    }
    let view = View::of(world, host)?;
    match view.find(path, true).map(|found| found.node) {
        Some(Node::File(text) | Node::ReadWrite(text)) => Some(Ok(text)),
        Some(Node::WriteOnly) => Some(Err(Errno::Access)),
        Some(Node::Directory) => Some(Err(Errno::IsDirectory)),
        Some(Node::Device) => Some(Ok(String::new())),
        Some(Node::Link(_)) | None => is_sys(path).then_some(Err(Errno::NoEntry)),
    }
}

/// Writes to a kernel file, with its effects; `None` when `path` is not the kernel's.
pub fn write(
    world: &mut World,
    host: &HostName,
    path: &str,
    data: &str,
) -> Option<Result<(), Errno>> {
    if !is_candidate(world, host, path) {
        return None;
    }
    let view = View::of(world, host)?;
    let target = match view.find(path, true) {
        Some(found) => match found.node {
            Node::ReadWrite(_) | Node::WriteOnly => Ok(found.path),
            Node::Directory => Err(Errno::IsDirectory),
            Node::Device => return Some(Ok(())),
            Node::File(_) | Node::Link(_) => Err(Errno::Access),
        },
        None if is_sys(path) => {
            // A missing attribute in a directory that exists cannot be created (spec: zfcp-and-san 2.2).
            let parent = path.trim_end_matches('/').rsplit_once('/').map(|(p, _)| p);
            let there = parent
                .and_then(|p| view.find(p, true))
                .is_some_and(|found| found.node == Node::Directory);
            Err(if there { Errno::Access } else { Errno::NoEntry })
        }
        None => return None,
    };
    Some(target.and_then(|target| {
        let events = store::store(world, host, &target, data)?;
        udev::process(world, host, events);
        Ok(())
    }))
}

/// Names in a kernel directory, with the Linux's own files of that directory; `None` when `directory` is not one.
pub fn list(world: &World, host: &HostName, directory: &str) -> Option<Vec<String>> {
    if !is_candidate(world, host, directory) {
        return None;
    }
    let view = View::of(world, host)?;
    let found = view.find(directory, true)?;
    let path: Vec<&str> = found.path.iter().map(String::as_str).collect();
    let mut names: std::collections::BTreeSet<String> =
        view.entries(&path)?.into_iter().map(|(n, _)| n).collect();
    names.extend(view.machine.linux.fs.list(directory));
    Some(names.into_iter().collect())
}

/// Whether `path` exists in the kernel's file systems. A link that leads nowhere does not.
pub fn exists(world: &World, host: &HostName, path: &str) -> bool {
    is_candidate(world, host, path)
        && View::of(world, host).is_some_and(|view| view.find(path, true).is_some())
}

/// Where a symbolic link of the kernel's or udev's points, as it is written; `None` when `path` is not one.
pub fn readlink(world: &World, host: &HostName, path: &str) -> Option<String> {
    if !is_candidate(world, host, path) {
        return None;
    }
    match View::of(world, host)?.find(path, false)?.node {
        Node::Link(target) => Some(target),
        _ => None,
    }
}

/// The path that remains when all links of a kernel path are followed; `None` when it is not the kernel's.
pub fn canonical(world: &World, host: &HostName, path: &str) -> Option<String> {
    if !is_candidate(world, host, path) {
        return None;
    }
    let found = View::of(world, host)?.find(path, true)?;
    Some(format!("/{}", found.path.join("/")))
}

/// Whether `path` is a directory of the kernel's.
pub fn is_directory(world: &World, host: &HostName, path: &str) -> bool {
    is_candidate(world, host, path)
        && View::of(world, host)
            .and_then(|view| view.find(path, true))
            .is_some_and(|found| found.node == Node::Directory)
}

/// Whether `path` is a block or character device.
pub fn is_device(world: &World, host: &HostName, path: &str) -> bool {
    is_candidate(world, host, path)
        && View::of(world, host)
            .and_then(|view| view.find(path, true))
            .is_some_and(|found| found.node == Node::Device)
}
