//! `udevadm` (spec: zfcp-and-san 4.9).

use super::disk;
use super::tool::view;
use super::udev::{self, Filter};
use crate::hosts::ProgramEnv;
use crate::hosts::coreutils::Options;
use crate::seam::Outcome;
use crate::world::Distribution;
use crate::world::zfcp::event::Action;

/// How long `settle` waits for a stuck worker, in milliseconds.
const SETTLE_MS: u64 = 120_000;

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut rest = &words[1..];
    while rest.first().is_some_and(|w| w == "--debug") {
        rest = &rest[1..];
    }
    match rest.first().map(String::as_str) {
        Some("settle") => settle(env, &rest[1..]),
        Some("trigger") => trigger(env, &rest[1..]),
        Some("control" | "monitor" | "hwdb" | "test" | "test-builtin") => Outcome::default(),
        Some("info") => info(env, &rest[1..]),
        Some("--version" | "version") => Outcome::ok("219\n"),
        Some("--help" | "-h" | "help") => {
            Outcome::ok("Usage: udevadm [--help] [--version] [--debug] COMMAND [COMMAND OPTIONS]\n")
        }
        Some(other) => Outcome::fail(2, format!("missing or unknown command: {other}\n")),
        None => Outcome::fail(2, "missing or unknown command\n"),
    }
}

/// Silent when the queue is empty; a stuck worker makes it wait for its time-out.
fn settle(env: &mut ProgramEnv<'_>, words: &[String]) -> Outcome {
    let options = Options::read(words, "tsE", &["timeout", "exit-if-exists"]);
    let stuck = env.linux().is_some_and(|l| l.zfcp.faults.udev_stalled);
    if !stuck {
        let due = env.linux().and_then(|l| udev::last_due(&l.zfcp));
        if let Some(due) = due {
            env.world.now_ms = env.world.now_ms.max(due);
            super::settle(env.world, &env.host.clone());
        }
        return Outcome::default();
    }
    if let Some(name) = options.value(&["-E", "--exit-if-exists"])
        && super::tool::exists(env, &env.path(name))
    {
        return Outcome::default();
    }
    let wait = options
        .value(&["-t", "--timeout"])
        .and_then(|t| t.parse::<u64>().ok())
        .map_or(SETTLE_MS, |s| s.saturating_mul(1_000));
    env.world.now_ms = env.world.now_ms.saturating_add(wait);
    Outcome::default().with_status(1)
}

fn trigger(env: &mut ProgramEnv<'_>, words: &[String]) -> Outcome {
    let options = Options::read(
        words,
        "caAspSt",
        &[
            "sysname-match",
            "subsystem-match",
            "subsystem-nomatch",
            "action",
            "attr-match",
            "property-match",
            "type",
            "name-match",
        ],
    );
    let all = |names: [&str; 2]| -> Vec<String> {
        options
            .options
            .iter()
            .filter(|(o, _)| names.contains(&o.as_str()))
            .map(|(_, v)| v.clone())
            .collect()
    };
    let mut filter = Filter {
        names: all(["--sysname-match", "-y"]),
        subsystems: all(["--subsystem-match", "-s"]),
    };
    filter.names.extend(
        options
            .operands
            .iter()
            .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()),
    );
    let action = match options.value(&["--action", "-c"]) {
        Some("add") => Action::Add,
        Some("remove") => Action::Remove,
        _ => Action::Change,
    };
    let host = env.host.clone();
    udev::trigger(env.world, &host, &filter, action);
    Outcome::default()
}

fn info(env: &mut ProgramEnv<'_>, words: &[String]) -> Outcome {
    let options = Options::read(words, "qnpx", &["query", "name", "path"]);
    let name = options
        .value(&["--name", "-n", "--path", "-p"])
        .or_else(|| options.operands.first().map(String::as_str))
        .unwrap_or_default()
        .to_owned();
    let newer = env
        .linux()
        .is_some_and(|l| l.distribution == Distribution::Ubuntu20);
    let unknown = || {
        if newer {
            Outcome::fail(1, format!("Unknown device \"{name}\": No such device\n"))
        } else {
            Outcome::fail(2, "device node not found\n")
        }
    };
    let Some(view) = view(env) else {
        return unknown();
    };
    let path = if name.starts_with('/') {
        name.clone()
    } else {
        format!("/dev/{name}")
    };
    let path = path
        .strip_prefix("/sys/block/")
        .or_else(|| path.strip_prefix("/sys/class/block/"))
        .map_or_else(|| path.clone(), |n| format!("/dev/{n}"));
    let path = disk::canonical(env.world, &env.host, "/dev", &path);
    let Some(opened) = disk::open(&view, &path) else {
        return unknown();
    };
    let kernel = disk::kernel_name(&view, &opened);
    let Some(lines) = udev::properties(&view, &kernel) else {
        return unknown();
    };
    let query = options.value(&["--query", "-q"]).unwrap_or("all");
    let keep = |line: &&String| match query {
        "property" | "env" => line.starts_with("E: "),
        "symlink" => line.starts_with("S: "),
        "name" => line.starts_with("N: "),
        "path" => line.starts_with("P: "),
        _ => true,
    };
    let chosen = lines.iter().filter(keep);
    let mut out = Outcome::default();
    if query == "all" {
        for line in chosen {
            out.say(line);
        }
        out.say("");
        return out;
    }
    let values: Vec<&str> = chosen.filter_map(|l| l.get(3..)).collect();
    if query == "symlink" {
        out.say(values.join(" "));
    } else {
        for value in values {
            out.say(value);
        }
    }
    out
}
