//! Showing that something happens: a spinner on a terminal, plain lines elsewhere, and only for what takes long.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};

use super::printer::Printer;
use crate::client::{Call, Exchange, Observer};

/// What is said afterwards, where there is no terminal, of a call that took so long.
const LONG: Duration = Duration::from_secs(10);

/// Watches the client's calls.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    verbose: u8,
}

impl Progress {
    pub(super) fn new(printer: &Printer) -> Self {
        let shown = !printer.quiet && printer.verbose == 0 && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            quiet: printer.quiet,
            verbose: printer.verbose,
        }
    }

    /// Takes the spinner away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What a call does, for people; only calls that take long are worth a line.
fn long_work(call: &Call) -> Option<&'static str> {
    let text = match call {
        Call::Copy { .. } => "copying the LUN",
        Call::Capture { .. } => "reading the LUN into an image",
        Call::Deploy { .. } => "writing the image onto the LUN",
        Call::ImportImage { .. } => "importing the image into the management node",
        Call::ExportImage { .. } => "exporting the image from the management node",
        Call::AddUnit { .. } => "configuring the guest",
        Call::RemoveUnit { .. } => "removing the LUN from the guest",
        Call::Shell { gib, .. } if *gib > 0 => "working on the LUN in the zHCP",
        _ => return None,
    };
    Some(text)
}

impl Observer for Progress {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, ()> {
        if let Some(bar) = &self.bar {
            bar.set_message(long_work(call).unwrap_or("asking the management node"));
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        std::future::ready(()).boxed()
    }

    fn after<'a>(&'a self, call: &'a Call, exchange: &'a Exchange) -> BoxFuture<'a, ()> {
        if self.verbose > 0 {
            let mut err = std::io::stderr();
            let seconds = exchange.duration.as_secs_f64();
            let _ = writeln!(
                err,
                "{} ({}, {seconds:.1} s)",
                exchange.request, exchange.outcome
            );
            if self.verbose > 1 {
                let _ = writeln!(err, "  {}", exchange.answer);
            }
        } else if self.bar.is_none()
            && !self.quiet
            && exchange.duration >= LONG
            && let Some(text) = long_work(call)
        {
            let seconds = exchange.duration.as_secs();
            let _ = writeln!(
                std::io::stderr(),
                "{text}: {} after {seconds} s",
                exchange.outcome
            );
        }
        std::future::ready(()).boxed()
    }
}
