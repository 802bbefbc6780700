//! sed, as far as `s`, `d`, `p`, `q`, `a`, `i`, `c`, `=` and `y` go, with addresses, ranges and `!`.

use super::pattern::Pattern;
use super::sed_script::{Address, Script, parse};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;
use crate::world::zfcp::Errno;

/// What the words of a call asked for.
#[derive(Default)]
struct Call {
    quiet: bool,
    extended: bool,
    in_place: Option<String>,
    scripts: Vec<String>,
    files: Vec<String>,
}

impl Call {
    fn read(words: &[String]) -> Result<Self, Outcome> {
        let mut call = Self::default();
        let mut operands = Vec::new();
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            let mut need = |given: &str| {
                if given.is_empty() {
                    words.next().cloned().unwrap_or_default()
                } else {
                    given.to_owned()
                }
            };
            match word.as_str() {
                "--" => operands.extend(words.by_ref().cloned()),
                "--quiet" | "--silent" => call.quiet = true,
                "--regexp-extended" => call.extended = true,
                "--in-place" => call.in_place = Some(String::new()),
                "--expression" => call.scripts.push(need("")),
                "--unbuffered" | "--separate" | "--posix" => {}
                long if long.starts_with("--") => {
                    if let Some(suffix) = long.strip_prefix("--in-place=") {
                        call.in_place = Some(suffix.to_owned());
                    } else if let Some(script) = long.strip_prefix("--expression=") {
                        call.scripts.push(script.to_owned());
                    } else {
                        return Err(Outcome::fail(
                            1,
                            format!("sed: unrecognized option '{long}'\n"),
                        ));
                    }
                }
                short if short.len() > 1 && short.starts_with('-') => {
                    for (at, c) in short.char_indices().skip(1) {
                        let rest = &short[at + 1..];
                        match c {
                            'n' => call.quiet = true,
                            'r' | 'E' => call.extended = true,
                            's' | 'u' => {}
                            'e' => {
                                call.scripts.push(need(rest));
                                break;
                            }
                            'i' => {
                                call.in_place = Some(rest.to_owned());
                                break;
                            }
                            _ => {
                                return Err(Outcome::fail(
                                    1,
                                    format!("sed: invalid option -- '{c}'\n"),
                                ));
                            }
                        }
                        if !short.is_char_boundary(at + 1) {
                            break;
                        }
                    }
                }
                _ => operands.push(word.clone()),
            }
        }
        if call.scripts.is_empty() {
            if operands.is_empty() {
                return Err(Outcome::fail(
                    1,
                    "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n",
                ));
            }
            call.scripts.push(operands.remove(0));
        }
        call.files = operands;
        Ok(call)
    }
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let call = match Call::read(words) {
        Ok(call) => call,
        Err(outcome) => return outcome,
    };
    let mut script = Script::default();
    for (index, text) in call.scripts.iter().enumerate() {
        if let Err((at, message)) = parse(text, call.extended, &mut script) {
            let number = index + 1;
            return Outcome::fail(
                1,
                format!("sed: -e expression #{number}, char {at}: {message}\n"),
            );
        }
    }
    let mut out = Outcome::default();
    if let Some(suffix) = &call.in_place {
        for file in &call.files {
            in_place(env, &script, call.quiet, suffix, file, &mut out);
        }
        return out;
    }
    let mut input = String::new();
    if call.files.is_empty() {
        input.push_str(stdin);
    }
    for file in &call.files {
        match env.read(file) {
            _ if file == "-" => input.push_str(stdin),
            Ok(text) => {
                if !input.is_empty() && !input.ends_with('\n') {
                    input.push('\n');
                }
                input.push_str(&text);
            }
            Err(errno) => unreadable(file, errno, &mut out),
        }
    }
    let status = edit(&script, call.quiet, &input, &mut out.stdout);
    if status != 0 {
        out.rc = status;
    }
    out
}

fn unreadable(file: &str, errno: Errno, out: &mut Outcome) {
    out.rc = 2;
    out.stderr.push_str(&match errno {
        Errno::IsDirectory => format!("sed: read error on {file}: Is a directory\n"),
        _ => format!("sed: can't read {file}: {errno}\n"),
    });
}

fn in_place(
    env: &mut ProgramEnv<'_>,
    script: &Script,
    quiet: bool,
    suffix: &str,
    file: &str,
    out: &mut Outcome,
) {
    if !quiet
        && suffix.is_empty()
        && let Some(line_edit) = script.line_edit()
        && let Some(pool) = env.pool_mut(file)
    {
        pool.edit(line_edit.narrow(), |line| line_edit.apply(line));
        return;
    }
    let mut edited = String::new();
    let status = match env.read(file) {
        Ok(text) => {
            edited.reserve(text.len());
            edit(script, quiet, &text, &mut edited)
        }
        Err(Errno::IsDirectory) => {
            out.rc = 4;
            out.stderr
                .push_str(&format!("sed: couldn't edit {file}: not a regular file\n"));
            return;
        }
        Err(errno) => return unreadable(file, errno, out),
    };
    if !suffix.is_empty()
        && let Ok(text) = env.read(file).map(std::borrow::Cow::into_owned)
    {
        let _ = env.write(&format!("{file}{suffix}"), &text);
    }
    if let Err(errno) = env.replace(file, edited) {
        out.rc = 4;
        out.stderr
            .push_str(&format!("sed: couldn't open file {file}: {errno}\n"));
    } else if status != 0 {
        out.rc = status;
    }
}

/// Applies a script to a text; the status given to `q`.
fn edit(script: &Script, quiet: bool, text: &str, out: &mut String) -> i32 {
    if text.is_empty() {
        return 0;
    }
    let ended = text.ends_with('\n');
    let body = text.strip_suffix('\n').unwrap_or(text);
    let total = script.needs_total().then(|| body.split('\n').count());
    let mut lines = body.split('\n').enumerate().peekable();
    // Whether a range is open, by command.
    let mut open = vec![None; script.commands.len()];
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        let last = lines.peek().is_none();
        let end = if last && !ended { "" } else { "\n" };
        let mut space = std::borrow::Cow::Borrowed(line);
        let mut deleted = false;
        let mut quit = None;
        let mut after = String::new();
        for (command, open) in script.commands.iter().zip(&mut open) {
            let inside = selected(&command.addresses, open, number, last, total, &space);
            if inside == command.negated {
                continue;
            }
            match command.act(&mut space, out, end, &mut after, number, &mut quit) {
                super::sed_script::Next::Go => {}
                super::sed_script::Next::Deleted => {
                    deleted = true;
                    break;
                }
                super::sed_script::Next::Quit => break,
            }
        }
        if !quiet && !deleted {
            out.push_str(&space);
            out.push_str(end);
        }
        out.push_str(&after);
        if let Some(status) = quit {
            return status;
        }
    }
    0
}

fn selected(
    addresses: &[Address],
    open: &mut Option<usize>,
    number: usize,
    last: bool,
    total: Option<usize>,
    space: &str,
) -> bool {
    let matches = |address: &Address| match address {
        Address::Line(n) => *n == number,
        Address::Last => last,
        Address::Regex(regex) => regex.is_match(space),
        Address::Plus(_) => false,
    };
    match addresses {
        [] => true,
        [one] => matches(one),
        [first, second, ..] => {
            if let Some(start) = *open {
                let done = match second {
                    Address::Line(n) => *n <= number,
                    Address::Plus(n) => number >= start + n,
                    _ => matches(second),
                };
                if done {
                    *open = None;
                }
                return !matches!(second, Address::Line(n) if *n < number);
            }
            if !matches(first) {
                return false;
            }
            let only = match second {
                Address::Line(n) => *n <= number,
                Address::Plus(n) => *n == 0,
                Address::Last => last || total == Some(number),
                Address::Regex(_) => false,
            };
            if !only {
                *open = Some(number);
            }
            true
        }
    }
}

/// Replaces matches of `regex` in `line`; `None` when nothing matched.
pub(super) fn substitute(
    regex: &Pattern,
    line: &str,
    replacement: &[super::sed_script::Part],
    all: bool,
    from: usize,
) -> Option<String> {
    use super::sed_script::Part;
    let mut out: Option<String> = None;
    let mut copied = 0;
    for (index, found) in regex.matches(line).enumerate() {
        if index + 1 < from {
            continue;
        }
        let whole = found.range();
        let text = out.get_or_insert_with(|| String::with_capacity(line.len() + 16));
        text.push_str(&line[copied..whole.start]);
        for part in replacement {
            text.push_str(match part {
                Part::Text(text) => text,
                Part::Group(number) => found.group(*number),
            });
        }
        copied = whole.end;
        if !all {
            break;
        }
    }
    let mut text = out?;
    text.push_str(&line[copied..]);
    Some(text)
}
