//! `vmcp`: CP commands of the guest itself (spec: zhcp-and-smapi 4.1).

use super::cp;
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// Longest command.
const LONGEST: usize = 240;
/// Size of the answer's buffer unless another is asked for.
const BUFFER: usize = 8_192;

/// A buffer size such as `8192`, `16k`, `1M`.
fn size(text: &str) -> Option<usize> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_024),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1_048_576),
            None => (text, 1),
        },
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

/// vmcp: `-k`, `-b SIZE`. The answer goes to standard output also when CP reports an error.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut rest = words.get(1..).unwrap_or_default();
    let (mut keep_case, mut buffer) = (false, BUFFER);
    while let Some(word) = rest.first().filter(|w| w.starts_with('-')) {
        match word.as_str() {
            "-k" | "--keepcase" => keep_case = true,
            "-b" | "--buffer" => {
                let Some(bytes) = rest.get(1).and_then(|w| size(w)) else {
                    return Outcome::fail(4, "Error: Invalid buffer size\n");
                };
                buffer = bytes;
                rest = &rest[1..];
            }
            "-h" | "--help" => return Outcome::ok("Usage: vmcp [OPTIONS] command\n"),
            "-v" | "--version" => {
                return Outcome::ok(
                    "vmcp: Linux on System z CP interface program, version 1.23.0\n",
                );
            }
            other => return Outcome::fail(4, format!("Error: unrecognized option '{other}'\n")),
        }
        rest = &rest[1..];
    }
    let typed = rest.join(" ");
    if typed.trim().is_empty() {
        return Outcome::fail(4, "Error: No command specified\n");
    }
    if typed.len() > LONGEST {
        return Outcome::fail(
            4,
            "Error: Command too long (cannot be longer than 240 characters)\n",
        );
    }
    let line = if keep_case {
        typed
    } else {
        typed.to_ascii_uppercase()
    };
    let Some(user) = env
        .linux()
        .map(|l| l.userid.clone())
        .filter(|_| env.system().is_some())
    else {
        return Outcome::fail(
            3,
            "Error: Could not open device /dev/vmcp: No such file or directory\n",
        );
    };
    let answer = cp::command(env, &user, &line);
    if answer.text.len() > buffer {
        let bytes = answer.text.len();
        let cut: String = answer.text.chars().take(buffer).collect();
        return Outcome {
            rc: 2,
            stdout: cut,
            stderr: format!(
                "Error: output ({bytes} bytes) was truncated, try --buffer to increase size\n"
            ),
        };
    }
    let stderr = if answer.code == 0 {
        String::new()
    } else {
        format!(
            "Error: non-zero CP response for command '{line}': #{}\n",
            answer.code
        )
    };
    Outcome {
        rc: i32::from(answer.code != 0),
        stdout: answer.text,
        stderr,
    }
}
