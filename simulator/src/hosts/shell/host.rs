//! The shell on one Linux of the world.

use std::borrow::Cow;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::interpreter::{Interpreter, Shell, home, interpret, join};
use super::lines;
use super::machine::{Errno, Machine};
use super::plain::{Plain, When};
use super::steps::Steps;
use super::variables::Variables;
use crate::hosts::{ProgramEnv, files, programs};
use crate::seam::Outcome;
use crate::world::{HostName, World};

/// Deepest nesting of shells and of programs that run programs.
const DEPTH: u32 = 16;

struct HostMachine<'a> {
    world: &'a mut World,
    host: &'a HostName,
    user: &'a str,
    depth: u32,
}

impl Machine for HostMachine<'_> {
    fn program<'a>(
        &'a mut self,
        shell: &'a Shell,
        words: &'a [String],
        stdin: &'a str,
    ) -> BoxFuture<'a, Option<Outcome>> {
        let mut env = ProgramEnv {
            world: self.world,
            host: self.host.clone(),
            user: user_of(self.user),
            variables: shell.variables.clone(),
            directory: shell.directory.clone(),
            depth: self.depth,
            steps: shell.steps.clone(),
            merged: shell.merged,
        };
        let outcome = programs::call(&mut env, words, stdin);
        Box::pin(std::future::ready(outcome))
    }

    fn has_program(&mut self, name: &str) -> bool {
        programs::exists(self.world, self.host, name)
    }

    fn read(&mut self, path: &str) -> Result<String, Errno> {
        files::read(self.world, self.host, path).map(std::borrow::Cow::into_owned)
    }

    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), Errno> {
        files::write(self.world, self.host, path, text, append)
    }

    fn list(&mut self, path: &str) -> Vec<String> {
        files::list(self.world, self.host, path).unwrap_or_default()
    }

    fn exists(&mut self, path: &str) -> bool {
        files::exists(self.world, self.host, path)
    }

    fn is_directory(&mut self, path: &str) -> bool {
        files::is_directory(self.world, self.host, path)
    }
}

fn user_of(name: &str) -> Cow<'static, str> {
    match name {
        "root" => "root".into(),
        name => name.to_owned().into(),
    }
}

/// Runs a command line on a Linux, in a fresh shell of a user.
pub fn run(world: &mut World, host: &HostName, user: &str, line: &str) -> Outcome {
    match lines::plain(line) {
        Some(line) => run_plain(world, host, user, &line),
        None => run_tree(world, host, user, line),
    }
}

/// Runs the commands of a plain line as [`interpret`] would.
fn run_plain(world: &mut World, host: &HostName, user: &str, line: &Plain) -> Outcome {
    let directory = home(user);
    let variables = Variables::of_login(user, &directory);
    let user = user_of(user);
    let steps = Steps::default();
    let mut all = Outcome::default();
    for step in &line.0 {
        let runs = match step.when {
            When::Always => true,
            When::Success => all.rc == 0,
            When::Failure => all.rc != 0,
        };
        if !runs {
            continue;
        }
        // A plain line is too short for more commands than there are steps.
        steps.take();
        let mut env = ProgramEnv {
            world,
            host: host.clone(),
            user: user.clone(),
            variables: variables.clone(),
            directory: directory.clone(),
            depth: 0,
            steps: steps.clone(),
            merged: false,
        };
        let outcome = programs::call(&mut env, &step.words, "");
        let outcome =
            outcome.unwrap_or_else(|| no_program(world, host, &user, &step.words, &steps));
        join(&mut all, outcome);
    }
    all
}

/// What the shell does about words that name no program: it may be a script.
fn no_program(
    world: &mut World,
    host: &HostName,
    user: &str,
    words: &[String],
    steps: &Steps,
) -> Outcome {
    let mut shell = Shell {
        steps: steps.clone(),
        ..Shell::login("bash", user)
    };
    let mut machine = HostMachine {
        world,
        host,
        user,
        depth: 0,
    };
    let mut interpreter = Interpreter::new(&mut machine, &mut shell, "");
    let outcome = interpreter.program(words).now_or_never();
    let mut outcome = outcome.unwrap_or_default();
    outcome.stderr.push_str(&interpreter.leaked);
    outcome
}

/// Runs any command line.
pub(super) fn run_tree(world: &mut World, host: &HostName, user: &str, line: &str) -> Outcome {
    let mut shell = Shell::login("bash", user);
    let mut machine = HostMachine {
        world,
        host,
        user,
        depth: 0,
    };
    interpret(&mut machine, &mut shell, line, "")
        .now_or_never()
        .unwrap_or_default()
}

/// Runs a command line from within a program (`sh -c`, `sudo`, the IUCV server).
pub fn run_in(env: &mut ProgramEnv<'_>, name: &str, line: &str, stdin: &str) -> Outcome {
    run_script(env, name, line, &[], stdin)
}

/// Runs a script with arguments from within a program.
pub fn run_script(
    env: &mut ProgramEnv<'_>,
    name: &str,
    line: &str,
    arguments: &[String],
    stdin: &str,
) -> Outcome {
    if env.depth >= DEPTH {
        return Outcome::fail(126, format!("{name}: too many levels of shells\n"));
    }
    let mut shell = Shell {
        name: name.to_owned().into(),
        variables: env.variables.clone(),
        directory: env.directory.clone(),
        arguments: arguments.to_vec(),
        steps: env.steps.clone(),
        ..Shell::default()
    };
    let mut machine = HostMachine {
        world: env.world,
        host: &env.host,
        user: &env.user,
        depth: env.depth + 1,
    };
    interpret(&mut machine, &mut shell, line, stdin)
        .now_or_never()
        .unwrap_or_default()
}

/// Runs a program from within a program, without a shell between them.
pub fn run_words(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Option<Outcome> {
    if env.depth >= DEPTH {
        return Some(Outcome::fail(126, ""));
    }
    env.depth += 1;
    let outcome = programs::call(env, words, stdin);
    env.depth -= 1;
    outcome
}
