//! What may reach standard output and standard error.

use std::io::{IsTerminal as _, Write as _};

use serde_json::{Value, json};

use super::args::{Colour, GlobalArgs};
use super::exit::ExitStatus;
use crate::volumes::START;

/// Decides by the global options.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    pub(super) json: bool,
    pub(super) quiet: bool,
    pub(super) verbose: u8,
    colour: bool,
}

impl Printer {
    pub(super) fn new(global: &GlobalArgs) -> Self {
        let colour = match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            colour,
        }
    }

    /// Logs to standard error; `ZVM_VOLUME_LOG` decides more finely than the options. What a service says at its start is not
    /// repeated with every command: `config check`, `init` and `stats` say it, and so does `--verbose`.
    pub(super) fn start_log(&self) {
        let default = match (self.quiet, self.verbose) {
            (true, _) => "error".to_owned(),
            (false, 0) => format!("warn,{START}=off"),
            (false, 1) => "info".to_owned(),
            (false, _) => "zvm_volume=debug,info".to_owned(),
        };
        let filter = tracing_subscriber::EnvFilter::try_from_env("ZVM_VOLUME_LOG")
            .unwrap_or_else(|_| default.as_str().into());
        // A second command in one process keeps the first one's log.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(self.colour)
            .with_target(false)
            .without_time()
            .try_init();
    }

    /// Data, as text for people or as JSON for programs. A reader that has gone away is no error.
    pub(super) fn data(&self, text: &str, value: &Value) {
        if self.json {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            self.text(&format!("{text}\n"));
        } else {
            self.text(text);
        }
    }

    /// Text that is data.
    #[expect(
        clippy::unused_self,
        reason = "everything that is printed goes through a printer"
    )]
    pub(super) fn text(&self, text: &str) {
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Talk.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// A failure.
    pub(super) fn error(&self, error: &anyhow::Error, status: ExitStatus) {
        let kind = error.downcast_ref::<crate::Error>();
        // Who has typed the command knows the operation and its subject.
        let message = match kind {
            Some(crate::Error::Operation(failed)) => with_sources(&failed.first),
            _ => format!("{error:#}"),
        };
        if self.json {
            let value = json!({"error": {
                "message": message,
                "exception": kind.map(crate::Error::exception),
                "retryable": kind.is_some_and(crate::Error::is_retryable),
                "left_behind": kind.map(crate::Error::left_behind).unwrap_or_default(),
                "exit_status": status as u8,
            }});
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{text}");
            return;
        }
        let word = if self.colour {
            "\u{1b}[1;31merror:\u{1b}[0m"
        } else {
            "error:"
        };
        let _ = writeln!(std::io::stderr(), "{word} {message}");
    }
}

/// An error with everything behind it.
fn with_sources(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
