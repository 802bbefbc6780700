//! cat, echo, printf.

use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// cat.
pub fn cat(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
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
pub fn echo(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
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

/// printf: `%s %d %x %c %%` with the format used again while words are left.
pub fn printf(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let Some(format) = words.get(1) else {
        return Outcome::fail(2, "printf: usage: printf [-v var] format [arguments]\n");
    };
    let (format, _) = unescape(format);
    let mut args = words[2..].iter();
    let mut out = String::new();
    loop {
        let before = args.len();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut flags = String::new();
            while let Some(f) = chars.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '.')) {
                flags.push(f);
            }
            let mut value = || args.next().map_or("", String::as_str);
            let text = match chars.next() {
                Some('s' | 'b') => value().to_owned(),
                Some('c') => value().chars().take(1).collect(),
                Some('d' | 'i' | 'u') => value().parse::<i64>().unwrap_or(0).to_string(),
                Some('x') => format!("{:x}", value().parse::<i64>().unwrap_or(0)),
                Some('X') => format!("{:X}", value().parse::<i64>().unwrap_or(0)),
                Some('%') | None => "%".to_owned(),
                Some(other) => format!("%{other}"),
            };
            let zero = flags.starts_with('0');
            let left = flags.starts_with('-');
            let width = flags
                .trim_start_matches('-')
                .split('.')
                .next()
                .unwrap_or("");
            let width = width.parse::<usize>().unwrap_or(0).min(4_096);
            if left {
                out.push_str(&format!("{text:<width$}"));
            } else if zero {
                out.push_str(&format!("{text:0>width$}"));
            } else {
                out.push_str(&format!("{text:>width$}"));
            }
        }
        if args.len() == 0 || args.len() == before {
            return Outcome::ok(out);
        }
    }
}
