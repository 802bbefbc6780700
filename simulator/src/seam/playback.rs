//! A host that answers from a recording: each remote command must be the next one of the recording and gets the
//! recorded exit status and output. What differs is kept for the report.

use std::collections::VecDeque;

use super::{Outcome, RemoteCommand};

/// Answers of one recorded request, in order.
#[derive(Debug, Default)]
pub struct Playback {
    /// What is still expected, with its answer.
    pub expected: VecDeque<(RemoteCommand, Outcome)>,
    /// Every command that was issued.
    pub issued: Vec<RemoteCommand>,
    /// What differed, in words, in order.
    pub differences: Vec<String>,
}

impl Playback {
    /// What stands in a recorded output where the recorder cut it.
    pub const CUT: &'static str = "[... cut by the recorder";

    /// Answers a command. The next recorded one must equal it; otherwise a later equal one is used (parallel work may
    /// come in another order), and failing that the difference is noted and ssh's own failure is answered.
    pub fn answer(&mut self, command: &RemoteCommand) -> Outcome {
        self.issued.push(command.clone());
        if let Some((next, _)) = self.expected.front()
            && next == command
        {
            return self
                .expected
                .pop_front()
                .map(|(_, outcome)| outcome)
                .unwrap_or_default();
        }
        let next = self
            .expected
            .front()
            .map_or_else(|| "nothing more".to_owned(), |(c, _)| format!("{c:?}"));
        self.differences
            .push(format!("issued {command:?}, recorded next: {next}"));
        if let Some(at) = self.expected.iter().position(|(c, _)| c == command) {
            return self
                .expected
                .remove(at)
                .map(|(_, outcome)| outcome)
                .unwrap_or_default();
        }
        Outcome::fail(255, "")
    }
}
