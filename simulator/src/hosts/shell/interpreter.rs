//! Runs the tree on a machine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::ast::{AndOr, Assignment, Command, Kind, List, Pipeline, Redirect, Target, Word};
use super::machine::Machine;
use super::pattern::Pattern;
use super::steps::{LONGEST, Steps};
use super::variables::Variables;
use super::{expand, lines, parser};
use crate::seam::Outcome;
use crate::world::fs::absolute;

/// Deepest nesting of scripts that call scripts.
const SCRIPTS: u32 = 64;

/// What a shell remembers.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of `set`")]
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// How it calls itself in messages.
    pub name: Cow<'static, str>,
    /// Variables.
    pub variables: Variables,
    /// Working directory.
    pub directory: Cow<'static, str>,
    /// Exit status of the last command.
    pub status: i32,
    /// `$1` and so on.
    pub arguments: Vec<String>,
    /// How much it may still do.
    pub steps: Steps,
    /// Whether the program that runs has its standard error where its standard output is (`2>&1`).
    pub merged: bool,
    /// Functions by name.
    pub(super) functions: BTreeMap<String, Arc<Command>>,
    /// `set -e`.
    pub(super) stops_at_failure: bool,
    /// `set -u`.
    pub(super) unset_is_error: bool,
    /// `set -x`.
    pub(super) traces: bool,
    /// `set -o pipefail`.
    pub(super) pipe_fails: bool,
}

impl Shell {
    /// A fresh login shell of a user.
    pub fn login(name: &'static str, user: &str) -> Self {
        let home = home(user);
        Self {
            name: name.into(),
            variables: Variables::of_login(user, &home),
            directory: home,
            ..Self::default()
        }
    }
}

/// Home directory of a user.
pub(super) fn home(user: &str) -> Cow<'static, str> {
    match user {
        "" | "root" => "/root".into(),
        user => format!("/home/{user}").into(),
    }
}

/// Parses and runs a command line.
pub async fn interpret(
    machine: &mut dyn Machine,
    shell: &mut Shell,
    line: &str,
    stdin: &str,
) -> Outcome {
    match lines::parse(line) {
        Err(message) => Outcome::fail(2, format!("{}: -c: line 1: {message}\n", shell.name)),
        Ok(list) => {
            let mut interpreter = Interpreter::new(machine, shell, stdin);
            let mut outcome = interpreter.list(&list).await;
            if let Some(Stop::Exit(status) | Stop::Return(status)) = interpreter.stop {
                outcome.rc = status;
            }
            outcome.stderr.push_str(&interpreter.leaked);
            outcome
        }
    }
}

/// Why the commands that follow do not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `exit`
    Exit(i32),
    /// `return`
    Return(i32),
    /// `break n`
    Break(u32),
    /// `continue n`
    Continue(u32),
}

/// Standard input: `read` takes a line of it, programs take what is left.
#[derive(Default)]
pub(super) struct Input {
    text: String,
    at: usize,
}

impl Input {
    pub(super) fn new(text: String) -> Self {
        Self { text, at: 0 }
    }

    /// The next line without its end; whether it had one. `None` at the end.
    pub(super) fn line(&mut self) -> Option<(String, bool)> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let (line, whole) = match rest.split_once('\n') {
            Some((line, _)) => (line.to_owned(), true),
            None => (rest.to_owned(), false),
        };
        self.at += line.len() + usize::from(whole);
        Some((line, whole))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
}

/// Programs that read their standard input to its end.
const READERS: [&str; 16] = [
    "cat", "grep", "egrep", "sed", "awk", "head", "tail", "wc", "sort", "uniq", "tr", "cut", "tee",
    "xargs", "bash", "sh",
];

/// The tree's walker.
pub(super) struct Interpreter<'a> {
    pub(super) machine: &'a mut dyn Machine,
    pub(super) shell: &'a mut Shell,
    /// What ends the commands that follow, once something does.
    pub(super) stop: Option<Stop>,
    /// Standard input of what runs now.
    pub(super) input: Input,
    /// What expansions said on the shell's own standard error.
    pub(super) leaked: String,
    /// Line of the command that runs.
    pub(super) line: u32,
    /// In how many conditions, where `set -e` does not count.
    conditions: u32,
    /// How many functions call each other.
    pub(super) calls: u32,
    /// For each function that runs, its local variables with what they were outside.
    pub(super) locals: Vec<Vec<(String, Option<String>)>>,
}

/// Whether a command declares variables.
fn declares(words: &[Word]) -> bool {
    matches!(
        words.first().and_then(Word::bare),
        Some("export" | "local" | "declare" | "readonly" | "typeset")
    )
}

/// Where a descriptor goes.
#[derive(Clone, PartialEq)]
enum Sink {
    Stdout,
    Stderr,
    File(String),
}

impl<'a> Interpreter<'a> {
    /// Nothing has run yet.
    pub(super) fn new(machine: &'a mut dyn Machine, shell: &'a mut Shell, stdin: &str) -> Self {
        Self {
            machine,
            shell,
            stop: None,
            input: Input::new(stdin.to_owned()),
            leaked: String::new(),
            line: 1,
            conditions: 0,
            calls: 0,
            locals: Vec::new(),
        }
    }
}

impl Interpreter<'_> {
    pub(super) fn list<'b>(&'b mut self, list: &'b List) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            let mut all = Outcome::default();
            for and_or in &list.0 {
                let outcome = self.and_or(and_or).await;
                join(&mut all, outcome);
                if self.stop.is_none()
                    && all.rc != 0
                    && self.shell.stops_at_failure
                    && self.conditions == 0
                    && and_or.rest.is_empty()
                    && !and_or.first.negated
                {
                    self.stop = Some(Stop::Exit(all.rc));
                }
                if self.stop.is_some() {
                    break;
                }
            }
            all
        })
    }

    /// A list whose status is only asked for.
    async fn condition(&mut self, list: &List) -> Outcome {
        self.conditions += 1;
        let outcome = self.list(list).await;
        self.conditions -= 1;
        outcome
    }

    async fn and_or(&mut self, and_or: &AndOr) -> Outcome {
        self.conditions += u32::from(!and_or.rest.is_empty());
        let mut all = self.pipeline(&and_or.first).await;
        for (and, pipeline) in &and_or.rest {
            if self.stop.is_none() && *and == (all.rc == 0) {
                let outcome = self.pipeline(pipeline).await;
                join(&mut all, outcome);
            }
        }
        self.conditions -= u32::from(!and_or.rest.is_empty());
        all
    }

    async fn pipeline(&mut self, pipeline: &Pipeline) -> Outcome {
        if let [command] = pipeline.commands.as_slice() {
            let mut outcome = self.command(command).await;
            if pipeline.negated {
                outcome.rc = i32::from(outcome.rc == 0);
            }
            self.shell.status = outcome.rc;
            return outcome;
        }
        let mut outcome = Outcome::default();
        let mut stderr = String::new();
        let mut failed = 0;
        let outer = std::mem::take(&mut self.input);
        for (index, command) in pipeline.commands.iter().enumerate() {
            self.input = if index == 0 {
                Input::new(outer.rest().to_owned())
            } else {
                Input::new(std::mem::take(&mut outcome.stdout))
            };
            // Each part of a pipeline is a process of its own: what it changes in its shell goes with it.
            let saved = self.shell.clone();
            outcome = self.command(command).await;
            *self.shell = saved;
            stderr.push_str(&outcome.stderr);
            if let Some(Stop::Exit(status) | Stop::Return(status)) = self.stop.take() {
                outcome.rc = status;
            }
            if outcome.rc != 0 {
                failed = outcome.rc;
            }
        }
        self.input = outer;
        if self.shell.pipe_fails {
            outcome.rc = failed;
        }
        if pipeline.negated {
            outcome.rc = i32::from(outcome.rc == 0);
        }
        outcome.stderr = stderr;
        self.shell.status = outcome.rc;
        outcome
    }

    fn command<'b>(&'b mut self, command: &'b Command) -> BoxFuture<'b, Outcome> {
        Box::pin(async move {
            if !self.shell.steps.take() {
                self.stop = Some(Stop::Exit(137));
                return Outcome::fail(137, "Killed\n");
            }
            self.line = command.line;
            let words = match &command.kind {
                Kind::Simple { words, .. } if declares(words) => self.declared(words).await,
                Kind::Simple { words, .. } => match expand::plain(words) {
                    Some(words) => words,
                    None => self.words(words).await,
                },
                _ => Vec::new(),
            };
            let mut input = None;
            let mut sinks = (Sink::Stdout, Sink::Stderr);
            for redirect in &command.redirects {
                if let Err(message) = self.open(redirect, &mut sinks, &mut input).await {
                    self.shell.status = 1;
                    return Outcome::fail(1, self.take_leaked() + &message);
                }
            }
            if let Some(stop) = self.stop {
                // An expansion ended the shell.
                let status = match stop {
                    Stop::Exit(status) => status,
                    _ => 1,
                };
                return Outcome::fail(status, self.take_leaked());
            }
            let before = self.take_leaked();
            let outer = input.map(|text| std::mem::replace(&mut self.input, Input::new(text)));
            let around = self.shell.merged;
            self.shell.merged = match (&sinks.0, &sinks.1) {
                (Sink::Stdout, Sink::Stderr) => around,
                (one, other) => one == other,
            };
            let mut outcome = self.run(&command.kind, &words).await;
            self.shell.merged = around;
            if let Some(outer) = outer {
                self.input = outer;
            }
            if !command.redirects.is_empty() {
                outcome = self.deliver(&outcome, &sinks, words.first());
            }
            if !before.is_empty() {
                outcome.stderr.insert_str(0, &before);
            }
            let after = self.take_leaked();
            outcome.stderr.push_str(&after);
            outcome
        })
    }

    /// Words of a declaration: values in it are not split, as in an assignment.
    async fn declared(&mut self, words: &[Word]) -> Vec<String> {
        let mut out = Vec::new();
        for word in words {
            match parser::assignment(word) {
                Some(assignment) => {
                    let value = self.text(&assignment.value).await;
                    out.push(format!("{}={value}", assignment.name));
                }
                None => out.extend(self.words(std::slice::from_ref(word)).await),
            }
        }
        out
    }

    fn take_leaked(&mut self) -> String {
        std::mem::take(&mut self.leaked)
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
                    0 => return Ok(()),
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
            Target::Document(word) => {
                *input = Some(self.text(word).await);
                return Ok(());
            }
            Target::Read(word) | Target::Write(word) => (word, false),
            Target::Append(word) => (word, true),
            Target::Both(word, append) => (word, *append),
        };
        let names = self.words(std::slice::from_ref(word)).await;
        let [name] = names.as_slice() else {
            let word = self.text(word).await;
            return Err(self.says(&format!("{word}: ambiguous redirect")));
        };
        let path = absolute(&self.shell.directory, name);
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
        outcome: &Outcome,
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

    /// Sets a variable, unless its text grows beyond all measure.
    pub(super) fn assign(&mut self, name: &str, value: String) {
        if value.len() > LONGEST {
            let said = self.says("xrealloc: cannot allocate memory");
            self.leaked.push_str(&said);
            self.stop = Some(Stop::Exit(2));
            return;
        }
        self.shell.variables.insert(name.to_owned(), value);
    }

    async fn assignments(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            let mut value = self.text(&assignment.value).await;
            if assignment.append
                && let Some(old) = self.shell.variables.get(&assignment.name)
            {
                value.insert_str(0, old);
            }
            self.assign(&assignment.name, value);
        }
    }

    async fn run(&mut self, kind: &Kind, words: &[String]) -> Outcome {
        match kind {
            Kind::Simple { assignments, .. } => {
                let saved = (!words.is_empty() && !assignments.is_empty())
                    .then(|| self.shell.variables.clone());
                self.shell.status = 0;
                self.assignments(assignments).await;
                if words.is_empty() {
                    return Outcome {
                        rc: self.shell.status,
                        ..Outcome::default()
                    };
                }
                let trace = self
                    .shell
                    .traces
                    .then(|| format!("+ {}\n", words.join(" ")));
                let mut outcome = self.simple(words).await;
                if let Some(trace) = trace {
                    outcome.stderr.insert_str(0, &trace);
                }
                if let Some(saved) = saved {
                    self.shell.variables = saved;
                }
                outcome
            }
            Kind::Group(list) => self.list(list).await,
            Kind::Subshell(list) => {
                let saved = self.shell.clone();
                let mut outcome = self.list(list).await;
                *self.shell = saved;
                if let Some(Stop::Exit(status) | Stop::Return(status)) = self.stop.take() {
                    outcome.rc = status;
                }
                outcome
            }
            Kind::If(branches, last) => self.branch(branches, last).await,
            Kind::For(name, words, body) => self.repeat(name, words.as_deref(), body).await,
            Kind::While(until, condition, body) => self.turn(*until, condition, body).await,
            Kind::Case(word, branches) => self.choose(word, branches).await,
            Kind::Condition(condition) => {
                let mut outcome = Outcome::default();
                match self.holds(condition).await {
                    Ok(yes) => outcome.rc = i32::from(!yes),
                    Err(message) => {
                        outcome.rc = 2;
                        outcome.stderr = self.says(&message);
                    }
                }
                outcome
            }
            Kind::Arithmetic(word) => {
                let text = self.text(word).await;
                let value = self.compute(&text);
                // What is wrong with `(( … ))` is only its status.
                if value.is_none() {
                    self.stop = None;
                }
                Outcome {
                    rc: i32::from(value.is_none_or(|v| v == 0)),
                    ..Outcome::default()
                }
            }
            Kind::Function(name, body) => {
                let body = Arc::new(Command::clone(body));
                self.shell.functions.insert(name.clone(), body);
                Outcome::default()
            }
        }
    }

    async fn branch(&mut self, branches: &[(List, List)], last: &List) -> Outcome {
        let mut all = Outcome::default();
        for (condition, body) in branches {
            let tested = self.condition(condition).await;
            let yes = tested.rc == 0;
            join(&mut all, tested);
            all.rc = 0;
            if self.stop.is_some() {
                return all;
            }
            if yes {
                let outcome = self.list(body).await;
                join(&mut all, outcome);
                return all;
            }
        }
        let outcome = self.list(last).await;
        join(&mut all, outcome);
        all
    }

    /// Whether a loop goes on after its body: takes what `break` and `continue` left.
    fn goes_on(&mut self) -> bool {
        match self.stop {
            None => true,
            Some(Stop::Continue(1)) => {
                self.stop = None;
                true
            }
            Some(Stop::Break(1)) => {
                self.stop = None;
                false
            }
            Some(Stop::Break(n)) => {
                self.stop = Some(Stop::Break(n - 1));
                false
            }
            Some(Stop::Continue(n)) => {
                self.stop = Some(Stop::Continue(n - 1));
                false
            }
            Some(_) => false,
        }
    }

    async fn repeat(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Outcome {
        let mut all = Outcome::default();
        let values = match words {
            Some(words) => self.words(words).await,
            None => self.shell.arguments.clone(),
        };
        for value in values {
            self.assign(name, value);
            let outcome = self.list(body).await;
            join(&mut all, outcome);
            if !self.goes_on() {
                break;
            }
        }
        all
    }

    async fn turn(&mut self, until: bool, condition: &List, body: &List) -> Outcome {
        let mut all = Outcome::default();
        loop {
            if !self.shell.steps.take() {
                self.stop = Some(Stop::Exit(137));
                all.rc = 137;
                all.complain("Killed");
                break;
            }
            let tested = self.condition(condition).await;
            let go = (tested.rc == 0) != until;
            let rc = all.rc;
            join(&mut all, tested);
            all.rc = rc;
            if !go || self.stop.is_some() {
                self.goes_on();
                break;
            }
            let outcome = self.list(body).await;
            join(&mut all, outcome);
            if !self.goes_on() {
                break;
            }
        }
        all
    }

    async fn choose(&mut self, word: &Word, branches: &[(Vec<Word>, List)]) -> Outcome {
        let text = self.text(word).await;
        for (patterns, list) in branches {
            for pattern in patterns {
                let pattern = self.pattern(pattern).await;
                if Pattern::new(&pattern).matches(&text) {
                    return self.list(list).await;
                }
            }
        }
        Outcome::default()
    }

    /// Runs a program or calls a function.
    pub(super) async fn program(&mut self, words: &[String]) -> Outcome {
        let Some(name) = words.first() else {
            return Outcome::default();
        };
        if let Some(body) = self.shell.functions.get(name).cloned() {
            return self.call(&body, &words[1..]).await;
        }
        let stdin = self.input.rest().to_owned();
        let base = name.rsplit('/').next().unwrap_or(name);
        if READERS.contains(&base) {
            self.input = Input::default();
        }
        match self.machine.program(self.shell, words, &stdin).await {
            Some(outcome) => outcome,
            None if name.contains('/') => self.script(words).await,
            None => Outcome::fail(127, self.says(&format!("{name}: command not found"))),
        }
    }

    /// Runs a file as a script, in a shell of its own.
    async fn script(&mut self, words: &[String]) -> Outcome {
        let name = words.first().map_or("", String::as_str);
        let path = absolute(&self.shell.directory, name);
        if self.machine.is_directory(&path) {
            return Outcome::fail(126, self.says(&format!("{name}: Is a directory")));
        }
        let text = match self.machine.read(&path) {
            Ok(text) => text,
            Err(errno) => return Outcome::fail(127, self.says(&format!("{name}: {errno}"))),
        };
        if self.calls >= SCRIPTS {
            return Outcome::fail(
                126,
                self.says(&format!("{name}: too many levels of scripts")),
            );
        }
        let list = match parser::parse(&text) {
            Ok(list) => list,
            Err(message) => return Outcome::fail(2, format!("{name}: line 1: {message}\n")),
        };
        let inner = Shell {
            name: name.to_owned().into(),
            variables: self.shell.variables.clone(),
            directory: self.shell.directory.clone(),
            arguments: words[1..].to_vec(),
            steps: self.shell.steps.clone(),
            ..Shell::default()
        };
        let outer = std::mem::replace(self.shell, inner);
        let (line, conditions) = (self.line, std::mem::take(&mut self.conditions));
        self.calls += 1;
        let mut outcome = self.list(&list).await;
        self.calls -= 1;
        (self.line, self.conditions) = (line, conditions);
        *self.shell = outer;
        if let Some(Stop::Exit(status) | Stop::Return(status)) = self.stop.take() {
            outcome.rc = status;
        }
        outcome
    }

    /// The body of a function.
    pub(super) async fn body(&mut self, body: &Command) -> Outcome {
        self.command(body).await
    }

    /// Output of a command substitution, without the line ends at its end.
    pub(super) async fn substitute(&mut self, list: &List) -> String {
        let saved = self.shell.clone();
        let line = self.line;
        let outcome = self.list(list).await;
        *self.shell = saved;
        self.line = line;
        self.shell.status = match self.stop.take() {
            Some(Stop::Exit(status) | Stop::Return(status)) => status,
            _ => outcome.rc,
        };
        self.leaked.push_str(&outcome.stderr);
        let mut text = outcome.stdout;
        text.truncate(text.trim_end_matches('\n').len());
        text
    }

    pub(super) fn says(&self, message: &str) -> String {
        format!("{}: line {}: {message}\n", self.shell.name, self.line)
    }
}

pub(super) fn join(all: &mut Outcome, next: Outcome) {
    all.rc = next.rc;
    if all.stdout.is_empty() {
        all.stdout = next.stdout;
    } else {
        all.stdout.push_str(&next.stdout);
    }
    all.stderr.push_str(&next.stderr);
}
