//! `chccwdev`: sets CCW devices online and offline (spec: zfcp-and-san 4.2).

use super::tool::{ccw_path, exists, get, put, view};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;
use crate::world::DeviceNumber;
use crate::world::zfcp::Errno;
use crate::world::zfcp::names::{bus_id, parse_bus_id};

/// How long the program polls `online` after a write, in milliseconds.
const POLL_MS: u64 = 2_500;
const USAGE: &str = "Usage: chccwdev COMMAND DEVICE\n\n\
    Modify generic attributes of CCW devices.\n\n\
    COMMANDS\n\
    \x20 -e, --online           Set device online\n\
    \x20 -d, --offline          Set device offline\n\
    \x20 -f, --forceonline      Force device online (with -e)\n\
    \x20 -a, --attribute N=V    Set attribute N to value V\n\
    \x20 -h, --help             Print this help, then exit\n\
    \x20 -v, --version          Print version information, then exit\n";
const TRY: &str = "Try 'chccwdev --help' for more information.";

#[derive(Default)]
struct Wishes {
    online: bool,
    offline: bool,
    force: bool,
    attributes: Vec<(String, String)>,
    ids: Vec<String>,
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    // Starts by letting the common I/O layer settle.
    let _ = put(env, "/proc/cio_settle", "1");
    let wishes = match options(words) {
        Ok(wishes) => wishes,
        Err(outcome) => return outcome,
    };
    if wishes.online && wishes.offline {
        return Outcome::fail(1, format!("chccwdev: Incompatible argument list.\n{TRY}\n"));
    }
    let mut usage = Outcome::ok(format!("{USAGE}\n")).with_status(1);
    if wishes.ids.is_empty() {
        usage.complain("No bus ID given!");
        return usage;
    }
    if !wishes.online && !wishes.offline && wishes.attributes.is_empty() {
        usage.complain("No action specified. Please use a valid action switch.");
        return usage;
    }
    let devices = match evaluate(env, &wishes.ids) {
        Ok(devices) => devices,
        Err(message) => {
            let mut out = Outcome::fail(1, format!("{message}\n"));
            out.complain("ERROR: Evaluation of bus IDs failed!");
            out.say("");
            return out;
        }
    };
    let mut out = Talk {
        outcome: Outcome::default(),
        merged: env.merged,
    };
    for device in devices {
        one(env, device, &wishes, &mut out);
        if out.outcome.rc != 0 {
            break;
        }
    }
    out.outcome
}

/// What the script says, in its order where both ways lead to one place.
struct Talk {
    outcome: Outcome,
    merged: bool,
}

impl Talk {
    fn say(&mut self, line: impl AsRef<str>) {
        self.outcome.say(line);
    }

    fn complain(&mut self, line: impl AsRef<str>) {
        if self.merged {
            self.outcome.say(line);
        } else {
            self.outcome.complain(line);
        }
    }

    fn fail(&mut self) {
        self.outcome.rc = 1;
    }
}

fn options(words: &[String]) -> Result<Wishes, Outcome> {
    let mut wishes = Wishes::default();
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        match word.as_str() {
            "-h" | "--help" => return Err(Outcome::ok(USAGE)),
            "-v" | "--version" => return Err(Outcome::ok("chccwdev: version 2.3.0\n")),
            "-e" | "--online" => wishes.online = true,
            "-d" | "--offline" | "-s" | "--safeoffline" => wishes.offline = true,
            "-f" | "--forceonline" => {
                wishes.online = true;
                wishes.force = true;
            }
            "-a" | "--attribute" => {
                let pair = args.next().and_then(|p| p.split_once('='));
                match pair {
                    Some((name, value)) => {
                        wishes.attributes.push((name.to_owned(), value.to_owned()));
                    }
                    None => {
                        return Err(Outcome::fail(
                            1,
                            format!("chccwdev: Invalid attribute setting\n{TRY}\n"),
                        ));
                    }
                }
            }
            option if option.starts_with('-') => {
                return Err(Outcome::fail(
                    1,
                    format!("chccwdev: Invalid option {option}\n{TRY}\n"),
                ));
            }
            id => wishes.ids.push(id.to_ascii_lowercase()),
        }
    }
    Ok(wishes)
}

/// The devices of a list of ids: single ones whether they exist or not, of ranges the members that exist.
fn evaluate(env: &ProgramEnv<'_>, ids: &[String]) -> Result<Vec<DeviceNumber>, String> {
    let mut devices = Vec::new();
    for item in ids
        .iter()
        .flat_map(|id| id.split(','))
        .filter(|i| !i.is_empty())
    {
        match item.split_once('-') {
            None => devices.push(
                super::tool::device_number(item)
                    .ok_or_else(|| format!("{item} is not a valid bus ID."))?,
            ),
            Some((low, high)) => {
                let number = super::tool::device_number;
                let (Some(low), Some(high)) = (number(low), number(high)) else {
                    return Err(format!("Invalid range ({item})"));
                };
                if low > high {
                    return Err("Invalid range order".to_owned());
                }
                let before = devices.len();
                let entries = view(env)
                    .and_then(|view| view.entries(&["sys", "bus", "ccw", "devices"]))
                    .unwrap_or_default();
                let mut members: Vec<DeviceNumber> = entries
                    .iter()
                    .filter_map(|(name, _)| parse_bus_id(name))
                    .filter(|d| (low..=high).contains(d))
                    .collect();
                members.sort_unstable();
                devices.extend(members);
                if devices.len() == before {
                    return Err(format!("No Device in range ({item}) found"));
                }
            }
        }
    }
    Ok(devices)
}

fn one(env: &mut ProgramEnv<'_>, device: DeviceNumber, wishes: &Wishes, out: &mut Talk) {
    let id = bus_id(device);
    let path = ccw_path(device);
    if !exists(env, &path) {
        out.say(format!("Device {id} not found"));
        out.fail();
        return;
    }
    for (name, value) in &wishes.attributes {
        let file = format!("{path}/{name}");
        match get(env, &file) {
            None => {
                out.complain(format!("ERROR: Device[{id}] has no attribute {name}!"));
                out.fail();
                return;
            }
            Some(now) if now == *value => {
                out.say(format!("The {name} attribute of {id} already is {value}"));
            }
            Some(_) => {
                out.say(format!("Setting {name} attribute of {id} to {value}"));
                let written = put(env, &file, value);
                if written.is_err() || get(env, &file).as_deref() != Some(value) {
                    out.complain(format!("ERROR: Failed to set {name} attribute of {id}!"));
                    out.fail();
                    return;
                }
            }
        }
    }
    if wishes.online {
        switch(env, device, true, wishes.force, out);
    } else if wishes.offline {
        switch(env, device, false, false, out);
    }
}

fn switch(env: &mut ProgramEnv<'_>, device: DeviceNumber, on: bool, force: bool, out: &mut Talk) {
    let id = bus_id(device);
    let file = format!("{}/online", ccw_path(device));
    let (target, word) = if on {
        ("1", "online")
    } else {
        ("0", "offline")
    };
    let is_there = |env: &ProgramEnv<'_>| match get(env, &file) {
        Some(now) => now == target,
        // A device that disappears while it is set offline has gone where it should.
        None => !on,
    };
    if is_there(env) {
        if on {
            out.complain(format!("WARNING: Device[{id}] is already  online"));
        } else {
            out.complain("Device is already offline");
        }
        out.say("Done");
        return;
    }
    out.say(format!("Setting device {id} {word}"));
    let written = put(env, &file, if on && force { "force" } else { target });
    if let Err(errno) = written {
        out.complain(format!("Failed ({errno})"));
        if errno == Errno::Invalid && !exists(env, &format!("{}/driver", ccw_path(device))) {
            let read =
                |name: &str| get(env, &format!("{}/{name}", ccw_path(device))).unwrap_or_default();
            out.complain(format!(
                "Note: No driver is attached to this device (DevType:{} CU Type:{}).",
                read("devtype"),
                read("cutype")
            ));
        }
    }
    if is_there(env) {
        out.say("Done");
        return;
    }
    env.world.now_ms = env.world.now_ms.saturating_add(POLL_MS);
    out.complain("Failed");
    out.fail();
}
