//! Programs that look at files: ls, stat, readlink, find, basename, dirname.

use super::options::Options;
use crate::hosts::shell::Pattern;
use crate::hosts::{ProgramEnv, files, sysfs};
use crate::seam::Outcome;
use crate::world::zfcp::Errno;

fn changed_ms(env: &ProgramEnv<'_>, path: &str) -> u64 {
    env.linux()
        .and_then(|l| l.fs.files.get(path))
        .map_or(env.world.now_ms, |f| f.changed_ms)
}

fn time(ms: u64, format: &str) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::new(), |t| t.strftime(format).to_string())
}

fn long_line(env: &ProgramEnv<'_>, path: &str, name: &str) -> String {
    let when = time(changed_ms(env, path), "%b %e %H:%M");
    if let Some(target) = sysfs::readlink(env.world, &env.host, path) {
        let size = target.len();
        return format!("lrwxrwxrwx 1 root root {size} {when} {name} -> {target}\n");
    }
    if files::is_directory(env.world, &env.host, path) {
        return format!("drwxr-xr-x 2 root root 4096 {when} {name}\n");
    }
    let size = env.read(path).map_or(0, |t| t.len());
    format!("-rw-r--r-- 1 root root {size} {when} {name}\n")
}

/// ls: `-l -a -A -d -1 -R` (the last only for directories that are named).
pub fn ls(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut options = Options::read(&words[1..], "IwT", &[]);
    let mut out = Outcome::default();
    if options.operands.is_empty() {
        options.operands.push(".".to_owned());
    }
    let long = options.has(&["-l"]);
    let itself = options.has(&["-d", "--directory"]);
    options.operands.sort();
    let (mut plain, mut directories) = (Vec::new(), Vec::new());
    for name in &options.operands {
        let path = env.path(name);
        if !files::exists(env.world, &env.host, &path) {
            out.rc = 2;
            out.stderr.push_str(&format!(
                "ls: cannot access '{name}': No such file or directory\n"
            ));
        } else if files::is_directory(env.world, &env.host, &path) && !itself {
            directories.push((name, path));
        } else {
            plain.push((name, path));
        }
    }
    let line = |name: &str, path: &str| {
        if long {
            long_line(env, path, name)
        } else {
            format!("{name}\n")
        }
    };
    for (name, path) in &plain {
        out.stdout.push_str(&line(name, path));
    }
    for (name, path) in &directories {
        if options.operands.len() > 1 {
            if !out.stdout.is_empty() {
                out.stdout.push('\n');
            }
            out.stdout.push_str(&format!("{name}:\n"));
        }
        if long {
            out.stdout.push_str("total 0\n");
        }
        if options.has(&["-a", "--all"]) {
            out.stdout.push_str(&line(".", path));
            out.stdout.push_str(&line("..", path));
        }
        for entry in files::list(env.world, &env.host, path).unwrap_or_default() {
            if entry.starts_with('.') && !options.has(&["-a", "-A", "--all", "--almost-all"]) {
                continue;
            }
            out.stdout.push_str(&line(
                &entry,
                &format!("{}/{entry}", path.trim_end_matches('/')),
            ));
        }
    }
    out
}

/// stat: `-c FORMAT`, `--printf=FORMAT`, `--format=FORMAT`, or the default text.
pub fn stat(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "c", &["printf", "format"]);
    let called = words.first().map_or("stat", String::as_str);
    let mut out = Outcome::default();
    if options.operands.is_empty() {
        return Outcome::fail(
            1,
            "stat: missing operand\nTry 'stat --help' for more information.\n",
        );
    }
    for name in &options.operands {
        let path = env.path(name);
        if !files::exists(env.world, &env.host, &path) {
            out.rc = 1;
            out.stderr.push_str(&format!(
                "{called}: cannot statx '{name}': No such file or directory\n"
            ));
            continue;
        }
        if let Some(format) = options.value(&["--printf"]) {
            let text = fill(env, format, name, &path);
            out.stdout.push_str(&super::basic::unescape(&text).0);
        } else if let Some(format) = options.value(&["-c", "--format"]) {
            out.stdout.push_str(&fill(env, format, name, &path));
            out.stdout.push('\n');
        } else {
            out.stdout.push_str(&fill(
                env,
                "  File: %n\n  Size: %s\t%F\nModify: %y\n",
                name,
                &path,
            ));
        }
    }
    out
}

fn fill(env: &ProgramEnv<'_>, format: &str, name: &str, path: &str) -> String {
    let directory = files::is_directory(env.world, &env.host, path);
    let link = sysfs::readlink(env.world, &env.host, path);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push_str(name),
            Some('N') => match &link {
                Some(target) => out.push_str(&format!("'{name}' -> '{target}'")),
                None => out.push_str(&format!("'{name}'")),
            },
            Some('s') => {
                let size = env.read(path).map_or(4096, |t| t.len());
                out.push_str(&size.to_string());
            }
            Some('F') => out.push_str(match (&link, directory) {
                (Some(_), _) => "symbolic link",
                (None, true) => "directory",
                _ if env.read(path).is_ok_and(|t| t.is_empty()) => "regular empty file",
                _ => "regular file",
            }),
            Some('a') => out.push_str(if directory { "755" } else { "644" }),
            Some('A') => out.push_str(if directory {
                "drwxr-xr-x"
            } else {
                "-rw-r--r--"
            }),
            Some('U' | 'G') => out.push_str("root"),
            Some('u' | 'g') => out.push('0'),
            Some('X' | 'Y' | 'Z') => out.push_str(&(changed_ms(env, path) / 1000).to_string()),
            Some('x' | 'y' | 'z') => {
                let ms = changed_ms(env, path);
                out.push_str(&time(ms, "%Y-%m-%d %H:%M:%S"));
                out.push_str(&format!(".{:03}000000 +0000", ms % 1000));
            }
            Some('%') | None => out.push('%'),
            Some(other) => out.push_str(&format!("%{other}")),
        }
    }
    out
}

/// readlink: the target of a link; `-f` the path itself made canonical.
pub fn readlink(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let canonical = options.has(&["-f", "-e", "-m", "--canonicalize"]);
    let mut out = Outcome::default();
    for name in &options.operands {
        let path = env.path(name);
        match sysfs::readlink(env.world, &env.host, &path) {
            Some(target) if canonical => {
                let directory = path.rsplit_once('/').map_or("/", |(d, _)| d);
                let full = crate::world::fs::absolute(directory, &target);
                out.stdout.push_str(&format!("{full}\n"));
            }
            Some(target) => out.stdout.push_str(&format!("{target}\n")),
            None if canonical
                && (!options.has(&["-e"]) || files::exists(env.world, &env.host, &path)) =>
            {
                out.stdout.push_str(&format!("{path}\n"));
            }
            None => out.rc = 1,
        }
    }
    out
}

/// find: paths with `-name PATTERN`, `-type f|d`, `-maxdepth N`.
pub fn find(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut out = Outcome::default();
    let mut roots: Vec<&str> = Vec::new();
    let (mut pattern, mut kind, mut depth) = (None, None, usize::MAX);
    let mut words = words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-name" => pattern = words.next().map(Pattern::new),
            "-type" => kind = words.next(),
            "-maxdepth" => depth = words.next().and_then(|n| n.parse().ok()).unwrap_or(depth),
            "-print" => {}
            other if other.starts_with('-') => {
                return Outcome::fail(1, format!("find: unknown predicate `{other}'\n"));
            }
            root => roots.push(root),
        }
    }
    if roots.is_empty() {
        roots.push(".");
    }
    for root in roots {
        let path = env.path(root);
        if !files::exists(env.world, &env.host, &path) {
            out.rc = 1;
            out.stderr
                .push_str(&format!("find: '{root}': {}\n", Errno::NoEntry));
            continue;
        }
        let mut stack = vec![(root.to_owned(), path, 0)];
        while let Some((shown, path, level)) = stack.pop() {
            let directory = files::is_directory(env.world, &env.host, &path);
            let name = shown.rsplit('/').next().unwrap_or_default();
            if pattern.as_ref().is_none_or(|p| p.matches(name))
                && kind.is_none_or(|k| (k == "d") == directory)
            {
                out.stdout.push_str(&format!("{shown}\n"));
            }
            if directory && level < depth && level < 32 {
                for entry in files::list(env.world, &env.host, &path)
                    .unwrap_or_default()
                    .into_iter()
                    .rev()
                {
                    stack.push((
                        format!("{}/{entry}", shown.trim_end_matches('/')),
                        format!("{}/{entry}", path.trim_end_matches('/')),
                        level + 1,
                    ));
                }
            }
        }
    }
    out
}

/// basename and dirname.
pub fn name_part(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let program = words.first().map_or("", String::as_str);
    let program = program.rsplit('/').next().unwrap_or(program);
    let Some(path) = words.get(1) else {
        return Outcome::fail(
            1,
            format!("{program}: missing operand\nTry '{program} --help' for more information.\n"),
        );
    };
    let trimmed = path.trim_end_matches('/');
    let part = if program == "basename" {
        let name = trimmed.rsplit('/').next().unwrap_or_default();
        match words.get(2) {
            Some(suffix) if name != suffix => name.strip_suffix(suffix.as_str()).unwrap_or(name),
            _ => name,
        }
    } else {
        match trimmed.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((directory, _)) => directory,
            None if path.starts_with('/') => "/",
            None => ".",
        }
    };
    Outcome::ok(format!("{part}\n"))
}
