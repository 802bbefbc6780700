//! Completions, man pages and the reference: all of them made of the one definition of the command line.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Ended;
use super::args::{Cli, EXIT};
use super::exit::ExitStatus;
use super::printer::Printer;

pub(super) fn completions(shell: clap_complete::Shell) -> ExitStatus {
    clap_complete::generate(
        shell,
        &mut Cli::command(),
        "zvm-volume",
        &mut std::io::stdout(),
    );
    ExitStatus::Done
}

pub(super) fn man(dir: &Path, printer: &Printer) -> Ended {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    clap_mangen::generate_to(Cli::command(), dir)
        .with_context(|| format!("cannot write man pages to {}", dir.display()))?;
    printer.say(&format!("man pages written to {}", dir.display()));
    Ok(ExitStatus::Done)
}

/// The reference page, `docs/zvm-volume.md`.
pub fn reference() -> String {
    let mut command = Cli::command();
    command.build();
    let mut text = String::from(
        "# zvm-volume\n\nMade by `zvm-volume reference` from the program itself; do not edit.\n\n",
    );
    if let Some(about) = command.get_about() {
        let _ = writeln!(text, "{about}\n");
    }
    text.push_str("## Global options\n\n");
    let is_global = |arg: &&clap::Arg| arg.is_global_set();
    options(&mut text, command.get_arguments().filter(is_global));
    text.push_str("## Exit status\n\n```text\n");
    text.push_str(EXIT);
    text.push_str("\n```\n\n## Commands\n\n");
    commands(&mut text, &command, "zvm-volume");
    format!("{}\n", text.trim_end())
}

fn commands(text: &mut String, command: &clap::Command, path: &str) {
    for sub in command.get_subcommands() {
        if sub.get_name() == "help" {
            continue;
        }
        let path = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            commands(text, sub, &path);
            continue;
        }
        let _ = writeln!(text, "### `{path}`\n");
        if let Some(about) = sub.get_about() {
            let _ = writeln!(text, "{about}.\n");
        }
        let mut usage = path.clone();
        for arg in sub.get_positionals() {
            let name = arg.get_id().as_str().to_ascii_uppercase();
            let _ = if arg.is_required_set() {
                write!(usage, " <{name}>")
            } else {
                write!(usage, " [{name}]")
            };
        }
        if sub.get_opts().any(|arg| !arg.is_global_set()) {
            usage.push_str(" [OPTIONS]");
        }
        let _ = writeln!(text, "```text\n{usage}\n```\n");
        let own = |arg: &&clap::Arg| {
            !arg.is_global_set() && !["help", "version"].contains(&arg.get_id().as_str())
        };
        options(text, sub.get_arguments().filter(own));
        if let Some(example) = sub.get_after_help() {
            let _ = writeln!(text, "```text\n{example}\n```\n");
        }
    }
}

fn options<'a>(text: &mut String, args: impl Iterator<Item = &'a clap::Arg>) {
    let mut any = false;
    for arg in args {
        any = true;
        let mut name = match (arg.get_long(), arg.get_short()) {
            (Some(long), Some(short)) => format!("-{short}, --{long}"),
            (Some(long), None) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => arg.get_id().as_str().to_ascii_uppercase(),
        };
        let takes = arg.get_action().takes_values() && arg.get_long().is_some();
        if takes && let Some(values) = arg.get_value_names() {
            for value in values {
                let _ = write!(name, " <{value}>");
            }
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = write!(text, "* `{name}`: {help}");
        if let Some(variable) = arg.get_env() {
            let _ = write!(text, " (environment: `{}`)", variable.display());
        }
        let defaults = arg.get_default_values();
        if takes && !defaults.is_empty() {
            let _ = write!(text, " (default: `{}`)", defaults[0].display());
        }
        text.push('\n');
    }
    if any {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
