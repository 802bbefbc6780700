//! POSIX regular expressions (basic and extended, with GNU's additions) as patterns of the `regex` crate. Back
//! references are refused: that engine has none.

use regex::{Regex, RegexBuilder};

use super::pattern::Pattern;
use crate::world::pool_text::{is_literal, simple_pattern};

/// Compiles a basic or extended expression, or says what is wrong in GNU's words.
pub fn compile(pattern: &str, extended: bool, ignore_case: bool) -> Result<Pattern, String> {
    if is_literal(pattern) && pattern.is_ascii() {
        return Ok(Pattern::text(pattern, ignore_case));
    }
    let regex = build(&translate(pattern, extended)?, ignore_case)?;
    let narrow = simple_pattern(pattern).map(str::to_owned);
    Ok(Pattern::Regex { regex, narrow })
}

/// Compiles an extended expression.
pub fn expression(pattern: &str) -> Result<Regex, String> {
    build(&translate(pattern, true)?, false)
}

/// Compiles a fixed text.
pub fn compile_fixed(text: &str, ignore_case: bool) -> Result<Pattern, String> {
    if text.is_ascii() {
        return Ok(Pattern::text(text, ignore_case));
    }
    let regex = build(&regex::escape(text), ignore_case)?;
    Ok(Pattern::Regex {
        regex,
        narrow: None,
    })
}

fn build(expression: &str, ignore_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(expression)
        .case_insensitive(ignore_case)
        .multi_line(false)
        .size_limit(1 << 26)
        .build()
        .map_err(|_| "Invalid regular expression".to_owned())
}

fn translate(pattern: &str, extended: bool) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut depth = 0_u32;
    // Whether an operator here would have nothing before it.
    let mut start = true;
    while let Some(&c) = chars.get(at) {
        at += 1;
        let was_start = std::mem::take(&mut start);
        match c {
            '\\' => {
                let Some(&c) = chars.get(at) else {
                    return Err("Trailing backslash".to_owned());
                };
                at += 1;
                match c {
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' if !extended => match c {
                        '(' => {
                            depth += 1;
                            out.push('(');
                            start = true;
                        }
                        ')' => {
                            depth = depth
                                .checked_sub(1)
                                .ok_or_else(|| "Unmatched ) or \\)".to_owned())?;
                            out.push(')');
                        }
                        '{' => at = interval(&chars, at, false, &mut out)?,
                        '|' => {
                            out.push('|');
                            start = true;
                        }
                        '+' | '?' if was_start => {
                            out.push('\\');
                            out.push(c);
                        }
                        _ => out.push(c),
                    },
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' => {
                        out.push('\\');
                        out.push(c);
                    }
                    '<' => out.push_str("\\b{start}"),
                    '>' => out.push_str("\\b{end}"),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    'n' => out.push_str("\\n"),
                    't' => out.push_str("\\t"),
                    '1'..='9' => return Err("Invalid back reference".to_owned()),
                    _ => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                }
            }
            '[' => at = bracket(&chars, at, &mut out)?,
            '*' if was_start => out.push_str("\\*"),
            '*' | '.' => out.push(c),
            '^' if extended || was_start => {
                out.push('^');
                start = true;
            }
            '$' if extended
                || at == chars.len()
                || matches!(chars.get(at..at + 2), Some(['\\', ')' | '|'])) =>
            {
                out.push('$');
            }
            '+' | '?' if extended => {
                if !was_start {
                    out.push(c);
                }
            }
            '|' if extended => {
                out.push('|');
                start = true;
            }
            '(' if extended => {
                depth += 1;
                out.push('(');
                start = true;
            }
            ')' if extended && depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            '{' if extended && !was_start && chars.get(at).is_some_and(char::is_ascii_digit) => {
                at = interval(&chars, at, true, &mut out)?;
            }
            _ => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    if depth > 0 {
        return Err("Unmatched ( or \\(".to_owned());
    }
    Ok(out)
}

fn interval(
    chars: &[char],
    mut at: usize,
    extended: bool,
    out: &mut String,
) -> Result<usize, String> {
    let mut inner = String::new();
    loop {
        match chars.get(at) {
            Some(c) if c.is_ascii_digit() || *c == ',' => inner.push(*c),
            Some('}') if extended => break,
            Some('\\') if !extended && chars.get(at + 1) == Some(&'}') => {
                at += 1;
                break;
            }
            _ => return Err("Unmatched { or \\{".to_owned()),
        }
        at += 1;
    }
    if let Some(rest) = inner.strip_prefix(',') {
        inner = format!("0,{rest}");
    }
    out.push('{');
    out.push_str(&inner);
    out.push('}');
    Ok(at + 1)
}

fn bracket(chars: &[char], mut at: usize, out: &mut String) -> Result<usize, String> {
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push_str("^\\n");
        at += 1;
    }
    let start = at;
    loop {
        match chars.get(at) {
            None => return Err("Unmatched [, [^, [:, [., or [=".to_owned()),
            Some(']') if at > start => {
                out.push(']');
                return Ok(at + 1);
            }
            Some('[') if chars.get(at + 1) == Some(&':') => {
                let Some(length) = chars[at + 2..].iter().position(|c| *c == ':') else {
                    return Err("Unmatched [, [^, [:, [., or [=".to_owned());
                };
                let name: String = chars[at + 2..at + 2 + length].iter().collect();
                out.push_str("[:");
                out.push_str(&name);
                out.push_str(":]");
                at += length + 4;
            }
            Some('-') if at > start && chars.get(at + 1).is_some_and(|c| *c != ']') => {
                out.push('-');
                at += 1;
            }
            Some(c) => {
                if matches!(c, '[' | ']' | '\\' | '&' | '~' | '-' | '^') {
                    out.push('\\');
                }
                out.push(*c);
                at += 1;
            }
        }
    }
}
