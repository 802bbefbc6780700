//! grep, egrep, fgrep.

use std::borrow::Cow;

use super::options::Options;
use super::pattern::Pattern;
use super::regex::{compile, compile_fixed};
use crate::hosts::ProgramEnv;
use crate::seam::Outcome;
use crate::world::PoolText;

struct Matcher {
    patterns: Vec<Pattern>,
    invert: bool,
    word: bool,
    whole: bool,
}

impl Matcher {
    fn matches(&self, line: &str) -> bool {
        let found = self.patterns.iter().any(|pattern| {
            if self.whole {
                pattern.matches(line).any(|m| m.range() == (0..line.len()))
            } else if self.word {
                pattern.matches(line).map(|m| m.range()).any(|m| {
                    let word = |c: char| c.is_alphanumeric() || c == '_';
                    !line[..m.start].ends_with(word) && !line[m.end..].starts_with(word)
                })
            } else {
                pattern.is_match(line)
            }
        });
        found != self.invert
    }

    /// The rows of a pool that are selected, when they say all that was asked for: not their numbers, not what was
    /// left out.
    fn rows(&self, options: &Options, pool: &PoolText) -> Option<String> {
        let [pattern] = self.patterns.as_slice() else {
            return None;
        };
        if self.invert || options.has(&["-n"]) {
            return None;
        }
        let literal = pattern.narrow()?;
        let mut rows = String::new();
        for row in pool.matching(Some(literal), |row| self.matches(row)) {
            rows.push_str(row);
            rows.push('\n');
        }
        Some(rows)
    }
}

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let called = words.first().map_or("grep", String::as_str);
    let name = called.rsplit('/').next().unwrap_or(called);
    let mut options = Options::read(&words[1..], "efmABC", &["regexp", "file", "max-count"]);
    let mut patterns: Vec<String> = options
        .options
        .iter()
        .filter(|(o, _)| o == "-e" || o == "--regexp")
        .map(|(_, v)| v.clone())
        .collect();
    if let Some(file) = options.value(&["-f", "--file"]) {
        match env.read(file) {
            Ok(text) => patterns.extend(text.lines().map(str::to_owned)),
            Err(errno) => return Outcome::fail(2, format!("{name}: {file}: {errno}\n")),
        }
    } else if patterns.is_empty() {
        if options.operands.is_empty() {
            return Outcome::fail(
                2,
                format!(
                    "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
                ),
            );
        }
        patterns.push(options.operands.remove(0));
    }
    let extended = name == "egrep" || options.has(&["-E", "--extended-regexp", "-P"]);
    let fixed = name == "fgrep" || options.has(&["-F", "--fixed-strings"]);
    let ignore = options.has(&["-i", "--ignore-case", "-y"]);
    let mut compiled = Vec::new();
    for pattern in patterns.iter().flat_map(|p| p.split('\n')) {
        let result = if fixed {
            compile_fixed(pattern, ignore)
        } else {
            compile(pattern, extended, ignore)
        };
        match result {
            Ok(pattern) => compiled.push(pattern),
            Err(message) => return Outcome::fail(2, format!("{name}: {message}\n")),
        }
    }
    let matcher = Matcher {
        patterns: compiled,
        invert: options.has(&["-v", "--invert-match"]),
        word: options.has(&["-w", "--word-regexp"]),
        whole: options.has(&["-x", "--line-regexp"]),
    };
    search(env, name, &options, &matcher, stdin)
}

fn search(
    env: &ProgramEnv<'_>,
    name: &str,
    options: &Options,
    matcher: &Matcher,
    stdin: &str,
) -> Outcome {
    let mut out = Outcome::default();
    let mut any = false;
    let mut failed = false;
    let recursive = options.has(&["-r", "-R", "--recursive"]);
    let mut names = options.operands.clone();
    if names.is_empty() {
        names.push(if recursive { "." } else { "-" }.to_owned());
    }
    let with_name = (names.len() > 1 || recursive || options.has(&["-H"])) && !options.has(&["-h"]);
    if recursive {
        names = names.iter().flat_map(|n| below(env, n)).collect();
    }
    for file in &names {
        let text = if file == "-" {
            Cow::Borrowed(stdin)
        } else if let Some(rows) = env.pool(file).and_then(|pool| matcher.rows(options, pool)) {
            Cow::Owned(rows)
        } else {
            match env.read(file) {
                Ok(text) => text,
                Err(errno) => {
                    failed = true;
                    if !options.has(&["-s"]) {
                        out.stderr.push_str(&format!("{name}: {file}: {errno}\n"));
                    }
                    continue;
                }
            }
        };
        let shown = if file == "-" {
            "(standard input)"
        } else {
            file
        };
        any |= one(options, matcher, &text, shown, with_name, &mut out.stdout);
        if any && options.has(&["-q"]) {
            return Outcome::ok("");
        }
    }
    out.rc = if failed { 2 } else { i32::from(!any) };
    out
}

/// Searches one text; whether a line was selected.
fn one(
    options: &Options,
    matcher: &Matcher,
    text: &str,
    shown: &str,
    with_name: bool,
    out: &mut String,
) -> bool {
    let most = options
        .value(&["-m", "--max-count"])
        .and_then(|v| v.parse::<usize>().ok())
        .unwrap_or(usize::MAX);
    let (list, quiet, count) = (
        options.has(&["-l"]),
        options.has(&["-q"]),
        options.has(&["-c"]),
    );
    let (numbers, only) = (options.has(&["-n"]), options.has(&["-o"]));
    let without = options.has(&["-L"]);
    let mut selected = 0;
    for (index, line) in text
        .strip_suffix('\n')
        .map_or_else(|| text.split('\n'), |t| t.split('\n'))
        .enumerate()
    {
        if text.is_empty() || selected >= most {
            break;
        }
        if !matcher.matches(line) {
            continue;
        }
        selected += 1;
        if list || quiet || without {
            break;
        }
        if count {
            continue;
        }
        let mut put = |part: &str| {
            if with_name {
                out.push_str(shown);
                out.push(':');
            }
            if numbers {
                out.push_str(&format!("{}:", index + 1));
            }
            out.push_str(part);
            out.push('\n');
        };
        if only {
            for pattern in &matcher.patterns {
                pattern
                    .matches(line)
                    .filter(|m| !m.range().is_empty())
                    .for_each(|m| put(m.group(0)));
            }
        } else {
            put(line);
        }
    }
    if (list && selected > 0) || (without && selected == 0) {
        out.push_str(shown);
        out.push('\n');
    } else if count && !quiet {
        if with_name {
            out.push_str(shown);
            out.push(':');
        }
        out.push_str(&format!("{selected}\n"));
    }
    selected > 0
}

fn below(env: &ProgramEnv<'_>, name: &str) -> Vec<String> {
    let path = env.path(name);
    if !crate::hosts::files::is_directory(env.world, &env.host, &path) {
        return vec![name.to_owned()];
    }
    let Some(linux) = env.linux() else {
        return Vec::new();
    };
    let prefix = format!("{}/", path.trim_end_matches('/'));
    linux
        .fs
        .files
        .range(prefix.clone()..)
        .take_while(|(k, _)| k.starts_with(&prefix))
        .map(|(k, _)| format!("{}/{}", name.trim_end_matches('/'), &k[prefix.len()..]))
        .collect()
}
