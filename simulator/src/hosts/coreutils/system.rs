//! Programs that tell about the system, and programs that run programs.

use super::options::Options;
use crate::hosts::{ProgramEnv, shell};
use crate::seam::Outcome;
use crate::world::Distribution;

fn strftime(env: &ProgramEnv<'_>, format: &str) -> Option<String> {
    let ms = i64::try_from(env.world.now_ms).ok()?;
    let zoned = jiff::Timestamp::from_millisecond(ms)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC);
    let mut out = Vec::new();
    let broken = jiff::fmt::strtime::BrokenDownTime::from(&zoned);
    broken.format(format, &mut out).ok()?;
    String::from_utf8(out).ok()
}

/// date: the virtual clock, in UTC; `+FORMAT`, `-u`.
pub fn date(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let format = words[1..]
        .iter()
        .find_map(|w| w.strip_prefix('+'))
        .unwrap_or("%a %b %e %H:%M:%S UTC %Y");
    match strftime(env, format) {
        Some(text) => Outcome::ok(text + "\n"),
        None => Outcome::fail(1, format!("date: invalid date '{format}'\n")),
    }
}

fn kernel(distribution: Distribution) -> (&'static str, &'static str) {
    match distribution {
        Distribution::Rhel6 => (
            "2.6.32-642.el6.s390x",
            "#1 SMP Wed Apr 13 00:50:26 EDT 2016",
        ),
        Distribution::Rhel7 => (
            "3.10.0-327.el7.s390x",
            "#1 SMP Thu Oct 29 17:31:13 EDT 2015",
        ),
        Distribution::Sles11 => (
            "3.0.101-63-default",
            "#1 SMP Tue Jun 23 16:02:31 UTC 2015 (4b89d0c)",
        ),
        Distribution::Sles12 => (
            "3.12.49-11-default",
            "#1 SMP Wed Nov 11 20:52:43 UTC 2015 (8d714a0)",
        ),
        Distribution::Ubuntu16 => (
            "4.4.0-21-generic",
            "#37-Ubuntu SMP Mon Apr 18 18:30:22 UTC 2016",
        ),
        Distribution::Ubuntu20 => (
            "5.4.0-26-generic",
            "#30-Ubuntu SMP Mon Apr 20 16:57:22 UTC 2020",
        ),
    }
}

/// Release of the kernel that a Linux runs.
pub fn kernel_release(env: &ProgramEnv<'_>) -> &'static str {
    kernel(env.linux().map(|l| l.distribution).unwrap_or_default()).0
}

/// uname: `-a -s -n -r -v -m -p -o`.
pub fn uname(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let (release, version) = kernel(env.linux().map(|l| l.distribution).unwrap_or_default());
    let node = env.host.as_str();
    let all = options.has(&["-a", "--all"]);
    let parts = [
        ("-s", "Linux"),
        ("-n", node),
        ("-r", release),
        ("-v", version),
        ("-m", "s390x"),
        ("-p", "s390x"),
        ("-i", "s390x"),
        ("-o", "GNU/Linux"),
    ];
    let chosen: Vec<&str> = parts
        .iter()
        .filter(|(o, _)| all || options.has(&[o]) || (options.options.is_empty() && *o == "-s"))
        .map(|(_, t)| *t)
        .collect();
    Outcome::ok(chosen.join(" ") + "\n")
}

/// uptime: since the userid was logged on.
pub fn uptime(env: &mut ProgramEnv<'_>, _: &[String], _: &str) -> Outcome {
    let since = env
        .linux()
        .and_then(|l| env.system()?.running.get(&l.userid))
        .map_or(0, |vm| vm.logged_on_ms);
    let minutes = env.world.now_ms.saturating_sub(since) / 60_000;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        n => format!("{n} days, "),
    };
    let clock = if hours == 0 {
        format!("{rest} min")
    } else {
        format!("{hours:2}:{rest:02}")
    };
    let now = strftime(env, "%H:%M:%S").unwrap_or_default();
    Outcome::ok(format!(
        " {now} up {days}{clock},  0 users,  load average: 0.00, 0.01, 0.05\n"
    ))
}

/// hostname: `-s -f -d -i`.
pub fn hostname(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let domain = &env.world.mn.domain;
    let name = env.host.as_str();
    let text = if options.has(&["-f", "--fqdn"]) && !domain.is_empty() {
        format!("{name}.{domain}")
    } else if options.has(&["-d"]) {
        domain.clone()
    } else if options.has(&["-i", "-I"]) {
        env.linux().map(|l| l.ip.clone()).unwrap_or_default()
    } else {
        name.to_owned()
    };
    Outcome::ok(text + "\n")
}

/// id and whoami.
pub fn identity(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let user = if env.user.is_empty() {
        "root"
    } else {
        &env.user
    };
    let number = if user == "root" { 0 } else { 1000 };
    if words.first().is_some_and(|w| w.ends_with("whoami")) {
        return Outcome::ok(format!("{user}\n"));
    }
    if words.iter().any(|w| w == "-u") {
        return Outcome::ok(format!("{number}\n"));
    }
    Outcome::ok(format!(
        "uid={number}({user}) gid={number}({user}) groups={number}({user})\n"
    ))
}

/// df: one root file system of 7 GB, whatever is on it.
pub fn df(_: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let (head, line) = if words.iter().any(|w| w == "-h") {
        (
            "Filesystem      Size  Used Avail Use% Mounted on",
            "/dev/dasda1     6.8G  2.1G  4.4G  33% /",
        )
    } else {
        (
            "Filesystem     1K-blocks    Used Available Use% Mounted on",
            "/dev/dasda1      7104000 2202240   4521088  33% /",
        )
    };
    Outcome::ok(format!("{head}\n{line}\n"))
}

/// sleep: the virtual clock goes on.
pub fn sleep(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let Some(text) = words.get(1) else {
        return Outcome::fail(
            1,
            "sleep: missing operand\nTry 'sleep --help' for more information.\n",
        );
    };
    match text.trim_end_matches('s').parse::<f64>() {
        Ok(seconds) if (0.0..1e9).contains(&seconds) => {
            env.world.now_ms += (seconds * 1_000.0) as u64;
            Outcome::ok("")
        }
        _ => Outcome::fail(1, format!("sleep: invalid time interval '{text}'\n")),
    }
}

/// which: paths of programs that exist.
pub fn which(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let mut out = Outcome::default();
    for name in words[1..].iter().filter(|w| !w.starts_with('-')) {
        if crate::hosts::programs::find(env, name).is_some() {
            out.stdout.push_str(&format!("/usr/bin/{name}\n"));
        } else {
            out.rc = 1;
            out.stderr.push_str(&format!(
                "which: no {name} in (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)\n"
            ));
        }
    }
    out
}

fn not_found(name: &str, program: &str) -> Outcome {
    Outcome::fail(127, format!("{name}: {program}: command not found\n"))
}

/// sudo, env, nohup, nice, timeout: run the rest. Who runs it is not modelled: a sudoer may do everything.
pub fn wrapper(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let mut rest = &words[1..];
    let name = words.first().map_or("", String::as_str);
    let name = name.rsplit('/').next().unwrap_or(name);
    if name == "timeout" {
        rest = rest.get(1..).unwrap_or_default();
    }
    while let Some(word) = rest.first() {
        if let Some((variable, value)) = word.split_once('=')
            && !variable.is_empty()
            && !variable.starts_with('-')
            && !variable.contains('/')
        {
            env.variables.insert(variable.to_owned(), value.to_owned());
        } else if word == "-u" && name == "sudo" {
            rest = rest.get(1..).unwrap_or_default();
        } else if !word.starts_with('-') {
            break;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    if name == "sudo" {
        env.user = "root".into();
    }
    match rest.first() {
        None if name == "env" => {
            let mut out = Outcome::default();
            for (name, value) in env.variables.iter() {
                out.say(format!("{name}={value}"));
            }
            out
        }
        None => Outcome::fail(1, format!("usage: {name} command\n")),
        Some(program) => shell::run_words(env, rest, stdin).unwrap_or_else(|| {
            if name == "sudo" {
                Outcome::fail(1, format!("sudo: {program}: command not found\n"))
            } else {
                not_found(name, program)
            }
        }),
    }
}

/// sh, bash, ksh: `-c LINE [NAME [ARGUMENT…]]`, a script file with arguments, or a script on standard input.
pub fn sh(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let name = words.first().map_or("sh", String::as_str).to_owned();
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        if word.starts_with('-') && !word.starts_with("--") && word.contains('c') {
            let Some(line) = rest.next() else {
                return Outcome::fail(2, format!("{name}: -c: option requires an argument\n"));
            };
            let called = rest.next().unwrap_or(&name).clone();
            let arguments: Vec<String> = rest.cloned().collect();
            return shell::run_script(env, &called, line, &arguments, stdin);
        }
        if !word.starts_with('-') {
            let arguments: Vec<String> = rest.cloned().collect();
            return match env.read(word).map(std::borrow::Cow::into_owned) {
                Ok(text) => shell::run_script(env, word, &text, &arguments, stdin),
                Err(errno) => Outcome::fail(127, format!("{name}: {word}: {errno}\n")),
            };
        }
    }
    shell::run_in(env, &name, stdin, "")
}

/// xargs: `-n N`, `-r`, `-I X`.
pub fn xargs(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Outcome {
    let mut rest = words.get(1..).unwrap_or_default();
    let (mut most, mut replace, mut skip_empty) = (usize::MAX, None, false);
    while let Some(word) = rest.first() {
        match word.as_str() {
            "-r" => skip_empty = true,
            "-n" => {
                most = rest.get(1).and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
                rest = &rest[1..];
            }
            "-I" => {
                replace = rest.get(1).cloned();
                rest = &rest[1..];
            }
            w if w.starts_with('-') => {}
            _ => break,
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    let echo = ["echo".to_owned()];
    let command = if rest.is_empty() { &echo[..] } else { rest };
    let mut calls: Vec<Vec<String>> = Vec::new();
    if let Some(mark) = &replace {
        for line in stdin.lines().filter(|l| !l.trim().is_empty()) {
            calls.push(
                command
                    .iter()
                    .map(|w| w.replace(mark, line.trim()))
                    .collect(),
            );
        }
    } else {
        let args: Vec<String> = stdin
            .split_whitespace()
            .map(|w| w.trim_matches(['"', '\'']).to_owned())
            .collect();
        if args.is_empty() && !skip_empty {
            calls.push(command.to_vec());
        }
        for chunk in args.chunks(most.min(args.len().max(1))) {
            calls.push([command, chunk].concat());
        }
    }
    let mut out = Outcome::default();
    for call in calls {
        let Some(one) = shell::run_words(env, &call, "") else {
            out.rc = 127;
            out.stderr
                .push_str(&format!("xargs: {}: No such file or directory\n", call[0]));
            return out;
        };
        out.stdout.push_str(&one.stdout);
        out.stderr.push_str(&one.stderr);
        if one.rc != 0 {
            out.rc = 123;
        }
    }
    out
}
