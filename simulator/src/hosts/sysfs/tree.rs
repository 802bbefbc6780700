//! The kernel's file systems as a tree whose directories are made up when they are looked at.

use std::borrow::Cow;

use crate::world::zfcp::{Machine, Zfcp, observe};
use crate::world::{HostName, World};

use super::{classes, css, dev, proc};

/// What stands under a name of a kernel directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Directory,
    /// A file that can only be read, with its text.
    File(String),
    /// A file that can be read and written.
    ReadWrite(String),
    /// A file that can only be written.
    WriteOnly,
    /// A device node.
    Device,
    /// A symbolic link.
    Link(String),
}

/// Names of a directory with what stands under them.
pub type Entries = Vec<(String, Node)>;

/// One Linux's driver state at this moment.
pub struct View<'a> {
    /// What surrounds the driver.
    pub machine: Machine<'a>,
    /// What the driver knows.
    pub zfcp: Cow<'a, Zfcp>,
}

/// A path whose links were followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path without links.
    pub path: Vec<String>,
    /// What is there.
    pub node: Node,
}

impl<'a> View<'a> {
    /// The view of a Linux; `None` when there is no such Linux.
    pub fn of(world: &'a World, host: &'a HostName) -> Option<Self> {
        let (machine, zfcp) = observe(world, host)?;
        Some(Self { machine, zfcp })
    }

    /// Entries of a directory without links in its path; `None` when it is not a kernel directory.
    pub fn entries(&self, path: &[&str]) -> Option<Entries> {
        if let Some(names) = always(path) {
            return Some(directories(names));
        }
        match path {
            ["sys", "bus" | "devices" | "module", ..] => css::entries(self, &path[1..]),
            ["sys", "class" | "block", ..] => classes::entries(self, &path[1..]),
            ["proc", rest @ ..] => proc::entries(self, rest),
            ["dev", rest @ ..] => dev::entries(self, rest),
            _ => None,
        }
    }

    /// Follows the links of an absolute path; the last one too if `last`. `None` when something is missing.
    pub fn find(&self, path: &str, last: bool) -> Option<Found> {
        let mut rest: Vec<String> = parts(path).rev().map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut node = Node::Directory;
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                done.pop();
                node = Node::Directory;
                continue;
            }
            let borrowed: Vec<&str> = done.iter().map(String::as_str).collect();
            let found = self.entry(&borrowed, &name)?;
            match found {
                Node::Link(target) if last || !rest.is_empty() => {
                    links += 1;
                    if links > 40 {
                        return None;
                    }
                    if target.starts_with('/') {
                        done.clear();
                    }
                    rest.extend(parts(&target).rev().map(str::to_owned));
                    node = Node::Directory;
                }
                found => {
                    done.push(name);
                    node = found;
                }
            }
        }
        Some(Found { path: done, node })
    }

    /// One entry of a directory. What is large and often asked for is looked up, not listed.
    fn entry(&self, directory: &[&str], name: &str) -> Option<Node> {
        if let Some(names) = always(directory) {
            return names.contains(&name).then_some(Node::Directory);
        }
        match directory {
            ["dev", rest @ ..] => dev::entry(self, rest, name),
            ["sys", "bus" | "devices", ..] => css::entry(self, &directory[1..], name),
            _ => self
                .entries(directory)?
                .into_iter()
                .find(|(n, _)| n == name)
                .map(|(_, node)| node),
        }
    }

    /// Text of a readable file, without the newline at its end.
    pub fn text(&self, path: &str) -> Option<String> {
        match self.find(path, true)?.node {
            Node::File(text) | Node::ReadWrite(text) => Some(text.trim_end().to_owned()),
            _ => None,
        }
    }
}

/// Names of a directory that is always there and holds nothing but directories.
fn always(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        [] => &["dev", "proc", "sys"],
        ["sys"] => &["block", "bus", "class", "devices", "module"],
        ["sys", "bus"] => &["ccw", "scsi"],
        ["sys", "bus", "ccw"] => &["devices", "drivers"],
        ["sys", "bus", "scsi"] => &["devices"],
        ["sys", "devices"] => &["css0"],
        ["sys", "class"] => &[
            "block",
            "fc_host",
            "fc_remote_ports",
            "scsi_device",
            "scsi_generic",
            "scsi_host",
        ],
        _ => return None,
    })
}

/// The names of a path, without empty ones and `.`.
pub fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|p| !p.is_empty() && *p != ".")
}

/// Entries that are all directories.
pub fn directories(names: &[&str]) -> Entries {
    names
        .iter()
        .map(|n| ((*n).to_owned(), Node::Directory))
        .collect()
}

/// A read-only attribute.
pub fn file(name: &str, text: impl std::fmt::Display) -> (String, Node) {
    (name.to_owned(), Node::File(format!("{text}\n")))
}

/// An attribute to read and write.
pub fn read_write(name: &str, text: impl std::fmt::Display) -> (String, Node) {
    (name.to_owned(), Node::ReadWrite(format!("{text}\n")))
}

/// An attribute to write only.
pub fn write_only(name: &str) -> (String, Node) {
    (name.to_owned(), Node::WriteOnly)
}

/// A symbolic link.
pub fn link(name: impl Into<String>, target: impl Into<String>) -> (String, Node) {
    (name.into(), Node::Link(target.into()))
}

/// A directory.
pub fn directory(name: impl Into<String>) -> (String, Node) {
    (name.into(), Node::Directory)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::world::Distribution;
    use crate::world::zfcp::tests::{host, world};

    /// Every directory below a path with its entries.
    fn walk(view: &View<'_>, path: Vec<String>, all: &mut Vec<(Vec<String>, Entries)>) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let Some(entries) = view.entries(&parts) else {
            return;
        };
        for (name, node) in &entries {
            if *node == Node::Directory {
                let mut below = path.clone();
                below.push(name.clone());
                walk(view, below, all);
            }
        }
        all.push((path, entries));
    }

    #[test]
    fn what_is_looked_up_is_what_is_listed() {
        let offline = world(Distribution::Rhel7);
        let mut online = offline.clone();
        let switch = "/sys/bus/ccw/devices/0.0.b805/online";
        super::super::write(&mut online, &host(), switch, "1")
            .unwrap()
            .unwrap();
        let mut vanished = online.clone();
        for system in vanished.systems.values_mut() {
            system
                .running
                .values_mut()
                .for_each(|vm| vm.devices.clear());
        }
        for world in [offline, online, vanished] {
            let host = host();
            let view = View::of(&world, &host).unwrap();
            let mut all = Vec::new();
            walk(&view, vec!["sys".to_owned()], &mut all);
            let mut names: BTreeSet<String> = ["0.0.B805", "0.0.000A", "0:0:0:04", "host00"]
                .map(str::to_owned)
                .into();
            names.extend(
                all.iter()
                    .flat_map(|(_, e)| e.iter().map(|(n, _)| n.clone())),
            );
            assert!(
                all.len() > 30 && names.len() > 40,
                "{} {}",
                all.len(),
                names.len()
            );
            for (path, entries) in &all {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                for name in &names {
                    let listed = entries.iter().find(|(n, _)| n == name);
                    let listed = listed.map(|(_, node)| node.clone());
                    assert_eq!(view.entry(&path, name), listed, "{path:?} {name}");
                }
            }
        }
    }
}
