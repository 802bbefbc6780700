//! Programs that turn lines into lines: head, tail, wc, sort, uniq, cut, tr, awk's print, tee; and seq.

use super::options::Options;
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;

/// All input of a program: its files one after the other, or standard input.
fn input(
    env: &ProgramEnv<'_>,
    name: &str,
    files: &[String],
    stdin: &str,
    out: &mut Outcome,
) -> String {
    if files.is_empty() {
        return stdin.to_owned();
    }
    let mut text = String::new();
    for file in files {
        if file == "-" {
            text.push_str(stdin);
            continue;
        }
        match env.read(file) {
            Ok(t) => text.push_str(&t),
            Err(errno) => {
                out.rc = 1;
                let what = match name {
                    "head" | "tail" => format!("cannot open '{file}' for reading"),
                    "sort" => format!("cannot read: {file}"),
                    _ => file.clone(),
                };
                out.stderr.push_str(&format!("{name}: {what}: {errno}\n"));
            }
        }
    }
    text
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').unwrap_or(line))
}

/// seq: `LAST`, `FIRST LAST`, `FIRST STEP LAST` of whole numbers, `-s SEPARATOR`.
pub fn seq(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    /// Most numbers that are made.
    const MOST: usize = 1_000_000;
    let (mut separator, mut rest) = ("\n", &words[1..]);
    if let [option, value, more @ ..] = rest
        && option == "-s"
    {
        (separator, rest) = (value, more);
    }
    let mut numbers = Vec::new();
    for word in rest {
        match word.parse::<i64>() {
            Ok(number) => numbers.push(number),
            Err(_) => {
                return Outcome::fail(
                    1,
                    format!("seq: invalid floating point argument: '{word}'\n"),
                );
            }
        }
    }
    let (first, step, last) = match numbers[..] {
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] if step != 0 => (first, step, last),
        [_, _, _] => return Outcome::fail(1, "seq: invalid Zero increment value: '0'\n"),
        [] => return Outcome::fail(1, "seq: missing operand\n"),
        _ => return Outcome::fail(1, format!("seq: extra operand '{}'\n", rest[3])),
    };
    let row: Vec<String> = std::iter::successors(Some(first), |n: &i64| n.checked_add(step))
        .take_while(|n| if step > 0 { *n <= last } else { *n >= last })
        .take(MOST)
        .map(|n| n.to_string())
        .collect();
    if row.is_empty() {
        return Outcome::ok("");
    }
    Outcome::ok(row.join(separator) + "\n")
}

/// head and tail.
pub fn ends(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let head = words.first().is_some_and(|w| w.ends_with("head"));
    let name = if head { "head" } else { "tail" };
    // The old spelling: -5.
    let words: Vec<String> = words
        .iter()
        .map(|w| match w.strip_prefix('-') {
            Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => format!("-n{n}"),
            _ => w.clone(),
        })
        .collect();
    let options = Options::read(&words[1..], "nc", &["lines", "bytes"]);
    let mut out = Outcome::default();
    let text = input(env, name, &options.operands, stdin, &mut out);
    let count = options.value(&["-n", "--lines"]).unwrap_or("10");
    let (sign, digits) = match count.as_bytes().first() {
        Some(b'+') => ('+', &count[1..]),
        Some(b'-') => ('-', &count[1..]),
        _ => (' ', count),
    };
    let Ok(count) = digits.parse::<usize>() else {
        return Outcome::fail(1, format!("{name}: invalid number of lines: '{digits}'\n"));
    };
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let range = match (head, sign) {
        (true, '-') => 0..all.len().saturating_sub(count),
        (true, _) => 0..count.min(all.len()),
        (false, '+') => count.saturating_sub(1).min(all.len())..all.len(),
        (false, _) => all.len().saturating_sub(count)..all.len(),
    };
    out.stdout = all[range].concat();
    out
}

/// wc.
pub fn wc(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let mut out = Outcome::default();
    let all = options.options.is_empty();
    let report = |text: &str, name: Option<&str>| {
        let mut parts = Vec::new();
        if all || options.has(&["-l", "--lines"]) {
            parts.push(text.matches('\n').count());
        }
        if all || options.has(&["-w", "--words"]) {
            parts.push(text.split_ascii_whitespace().count());
        }
        if options.has(&["-m", "--chars"]) {
            parts.push(text.chars().count());
        }
        if all || options.has(&["-c", "--bytes"]) {
            parts.push(text.len());
        }
        let width = if parts.len() > 1 { 7 } else { 1 };
        let mut line = parts
            .iter()
            .map(|n| format!("{n:>width$}"))
            .collect::<Vec<_>>()
            .join(" ");
        if let Some(name) = name {
            line.push(' ');
            line.push_str(name);
        }
        line + "\n"
    };
    if options.operands.is_empty() {
        out.stdout = report(stdin, None);
        return out;
    }
    let mut total = String::new();
    for file in &options.operands {
        match env.read(file) {
            Ok(text) => {
                out.stdout.push_str(&report(&text, Some(file)));
                total.push_str(&text);
            }
            Err(errno) => {
                out.rc = 1;
                out.stderr.push_str(&format!("wc: {file}: {errno}\n"));
            }
        }
    }
    if options.operands.len() > 1 {
        out.stdout.push_str(&report(&total, Some("total")));
    }
    out
}

/// sort: `-u -r -n -f -b -t -k` (one key).
pub fn sort(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "tko", &["key", "field-separator"]);
    let mut out = Outcome::default();
    let text = input(env, "sort", &options.operands, stdin, &mut out);
    if out.rc != 0 {
        out.rc = 2;
        return out;
    }
    let separator = options
        .value(&["-t", "--field-separator"])
        .and_then(|t| t.chars().next());
    let key_spec = options.value(&["-k", "--key"]).unwrap_or_default();
    let field = key_spec
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|n| n.parse::<usize>().ok());
    let numeric = options.has(&["-n"]) || key_spec.contains('n');
    let fold = options.has(&["-f"]);
    let key = |line: &str| -> String {
        let key = match (field, separator) {
            (Some(n), Some(c)) => line
                .split(c)
                .skip(n.max(1) - 1)
                .collect::<Vec<_>>()
                .join(" "),
            (Some(n), None) => line
                .split_ascii_whitespace()
                .skip(n.max(1) - 1)
                .collect::<Vec<_>>()
                .join(" "),
            (None, _) => line.to_owned(),
        };
        if fold { key.to_ascii_uppercase() } else { key }
    };
    let number = |text: &str| -> i64 {
        let text = text.trim_start();
        let end = text
            .char_indices()
            .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && *c == '-')))
            .map_or(text.len(), |(i, _)| i);
        text[..end].parse().unwrap_or(0)
    };
    let mut all: Vec<(String, &str)> = lines(&text).map(|l| (key(l), l)).collect();
    all.sort_by(|a, b| {
        let order = if numeric {
            number(&a.0).cmp(&number(&b.0))
        } else {
            a.0.cmp(&b.0)
        };
        let order = if options.has(&["-u"]) {
            order
        } else {
            order.then_with(|| a.1.cmp(b.1))
        };
        if options.has(&["-r"]) {
            order.reverse()
        } else {
            order
        }
    });
    if options.has(&["-u"]) {
        all.dedup_by(|a, b| {
            if numeric {
                number(&a.0) == number(&b.0)
            } else {
                a.0 == b.0
            }
        });
    }
    for (_, line) in all {
        out.stdout.push_str(line);
        out.stdout.push('\n');
    }
    out
}

/// uniq: `-c -d -u -i`.
pub fn uniq(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let mut out = Outcome::default();
    let text = input(env, "uniq", &options.operands, stdin, &mut out);
    let mut runs: Vec<(&str, usize)> = Vec::new();
    for line in lines(&text) {
        match runs.last_mut() {
            Some((last, count))
                if *last == line || (options.has(&["-i"]) && last.eq_ignore_ascii_case(line)) =>
            {
                *count += 1;
            }
            _ => runs.push((line, 1)),
        }
    }
    for (line, count) in runs {
        if (options.has(&["-d"]) && count == 1) || (options.has(&["-u"]) && count > 1) {
            continue;
        }
        if options.has(&["-c"]) {
            out.stdout.push_str(&format!("{count:7} "));
        }
        out.stdout.push_str(line);
        out.stdout.push('\n');
    }
    out
}

/// Numbers of a list such as `1,3-5,7-`, from 1.
fn in_list(list: &str, number: usize) -> bool {
    list.split(',').any(|part| match part.split_once('-') {
        None => part.parse() == Ok(number),
        Some((low, high)) => {
            low.parse().unwrap_or(1) <= number && number <= high.parse().unwrap_or(usize::MAX)
        }
    })
}

/// cut: `-d -f -c -s`.
pub fn cut(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(
        &words[1..],
        "dfcb",
        &["delimiter", "fields", "characters", "output-delimiter"],
    );
    let mut out = Outcome::default();
    let text = input(env, "cut", &options.operands, stdin, &mut out);
    let delimiter = options.value(&["-d", "--delimiter"]).unwrap_or("\t");
    let joiner = options.value(&["--output-delimiter"]).unwrap_or(delimiter);
    let characters = options.value(&["-c", "-b", "--characters"]);
    let fields = options.value(&["-f", "--fields"]);
    for line in lines(&text) {
        if let Some(list) = characters {
            out.stdout.extend(
                line.chars()
                    .enumerate()
                    .filter(|(i, _)| in_list(list, i + 1))
                    .map(|(_, c)| c),
            );
        } else if let Some(list) = fields {
            if delimiter.is_empty() || !line.contains(delimiter) {
                if options.has(&["-s"]) {
                    continue;
                }
                out.stdout.push_str(line);
            } else {
                let parts: Vec<&str> = line
                    .split(delimiter)
                    .enumerate()
                    .filter(|(i, _)| in_list(list, i + 1))
                    .map(|(_, f)| f)
                    .collect();
                out.stdout.push_str(&parts.join(joiner));
            }
        } else {
            return Outcome::fail(
                1,
                "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n",
            );
        }
        out.stdout.push('\n');
    }
    out
}

fn set(text: &str) -> Vec<char> {
    let text = text
        .replace("[:lower:]", "a-z")
        .replace("[:upper:]", "A-Z")
        .replace("[:digit:]", "0-9")
        .replace("[:space:]", " \t\n\r")
        .replace("[:blank:]", " \t");
    let (text, _) = super::basic::unescape(&text);
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars.get(at + 1) == Some(&'-')
            && let Some(high) = chars.get(at + 2)
        {
            out.extend(chars[at]..=*high);
            at += 3;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// tr: translate, `-d`, `-s`, `-c`.
pub fn tr(_: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let Some(from) = options.operands.first() else {
        return Outcome::fail(
            1,
            "tr: missing operand\nTry 'tr --help' for more information.\n",
        );
    };
    let from = set(from);
    let to = options.operands.get(1).map(|t| set(t)).unwrap_or_default();
    let complement = options.has(&["-c", "-C", "--complement"]);
    let inside = |c: char| from.contains(&c) != complement;
    let mut out = String::with_capacity(stdin.len());
    let mut last = None;
    for c in stdin.chars() {
        if options.has(&["-d", "--delete"]) {
            if !inside(c) {
                out.push(c);
            }
            continue;
        }
        let new = match from.iter().position(|f| *f == c) {
            _ if to.is_empty() => c,
            Some(at) if !complement => *to.get(at).or(to.last()).unwrap_or(&c),
            None if complement => *to.last().unwrap_or(&c),
            _ => c,
        };
        let squeezed = options.has(&["-s", "--squeeze-repeats"])
            && last == Some(new)
            && if to.is_empty() {
                inside(new)
            } else {
                to.contains(&new)
            };
        if !squeezed {
            out.push(new);
        }
        last = Some(new);
    }
    Outcome::ok(out)
}

/// tee.
pub fn tee(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let mut out = Outcome::ok(stdin);
    for file in &options.operands {
        let path = env.path(file);
        let host = env.host.clone();
        let append = options.has(&["-a", "--append"]);
        if let Err(errno) = crate::hosts::files::write(env.world, &host, &path, stdin, append) {
            out.rc = 1;
            out.stderr.push_str(&format!("tee: {file}: {errno}\n"));
        }
    }
    out
}

/// awk, as far as `[/re/] { print $1, "x", $NF }` goes, with `-F`.
pub fn awk(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let options = Options::read(&words[1..], "Fv", &[]);
    let Some((program, files)) = options.operands.split_first() else {
        return Outcome::fail(
            2,
            "Usage: awk [POSIX or GNU style options] -f progfile [--] file ...\n",
        );
    };
    let mut out = Outcome::default();
    let text = input(env, "awk", files, stdin, &mut out);
    let program = program.trim();
    let (condition, action) = match program.split_once('{') {
        Some((condition, rest)) => (
            condition.trim(),
            rest.trim_end().strip_suffix('}').unwrap_or(rest).trim(),
        ),
        None => (program, "print"),
    };
    let wanted = match condition
        .strip_prefix('/')
        .and_then(|c| c.strip_suffix('/'))
    {
        Some(pattern) => match super::regex::compile(pattern, true, false) {
            Ok(regex) => Some(regex),
            Err(message) => return Outcome::fail(2, format!("awk: fatal: {message}\n")),
        },
        None if condition.is_empty() => None,
        None => {
            return Outcome::fail(
                2,
                format!("awk: cmd. line:1: {condition}\nawk: syntax error\n"),
            );
        }
    };
    let separator = options.value(&["-F"]);
    for line in lines(&text) {
        if wanted.as_ref().is_some_and(|w| !w.is_match(line)) {
            continue;
        }
        let fields: Vec<&str> = match separator {
            Some(s) if !s.is_empty() && s != " " => line.split(s).collect(),
            _ => line.split_ascii_whitespace().collect(),
        };
        for statement in action.split(';') {
            let Some(list) = statement.trim().strip_prefix("print") else {
                continue;
            };
            let items: Vec<String> = if list.trim().is_empty() {
                vec![line.to_owned()]
            } else {
                list.split(',')
                    .map(|item| print_item(item, line, &fields))
                    .collect()
            };
            out.stdout.push_str(&items.join(" "));
            out.stdout.push('\n');
        }
    }
    out
}

/// One item of awk's print: fields and strings side by side.
fn print_item(item: &str, line: &str, fields: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = item.trim();
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix('$') {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(after.len());
            let number = match &after[..end] {
                "NF" => fields.len(),
                digits => digits.parse().unwrap_or(usize::MAX),
            };
            match number {
                0 => out.push_str(line),
                n => out.push_str(fields.get(n.wrapping_sub(1)).copied().unwrap_or_default()),
            }
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('"') {
            let end = after.find('"').unwrap_or(after.len());
            out.push_str(&super::basic::unescape(&after[..end]).0);
            rest = after.get(end + 1..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix("NF") {
            out.push_str(&fields.len().to_string());
            rest = after;
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
