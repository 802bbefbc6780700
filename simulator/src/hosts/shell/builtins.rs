//! What the shell does itself.

use futures_util::future::BoxFuture;

use super::ast::Command;
use super::interpreter::{Interpreter, Stop};
use super::parser;
use crate::seam::Outcome;
use crate::world::fs::absolute;

/// Deepest nesting of function calls.
const CALLS: u32 = 64;

/// Names of builtins, as `type` knows them.
const BUILTINS: [&str; 32] = [
    ":", ".", "source", "break", "cd", "command", "continue", "declare", "eval", "exec", "exit",
    "export", "hash", "let", "local", "pwd", "read", "readonly", "return", "set", "shift", "trap",
    "type", "typeset", "ulimit", "umask", "unset", "wait", "echo", "test", "true", "false",
];

fn status(rc: i32) -> Outcome {
    Outcome::default().with_status(rc)
}

impl Interpreter<'_> {
    /// Runs a simple command: a builtin, a function or a program.
    pub(super) fn simple<'b>(&'b mut self, words: &'b [String]) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            let Some(name) = words.first() else {
                return Outcome::default();
            };
            if self.shell.functions.contains_key(name) {
                return self.program(words).await;
            }
            match name.as_str() {
                ":" | "trap" | "umask" | "ulimit" | "wait" | "hash" => Outcome::default(),
                "cd" => self.change_directory(words.get(1)),
                "export" | "readonly" | "declare" | "typeset" | "local" => {
                    let is_local = name == "local";
                    for word in words[1..].iter().filter(|w| !w.starts_with('-')) {
                        let (name, value) = match word.split_once('=') {
                            Some((name, value)) => (name, Some(value)),
                            None => (word.as_str(), None),
                        };
                        if is_local {
                            let outside = self.shell.variables.remove(name);
                            if let Some(frame) = self.locals.last_mut() {
                                frame.push((name.to_owned(), outside));
                            }
                        }
                        if let Some(value) = value {
                            self.assign(name, value.to_owned());
                        }
                    }
                    Outcome::default()
                }
                "unset" => {
                    for word in words[1..].iter().filter(|w| !w.starts_with('-')) {
                        self.shell.variables.remove(word);
                        self.shell.functions.remove(word);
                    }
                    Outcome::default()
                }
                "exit" | "return" | "break" | "continue" => self.leave(name, words.get(1)),
                "pwd" => Outcome::ok(format!("{}\n", self.shell.directory)),
                "set" => self.set(&words[1..]),
                "shift" => {
                    let count = words.get(1).and_then(|w| w.parse().ok()).unwrap_or(1);
                    if count > self.shell.arguments.len() {
                        return status(1);
                    }
                    self.shell.arguments.drain(..count);
                    Outcome::default()
                }
                "let" => {
                    let mut last = 0;
                    for word in &words[1..] {
                        last = self.compute(word).unwrap_or(0);
                    }
                    status(i32::from(last == 0))
                }
                "read" => self.read(&words[1..]),
                "type" => self.kind_of(&words[1..]),
                "command" if matches!(words.get(1).map(String::as_str), Some("-v" | "-V")) => {
                    self.kind_of(&words[2..])
                }
                "exec" | "command" | "builtin" if words.len() > 1 => {
                    let outcome = self.simple(&words[1..]).await;
                    if name == "exec" {
                        self.stop = Some(Stop::Exit(outcome.rc));
                    }
                    outcome
                }
                "eval" => self.evaluate(&words[1..].join(" ")).await,
                "source" | "." => self.source(words).await,
                _ => self.program(words).await,
            }
        })
    }

    /// Calls a function: its arguments are the shell's while it runs.
    pub(super) async fn call(&mut self, body: &Command, arguments: &[String]) -> Outcome {
        if self.calls >= CALLS {
            let said = self.says("maximum function nesting level exceeded");
            self.stop = Some(Stop::Exit(1));
            return Outcome::fail(1, said);
        }
        self.calls += 1;
        let outer = std::mem::replace(&mut self.shell.arguments, arguments.to_vec());
        self.locals.push(Vec::new());
        let mut outcome = self.body(body).await;
        for (name, outside) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            match outside {
                Some(value) => self.shell.variables.insert(name, value),
                None => self.shell.variables.remove(&name),
            };
        }
        self.shell.arguments = outer;
        self.calls -= 1;
        if let Some(Stop::Return(status)) = self.stop {
            self.stop = None;
            outcome.rc = status;
        }
        outcome
    }

    fn leave(&mut self, name: &str, argument: Option<&String>) -> Outcome {
        let number = argument.and_then(|w| w.parse::<i32>().ok());
        match name {
            "break" | "continue" => {
                let levels = number
                    .and_then(|n| u32::try_from(n).ok())
                    .unwrap_or(1)
                    .max(1);
                self.stop = Some(if name == "break" {
                    Stop::Break(levels)
                } else {
                    Stop::Continue(levels)
                });
                Outcome::default()
            }
            _ => {
                if let Some(text) = argument.filter(|_| number.is_none()) {
                    self.stop = Some(Stop::Exit(2));
                    let said = self.says(&format!("{name}: {text}: numeric argument required"));
                    return Outcome::fail(2, said);
                }
                let rc = number.unwrap_or(self.shell.status) & 255;
                self.stop = Some(if name == "exit" {
                    Stop::Exit(rc)
                } else {
                    Stop::Return(rc)
                });
                status(rc)
            }
        }
    }

    fn set(&mut self, words: &[String]) -> Outcome {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                self.shell.arguments = words.cloned().collect();
                break;
            }
            let on = word.starts_with('-');
            let Some(letters) = word.strip_prefix(['-', '+']) else {
                self.shell.arguments = std::iter::once(word.clone())
                    .chain(words.cloned())
                    .collect();
                break;
            };
            for letter in letters.chars() {
                match letter {
                    'e' => self.shell.stops_at_failure = on,
                    'u' => self.shell.unset_is_error = on,
                    'x' => self.shell.traces = on,
                    'o' => match words.next().map(String::as_str) {
                        Some("pipefail") => self.shell.pipe_fails = on,
                        Some("errexit") => self.shell.stops_at_failure = on,
                        Some("nounset") => self.shell.unset_is_error = on,
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        Outcome::default()
    }

    /// read: `-r`, `-p PROMPT`; the last name takes the rest of the line.
    fn read(&mut self, words: &[String]) -> Outcome {
        let mut names = Vec::new();
        let mut raw = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-r" => raw = true,
                "-p" | "-t" | "-n" | "-d" | "-u" | "-a" => {
                    words.next();
                }
                option if option.starts_with('-') && option.len() > 1 => {}
                name => names.push(name.to_owned()),
            }
        }
        let Some((mut line, whole)) = self.input.line() else {
            for name in names {
                self.assign(&name, String::new());
            }
            return status(1);
        };
        if !raw {
            line = line.replace('\\', "");
        }
        if names.is_empty() {
            self.assign("REPLY", line);
            return status(i32::from(!whole));
        }
        let separators = self.separators();
        let is_separator = |c: char| separators.contains(c);
        let mut rest = line.trim_matches(is_separator).to_owned();
        let last = names.len() - 1;
        for (index, name) in names.iter().enumerate() {
            if index == last {
                self.assign(name, std::mem::take(&mut rest));
                break;
            }
            let (head, tail) = match rest.split_once(is_separator) {
                Some((head, tail)) => {
                    let tail = tail.trim_start_matches([' ', '\t']);
                    (head.to_owned(), tail.to_owned())
                }
                None => (std::mem::take(&mut rest), String::new()),
            };
            self.assign(name, head);
            rest = tail;
        }
        status(i32::from(!whole))
    }

    fn kind_of(&mut self, names: &[String]) -> Outcome {
        let mut out = Outcome::default();
        for name in names {
            if self.shell.functions.contains_key(name) || BUILTINS.contains(&name.as_str()) {
                out.say(name);
            } else if self.machine.has_program(name) {
                if name.contains('/') {
                    out.say(name);
                } else {
                    out.say(format!("/usr/bin/{name}"));
                }
            } else {
                out.rc = 1;
            }
        }
        out
    }

    async fn evaluate(&mut self, line: &str) -> Outcome {
        match parser::parse(line) {
            Ok(list) => self.list(&list).await,
            Err(message) => Outcome::fail(2, self.says(&message)),
        }
    }

    /// Runs a file in this shell.
    async fn source(&mut self, words: &[String]) -> Outcome {
        let Some(name) = words.get(1) else {
            let said = self.says(&format!("{}: filename argument required", words[0]));
            return Outcome::fail(2, said);
        };
        if self.calls >= CALLS {
            return Outcome::fail(1, self.says("maximum nesting level exceeded"));
        }
        let path = absolute(&self.shell.directory, name);
        match self.machine.read(&path) {
            Ok(text) => {
                self.calls += 1;
                let mut outcome = self.evaluate(&text).await;
                self.calls -= 1;
                if let Some(Stop::Return(status)) = self.stop {
                    self.stop = None;
                    outcome.rc = status;
                }
                outcome
            }
            Err(errno) => Outcome::fail(1, self.says(&format!("{name}: {errno}"))),
        }
    }

    fn change_directory(&mut self, to: Option<&String>) -> Outcome {
        let name = match to.map(String::as_str) {
            Some("-") => self.shell.variables.get("OLDPWD").cloned(),
            Some(name) => Some(name.to_owned()),
            None => self.shell.variables.get("HOME").cloned(),
        }
        .unwrap_or_default();
        let path = absolute(&self.shell.directory, &name);
        if !self.machine.is_directory(&path) {
            let why = if self.machine.exists(&path) {
                "Not a directory"
            } else {
                "No such file or directory"
            };
            return Outcome::fail(1, self.says(&format!("cd: {name}: {why}")));
        }
        let old = std::mem::replace(&mut self.shell.directory, path.clone().into());
        self.shell
            .variables
            .insert("OLDPWD".to_owned(), old.into_owned());
        self.shell.variables.insert("PWD".to_owned(), path);
        Outcome::default()
    }
}
