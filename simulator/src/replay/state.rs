//! The state of a site as the recordings describe it: pool files, power, DEDICATE statements, attached FCP devices, and
//! what changed of user directories and files.
//!
//! Everything is a set of lines, so that a difference shows as the lines that are too many or too few. The order of
//! statements within a directory entry is the directory manager's own and is not compared (spec: zhcp-and-smapi 7.1).

use std::collections::{BTreeMap, BTreeSet};

use super::compare::mask;
use super::model::{Change, Recording};
use crate::hosts::files::is_kernel;
use crate::world::fs::is_pool_file;
use crate::world::{HostName, UserId, World};

/// Stands for the content of a file that is not text.
const NOT_TEXT: &str = "(not text)";
/// How the recorder begins what it put in the place of a file that xCAT ships.
const SHIPPED: &str = "<file of xCAT: ";

/// Lines that describe a state.
pub(super) type Lines = BTreeSet<String>;

/// What the recording says of the state afterwards.
pub(super) fn recorded(recording: &Recording) -> Lines {
    let mut lines = Lines::new();
    let state = &recording.state_after;
    for (host, pools) in &state.pools {
        for (name, text) in pools {
            lines.insert(format!("pool {host}:{name}\n{text}"));
        }
    }
    for (user, power) in &state.power {
        lines.insert(format!("power {user} {power}"));
    }
    for (user, statements) in &state.dedicate_statements {
        for statement in statements {
            lines.insert(format!(
                "dedicate {user}: {}",
                statement.to_ascii_uppercase()
            ));
        }
    }
    for (user, devices) in &state.attached_devices {
        for (device, facts) in devices {
            let (device, real) = (device.to_ascii_uppercase(), facts.real.to_ascii_uppercase());
            lines.insert(format!(
                "attached {user} {device} real {real} online {}",
                facts.online
            ));
        }
    }
    for change in &recording.changes {
        match change {
            Change::Zvm {
                userid,
                what,
                after,
                ..
            } if what == "directory" => {
                let statements = after.as_array().map(|list| {
                    list.iter()
                        .filter_map(serde_json::Value::as_str)
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                });
                lines.insert(entry(userid, statements.as_deref()));
            }
            Change::File {
                host,
                path,
                before,
                after,
            } if !is_pool_file(path) && !is_kept_apart(path) => {
                // A file that was not there before and has no text afterwards is one that is not text.
                let text = match (before.as_str(), after.as_str()) {
                    (None, None) => Some(NOT_TEXT),
                    (_, text) => text,
                };
                lines.insert(file(host, path, text));
            }
            _ => {}
        }
    }
    lines
}

/// The state of a world after the requests, with what changed since `before`.
pub(super) fn simulated(before: &World, after: &World) -> Lines {
    let mut lines = Lines::new();
    for (host, linux) in &after.linuxes {
        for (path, kept) in linux.fs.files.iter().filter(|(p, _)| is_pool_file(p)) {
            let name = path.rsplit('/').next().unwrap_or_default();
            lines.insert(format!("pool {host}:{name}\n{}", kept.text.text()));
        }
        changed_files(&mut lines, before, host, linux);
    }
    for (name, system) in &after.systems {
        for (user, entry) in &system.directory {
            let power = if system.running.contains_key(user) {
                "on"
            } else {
                "off"
            };
            lines.insert(format!("power {user} {power}"));
            for statement in entry.parsed().filter(|s| s.is("DEDICATE")) {
                let words = statement.operands().join(" ");
                lines.insert(format!(
                    "dedicate {user}: DEDICATE {}",
                    words.to_ascii_uppercase()
                ));
            }
        }
        for (user, machine) in &system.running {
            for (device, real) in &machine.devices {
                let online = is_online(after, user, *device);
                lines.insert(format!(
                    "attached {user} {device:X} real {real:X} online {online}"
                ));
            }
        }
        let old = before.systems.get(name).map(|s| &s.directory);
        let users: BTreeSet<&UserId> = system
            .directory
            .keys()
            .chain(old.into_iter().flat_map(BTreeMap::keys))
            .collect();
        for user in users {
            let new = system.directory.get(user).map(|e| &e.statements);
            if old.and_then(|o| o.get(user)).map(|e| &e.statements) != new {
                lines.insert(self::entry(user.as_str(), new.map(Vec::as_slice)));
            }
        }
    }
    lines
}

fn is_online(world: &World, user: &UserId, device: crate::world::DeviceNumber) -> bool {
    world
        .linuxes
        .values()
        .find(|l| l.userid == *user)
        .and_then(|l| l.zfcp.adapters.get(&device))
        .is_some_and(|a| a.online)
}

fn changed_files(lines: &mut Lines, before: &World, host: &HostName, linux: &crate::world::Linux) {
    let none = crate::world::SimFs::default();
    let old = before.linuxes.get(host).map_or(&none, |l| &l.fs);
    let paths: BTreeSet<&String> = linux.fs.files.keys().chain(old.files.keys()).collect();
    for path in paths
        .into_iter()
        .filter(|p| !is_pool_file(p) && !is_kept_apart(p))
    {
        let new = linux.fs.files.get(path).map(|f| f.text.text());
        if old.files.get(path).map(|f| f.text.text()) != new {
            lines.insert(file(host.as_str(), path, new.as_deref()));
        }
    }
}

/// What the recorder kept in files and the simulator does not, or the other way round: the kernel's file systems (what
/// they show is compared as attached devices), mounts, what multipath and the scripts of a zHCP note for themselves.
fn is_kept_apart(path: &str) -> bool {
    is_kernel(path)
        || matches!(path, "/etc/mtab" | "/etc/multipath/wwids")
        || path.starts_with("/var/run/zhcp_")
}

fn entry(user: &str, statements: Option<&[String]>) -> String {
    let Some(statements) = statements else {
        return format!("directory {user}: gone");
    };
    let mut sorted: Vec<String> = statements.to_vec();
    sorted.sort();
    format!("directory {user}:\n  {}", sorted.join("\n  "))
}

fn file(host: &str, path: &str, text: Option<&str>) -> String {
    match text {
        Some(text) if text.contains('\0') => format!("file {host}:{}\n{NOT_TEXT}", scratch(path)),
        Some(text) => format!("file {host}:{}\n{}", scratch(path), mask(text)),
        None => format!("file {host}:{} gone", scratch(path)),
    }
}

/// A path with the random part of a scratch folder's name left out.
fn scratch(path: &str) -> String {
    const FOLDER: &str = "/aemod.";
    const RANDOM: usize = 8;
    match path.split_once(FOLDER) {
        Some((head, rest))
            if rest
                .get(RANDOM..)
                .is_some_and(|r| r.is_empty() || r.starts_with('/')) =>
        {
            format!("{head}{FOLDER}#{}", &rest[RANDOM..])
        }
        _ => mask(path),
    }
}

/// Where the recorder left out the text of a file that xCAT ships, the simulator's is left out too.
pub(super) fn without_shipped(recorded: Lines, simulated: Lines) -> (Lines, Lines) {
    let heads: BTreeSet<String> = recorded
        .iter()
        .filter_map(|l| l.split_once('\n'))
        .filter(|(_, text)| text.starts_with(SHIPPED))
        .map(|(head, _)| head.to_owned())
        .collect();
    let cut = |lines: Lines| -> Lines {
        lines
            .into_iter()
            .map(|line| match line.split_once('\n') {
                Some((head, _)) if heads.contains(head) => head.to_owned(),
                _ => line,
            })
            .collect()
    };
    (cut(recorded), cut(simulated))
}
