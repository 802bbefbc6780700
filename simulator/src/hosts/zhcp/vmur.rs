//! `vmur`: spool files of the guest itself (spec: zhcp-and-smapi 4.3).

use super::cp::spool::line;
use crate::hosts::coreutils::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;
use crate::world::UserId;
use crate::world::zvm::SpoolFile;

/// Whether a unit record device is online.
fn is_online(env: &ProgramEnv<'_>, device: &str) -> bool {
    let path = format!("/sys/bus/ccw/drivers/vmur/0.0.{device}/online");
    files::read(env.world, &env.host, &path).is_ok_and(|text| text.trim() != "0")
}

fn no_device(kind: &str, device: &str) -> Outcome {
    Outcome::fail(
        1,
        format!(
            "vmur: Error: Unable to open device file /dev/vm{kind}-0.0.{device}. No such device\n"
        ),
    )
}

/// vmur: `punch`, `list`, `receive`, `purge`, `order`.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let Some(verb) = words.get(1) else {
        return Outcome::fail(1, "vmur: No action specified\n");
    };
    let Some(user) = env
        .linux()
        .map(|l| l.userid.clone())
        .filter(|_| env.system().is_some())
    else {
        return Outcome::fail(
            1,
            "vmur: Error: Unable to open device file /dev/vmcp. No such file or directory\n",
        );
    };
    let rest = &words[2..];
    match verb.as_str() {
        "punch" | "pun" => punch(env, rest, stdin, &user),
        "list" | "li" => list(env, rest, &user),
        "receive" | "re" => receive(env, rest, &user),
        "purge" | "pur" => purge(env, rest, &user),
        "order" | "or" => Outcome::ok(""),
        other => Outcome::fail(1, format!("vmur: Invalid action {other}\n")),
    }
}

/// `punch [-t] [-u U] -r [-N NAME] FILE`: with `-r` into a reader, without it the file is only punched.
fn punch(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str, user: &UserId) -> Outcome {
    if !is_online(env, "000d") {
        return no_device("pun", "000d");
    }
    let options = Options::read(
        words,
        "uNnbd",
        &["user", "name", "node", "blocked", "device"],
    );
    let operand = options.operands.first();
    let text = match operand {
        None => stdin.to_owned(),
        Some(name) => match env.read(name).map(std::borrow::Cow::into_owned) {
            Ok(text) => text,
            Err(errno) => {
                return Outcome::fail(1, format!("vmur: Unable to access file {name}: {errno}\n"));
            }
        },
    };
    let base = operand.map_or("", |n| n.rsplit('/').next().unwrap_or(n));
    let name = options.value(&["-N", "--name"]).unwrap_or(base).to_owned();
    let to = options
        .value(&["-u", "--user"])
        .map_or_else(|| user.clone(), UserId::new);
    let now = env.world.now_ms;
    let Some(system) = env.system_mut() else {
        return Outcome::default();
    };
    if !system.directory.contains_key(&to) {
        return Outcome::fail(
            1,
            format!("vmur: Reader user {to} is not logged on or does not exist.\n"),
        );
    }
    if !options.has(&["-r", "--rdr"]) && !options.has(&["-u", "--user"]) {
        return Outcome::ok("");
    }
    let id = system.spool(
        &to,
        SpoolFile {
            class: 'A',
            name,
            text,
            origin: user.clone(),
            kind: "PUN".to_owned(),
            made_ms: now,
            ..SpoolFile::default()
        },
    );
    Outcome::ok(format!("Reader file with spoolid {id:04} created.\n"))
}

fn list(env: &ProgramEnv<'_>, _: &[String], user: &UserId) -> Outcome {
    let mut text =
        "ORIGINID FILE CLASS RECORDS  CPY HOLD DATE  TIME     NAME      TYPE     DIST\n".to_owned();
    let files = env.system().and_then(|s| s.readers.get(user));
    for file in files.into_iter().flatten() {
        text.push_str(&line(file, user));
    }
    Outcome::ok(text)
}

/// `receive [-t] [-O] SPOOLID [FILE]`: the file leaves the reader unless it is kept (`-H`).
fn receive(env: &mut ProgramEnv<'_>, words: &[String], user: &UserId) -> Outcome {
    if !is_online(env, "000c") {
        return no_device("rdr", "000c");
    }
    let options = Options::read(words, "bdc", &["blocked", "device", "class"]);
    let Some(id) = options.operands.first().and_then(|w| w.parse::<u16>().ok()) else {
        return Outcome::fail(1, "vmur: Please specify a spoolid\n");
    };
    let keep = options.has(&["-H", "--hold"]);
    let Some(system) = env.system_mut() else {
        return Outcome::default();
    };
    let Some(file) = system.reader_file(user, id).cloned() else {
        return Outcome::fail(1, format!("vmur: Reader file {id:04} not found.\n"));
    };
    if !keep {
        system.take_files(user, Some(id));
    }
    if options.has(&["-O", "--stdout"]) {
        return Outcome::ok(file.text);
    }
    let target = options
        .operands
        .get(1)
        .cloned()
        .unwrap_or_else(|| file.name.clone());
    match env.write(&target, &file.text) {
        Ok(()) => Outcome::ok(""),
        Err(errno) => Outcome::fail(
            1,
            format!("vmur: Unable to access file {target}: {errno}\n"),
        ),
    }
}

fn purge(env: &mut ProgramEnv<'_>, words: &[String], user: &UserId) -> Outcome {
    let options = Options::read(words, "ucQ", &["user", "class", "queue"]);
    let id = options.operands.first().and_then(|w| w.parse::<u16>().ok());
    let number = env.system_mut().map_or(0, |s| s.take_files(user, id).len());
    match (number, id) {
        (0, Some(id)) => Outcome::fail(1, format!("vmur: Reader file {id:04} not found.\n")),
        _ => Outcome::ok(""),
    }
}
