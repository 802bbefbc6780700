//! The run on a terminal: a progress bar when there is one, plain lines otherwise.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use crate::result::{CaseResult, RunResult};
use crate::runner::Event;
use crate::verdict::Verdict;

/// Progress on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
    colour: bool,
    live: bool,
}

impl Progress {
    /// A view of a run. `colour` follows the caller's choice and `NO_COLOR`; the bar appears only on a terminal.
    pub fn new(quiet: bool, colour: bool) -> Self {
        let live = !quiet && std::io::stderr().is_terminal();
        let bar = if live {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            quiet,
            colour,
            live,
        }
    }

    /// Takes an event.
    pub fn event(&self, event: &Event<'_>) {
        match event {
            Event::Begin { cases } => self.bar.set_length(*cases as u64),
            Event::Started(case) => self.bar.set_message(case.id),
            Event::Finished(result) => {
                self.bar.inc(1);
                if self.quiet {
                    return;
                }
                let line = line(result, self.colour);
                if self.live {
                    self.bar.println(line);
                } else {
                    eprintln!("{line}");
                }
            }
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// One case on one line, and what failed beneath it.
fn line(case: &CaseResult, colour: bool) -> String {
    let mut out = format!("{} {}", painted(case.verdict, colour), case.id);
    if let Some(quirk) = &case.quirk {
        let _ = write!(out, " ({quirk})");
    }
    if let Some(reason) = &case.reason {
        let _ = write!(out, ": {reason}");
    }
    if let Some(failure) = case
        .failure
        .as_ref()
        .filter(|_| case.verdict >= Verdict::Fail)
    {
        let _ = write!(
            out,
            "\n    check    {}\n    expected {}\n    observed {}",
            failure.check,
            failure.expected,
            failure.observed.replace('\n', "\n             ")
        );
    }
    out
}

fn painted(verdict: Verdict, colour: bool) -> String {
    let code = match verdict {
        Verdict::Pass => "32",
        Verdict::Fail | Verdict::Error => "31",
        Verdict::Deviation => "33",
        Verdict::Skip | Verdict::Disabled => "2",
    };
    if colour {
        format!("\u{1b}[{code}m{verdict:<9}\u{1b}[0m")
    } else {
        format!("{verdict:<9}")
    }
}

/// The end of a run: counts and certificates.
pub fn summary(run: &RunResult) -> String {
    let mut out = String::new();
    let counts: Vec<String> = run
        .totals
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(v, n)| format!("{n} {v}"))
        .collect();
    let counts = if counts.is_empty() {
        "no case selected".to_owned()
    } else {
        counts.join(", ")
    };
    let _ = writeln!(
        out,
        "{counts}; seed {}, {:.1} s",
        run.seed,
        std::time::Duration::from_millis(run.millis).as_secs_f64()
    );
    for p in &run.profiles {
        let name = format!("{:?}", p.profile).to_lowercase();
        if p.certified {
            let _ = writeln!(out, "{name:<10} certified ({} mandatory)", p.mandatory);
        } else {
            let _ = writeln!(
                out,
                "{name:<10} not certified ({} of {} mandatory passed; {} in the way)",
                p.passed,
                p.mandatory,
                p.reasons.len()
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};

    #[test]
    fn plain_without_colour() {
        let text = line(&case("a/1", Level::Must, Verdict::Pass), false);
        assert_eq!(text, "pass      a/1");
        assert!(line(&case("a/1", Level::Must, Verdict::Pass), true).contains("\u{1b}[32m"));
    }

    #[test]
    fn nothing_selected_is_said() {
        assert!(summary(&run(Vec::new())).starts_with("no case selected"));
    }
}
