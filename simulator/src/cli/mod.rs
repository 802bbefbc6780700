//! The program `xcat-sim`: what was typed ([`args`]), what it means, one function per command, an exit status.

mod args;
mod exit;
mod serve;
mod talk;

use std::process::ExitCode;

use clap::Parser;

pub use args::Args;
pub use exit::Exit;
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
    run(args, &talk).into()
}

fn run(args: Args, talk: &Talk) -> Exit {
    let result = match args.command {
        args::Command::Serve(serve) => serve::run(*serve, talk),
    };
    match result {
        Ok(()) => Exit::Success,
        Err(failure) => {
            talk.error(&failure.error);
            failure.exit
        }
    }
}
