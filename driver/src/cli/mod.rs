//! The command `zvm-volume`: what was typed, what it means, one file for each group of commands.
//!
//! Data go to standard output, talk to standard error; a progress bar is shown only on a terminal. No secret is ever
//! printed.

mod args;
mod exit;
mod guests;
mod images;
mod pages;
mod printer;
mod progress;
mod session;
mod table;
mod upkeep;
mod volumes;

use clap::Parser as _;

pub use args::Cli;
pub use exit::ExitStatus;
pub use pages::reference;

use args::{Command, ConfigCommand};
use printer::Printer;
use session::Session;

/// What a command ends with when it does not fail.
type Ended = anyhow::Result<ExitStatus>;

/// Reads the process's arguments and carries out the command.
pub async fn main() -> ExitStatus {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitStatus::Usage
            } else {
                ExitStatus::Done
            };
        }
    };
    run(cli).await
}

/// Carries out a command that was parsed.
pub async fn run(cli: Cli) -> ExitStatus {
    let printer = Printer::new(&cli.global);
    printer.start_log();
    match dispatch(cli, &printer).await {
        Ok(status) => status,
        Err(error) => {
            let status = exit::of(&error);
            printer.error(&error, status);
            status
        }
    }
}

async fn dispatch(cli: Cli, printer: &Printer) -> Ended {
    let global = cli.global;
    match cli.command {
        Command::Completions { shell } => return Ok(pages::completions(shell)),
        Command::Man { dir } => return pages::man(&dir, printer),
        Command::Reference => {
            printer.text(&reference());
            return Ok(ExitStatus::Done);
        }
        Command::Config(ConfigCommand::Check) => return upkeep::config_check(&global, printer),
        _ => {}
    }
    // It shows by itself what it resolves, and resolves nothing when it only reports.
    let resolve = !matches!(cli.command, Command::Reconcile(_));
    let session = Session::open(&global, printer, resolve).await?;
    let ended = match cli.command {
        Command::Create(args) => volumes::create(&session, args).await,
        Command::Delete(args) => volumes::delete(&session, &args).await,
        Command::List(args) => volumes::list(&session, &args).await,
        Command::Show(args) => volumes::show(&session, &args).await,
        Command::Extend(args) => volumes::extend(&session, &args).await,
        Command::Clone(args) => volumes::clone(&session, args).await,
        Command::Snapshot(command) => volumes::snapshot(&session, command).await,
        Command::Manage(args) => volumes::manage(&session, args).await,
        Command::Manageable => volumes::manageable(&session).await,
        Command::Unmanage(args) => volumes::unmanage(&session, &args).await,
        Command::Retype(args) => volumes::retype(&session, &args).await,
        Command::Stats => volumes::stats(&session).await,
        Command::Image(command) => images::run(&session, command).await,
        Command::Connector(args) => guests::connector(&session, args).await,
        Command::Attach(args) => guests::attach(&session, *args).await,
        Command::Detach(args) => guests::detach(&session, args).await,
        Command::Attachments => guests::attachments(&session).await,
        Command::Fcp => guests::fcp(&session).await,
        Command::Boot(command) => guests::boot(&session, command).await,
        Command::Init => upkeep::init(&session).await,
        Command::Reconcile(args) => upkeep::reconcile(&session, &args).await,
        Command::Config(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Reference => Ok(ExitStatus::Done),
    };
    session.show_rehearsal();
    ended
}
