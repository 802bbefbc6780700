//! `linkdiskandbringonline` and `offlinediskanddetach` (spec: zhcp-and-smapi 1.4).

use super::script::{Words, alias_of, connect, disconnect, stamp};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

fn printed(stdout: String, rc: i32) -> Outcome {
    Outcome {
        rc,
        stdout,
        stderr: String::new(),
    }
}

/// Help, version, and wrong options; `None` when the script goes on.
fn early(name: &str, words: &Words, usage: &str) -> Option<Outcome> {
    if words.has(&["-h", "--help"]) {
        return Some(Outcome::ok(usage.to_owned()));
    }
    if words.has(&["-V", "--version"]) {
        return Some(Outcome::ok("Version: 1.0\n\n"));
    }
    let unknown = words
        .options
        .iter()
        .find(|o| !matches!(o.as_str(), "-x" | "--debug"));
    if let Some(option) = unknown {
        return Some(printed(
            format!("ERROR: Unrecognized Option: \"{option}\".\n{usage}"),
            1,
        ));
    }
    let missing = match words.operands.len() {
        0 => "userid",
        1 => "virtual device address",
        _ => return None,
    };
    let _ = name;
    Some(printed(
        format!("ERROR: Missing {missing} parameter.{usage}"),
        1,
    ))
}

/// linkdiskandbringonline `USERID VDEV [MODE]`.
pub fn link(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const NAME: &str = "linkdiskandbringonline";
    const USAGE: &str = "USAGE: linkdiskandbringonline USERID VDEV [MODE]\n";
    let words = Words::read(words);
    let user = words.operands.first().cloned().unwrap_or_default();
    let mut text = format!("{NAME} {user} start time: {}\n", stamp(env));
    if let Some(outcome) = early(NAME, &words, USAGE) {
        return outcome;
    }
    let device = &words.operands[1];
    let mode = words.operands.get(2).map_or("RR", String::as_str);
    let rc = match connect(env, &user, device, mode) {
        Ok(connected) => {
            text.push_str(&format!(
                "Success: Userid {user} vdev {device} linked at {} device name {}\n",
                connected.alias, connected.device
            ));
            0
        }
        Err((rc, output)) => {
            text.push_str(&format!(
                "ERROR: Failed to connect disk: {user}:{device} rc: {rc}\n{output}"
            ));
            rc
        }
    };
    text.push_str(&format!("{NAME} exit time: {}\n", stamp(env)));
    printed(text, rc)
}

/// offlinediskanddetach `USERID VDEV`.
pub fn offline(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const NAME: &str = "offlinediskanddetach";
    const USAGE: &str = "USAGE: offlinediskanddetach USERID VDEV\n";
    let words = Words::read(words);
    let user = words.operands.first().cloned().unwrap_or_default();
    let mut text = format!("{NAME} {user} start time: {}\n", stamp(env));
    if let Some(outcome) = early(NAME, &words, USAGE) {
        return outcome;
    }
    let device = &words.operands[1];
    let result = match alias_of(env, &user, device) {
        Some(alias) => disconnect(env, alias),
        None => Err((1, String::new())),
    };
    let rc = match result {
        Ok(()) => {
            text.push_str(&format!("Success: Userid {user} vdev {device} unlinked\n"));
            0
        }
        Err((rc, output)) => {
            text.push_str(&format!(
                "{output}ERROR: Failed to disconnect disk: {user}:{device} rc: {rc}\n"
            ));
            rc
        }
    };
    text.push_str(&format!("{NAME} exit time: {}\n", stamp(env)));
    printed(text, rc)
}
