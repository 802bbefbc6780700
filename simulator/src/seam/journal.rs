//! A bounded record of requests and of the remote commands each of them issued.

use std::collections::VecDeque;

use serde::Serialize;

use super::{Outcome, RemoteCommand};
use crate::world::PoolText;

/// Most requests that are kept; older ones are dropped and counted.
const CAPACITY: usize = 1_000;
/// Most remote commands that are kept of one request; further ones are counted.
const COMMANDS_PER_REQUEST: usize = 2_000;
/// Most bytes of one output that are kept.
const OUTPUT_BYTES: usize = 4_096;

/// A ring of the latest requests.
#[derive(Debug, Default)]
pub struct Journal {
    requests: VecDeque<JournalRequest>,
    last_id: u64,
    dropped: u64,
}

/// One request, with its remote commands in order.
#[derive(Clone, Debug, Serialize)]
pub struct JournalRequest {
    /// Number of the request, from 1.
    pub id: u64,
    /// xCAT command, noderange and arguments, without credentials.
    pub title: String,
    /// Remote commands in the order issued.
    pub commands: Vec<JournalEntry>,
    /// Remote commands that were not kept.
    pub commands_dropped: u64,
}

/// One remote command and its outcome.
#[derive(Clone, Debug, Serialize)]
pub struct JournalEntry {
    /// What was asked.
    pub command: RemoteCommand,
    /// What came back; long output is cut.
    pub outcome: Outcome,
}

impl Journal {
    /// Opens a request and gives its number.
    pub fn open(&mut self, title: String) -> u64 {
        self.last_id += 1;
        if self.requests.len() == CAPACITY {
            self.requests.pop_front();
            self.dropped += 1;
        }
        self.requests.push_back(JournalRequest {
            id: self.last_id,
            title,
            commands: Vec::new(),
            commands_dropped: 0,
        });
        self.last_id
    }

    /// Adds a remote command to a request that is still kept.
    pub fn record(&mut self, request: u64, command: &RemoteCommand, outcome: &Outcome) {
        self.keep(request, command, || Outcome {
            rc: outcome.rc,
            stdout: cut(&outcome.stdout, outcome.stdout.len()),
            stderr: cut(&outcome.stderr, outcome.stderr.len()),
        });
    }

    /// Adds a remote command that printed pool files.
    pub fn record_pools(&mut self, request: u64, command: &RemoteCommand, pools: &[PoolText]) {
        self.keep(request, command, || {
            let mut head = String::new();
            for line in pools.iter().flat_map(PoolText::lines) {
                if head.len() > OUTPUT_BYTES {
                    break;
                }
                head.push_str(line);
                head.push('\n');
            }
            Outcome::ok(cut(&head, pools.iter().map(PoolText::len).sum()))
        });
    }

    fn keep(&mut self, request: u64, command: &RemoteCommand, outcome: impl FnOnce() -> Outcome) {
        let Some(first) = self.requests.front().map(|r| r.id) else {
            return;
        };
        let Some(entry) = request
            .checked_sub(first)
            .and_then(|i| self.requests.get_mut(i as usize))
        else {
            return;
        };
        if entry.commands.len() == COMMANDS_PER_REQUEST {
            entry.commands_dropped += 1;
            return;
        }
        entry.commands.push(JournalEntry {
            command: command.clone(),
            outcome: outcome(),
        });
    }

    /// The requests that are kept, oldest first.
    pub fn requests(&self) -> impl Iterator<Item = &JournalRequest> {
        self.requests.iter()
    }

    /// How many requests were dropped from the ring.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// A text, or its head when it is long; `length` is that of the whole.
fn cut(text: &str, length: usize) -> String {
    if text.len() <= OUTPUT_BYTES {
        return text.to_owned();
    }
    let end = (0..=OUTPUT_BYTES)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    format!("{}[... cut, {length} bytes in all]", &text[..end])
}
