//! Runs the tree on a machine.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use super::ast::{AndOr, Command, Kind, List, Pipeline, Redirect, Target};
use super::machine::Machine;
use super::parser;
use crate::seam::Outcome;
use crate::world::fs::absolute;

/// Most turns of one `while` loop: a loop that never ends must not stop the site.
const TURNS: u32 = 100_000;

/// What a shell remembers.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// How it calls itself in messages.
    pub name: String,
    /// Variables.
    pub variables: BTreeMap<String, String>,
    /// Working directory.
    pub directory: String,
    /// Exit status of the last command.
    pub status: i32,
}

impl Shell {
    /// A fresh login shell of a user.
    pub fn login(name: &str, user: &str) -> Self {
        let home = if user == "root" || user.is_empty() {
            "/root".to_owned()
        } else {
            format!("/home/{user}")
        };
        let variables = [
            ("HOME", home.as_str()),
            ("USER", if user.is_empty() { "root" } else { user }),
            ("SHELL", "/bin/bash"),
            (
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ),
            ("PWD", home.as_str()),
        ];
        Self {
            name: name.to_owned(),
            variables: variables
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            directory: home.clone(),
            status: 0,
        }
    }
}

/// Parses and runs a command line.
pub async fn interpret(
    machine: &mut dyn Machine,
    shell: &mut Shell,
    line: &str,
    stdin: &str,
) -> Outcome {
    match parser::parse(line) {
        Err(message) => Outcome::fail(2, format!("{}: -c: line 1: {message}\n", shell.name)),
        Ok(list) => {
            let mut interpreter = Interpreter {
                machine,
                shell,
                exit: None,
            };
            let mut outcome = interpreter.list(&list, stdin).await;
            if let Some(status) = interpreter.exit {
                outcome.rc = status;
            }
            outcome
        }
    }
}

/// The tree's walker.
pub(super) struct Interpreter<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) shell: &'a mut Shell,
    /// Status given to `exit`, once it has been called.
    pub(super) exit: Option<i32>,
}

/// Where a descriptor goes.
#[derive(Clone)]
enum Sink {
    Stdout,
    Stderr,
    File(String),
}

impl Interpreter<'_> {
    fn list<'b>(&'b mut self, list: &'b List, stdin: &'b str) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            let mut all = Outcome::default();
            for and_or in &list.0 {
                let outcome = self.and_or(and_or, stdin).await;
                join(&mut all, outcome);
                if self.exit.is_some() {
                    break;
                }
            }
            all
        })
    }

    async fn and_or(&mut self, and_or: &AndOr, stdin: &str) -> Outcome {
        let mut all = self.pipeline(&and_or.first, stdin).await;
        for (and, pipeline) in &and_or.rest {
            if self.exit.is_none() && *and == (all.rc == 0) {
                let outcome = self.pipeline(pipeline, stdin).await;
                join(&mut all, outcome);
            }
        }
        all
    }

    async fn pipeline(&mut self, pipeline: &Pipeline, stdin: &str) -> Outcome {
        let mut outcome = Outcome::default();
        let mut stderr = String::new();
        for (index, command) in pipeline.commands.iter().enumerate() {
            let input = std::mem::take(&mut outcome.stdout);
            let input = if index == 0 { stdin } else { &input };
            outcome = self.command(command, input).await;
            stderr.push_str(&outcome.stderr);
            if pipeline.commands.len() > 1 {
                // Each part of a pipeline is a process of its own: `exit` ends only that.
                if let Some(status) = self.exit.take() {
                    outcome.rc = status;
                }
            }
        }
        if pipeline.negated {
            outcome.rc = i32::from(outcome.rc == 0);
        }
        outcome.stderr = stderr;
        self.shell.status = outcome.rc;
        outcome
    }

    fn command<'b>(&'b mut self, command: &'b Command, stdin: &'b str) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            let words = match &command.kind {
                Kind::Simple { words, .. } => self.words(words).await,
                _ => Vec::new(),
            };
            let mut input = None;
            let mut sinks = (Sink::Stdout, Sink::Stderr);
            for redirect in &command.redirects {
                if let Err(message) = self.open(redirect, &mut sinks, &mut input).await {
                    self.shell.status = 1;
                    return Outcome::fail(1, message);
                }
            }
            let input = input.as_deref().unwrap_or(stdin);
            let outcome = self.run(&command.kind, &words, input).await;
            if command.redirects.is_empty() {
                return outcome;
            }
            self.deliver(outcome, &sinks, words.first())
        })
    }

    async fn open(
        &mut self,
        redirect: &Redirect,
        sinks: &mut (Sink, Sink),
        input: &mut Option<String>,
    ) -> Result<(), String> {
        let (word, append) = match &redirect.target {
            Target::Duplicate(descriptor) => {
                let sink = match descriptor {
                    1 => sinks.0.clone(),
                    2 => sinks.1.clone(),
                    _ => return Err(self.says(&format!("{descriptor}: Bad file descriptor"))),
                };
                match redirect.descriptor {
                    1 => sinks.0 = sink,
                    2 => sinks.1 = sink,
                    _ => {}
                }
                return Ok(());
            }
            Target::Text(word) => {
                *input = Some(self.text(word).await + "\n");
                return Ok(());
            }
            Target::Read(word) | Target::Write(word) => (word, false),
            Target::Append(word) => (word, true),
            Target::Both(word, append) => (word, *append),
        };
        let name = match self.words(std::slice::from_ref(word)).await.as_slice() {
            [one] => one.clone(),
            _ => {
                let word = self.text(word).await;
                return Err(self.says(&format!("{word}: ambiguous redirect")));
            }
        };
        let path = absolute(&self.shell.directory, &name);
        if matches!(redirect.target, Target::Read(_)) {
            match self.machine.read(&path) {
                Ok(text) => *input = Some(text),
                Err(errno) => return Err(self.says(&format!("{name}: {errno}"))),
            }
            return Ok(());
        }
        if path != "/dev/null"
            && let Err(errno) = self.machine.write(&path, "", append)
        {
            return Err(self.says(&format!("{name}: {errno}")));
        }
        let sink = Sink::File(path);
        match (&redirect.target, redirect.descriptor) {
            (Target::Both(..), _) => *sinks = (sink.clone(), sink),
            (_, 1) => sinks.0 = sink,
            (_, 2) => sinks.1 = sink,
            _ => {}
        }
        Ok(())
    }

    /// Sends what was written where it belongs. What goes to standard error is there first, as it is with programs
    /// that buffer their output.
    fn deliver(
        &mut self,
        outcome: Outcome,
        sinks: &(Sink, Sink),
        program: Option<&String>,
    ) -> Outcome {
        let mut out = Outcome {
            rc: outcome.rc,
            ..Outcome::default()
        };
        for (text, sink) in [(&outcome.stderr, &sinks.1), (&outcome.stdout, &sinks.0)] {
            match sink {
                Sink::Stdout => out.stdout.push_str(text),
                Sink::Stderr => out.stderr.push_str(text),
                Sink::File(path) => {
                    if text.is_empty() || path == "/dev/null" {
                        continue;
                    }
                    if let Err(errno) = self.machine.write(path, text, true) {
                        let program = program.map_or("", String::as_str);
                        let message = if errno.is_open_failure() {
                            self.says(&format!("{path}: {errno}"))
                        } else if matches!(program, "echo" | "printf") {
                            self.says(&format!("{program}: write error: {errno}"))
                        } else {
                            format!("{program}: write error: {errno}\n")
                        };
                        out.stderr.push_str(&message);
                        out.rc = 1;
                    }
                }
            }
        }
        self.shell.status = out.rc;
        out
    }

    async fn run(&mut self, kind: &Kind, words: &[String], stdin: &str) -> Outcome {
        match kind {
            Kind::Simple { assignments, .. } => {
                let saved = (!words.is_empty() && !assignments.is_empty())
                    .then(|| self.shell.variables.clone());
                self.shell.status = 0;
                for (name, word) in assignments {
                    let value = self.text(word).await;
                    self.shell.variables.insert(name.clone(), value);
                }
                if words.is_empty() {
                    return Outcome {
                        rc: self.shell.status,
                        ..Outcome::default()
                    };
                }
                let outcome = self.simple(words, stdin).await;
                if let Some(saved) = saved {
                    self.shell.variables = saved;
                }
                outcome
            }
            Kind::Group(list) => self.list(list, stdin).await,
            Kind::Subshell(list) => {
                let saved = self.shell.clone();
                let mut outcome = self.list(list, stdin).await;
                *self.shell = saved;
                if let Some(status) = self.exit.take() {
                    outcome.rc = status;
                }
                outcome
            }
            Kind::If(branches, last) => {
                let mut all = Outcome::default();
                for (condition, body) in branches {
                    let tested = self.list(condition, stdin).await;
                    let yes = tested.rc == 0;
                    join(&mut all, tested);
                    all.rc = 0;
                    if self.exit.is_some() {
                        return all;
                    }
                    if yes {
                        let outcome = self.list(body, stdin).await;
                        join(&mut all, outcome);
                        return all;
                    }
                }
                let outcome = self.list(last, stdin).await;
                join(&mut all, outcome);
                all
            }
            Kind::For(name, list, body) => {
                let mut all = Outcome::default();
                for value in self.words(list).await {
                    self.shell.variables.insert(name.clone(), value);
                    let outcome = self.list(body, stdin).await;
                    join(&mut all, outcome);
                    if self.exit.is_some() {
                        break;
                    }
                }
                all
            }
            Kind::While(until, condition, body) => {
                let mut all = Outcome::default();
                for _ in 0..TURNS {
                    let tested = self.list(condition, stdin).await;
                    let go = (tested.rc == 0) != *until;
                    let rc = all.rc;
                    join(&mut all, tested);
                    all.rc = rc;
                    if !go || self.exit.is_some() {
                        break;
                    }
                    let outcome = self.list(body, stdin).await;
                    join(&mut all, outcome);
                }
                all
            }
        }
    }

    fn simple<'b>(&'b mut self, words: &'b [String], stdin: &'b str) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            let Some(name) = words.first() else {
                return Outcome::default();
            };
            match name.as_str() {
                ":" | "set" | "trap" | "umask" | "ulimit" | "wait" | "local" | "shift" => {
                    Outcome::default()
                }
                "cd" => self.change_directory(words.get(1)),
                "export" | "readonly" | "declare" => {
                    for word in &words[1..] {
                        if let Some((name, value)) = word.split_once('=') {
                            self.shell
                                .variables
                                .insert(name.to_owned(), value.to_owned());
                        }
                    }
                    Outcome::default()
                }
                "unset" => {
                    for word in &words[1..] {
                        self.shell.variables.remove(word);
                    }
                    Outcome::default()
                }
                "exit" | "return" => {
                    let status = words
                        .get(1)
                        .and_then(|w| w.parse::<i32>().ok())
                        .unwrap_or(self.shell.status);
                    self.exit = Some(status & 255);
                    Outcome {
                        rc: status & 255,
                        ..Outcome::default()
                    }
                }
                "pwd" => Outcome::ok(format!("{}\n", self.shell.directory)),
                "exec" | "command" if words.len() > 1 && !words[1].starts_with('-') => {
                    self.simple(&words[1..], stdin).await
                }
                "eval" => {
                    let line = words[1..].join(" ");
                    match parser::parse(&line) {
                        Ok(list) => self.list(&list, stdin).await,
                        Err(message) => Outcome::fail(2, self.says(&message)),
                    }
                }
                _ => match self.machine.program(self.shell, words, stdin).await {
                    Some(outcome) => outcome,
                    None if name.contains('/') => Outcome::fail(
                        127,
                        self.says(&format!("{name}: No such file or directory")),
                    ),
                    None => Outcome::fail(127, self.says(&format!("{name}: command not found"))),
                },
            }
        })
    }

    fn change_directory(&mut self, to: Option<&String>) -> Outcome {
        let name = to
            .cloned()
            .or_else(|| self.shell.variables.get("HOME").cloned())
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
        self.shell.variables.insert("PWD".to_owned(), path.clone());
        self.shell.directory = path;
        Outcome::default()
    }

    /// Output of a command substitution, without the line ends at its end. Its standard error goes nowhere that a
    /// client could see apart from the shell's own; it is dropped.
    pub(super) async fn substitute(&mut self, list: &List) -> String {
        let saved = self.shell.clone();
        let outcome = self.list(list, "").await;
        *self.shell = saved;
        self.shell.status = self.exit.take().unwrap_or(outcome.rc);
        let mut text = outcome.stdout;
        text.truncate(text.trim_end_matches('\n').len());
        text
    }

    fn says(&self, message: &str) -> String {
        format!("{}: line 1: {message}\n", self.shell.name)
    }
}

fn join(all: &mut Outcome, next: Outcome) {
    all.rc = next.rc;
    if all.stdout.is_empty() {
        all.stdout = next.stdout;
    } else {
        all.stdout.push_str(&next.stdout);
    }
    all.stderr.push_str(&next.stderr);
}
