//! The shortest programs, and the table of all.

use super::grep;
use crate::hosts::{Program, ProgramEnv};
use crate::seam::Outcome;

/// The program of a name.
pub fn lookup(name: &str) -> Option<Program> {
    Some(match name {
        "cat" => cat,
        "echo" => echo,
        "true" => |_, _, _| Outcome::ok(""),
        "false" => |_, _, _| Outcome::fail(1, ""),
        "grep" | "egrep" | "fgrep" => grep::run,
        _ => return None,
    })
}

fn cat(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let files: Vec<&String> = words[1..]
        .iter()
        .filter(|w| *w == "-" || !w.starts_with('-'))
        .collect();
    if files.is_empty() {
        return Outcome::ok(stdin);
    }
    let mut out = Outcome::default();
    for file in files {
        if file == "-" {
            out.stdout.push_str(stdin);
            continue;
        }
        match env.read(file) {
            Ok(text) => out.stdout.push_str(&text),
            Err(errno) => {
                out.rc = 1;
                out.stderr.push_str(&format!("cat: {file}: {errno}\n"));
            }
        }
    }
    out
}

/// bash's own echo: `-n`, `-e`, `-E`.
fn echo(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut words = &words[1..];
    let (mut newline, mut escapes) = (true, false);
    while let Some(word) = words.first()
        && word.len() > 1
        && word.starts_with('-')
        && word[1..].bytes().all(|b| matches!(b, b'n' | b'e' | b'E'))
    {
        for b in word[1..].bytes() {
            match b {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = &words[1..];
    }
    let mut text = words.join(" ");
    if escapes {
        let (unescaped, cut) = unescape(&text);
        text = unescaped;
        newline &= !cut;
    }
    if newline {
        text.push('\n');
    }
    Outcome::ok(text)
}

/// Replaces `\n` and the like; `true` when `\c` cut the text.
pub(super) fn unescape(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('\\') | None => out.push('\\'),
            Some('"') => out.push('"'),
            Some('c') => return (out, true),
            Some('0') => {
                let mut value = 0_u32;
                for _ in 0..3 {
                    match chars.peek().and_then(|c| c.to_digit(8)) {
                        Some(digit) => value = value * 8 + digit,
                        None => break,
                    }
                    chars.next();
                }
                out.push(char::from_u32(value).unwrap_or_default());
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    (out, false)
}
