//! How a program fails when a rule says so.

use super::zhcp;
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
        ProgramFailure::Smapi { rc, rs } => smapi(words, done.as_ref(), *rc, *rs),
    })
}

/// What `smcli` prints for a return and reason code (spec: zhcp-and-smapi 2.4, 2.6). A call that would not get as far as
/// SMAPI fails as it would anyway.
fn smapi(words: &[String], done: Option<&Outcome>, rc: i32, rs: i32) -> Outcome {
    zhcp::smcli::failure(words, rc, rs, &[])
        .or_else(|| done.cloned())
        .unwrap_or_else(|| Outcome::fail(1, ""))
}
