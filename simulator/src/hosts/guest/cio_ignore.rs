//! `cio_ignore`: the list of devices that Linux does not look at (spec: zfcp-and-san 4.1).

use super::tool::{exists, get, is_root, put, view};
use crate::hosts::ProgramEnv;
use crate::hosts::sysfs::tree::Node;
use crate::seam::Outcome;
use crate::world::DeviceNumber;
use crate::world::zfcp::names::bus_id;

const LIST: &str = "/proc/cio_ignore";
const SETTLE: &str = "/proc/cio_settle";
const TIP: &str = "Use 'cio_ignore --help' to get usage information.";

fn failure(message: &str) -> Outcome {
    Outcome::fail(1, format!("cio_ignore: {message}\n"))
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut args = words[1..].iter().map(String::as_str);
    let Some(first) = args.next() else {
        return failure(&format!(
            "Need one of options -a, -A, -r, -R, -l, -L, -i, -k, -u or -p\n{TIP}"
        ));
    };
    let (option, joined) = match first.split_once('=') {
        Some((option, value)) if option.starts_with("--") => (option, Some(value)),
        _ => (first, None),
    };
    match option {
        "-h" | "--help" => {
            return Outcome::ok(
                "Usage: cio_ignore COMMAND\n\nManage the list of ignored devices.\n",
            );
        }
        "-v" | "--version" => return Outcome::ok("cio_ignore: version 2.3.0\n"),
        "-a"
        | "--add"
        | "-A"
        | "--add-all"
        | "-r"
        | "--remove"
        | "-R"
        | "--remove-all"
        | "-l"
        | "--list"
        | "-L"
        | "--list-not-blacklisted"
        | "-i"
        | "--is-ignored"
        | "-k"
        | "--kernparm"
        | "-u"
        | "--unused"
        | "-p"
        | "--purge" => {}
        _ => return failure(&format!("invalid option '{first}'\n{TIP}")),
    }
    if !exists(env, LIST) {
        return failure(&format!("Error: file {LIST} not found"));
    }
    let reads = matches!(
        option,
        "-l" | "--list"
            | "-L"
            | "--list-not-blacklisted"
            | "-i"
            | "--is-ignored"
            | "-k"
            | "--kernparm"
    );
    if !reads && !is_root(env) {
        return failure(&format!("Error: missing write permission for {LIST}"));
    }
    let value = joined
        .or_else(|| args.next())
        .unwrap_or_default()
        .to_owned();
    match option {
        "-a" | "--add" => change(env, "add", &value),
        "-r" | "--remove" => change(env, "free", &value),
        "-A" | "--add-all" => write(env, "add all", "add", "all"),
        "-R" | "--remove-all" => write(env, "free all", "remove", "all"),
        "-p" | "--purge" => write(env, "purge", "purge", "all"),
        "-u" | "--unused" => unused(env),
        "-l" | "--list" => {
            let mut out = Outcome::ok("Ignored devices:\n=================\n");
            for line in get(env, LIST).unwrap_or_default().lines() {
                out.say(line);
            }
            out
        }
        "-L" | "--list-not-blacklisted" => {
            let mut out =
                Outcome::ok("Devices that are not ignored:\n=============================\n");
            for id in devices(env) {
                out.say(id);
            }
            out
        }
        "-k" | "--kernparm" => {
            let list: Vec<String> = devices(env).iter().map(|id| format!(",!{id}")).collect();
            Outcome::ok(format!("cio_ignore=all{}\n", list.concat()))
        }
        _ => is_ignored(env, &value),
    }
}

/// Bus ids of the CCW devices that are there.
fn devices(env: &ProgramEnv<'_>) -> Vec<String> {
    let mut ids: Vec<String> = view(env)
        .and_then(|view| view.entries(&["sys", "bus", "ccw", "devices"]))
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, node)| matches!(node, Node::Link(_)))
        .map(|(name, _)| name)
        .collect();
    ids.sort();
    ids
}

fn is_ignored(env: &ProgramEnv<'_>, text: &str) -> Outcome {
    let device = match check(text) {
        Ok(device) => device,
        Err(reason) => return failure(&format!("Error: device ID '{text}': {reason}")),
    };
    let ignored = view(env).is_some_and(|view| view.zfcp.is_ignored(device));
    let id = bus_id(device);
    if ignored {
        Outcome::ok(format!("Device {id} is ignored\n"))
    } else {
        Outcome::ok(format!("Device {id} is not ignored\n")).with_status(2)
    }
}

/// Every device is ignored but those that are online.
fn unused(env: &mut ProgramEnv<'_>) -> Outcome {
    let online: Vec<String> = devices(env)
        .into_iter()
        .filter(|id| get(env, &format!("/sys/bus/ccw/devices/{id}/online")).as_deref() == Some("1"))
        .collect();
    let outcome = write(env, "add all", "add", "all");
    if outcome.rc != 0 || online.is_empty() {
        return outcome;
    }
    let list = online.join(",");
    write(env, &format!("free {list}"), "remove", &list)
}

fn change(env: &mut ProgramEnv<'_>, verb: &str, list: &str) -> Outcome {
    let mut items = Vec::new();
    for item in list.split(',') {
        let checked = match item.split_once('-') {
            None => check(item)
                .map(bus_id)
                .map_err(|reason| format!("Error: device ID '{item}': {reason}")),
            Some((low, high)) => match (check(low), check(high)) {
                (Ok(low), Ok(high)) if low > high => Err(format!(
                    "Error: device ID range '{item}': reversed device ID order"
                )),
                (Ok(low), Ok(high)) => Ok(format!("{}-{}", bus_id(low), bus_id(high))),
                (Err(reason), _) | (_, Err(reason)) => {
                    Err(format!("Error: device ID range '{item}': {reason}"))
                }
            },
        };
        match checked {
            Ok(item) => items.push(item),
            Err(message) => return failure(&message),
        }
    }
    let list = items.join(",");
    let word = if verb == "free" { "remove" } else { verb };
    let outcome = write(env, &format!("{verb} {list}"), word, &list);
    if outcome.rc == 0 && verb == "free" {
        // Recognition is asynchronous; the tool waits for it.
        let _ = put(env, SETTLE, "1");
    }
    outcome
}

fn write(env: &mut ProgramEnv<'_>, line: &str, verb: &str, what: &str) -> Outcome {
    let place = if verb == "remove" { "from" } else { "to" };
    match put(env, LIST, line) {
        Ok(()) => Outcome::ok(""),
        Err(_) => failure(&format!(
            "Error: could not {verb} '{what}' {place} blacklist"
        )),
    }
}

/// A device id, or what is wrong with it.
fn check(text: &str) -> Result<DeviceNumber, &'static str> {
    if text.is_empty() {
        return Err("device ID is empty");
    }
    if text.contains(char::is_whitespace) {
        return Err("device ID contains spaces");
    }
    let parts: Vec<&str> = text.split('.').collect();
    let (number, place) = match parts.as_slice() {
        [number] => (*number, None),
        [cssid, ssid, number] => (*number, Some((*cssid, *ssid))),
        _ => return Err("unrecognized format"),
    };
    if let Some((cssid, ssid)) = place {
        for (part, empty, invalid, large) in [
            (
                cssid,
                "CSSID is empty",
                "CSSID is not valid",
                "CSSID is too large",
            ),
            (
                ssid,
                "SSID is empty",
                "SSID is not valid",
                "SSID is too large",
            ),
        ] {
            match u32::from_str_radix(part, 16) {
                _ if part.is_empty() => return Err(empty),
                Err(_) => return Err(invalid),
                Ok(0) => {}
                Ok(_) => return Err(large),
            }
        }
    }
    let digits = number
        .strip_prefix("0x")
        .filter(|_| place.is_none())
        .unwrap_or(number);
    if digits.is_empty() {
        return Err("device number is empty");
    }
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("device number is not valid");
    }
    match digits.len() {
        1..=3 if place.is_some() => Err("device number is incomplete"),
        1..=4 => DeviceNumber::parse(digits).map_err(|_| "device number is not valid"),
        _ => Err("device number is too long"),
    }
}
