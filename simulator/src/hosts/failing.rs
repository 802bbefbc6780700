//! How a program fails when a rule says so.

use super::zhcp::smcli;
use crate::seam::Outcome;
use crate::world::scratch::ProgramFailure;

/// The outcome of a program that is to fail; `done` is what it answered when it did its work first. `None`: the shell does
/// not find it.
pub(super) fn outcome(
    words: &[String],
    done: Option<Outcome>,
    failure: &ProgramFailure,
) -> Option<Outcome> {
    Some(match failure {
        ProgramFailure::Missing => return None,
        ProgramFailure::Output { rc, stdout, stderr } => Outcome {
            rc: *rc,
            stdout: stdout.clone(),
            stderr: stderr.clone(),
        },
        ProgramFailure::Cp { message, rc } => Outcome {
            rc: 1,
            stdout: format!("{message}\n"),
            stderr: format!(
                "Error: non-zero CP response for command '{}': #{rc}\n",
                words[1..].join(" ")
            ),
        },
        ProgramFailure::Smapi { rc, rs } => smapi(words, done, *rc, *rs),
    })
}

/// The texts that SMAPI gives with a refusal of a relocation: clients look for the message numbers in them.
fn details(words: &[String], rc: i32, rs: i32) -> Vec<String> {
    let after = |option: &str| {
        let at = words.iter().position(|w| w == option)?;
        words.get(at + 1)
    };
    let user = after("-T").map_or("", String::as_str);
    let cancels = words
        .iter()
        .any(|w| w.to_ascii_lowercase().starts_with("action=cancel"));
    match (words.get(1).map(String::as_str), rc, rs) {
        (Some("VMRELOCATE"), 8, 3000) if cancels => vec![format!(
            "HCPRLH1926E No relocation is in progress for user {user}"
        )],
        (Some("VMRELOCATE"), 4 | 8, 3000) => vec![
            format!("HCPRLH1940E {user} is not relocatable for the following reason(s):"),
            format!("HCPRLE1950I {user}: Virtual machine is running disconnected"),
        ],
        _ => Vec::new(),
    }
}

/// What `smcli` prints for a return and reason code (spec: zhcp-and-smapi 2.4, 2.6); 0 and 0: SMAPI says `Done`.
fn smapi(words: &[String], done: Option<Outcome>, rc: i32, rs: i32) -> Outcome {
    let is_lost = rc == 0 && rs == 0;
    let details = details(words, rc, rs);
    let Some(failed) = smcli::failure(words, if is_lost { 1 } else { rc }, rs, &details) else {
        // It does not get as far as SMAPI.
        return done.unwrap_or_default();
    };
    if is_lost {
        // A changing call has said what it is about to do before the answer came.
        let phrase = failed.stdout.split("Failed").next().unwrap_or_default();
        return Outcome::ok(format!("{phrase}Done\n"));
    }
    failed
}
