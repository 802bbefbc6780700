//! Reference pages that are made of the program itself.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

use super::Args;
use crate::{control, coverage, defects, ledger, seam};

/// Names of the pages.
pub(super) const PAGES: [&str; 6] = [
    "quirks",
    "coverage",
    "defects",
    "faults",
    "xcat-sim",
    "control-api",
];

/// A page by name, as Markdown.
pub fn reference(page: &str) -> Option<String> {
    Some(match page {
        "quirks" => ledger::page(),
        "coverage" => coverage::markdown(),
        "defects" => defects::markdown(),
        "faults" => seam::faults_page(),
        "xcat-sim" | "cli" => cli(),
        "control-api" => control::page(),
        _ => return None,
    })
}

/// The page of the command line.
fn cli() -> String {
    let mut out = String::from(
        "# xcat-sim\n\nMade by `xcat-sim reference xcat-sim`. Data goes to standard output, everything else to standard error; \
         `NO_COLOR` is honoured.\n",
    );
    let mut command = Args::command();
    command.build();
    section(&mut out, &mut command, 2);
    out
}

fn section(out: &mut String, command: &mut Command, depth: usize) {
    if command.get_name() == "help" {
        return;
    }
    let name = command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let help = command.clone().term_width(110).render_long_help();
    let _ = write!(
        out,
        "\n{} {name}\n\n```text\n{}\n```\n",
        "#".repeat(depth.min(4)),
        help.to_string().trim_end()
    );
    for sub in command.get_subcommands_mut() {
        section(out, sub, depth + 1);
    }
}
