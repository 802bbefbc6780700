//! The command line: what was typed, what it means, one file for each command.

mod args;
mod certificate;
mod cleanup;
mod doctor;
#[cfg(test)]
mod examples;
mod kill_matrix;
mod list;
mod reference;
mod replay;
mod report;
mod run;

use clap::Parser as _;

use crate::result::ExitStatus;
use args::{Cli, Command};

/// Reads the process's arguments and carries out the command.
pub async fn main() -> ExitStatus {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Run(args) => run::run(*args).await,
        Command::List(args) => Ok(list::run(&args)),
        Command::Replay(args) => replay::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Report(args) => report::run(&args),
        Command::Keygen(args) => certificate::keygen(&args),
        Command::Certify(args) => certificate::certify(&args),
        Command::Verify(args) => certificate::check(&args),
        Command::Reference(args) => Ok(reference::run(&args)),
        Command::KillMatrix(args) => kill_matrix::run(args).await,
        Command::Cleanup(args) => cleanup::run(args).await,
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitStatus::Usage
    })
}
