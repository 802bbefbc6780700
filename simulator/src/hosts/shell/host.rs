//! The shell on one Linux of the world.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::interpreter::{Shell, interpret};
use super::machine::{Errno, Machine};
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
            user: self.user.to_owned(),
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

/// Runs a command line on a Linux, in a fresh shell of a user.
pub fn run(world: &mut World, host: &HostName, user: &str, line: &str) -> Outcome {
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
        name: name.to_owned(),
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
