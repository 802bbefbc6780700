//! `cmp`: files and block devices byte by byte; exit status 1 when they differ.
//!
//! A block device reads as the identity of its content, so two devices are equal when their identities are, whatever piece
//! is asked for; one that was overwritten with zeros equals `/dev/zero`.

use std::borrow::Cow;

use super::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// What `dd` from `/dev/zero` leaves on a block device.
const ZEROED: &str = "zeroed\n";

/// `cmp [-s] [-n bytes] [-i skip[:skip]] file [file]`.
pub fn cmp(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "ni", &["bytes", "ignore-initial"]);
    let [first, rest @ ..] = options.operands.as_slice() else {
        return Outcome::fail(2, "cmp: missing operand after 'cmp'\n");
    };
    let second = rest.first().map_or("-", String::as_str);
    let number = |names: &[&str]| match options.value(names) {
        None => Ok(None),
        Some(text) => text.split(':').next().unwrap_or_default().parse().map(Some),
    };
    let (Ok(limit), Ok(skip)) = (
        number(&["-n", "--bytes"]),
        number(&["-i", "--ignore-initial"]),
    ) else {
        return Outcome::fail(2, "cmp: invalid number of bytes\n");
    };
    let (limit, skip): (usize, usize) = (limit.unwrap_or(usize::MAX), skip.unwrap_or(0));
    let mut texts = Vec::new();
    for name in [first.as_str(), second] {
        let path = env.path(name);
        let text = if name == "-" {
            Cow::Borrowed(stdin)
        } else if path == "/dev/zero" {
            Cow::Borrowed(ZEROED)
        } else {
            match files::read(env.world, &env.host, &path) {
                Ok(text) => text,
                Err(errno) => return Outcome::fail(2, format!("cmp: {name}: {errno}\n")),
            }
        };
        let piece = if path.starts_with("/dev/") {
            text.into_owned().into_bytes()
        } else {
            let bytes = text.as_bytes();
            bytes.iter().copied().skip(skip).take(limit).collect()
        };
        texts.push(piece);
    }
    let silent = options.has(&["-s", "--quiet", "--silent"]);
    let (a, b) = (&texts[0], &texts[1]);
    let Some(at) = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at)) else {
        return Outcome::ok("");
    };
    let said = if silent {
        String::new()
    } else if at >= a.len() || at >= b.len() {
        let short = if a.len() < b.len() { first } else { second };
        format!("cmp: EOF on {short} after byte {at}\n")
    } else {
        let line = 1 + a[..at].iter().filter(|byte| **byte == b'\n').count();
        return Outcome {
            rc: 1,
            stdout: format!("{first} {second} differ: byte {}, line {line}\n", at + 1),
            stderr: String::new(),
        };
    };
    Outcome::fail(1, said)
}
