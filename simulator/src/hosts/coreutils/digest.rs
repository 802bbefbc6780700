//! `md5sum` and `sha256sum`: digests of files and of standard input. A block device reads as the identity of its content,
//! so equal contents have equal digests; they are not those of real disks.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::Options;
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// `md5sum [file…]`, `sha256sum [file…]`, by the name as called.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let name = words
        .first()
        .map_or("", |w| w.rsplit('/').next().unwrap_or(w));
    let digest: fn(&str) -> String = if name == "md5sum" {
        hexadecimal::<Md5>
    } else {
        hexadecimal::<Sha256>
    };
    let options = Options::read(&words[1..], "", &[]);
    if options.has(&["-c", "--check"]) {
        return Outcome::fail(1, format!("{name}: checking is not supported\n"));
    }
    let mut out = Outcome::default();
    if options.operands.is_empty() {
        out.say(format!("{}  -", digest(stdin)));
    }
    for operand in &options.operands {
        if operand == "-" {
            out.say(format!("{}  -", digest(stdin)));
            continue;
        }
        match env.read(operand).map(|text| digest(&text)) {
            Ok(sum) => out.say(format!("{sum}  {operand}")),
            Err(errno) => {
                out.complain(format!("{name}: {operand}: {errno}"));
                out.rc = 1;
            }
        }
    }
    out
}

fn hexadecimal<D: Digest>(text: &str) -> String {
    let mut out = String::new();
    for byte in D::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}
