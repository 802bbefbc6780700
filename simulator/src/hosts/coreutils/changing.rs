//! Programs that change files: rm, rmdir, mkdir, touch, cp, mv, and those that change what is not modelled (chmod,
//! chown, sync).

use super::options::Options;
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;
use crate::world::fs::absolute;
use crate::world::zfcp::Errno;

/// Paths of all files and directories at and below a path, files first.
fn below(env: &ProgramEnv<'_>, path: &str) -> (Vec<String>, Vec<String>) {
    let Some(linux) = env.linux() else {
        return (Vec::new(), Vec::new());
    };
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let inside = |p: &&String| *p == path || p.starts_with(&prefix);
    (
        linux
            .fs
            .files
            .range(path.to_owned()..)
            .map(|(k, _)| k)
            .take_while(|k| k.starts_with(path))
            .filter(inside)
            .cloned()
            .collect(),
        linux
            .fs
            .directories
            .range(path.to_owned()..)
            .take_while(|k| k.starts_with(path))
            .filter(inside)
            .cloned()
            .collect(),
    )
}

/// rm: `-r -R -f`.
pub fn rm(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let force = options.has(&["-f", "--force"]);
    let recursive = options.has(&["-r", "-R", "--recursive"]);
    let mut out = Outcome::default();
    if options.operands.is_empty() && !force {
        return Outcome::fail(
            1,
            "rm: missing operand\nTry 'rm --help' for more information.\n",
        );
    }
    for name in &options.operands {
        let path = env.path(name);
        if path == "/" {
            out.rc = 1;
            out.stderr
                .push_str("rm: it is dangerous to operate recursively on '/'\n");
            continue;
        }
        let host = env.host.clone();
        let result = if recursive && files::is_directory(env.world, &host, &path) {
            let (plain, directories) = below(env, &path);
            if let Some(linux) = env.world.linuxes.get_mut(&host) {
                for path in plain {
                    linux.fs.remove(&path);
                }
                for path in directories {
                    linux.fs.directories.remove(&path);
                }
            }
            env.keep_parent(&path);
            Ok(())
        } else {
            files::remove(env.world, &host, &path)
        };
        match result {
            Err(Errno::NoEntry) if force => {}
            Err(errno) => {
                out.rc = 1;
                out.stderr
                    .push_str(&format!("rm: cannot remove '{name}': {errno}\n"));
            }
            Ok(()) => {}
        }
    }
    out
}

/// rmdir.
pub fn rmdir(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "", &[]);
    let mut out = Outcome::default();
    for name in &options.operands {
        let path = env.path(name);
        let host = env.host.clone();
        let errno = if !files::exists(env.world, &host, &path) {
            Errno::NoEntry
        } else if !files::is_directory(env.world, &host, &path) {
            Errno::NotDirectory
        } else if files::list(env.world, &host, &path).is_ok_and(|l| !l.is_empty()) {
            Errno::NotEmpty
        } else {
            if let Some(linux) = env.world.linuxes.get_mut(&host) {
                linux.fs.directories.remove(&path);
            }
            env.keep_parent(&path);
            continue;
        };
        out.rc = 1;
        out.stderr
            .push_str(&format!("rmdir: failed to remove '{name}': {errno}\n"));
    }
    out
}

/// mkdir: `-p`.
pub fn mkdir(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "m", &["mode"]);
    let parents = options.has(&["-p", "--parents"]);
    let mut out = Outcome::default();
    for name in &options.operands {
        let path = env.path(name);
        let host = env.host.clone();
        let parent = path.rsplit_once('/').map_or("/", |(p, _)| p);
        let directory = files::is_directory(env.world, &host, &path);
        let errno = if directory && parents {
            continue;
        } else if directory || files::exists(env.world, &host, &path) {
            Errno::Exists
        } else if !parents && !parent.is_empty() && !files::is_directory(env.world, &host, parent) {
            Errno::NoEntry
        } else if files::is_kernel(&path) {
            Errno::Permission
        } else {
            if let Some(linux) = env.world.linuxes.get_mut(&host) {
                linux.fs.directories.insert(path);
            }
            continue;
        };
        out.rc = 1;
        out.stderr.push_str(&format!(
            "mkdir: cannot create directory '{name}': {errno}\n"
        ));
    }
    out
}

/// touch: `-c`.
pub fn touch(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let options = Options::read(&words[1..], "drt", &["date", "reference"]);
    let mut out = Outcome::default();
    for name in &options.operands {
        let path = env.path(name);
        let host = env.host.clone();
        let now = env.world.now_ms;
        if files::is_directory(env.world, &host, &path)
            || (options.has(&["-c"]) && !files::exists(env.world, &host, &path))
        {
            continue;
        }
        match files::write(env.world, &host, &path, "", true) {
            Ok(()) => {
                if let Some(file) = env
                    .world
                    .linuxes
                    .get_mut(&host)
                    .and_then(|l| l.fs.files.get_mut(&path))
                {
                    file.changed_ms = now;
                }
            }
            Err(errno) => {
                out.rc = 1;
                out.stderr
                    .push_str(&format!("touch: cannot touch '{name}': {errno}\n"));
            }
        }
    }
    out
}

/// cp and mv: files into a file or a directory; `-r`/`-a` and every mv take directories.
pub fn copy(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let moving = words.first().is_some_and(|w| w.ends_with("mv"));
    let program = if moving { "mv" } else { "cp" };
    let options = Options::read(&words[1..], "t", &["target-directory"]);
    let recursive = moving || options.has(&["-r", "-R", "-a", "--recursive", "--archive"]);
    let mut sources = options.operands.clone();
    let target = options
        .value(&["-t", "--target-directory"])
        .map(str::to_owned)
        .or_else(|| sources.pop());
    let Some(target) = target.filter(|_| !sources.is_empty()) else {
        let what = match options.operands.first() {
            None => "missing file operand".to_owned(),
            Some(one) => format!("missing destination file operand after '{one}'"),
        };
        return Outcome::fail(
            1,
            format!("{program}: {what}\nTry '{program} --help' for more information.\n"),
        );
    };
    let target_path = env.path(&target);
    let host = env.host.clone();
    let into = files::is_directory(env.world, &host, &target_path);
    let mut out = Outcome::default();
    if sources.len() > 1 && !into {
        return Outcome::fail(
            1,
            format!("{program}: target '{target}' is not a directory\n"),
        );
    }
    for name in &sources {
        let path = env.path(name);
        let last = path.rsplit('/').next().unwrap_or_default();
        let destination = if into {
            absolute(&target_path, last)
        } else {
            target_path.clone()
        };
        let mut fail = |message: String| {
            out.rc = 1;
            out.stderr.push_str(&format!("{program}: {message}\n"));
        };
        if !files::exists(env.world, &host, &path) {
            fail(format!("cannot stat '{name}': No such file or directory"));
            continue;
        }
        if path == destination {
            fail(format!("'{name}' and '{target}' are the same file"));
            continue;
        }
        let pairs: Vec<(String, String)> = if files::is_directory(env.world, &host, &path) {
            if !recursive {
                fail(format!("-r not specified; omitting directory '{name}'"));
                continue;
            }
            if destination.starts_with(&format!("{path}/")) {
                fail(format!(
                    "cannot copy a directory, '{name}', into itself, '{target}'"
                ));
                continue;
            }
            let (plain, mut directories) = below(env, &path);
            directories.push(path.clone());
            if let Some(linux) = env.world.linuxes.get_mut(&host) {
                for directory in directories {
                    let new = format!("{destination}{}", &directory[path.len()..]);
                    linux.fs.directories.insert(new);
                    if moving {
                        linux.fs.directories.remove(&directory);
                    }
                }
            }
            plain
                .into_iter()
                .map(|p| {
                    let new = format!("{destination}{}", &p[path.len()..]);
                    (p, new)
                })
                .collect()
        } else {
            vec![(path.clone(), destination.clone())]
        };
        for (from, to) in pairs {
            let result = files::read(env.world, &host, &from)
                .map(std::borrow::Cow::into_owned)
                .and_then(|text| files::write(env.world, &host, &to, &text, false));
            match result {
                Ok(()) if moving => {
                    let _ = files::remove(env.world, &host, &from);
                }
                Ok(()) => {}
                Err(errno) => fail(format!("cannot create regular file '{to}': {errno}")),
            }
        }
    }
    out
}

/// chmod, chown, chgrp: modes and owners are not modelled; only that the file is there.
pub fn attributes(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let program = words.first().map_or("", String::as_str);
    let program = program.rsplit('/').next().unwrap_or(program);
    let mut out = Outcome::default();
    let operands: Vec<&String> = words[1..].iter().filter(|w| !w.starts_with('-')).collect();
    for name in operands.iter().skip(1) {
        let path = env.path(name);
        if !files::exists(env.world, &env.host, &path) {
            out.rc = 1;
            out.stderr.push_str(&format!(
                "{program}: cannot access '{name}': No such file or directory\n"
            ));
        }
    }
    out
}
