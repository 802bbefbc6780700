//! `reference`: pages made from the program itself.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::args::{Cli, Page, ReferenceArgs};
use crate::result::ExitStatus;

/// Carries out `reference`.
pub fn run(args: &ReferenceArgs) -> ExitStatus {
    print!("{}", page(args.page));
    ExitStatus::Success
}

/// A page in Markdown.
pub fn page(page: Page) -> String {
    match page {
        Page::Cases => crate::cases::markdown(),
        Page::Defects => xcat_simulator::defects::markdown(),
        Page::XcatConformance => command_line(),
    }
}

fn command_line() -> String {
    let mut cli = Cli::command();
    cli.build();
    let mut out = String::from(
        "# xcat-conformance\n\nMade by `xcat-conformance reference` from the program itself; do not edit.\n",
    );
    if let Some(about) = cli.get_about() {
        let _ = writeln!(out, "\n{about}.");
    }
    if let Some(help) = cli.get_after_long_help() {
        let _ = writeln!(out, "\n```text\n{help}\n```");
    }
    for command in cli.get_subcommands() {
        describe(&mut out, command, "xcat-conformance", 2);
    }
    out
}

fn describe(out: &mut String, command: &Command, path: &str, depth: usize) {
    if command.get_name() == "help" {
        return;
    }
    let path = format!("{path} {}", command.get_name());
    let _ = writeln!(out, "\n{} {path}", "#".repeat(depth));
    if let Some(about) = command.get_about() {
        let _ = writeln!(out, "\n{about}.");
    }
    let arguments: Vec<_> = command
        .get_arguments()
        .filter(|a| !a.is_hide_set() && a.get_id() != "help")
        .collect();
    if !arguments.is_empty() {
        out.push('\n');
    }
    for argument in arguments {
        let mut name = match (argument.get_short(), argument.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}"),
            (None, Some(long)) => format!("--{long}"),
            (Some(short), None) => format!("-{short}"),
            (None, None) => String::new(),
        };
        if argument.get_action().takes_values() {
            let values: Vec<String> = argument
                .get_value_names()
                .into_iter()
                .flatten()
                .map(|v| format!("<{v}>"))
                .collect();
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&values.join(" "));
        }
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = write!(out, "* `{name}`: {}", help.replace('\n', " "));
        let defaults: Vec<String> = argument
            .get_default_values()
            .iter()
            .map(|v| format!("`{}`", v.to_string_lossy()))
            .collect();
        if !defaults.is_empty() && argument.get_action().takes_values() {
            let _ = write!(out, " (default: {})", defaults.join(", "));
        }
        if let Some(variable) = argument.get_env() {
            let _ = write!(out, " (environment: `{}`)", variable.to_string_lossy());
        }
        out.push('\n');
    }
    for sub in command.get_subcommands() {
        describe(out, sub, &path, depth + 1);
    }
}
