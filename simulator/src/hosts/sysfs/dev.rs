//! `/dev`: device nodes and udev's links (spec: zfcp-and-san 2.7, 2.8).

use std::collections::BTreeMap;

use crate::world::zfcp::names::{disk_index, disk_name, disk_numbers};

use super::dasd;
use super::tree::{Entries, Node, View, directory, link, parts};

/// Major and minor number of a disk, as in its `dev` attribute.
pub fn numbers(disk: &str) -> String {
    let (major, minor) = disk_numbers(disk_index(disk).unwrap_or_default());
    format!("{major}:{minor}")
}

/// Name of a multipath map: its WWID, or a friendly one if the configuration says so.
pub fn map_name(view: &View<'_>, wwid: &str) -> String {
    let friendly = view
        .machine
        .linux
        .fs
        .read("/etc/multipath.conf")
        .is_some_and(|conf| {
            conf.lines().any(|line| {
                let mut words = line.split_whitespace();
                words.next() == Some("user_friendly_names") && words.next() == Some("yes")
            })
        });
    match view.zfcp.maps.get(wwid) {
        Some(map) if friendly => {
            let index = usize::try_from(map.dm).unwrap_or_default();
            format!("mpath{}", &disk_name(index)[2..])
        }
        _ => wwid.to_owned(),
    }
}

/// udev's links below `/dev` with the kernel names they lead to. Where two devices claim a link, a map wins over its
/// paths, and otherwise the later disk.
pub fn links<'a>(view: &'a View<'_>) -> BTreeMap<&'a str, &'a str> {
    let mut links = BTreeMap::new();
    for maps in [false, true] {
        for (kernel, names) in &view.zfcp.symlinks {
            if kernel.starts_with("dm-") == maps {
                links.extend(names.iter().map(|name| (name.as_str(), kernel.as_str())));
            }
        }
    }
    links
}

/// One entry of a directory below `/dev`, as [`entries`] would list it.
pub fn entry(view: &View<'_>, directory: &[&str], name: &str) -> Option<Node> {
    if directory.is_empty() {
        let sg = name.strip_prefix("sg").filter(|_| !view.zfcp.faults.no_sg);
        let sg = sg.and_then(|number| number.parse::<u32>().ok());
        let is_device = view.zfcp.disks().any(|(.., d)| {
            d.disk == name || sg.is_some_and(|n| d.sg == n && name == format!("sg{n}"))
        }) || view
            .zfcp
            .maps
            .values()
            .any(|m| format!("dm-{}", m.dm) == name)
            || is_dasd(view, name);
        if is_device {
            return Some(Node::Device);
        }
        if name == "mapper" && !view.zfcp.maps.is_empty() {
            return Some(Node::Directory);
        }
    }
    if directory == ["mapper"]
        && let Some((_, map)) = view
            .zfcp
            .maps
            .iter()
            .find(|(wwid, _)| map_name(view, wwid) == name)
    {
        return Some(Node::Link(format!("../dm-{}", map.dm)));
    }
    let mut path = directory.join("/");
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
    if let Some(kernel) = owner(view, &path) {
        return Some(Node::Link(format!(
            "{}{kernel}",
            "../".repeat(directory.len())
        )));
    }
    path.push('/');
    let is_directory = view
        .zfcp
        .symlinks
        .values()
        .flatten()
        .any(|link| link.starts_with(&path));
    is_directory.then_some(Node::Directory)
}

/// Whether a name is that of a DASD or of its partition.
fn is_dasd(view: &View<'_>, name: &str) -> bool {
    name.starts_with("dasd")
        && dasd::all(view)
            .iter()
            .filter_map(|disk| name.strip_prefix(&disk.name))
            .any(|part| part.is_empty() || part == "1")
}

/// The device to which a link leads: a map wins over its paths, and otherwise the later disk.
fn owner<'a>(view: &'a View<'_>, link: &str) -> Option<&'a str> {
    let mut claims = view
        .zfcp
        .symlinks
        .iter()
        .filter(|(_, links)| links.contains(link))
        .map(|(kernel, _)| kernel.as_str());
    let first = claims.next()?;
    Some(claims.fold(first, |best, next| {
        match (best.starts_with("dm-"), next.starts_with("dm-")) {
            (true, false) => best,
            _ => next,
        }
    }))
}

/// Entries of a directory below `/dev`.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    let mut found: BTreeMap<String, Node> = BTreeMap::new();
    let mut known = path.is_empty();
    if path.is_empty() {
        for (.., disk) in view.zfcp.disks() {
            found.insert(disk.disk.clone(), Node::Device);
            if !view.zfcp.faults.no_sg {
                found.insert(format!("sg{}", disk.sg), Node::Device);
            }
        }
        for disk in dasd::all(view) {
            found.insert(format!("{}1", disk.name), Node::Device);
            found.insert(disk.name, Node::Device);
        }
        for map in view.zfcp.maps.values() {
            found.insert(format!("dm-{}", map.dm), Node::Device);
        }
        if !view.zfcp.maps.is_empty() {
            found.extend([directory("mapper")]);
        }
    }
    if path == ["mapper"] && !view.zfcp.maps.is_empty() {
        known = true;
        for (wwid, map) in &view.zfcp.maps {
            found.extend([link(map_name(view, wwid), format!("../dm-{}", map.dm))]);
        }
    }
    for (name, kernel) in links(view) {
        let mut rest = parts(name);
        if path.iter().any(|part| rest.next() != Some(part)) {
            continue;
        }
        known = true;
        let next = rest.next()?;
        let node = if rest.next().is_some() {
            Node::Directory
        } else {
            Node::Link(format!("{}{kernel}", "../".repeat(path.len())))
        };
        found.entry(next.to_owned()).or_insert(node);
    }
    known.then(|| found.into_iter().collect())
}
