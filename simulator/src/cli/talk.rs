//! What reaches the terminal: data on standard output, talk on standard error.

use std::io::{self, IsTerminal, Write};

use super::Args;
use super::exit::{Exit, Failure};

/// Who may say what.
#[derive(Debug)]
pub struct Talk {
    quiet: bool,
    color: bool,
}

impl Talk {
    /// As the command line and the environment (`NO_COLOR`) ask.
    pub fn new(args: &Args) -> Self {
        Self {
            quiet: args.quiet,
            color: std::env::var_os("NO_COLOR").is_none() && io::stderr().is_terminal(),
        }
    }

    /// A remark for a person; not said with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // Nobody listening is no failure of the command.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// The reason of a failure with its causes; always said.
    pub fn error(&self, error: &anyhow::Error) {
        let (on, off) = if self.color {
            ("\x1b[1;31m", "\x1b[0m")
        } else {
            ("", "")
        };
        let _ = writeln!(io::stderr(), "{on}xcat-sim:{off} {error:#}");
    }

    /// A text as it is.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn text(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A reference page.
    ///
    /// # Errors
    /// There is no such page.
    pub fn page(name: &str) -> Result<(), Failure> {
        let text = super::reference(name).ok_or_else(|| {
            let known = super::reference::PAGES.join(", ");
            let error = anyhow::Error::msg(format!("no page '{name}'; there are: {known}"));
            Failure::new(Exit::Usage, error)
        })?;
        Ok(Self::text(&text)?)
    }

    /// One line of data.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn data(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }
}
