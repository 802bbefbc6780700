//! The program `xcat-sim`: what was typed ([`Args`]), what it means, one function per command, an exit status.

mod args;
mod control;
mod exit;
mod journal;
mod places;
mod reference;
mod serve;
mod site;
mod state;
mod talk;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use args::Args;
pub use exit::Exit;
pub use reference::reference;

use args::Command;
use exit::Failure;
use talk::Talk;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are data; everything else is a mistake of the caller.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Success.into()
            };
        }
    };
    let talk = Talk::new(&args);
    match run(args.command, &talk) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            talk.error(&failure.error);
            failure.exit.into()
        }
    }
}

fn run(command: Command, talk: &Talk) -> Result<Exit, Failure> {
    match command {
        Command::Serve(args) => serve::run(*args, talk)?,
        Command::Site(command) => site::run(command, talk)?,
        Command::Fault(command) => control::fault(command)?,
        Command::Break(command) => control::breaks(command)?,
        Command::Journal(args) => journal::run(&args)?,
        Command::Assert(args) => return places::assert(&args),
        Command::Wait(args) => places::wait(&args)?,
        Command::Latency(command) => places::latency(command)?,
        Command::Pool(command) => places::pool(command)?,
        Command::San(command) => places::san(command)?,
        Command::Guest(command) => places::guest(command)?,
        Command::State(command) => return state::run(command, talk),
        Command::Time(command) => control::time(command)?,
        Command::World(command) => control::world(command)?,
        Command::Quirks => Talk::page("quirks")?,
        Command::Coverage => Talk::page("coverage")?,
        Command::Reference { page } => Talk::page(&page)?,
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "xcat-sim",
                &mut std::io::stdout(),
            );
        }
        Command::Man => clap_mangen::Man::new(Args::command()).render(&mut std::io::stdout())?,
    }
    Ok(Exit::Success)
}
