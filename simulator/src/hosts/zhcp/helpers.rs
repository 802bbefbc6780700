//! The small programs that xCAT still calls (spec: zhcp-and-smapi 1.7). A SMAPI failure exits 0; only the text says it.

use crate::hosts::ProgramEnv;
use crate::seam::Outcome;
use crate::world::UserId;
use crate::world::zvm::{Code, DirectoryEntry, code};

/// What a helper prints when it is called without arguments or for its help.
fn usage(name: &str, description: &str, parameters: &[&str]) -> Outcome {
    let mut text = format!("{description}\n\nUsage: {name} [@params]\n");
    for (at, parameter) in parameters.iter().enumerate() {
        text.push_str(&format!("@param ${}: {parameter}\n", at + 1));
    }
    printed(text, 1)
}

fn printed(stdout: String, rc: i32) -> Outcome {
    Outcome {
        rc,
        stdout,
        stderr: String::new(),
    }
}

/// Checks the arguments as all helpers do.
fn arguments<'a>(
    words: &'a [String],
    description: &str,
    parameters: &[&str],
) -> Result<Vec<&'a str>, Outcome> {
    let name = words
        .first()
        .map_or("", |w| w.rsplit('/').next().unwrap_or(w));
    let given: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    match given.first() {
        None | Some(&("-h" | "--help")) => Err(usage(name, description, parameters)),
        _ if given.len() != parameters.len() => {
            Err(printed("Error: Wrong number of parameters\n".to_owned(), 1))
        }
        _ => Ok(given),
    }
}

fn failed(code: Code) -> String {
    format!(
        "Failed\n  Return Code: {}\n  Reason Code: {}\n",
        code.rc, code.rs
    )
}

/// Whether SMAPI answers.
fn smapi(env: &ProgramEnv<'_>) -> Result<(), Code> {
    let now = env.world.now_ms;
    match env.system() {
        Some(system) if system.smapi.accepts(now) => Ok(()),
        _ => Err(code(-101, 111)),
    }
}

/// `getdiskpool USERID POOL free|used`.
pub fn getdiskpool(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let parameters = ["User ID", "Disk pool", "Disk pool space: free or used"];
    let given = match arguments(
        words,
        "List the free or used space of a disk pool",
        &parameters,
    ) {
        Ok(given) => given,
        Err(outcome) => return outcome,
    };
    let query = match given[2] {
        "free" => 2,
        "used" => 3,
        _ => {
            return printed(
                "Error: Disk pool space must be free or used\n".to_owned(),
                1,
            );
        }
    };
    let records = smapi(env).and_then(|()| {
        env.system()
            .ok_or(code(-108, 0))
            .and_then(|s| s.space(query, 3, given[1]))
    });
    match records {
        Err(code) => printed(failed(code), 0),
        Ok(records) => {
            let mut text = "#VolID DevType StartAddr Size\n".to_owned();
            for record in records {
                let words: Vec<&str> = record.split_whitespace().take(4).collect();
                text.push_str(&format!("{}\n", words.join(" ")));
            }
            Outcome::ok(text)
        }
    }
}

/// `getdiskpoolnames USERID`.
pub fn getdiskpoolnames(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    if let Err(outcome) = arguments(words, "List the disk pool names", &["User ID"]) {
        return outcome;
    }
    let records = smapi(env).and_then(|()| {
        env.system()
            .ok_or(code(-108, 0))
            .and_then(|s| s.space(1, 3, "*"))
    });
    match records {
        Err(code) => printed(failed(code), 0),
        Ok(records) => Outcome::ok(
            records
                .iter()
                .filter_map(|r| r.split_whitespace().next())
                .map(|n| format!("{n}\n"))
                .collect::<String>(),
        ),
    }
}

/// `getuserentry USERID`: without comments; the labels of a failure have a small c.
pub fn getuserentry(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let given = match arguments(words, "Get the directory entry of a user", &["User ID"]) {
        Ok(given) => given,
        Err(outcome) => return outcome,
    };
    let user = UserId::new(given[0]);
    let entry = smapi(env).and_then(|()| {
        env.system()
            .ok_or(code(-108, 0))
            .and_then(|s| s.entry(&user).map(DirectoryEntry::text))
    });
    match entry {
        Err(code) => printed(failed(code).replace(" Code:", " code:"), 0),
        Ok(text) => Outcome::ok(
            text.lines()
                .filter(|l| !l.chars().take(4).any(|c| c == '*'))
                .map(|l| format!("{l}\n"))
                .collect::<String>(),
        ),
    }
}

/// `createvs USERID FILE`. xCAT calls it without a file when it wants an entry that cannot log on: the program then opens
/// a null pointer.
pub fn createvs(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let given: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    if matches!(given.first(), None | Some(&("-h" | "--help"))) {
        return usage(
            "createvs",
            "Create a virtual server",
            &["User ID", "File of the directory entry"],
        );
    }
    let user = given[0];
    let head = format!("Creating user directory entry for {user}... ");
    let Some(file) = given.get(1) else {
        return printed(format!("{head}\n  Error: Failed to open (null)\n"), 2);
    };
    let text = match env.read(file) {
        Ok(text) => text.into_owned(),
        Err(_) => return printed(format!("{head}\n  Error: Failed to open {file}\n"), 2),
    };
    let records: Vec<String> = text.lines().map(str::to_owned).collect();
    let result = smapi(env).and_then(|()| {
        env.system_mut()
            .ok_or(code(-108, 0))
            .and_then(|s| s.define(&UserId::new(user), &records))
    });
    match result {
        Ok(()) | Err(Code::ENTRY_EXISTS) => Outcome::ok(format!("{head}Done\n")),
        Err(code) => printed(format!("{head}{}", failed(code)), 0),
    }
}

/// `syncfileutil FILE`.
pub fn syncfileutil(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let name = words.get(1).map_or("", String::as_str);
    match env.read(name) {
        Ok(_) => Outcome::ok(""),
        Err(_) => printed(format!("can't open {name}\n"), 254),
    }
}
