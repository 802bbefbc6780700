//! How a program fails when a rule says so.

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

/// What `smcli` prints for a return and reason code (spec: zhcp-and-smapi 2.4, 2.6).
fn smapi(words: &[String], done: Option<&Outcome>, rc: i32, rs: i32) -> Outcome {
    let _ = words;
    // A changing call has said what it is about to do before the answer came.
    let phrase = done
        .and_then(|o| {
            o.stdout
                .rsplit_once("... ")
                .map(|(p, _)| format!("{p}... "))
        })
        .unwrap_or_default();
    if rc == 0 && rs == 0 {
        return Outcome::ok(format!("{phrase}Done\n"));
    }
    let block = if rc < 0 {
        format!(
            "Failed\n  Return Code: {rc}\n  Description: Socket connect refused error\n\nErrno value: 111\n"
        )
    } else {
        format!("Failed\n  Return Code: {rc}\n  Reason Code: {rs}\n")
    };
    Outcome {
        rc: if rc < 0 { rc & 255 } else { 1 },
        stdout: phrase + &block,
        stderr: String::new(),
    }
}
