//! `multipath`, `multipathd` and `mpathconf` (spec: zfcp-and-san 4.8).

use super::disk::{self, Opened};
use super::mounts;
use super::tool::{is_root, view};
use super::topology::{self, Topology, Verb};
use super::udev;
use crate::hosts::ProgramEnv;
use crate::hosts::sysfs::dev::map_name;
use crate::hosts::sysfs::tree::View;
use crate::seam::Outcome;
use crate::world::Distribution;
use crate::world::zfcp::{MultipathConfig, act};

/// File of the WWIDs that had a map before.
const WWIDS: &str = "/etc/multipath/wwids";

/// How long a question to the daemon waits for its answer, in milliseconds.
const QUEUE_MS: u64 = 10_000;

/// Time stamp of the tool's log lines.
fn stamp(env: &ProgramEnv<'_>) -> String {
    let ms = i64::try_from(env.world.now_ms).unwrap_or(i64::MAX);
    let newer = env.linux().is_some_and(|l| {
        matches!(
            l.distribution,
            Distribution::Ubuntu16 | Distribution::Ubuntu20 | Distribution::Sles12
        )
    });
    if newer {
        let up = env.world.now_ms % 100_000_000;
        return format!("{}.{:06}", up / 1_000, up % 1_000 * 1_000);
    }
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| String::new(),
        |t| t.strftime("%b %d %H:%M:%S").to_string(),
    )
}

/// A log line: on standard error in newer versions, on standard output in older ones.
fn complain(env: &ProgramEnv<'_>, rc: i32, message: &str) -> Outcome {
    let line = format!("{} | {message}\n", stamp(env));
    let newer = env
        .linux()
        .is_some_and(|l| l.distribution == Distribution::Ubuntu20);
    if newer {
        Outcome::fail(rc, line)
    } else {
        Outcome::ok(line).with_status(rc)
    }
}

/// WWID of a map that is named by itself, its WWID, its `dm-N` or a path of it.
fn wwid_of(env: &ProgramEnv<'_>, view: &View<'_>, name: &str) -> Option<String> {
    if view.zfcp.maps.contains_key(name) {
        return Some(name.to_owned());
    }
    if let Some(wwid) = view.zfcp.maps.keys().find(|w| map_name(view, w) == name) {
        return Some(wwid.clone());
    }
    let path = if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/dev/{name}")
    };
    let path = disk::canonical(env.world, &env.host, &env.directory, &path);
    match disk::open(view, &path)? {
        Opened::Map(wwid) => Some(wwid),
        Opened::Disk(name) | Opened::Generic(name) => {
            view.zfcp.disk(&name).map(|(.., d)| d.wwid.clone())
        }
    }
}

/// Whether the daemon answers for the tool: `multipath -r` is then its work.
fn delegates(env: &ProgramEnv<'_>) -> bool {
    env.linux()
        .is_some_and(|l| l.distribution == Distribution::Ubuntu20 && !l.zfcp.faults.no_multipathd)
}

/// multipath.
pub fn multipath(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    if !is_root(env) {
        return Outcome::fail(1, "need to be root\n");
    }
    let mut action = None;
    let mut verbosity = 2;
    let mut names = Vec::new();
    let mut args = words[1..].iter();
    while let Some(word) = args.next() {
        match word.as_str() {
            "-v" => verbosity = args.next().and_then(|v| v.parse().ok()).unwrap_or(2),
            "-v0" | "-v1" | "-v2" | "-v3" | "-v4" => {
                verbosity = word[2..].parse().unwrap_or(2);
            }
            "-p" | "-b" | "-R" => {
                args.next();
            }
            "-ll" | "-l" | "-f" | "-F" | "-r" | "-W" | "-w" | "-c" | "-C" | "-t" | "-a" | "-h"
            | "-d" | "-q" | "-i" => {
                action = Some(word.as_str());
            }
            option if option.starts_with('-') => {
                let letter = option.trim_start_matches('-').chars().next().unwrap_or('-');
                return Outcome::fail(1, format!("multipath: invalid option -- '{letter}'\n"));
            }
            name => names.push(name.to_owned()),
        }
    }
    let first = names.first().map(String::as_str);
    match action {
        Some("-h") => Outcome::ok(
            "Usage:\n  multipath [-a|-c|-w|-W] [-d] [-r] [-v lvl] [-p pol] [-b fil] [-q] [dev]\n",
        ),
        Some("-l" | "-ll") => list(env, first, verbosity),
        Some("-r") => reload(env),
        Some("-f") => flush(env, first),
        Some("-F") => flush_all(env),
        Some("-W") => reset_wwids(env),
        Some("-w") => forget(env, first),
        Some("-a") => remember(env, first),
        Some("-c") => check(env, first),
        Some("-t") => Outcome::ok("defaults {\n\tuser_friendly_names no\n}\n"),
        _ => create(env),
    }
}

fn list(env: &ProgramEnv<'_>, name: Option<&str>, verbosity: u32) -> Outcome {
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let only = name.map(|name| wwid_of(env, &view, name));
    let mut wwids: Vec<&String> = view.zfcp.maps.keys().collect();
    wwids.sort_by_key(|w| view.zfcp.maps[*w].dm);
    let topology = Topology::of(&view);
    let mut out = Outcome::default();
    for wwid in wwids {
        if only
            .as_ref()
            .is_some_and(|only| only.as_ref() != Some(wwid))
        {
            continue;
        }
        if verbosity < 2 {
            out.say(map_name(&view, wwid));
        } else {
            out.stdout
                .push_str(&topology::map(&topology, wwid, Verb::Show));
        }
    }
    out
}

/// Makes the maps that the configuration wants, as the bare tool does without the daemon's help.
fn make_maps(env: &mut ProgramEnv<'_>) -> Vec<String> {
    let before: Vec<String> = view(env)
        .map(|v| v.zfcp.maps.keys().cloned().collect())
        .unwrap_or_default();
    let host = env.host.clone();
    let made = act(env.world, &host, |machine, zfcp, events| {
        zfcp.flushed.clear();
        let config = MultipathConfig::of(machine, zfcp);
        zfcp.update_maps(&config, events);
    });
    if let Some(((), events)) = made {
        udev::process(env.world, &host, events);
    }
    view(env)
        .map(|v| {
            // Both in order.
            v.zfcp
                .maps
                .keys()
                .filter(|w| before.binary_search(w).is_err())
                .cloned()
                .collect()
        })
        .unwrap_or_default()
}

fn create(env: &mut ProgramEnv<'_>) -> Outcome {
    let made = make_maps(env);
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let topology = Topology::of(&view);
    Outcome::ok(
        made.iter()
            .map(|wwid| topology::map(&topology, wwid, Verb::Create))
            .collect::<String>(),
    )
}

fn reload(env: &mut ProgramEnv<'_>) -> Outcome {
    let known: Vec<String> = view(env)
        .map(|v| v.zfcp.maps.keys().cloned().collect())
        .unwrap_or_default();
    let made = make_maps(env);
    if delegates(env) {
        return Outcome::default();
    }
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let topology = Topology::of(&view);
    let reloaded = known
        .iter()
        .map(|wwid| topology::map(&topology, wwid, Verb::Reload));
    let created = made
        .iter()
        .map(|wwid| topology::map(&topology, wwid, Verb::Create));
    Outcome::ok(reloaded.chain(created).collect::<String>())
}

/// Whether a map is open: mounted, or with partitions that are.
fn is_in_use(env: &ProgramEnv<'_>, wwid: &str) -> bool {
    let Some(view) = view(env) else {
        return false;
    };
    let Some(map) = view.zfcp.maps.get(wwid) else {
        return false;
    };
    let kernel = format!("dm-{}", map.dm);
    view.zfcp.faults.open_maps.contains(wwid)
        || mounts::table(env).iter().any(|m| m.device == kernel)
}

fn drop_map(env: &mut ProgramEnv<'_>, wwid: &str) {
    let host = env.host.clone();
    let dropped = act(env.world, &host, |_, zfcp, events| {
        zfcp.remove_map(wwid, events);
        if !zfcp.faults.maps_return {
            zfcp.flushed.insert(wwid.to_owned());
        }
    });
    if let Some(((), events)) = dropped {
        udev::process(env.world, &host, events);
    }
}

fn flush(env: &mut ProgramEnv<'_>, name: Option<&str>) -> Outcome {
    let Some(name) = name else {
        return complain(env, 1, "must provide a map name to remove");
    };
    let (wwid, is_path, shown) = {
        let Some(view) = view(env) else {
            return Outcome::default();
        };
        let base = name.rsplit('/').next().unwrap_or(name);
        let is_path = view.zfcp.disk(base).is_some();
        let wwid = wwid_of(env, &view, name).filter(|w| view.zfcp.maps.contains_key(w));
        let shown = wwid.as_ref().map(|w| map_name(&view, w));
        (wwid, is_path, shown.unwrap_or_default())
    };
    if is_path {
        return complain(env, 1, "must provide a map name to remove");
    }
    if name.starts_with('/') && wwid.is_none() {
        return complain(env, 1, &format!("'{name}' is not a valid argument"));
    }
    let Some(wwid) = wwid else {
        // No such map: newer versions say nothing and succeed.
        let newer = env
            .linux()
            .is_some_and(|l| l.distribution == Distribution::Ubuntu20);
        return Outcome::default().with_status(i32::from(!newer));
    };
    if is_in_use(env, &wwid) {
        return complain(env, 1, &format!("{shown}: map in use"));
    }
    // It flushes what is queued first; newer versions switch queueing off instead of waiting.
    let newer = env
        .linux()
        .is_some_and(|l| l.distribution == Distribution::Ubuntu20);
    if !newer {
        disk::wait_for_queues(env, &[format!("/dev/mapper/{shown}")]);
    }
    drop_map(env, &wwid);
    Outcome::default()
}

fn flush_all(env: &mut ProgramEnv<'_>) -> Outcome {
    let maps: Vec<(String, String)> = view(env)
        .map(|v| {
            v.zfcp
                .maps
                .keys()
                .map(|w| (w.clone(), map_name(&v, w)))
                .collect()
        })
        .unwrap_or_default();
    let mut out = Outcome::default();
    for (wwid, name) in maps {
        if is_in_use(env, &wwid) {
            let one = complain(env, 1, &format!("{name}: map in use"));
            out.stdout.push_str(&one.stdout);
            out.stderr.push_str(&one.stderr);
            out.rc = 1;
        } else {
            drop_map(env, &wwid);
        }
    }
    out
}

/// Lines of the file of WWIDs that are comments.
fn wwids_head(env: &ProgramEnv<'_>) -> String {
    let text = env.read(WWIDS).unwrap_or_default();
    let mut head: String = text
        .split_inclusive('\n')
        .filter(|l| l.starts_with('#'))
        .collect();
    if head.is_empty() {
        head.push_str(udev::WWIDS_HEAD);
    }
    head
}

fn reset_wwids(env: &mut ProgramEnv<'_>) -> Outcome {
    let mut text = wwids_head(env);
    if let Some(view) = view(env) {
        for wwid in view.zfcp.maps.keys() {
            text.push_str(&format!("/{wwid}/\n"));
        }
    }
    // The folder is made with the file, as long as there was no map.
    let now = env.world.now_ms;
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        linux.fs.write(WWIDS, text, now);
    }
    Outcome::ok("successfully reset wwids\n")
}

/// The WWID that a word of the tool means: of a device or map, or itself.
fn wwid_argument(env: &ProgramEnv<'_>, name: Option<&str>) -> Option<String> {
    let name = name?;
    view(env)
        .and_then(|view| wwid_of(env, &view, name))
        .or_else(|| (!name.starts_with('/')).then(|| name.to_owned()))
}

fn forget(env: &mut ProgramEnv<'_>, name: Option<&str>) -> Outcome {
    let Some(wwid) = wwid_argument(env, name) else {
        return complain(env, 1, "must provide a device to remove");
    };
    let text = env
        .read(WWIDS)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default();
    let line = format!("/{wwid}/");
    if !text.lines().any(|l| l == line) {
        return Outcome::ok(format!("wwid '{wwid}' not in wwids file\n"));
    }
    let keep: String = text
        .split_inclusive('\n')
        .filter(|l| l.trim_end() != line)
        .collect();
    let _ = env.write(WWIDS, &keep);
    Outcome::ok(format!("wwid '{wwid}' removed\n"))
}

fn remember(env: &mut ProgramEnv<'_>, name: Option<&str>) -> Outcome {
    let Some(wwid) = wwid_argument(env, name) else {
        return complain(env, 1, "must provide a device to add");
    };
    udev::remember_wwid(env.world, &env.host, &wwid);
    let made = make_maps(env);
    drop(made);
    Outcome::ok(format!("wwid '{wwid}' added\n"))
}

fn check(env: &ProgramEnv<'_>, name: Option<&str>) -> Outcome {
    let Some(name) = name else {
        return complain(env, 1, "device parameter missing");
    };
    let valid = view(env).is_some_and(|view| {
        let known = env.read(WWIDS).unwrap_or_default();
        wwid_of(env, &view, name).is_some_and(|wwid| {
            view.zfcp.maps.contains_key(&wwid)
                || known.lines().any(|l| l == format!("/{wwid}/"))
                || Topology::of(&view).paths(&wwid).len() > 1
        })
    });
    if valid {
        Outcome::ok(format!("{name} is a valid multipath device path\n"))
    } else {
        Outcome::ok(format!("{name} is not a valid multipath device path\n")).with_status(1)
    }
}

/// Whether the daemon still works on paths that have appeared, and answers nobody meanwhile.
fn is_stuck(env: &ProgramEnv<'_>) -> bool {
    let now = env.world.now_ms;
    view(env).is_some_and(|view| {
        let late = view.zfcp.faults.map_late_ms;
        view.zfcp
            .disks()
            .any(|(.., d)| now.saturating_sub(d.since_ms) < late)
    })
}

/// multipathd: started without words, or a question to the running daemon, also as `-k"…"`.
pub fn multipathd(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let question: String = words[1..]
        .iter()
        .map(|w| w.strip_prefix("-k").unwrap_or(w))
        .collect::<Vec<_>>()
        .join(" ");
    let question: Vec<String> = question.split_whitespace().map(str::to_owned).collect();
    if question.is_empty() || question[0].starts_with('-') {
        if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
            linux.zfcp.faults.no_multipathd = false;
        }
        make_maps(env);
        return Outcome::default();
    }
    if env.linux().is_some_and(|l| l.zfcp.faults.no_multipathd) {
        let old = env
            .linux()
            .is_some_and(|l| l.distribution != Distribution::Ubuntu20);
        return if old {
            Outcome::fail(1, "ux_socket_connect: No such file or directory\n")
        } else {
            Outcome::fail(1, "")
        };
    }
    if is_stuck(env) {
        env.world.now_ms = env.world.now_ms.saturating_add(QUEUE_MS);
        return Outcome::ok("timeout\n").with_status(1);
    }
    let question: Vec<&str> = question.iter().map(String::as_str).collect();
    let fail = || Outcome::ok("fail\n").with_status(1);
    match question.as_slice() {
        ["show" | "list", "paths", ..] => show_paths(env),
        ["show" | "list", "maps" | "multipaths", "json"] => json(env, None),
        ["show" | "list", "map" | "multipath", name, "json"] => json(env, Some(name)),
        ["show" | "list", "maps" | "multipaths", ..] => show_maps(env),
        ["show" | "list", "topology"] => list(env, None, 2),
        ["show" | "list", "map" | "multipath", name, "topology"] => list(env, Some(name), 2),
        ["show" | "list", "daemon"] => Outcome::ok("pid 1071 running\n"),
        ["show" | "list", "config"] => Outcome::ok("defaults {\n}\n"),
        ["reconfigure"] => {
            make_maps(env);
            Outcome::ok("ok\n")
        }
        ["add", "path", name] => {
            let wwid = view(env).and_then(|v| v.zfcp.disk(name).map(|(.., d)| d.wwid.clone()));
            let Some(wwid) = wwid else {
                return fail();
            };
            if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
                linux.zfcp.flushed.remove(&wwid);
            }
            make_maps(env);
            Outcome::ok("ok\n")
        }
        ["remove" | "del", "path", name] => {
            if view(env).is_some_and(|v| v.zfcp.disk(name).is_some()) {
                Outcome::ok("ok\n")
            } else {
                fail()
            }
        }
        ["remove" | "del", "map" | "multipath", name] => {
            let outcome = flush(env, Some(name));
            if outcome.rc == 0 {
                Outcome::ok("ok\n")
            } else {
                fail()
            }
        }
        ["resize", "map" | "multipath", name] => {
            let known = view(env).is_some_and(|v| wwid_of(env, &v, name).is_some());
            if known { Outcome::ok("ok\n") } else { fail() }
        }
        [
            word @ ("disablequeueing" | "restorequeueing"),
            "map" | "multipath",
            name,
        ] => {
            let wwid = view(env).and_then(|v| wwid_of(env, &v, name));
            let map =
                wwid.and_then(|w| env.world.linuxes.get_mut(&env.host)?.zfcp.maps.get_mut(&w));
            match map {
                Some(map) => {
                    map.no_queue = *word == "disablequeueing";
                    Outcome::ok("ok\n")
                }
                None => fail(),
            }
        }
        ["fail" | "reinstate", "path", name] => {
            if view(env).is_some_and(|v| v.zfcp.disk(name).is_some()) {
                Outcome::ok("ok\n")
            } else {
                fail()
            }
        }
        _ => Outcome::ok("fail\n").with_status(1),
    }
}

fn show_paths(env: &ProgramEnv<'_>) -> Outcome {
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let paths = Topology::of(&view).paths_of_maps();
    if paths.is_empty() {
        return Outcome::default();
    }
    let rows: Vec<[String; 8]> = std::iter::once(
        [
            "hcil",
            "dev",
            "dev_t",
            "pri",
            "dm_st",
            "chk_st",
            "dev_st",
            "next_check",
        ]
        .map(str::to_owned),
    )
    .chain(paths.iter().map(|p| {
        [
            p.address.clone(),
            p.disk.clone(),
            p.numbers.clone(),
            if p.good { "50" } else { "0" }.to_owned(),
            p.mapper().to_owned(),
            p.checker().to_owned(),
            p.scsi.to_owned(),
            "XXX....... 7/20".to_owned(),
        ]
    }))
    .collect();
    Outcome::ok(columns(&rows))
}

fn show_maps(env: &ProgramEnv<'_>) -> Outcome {
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    if view.zfcp.maps.is_empty() {
        return Outcome::default();
    }
    let head = ["name", "sysfs", "uuid"].map(str::to_owned);
    let rows: Vec<[String; 3]> = std::iter::once(head)
        .chain(view.zfcp.maps.iter().map(|(wwid, map)| {
            [
                map_name(&view, wwid),
                format!("dm-{}", map.dm),
                wwid.clone(),
            ]
        }))
        .collect();
    Outcome::ok(columns(&rows))
}

/// Columns as wide as their widest cell, one blank between, the last one not padded.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|r| r[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        out.push_str(cells.join(" ").trim_end());
        out.push('\n');
    }
    out
}

fn json(env: &ProgramEnv<'_>, name: Option<&str>) -> Outcome {
    let Some(view) = view(env) else {
        return Outcome::default();
    };
    let only = name.map(|name| wwid_of(env, &view, name));
    let topology = Topology::of(&view);
    let maps: Vec<serde_json::Value> = view
        .zfcp
        .maps
        .iter()
        .filter(|(wwid, _)| only.as_ref().is_none_or(|only| only.as_ref() == Some(wwid)))
        .map(|(wwid, map)| {
            let paths: Vec<serde_json::Value> = topology
                .paths(wwid)
                .iter()
                .map(|p| {
                    serde_json::json!({
                        "dev": p.disk, "dev_t": p.numbers, "dm_st": p.mapper(),
                        "dev_st": p.scsi, "chk_st": p.checker(), "pri": if p.good { 50 } else { 0 },
                    })
                })
                .collect();
            serde_json::json!({
                "name": map_name(&view, wwid), "uuid": wwid, "sysfs": format!("dm-{}", map.dm),
                "path_faults": 0, "paths": paths.len(),
                "path_groups": [{ "selector": "service-time 0", "pri": 50, "dm_st": "active", "group": 1, "paths": paths }],
            })
        })
        .collect();
    let whole = match (name, maps.first()) {
        (Some(_), Some(one)) => {
            serde_json::json!({"major_version": 0, "minor_version": 1, "map": one})
        }
        (Some(_), None) => return Outcome::ok("fail\n").with_status(1),
        (None, _) => serde_json::json!({"major_version": 0, "minor_version": 1, "maps": maps}),
    };
    Outcome::ok(format!("{whole:#}\n"))
}

/// mpathconf of Red Hat: `--enable`, `--with_multipathd y`, `--user_friendly_names y`, `--find_multipaths y`.
pub fn mpathconf(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const CONF: &str = "/etc/multipath.conf";
    let mut args = words[1..].iter().map(String::as_str);
    let mut settings = Vec::new();
    let mut enable = false;
    while let Some(word) = args.next() {
        match word {
            "--enable" => enable = true,
            "--disable" => {
                let _ = env.write(CONF, "blacklist {\n\tdevnode \"*\"\n}\n");
                return Outcome::default();
            }
            "--user_friendly_names" | "--find_multipaths" => {
                let value = if args.next() == Some("y") {
                    "yes"
                } else {
                    "no"
                };
                settings.push((word.trim_start_matches('-').to_owned(), value));
            }
            "--with_multipathd" => {
                let on = args.next() == Some("y");
                if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
                    linux.zfcp.faults.no_multipathd = !on;
                }
            }
            _ => {}
        }
    }
    if !enable && settings.is_empty() {
        let there = env.read(CONF).is_ok();
        let word = if there { "enabled" } else { "disabled" };
        return Outcome::ok(format!(
            "multipath is {word}\nfind_multipaths is {word}\nuser_friendly_names is {word}\n"
        ));
    }
    for name in ["user_friendly_names", "find_multipaths"] {
        if !settings.iter().any(|(n, _)| n == name) {
            settings.insert(0, (name.to_owned(), "yes"));
        }
    }
    let mut text = "defaults {\n".to_owned();
    for (name, value) in &settings {
        text.push_str(&format!("\t{name} {value}\n"));
    }
    text.push_str("}\n");
    match env.write(CONF, &text) {
        Ok(()) => {
            make_maps(env);
            Outcome::default()
        }
        Err(errno) => Outcome::fail(1, format!("mpathconf: {CONF}: {errno}\n")),
    }
}
