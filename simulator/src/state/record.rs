//! What the change log holds: everything that can change a site, in the order in which it happened. The world is a
//! function of its first state and these records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::seam::{
    BreakCount, Effect, HttpFacts, Outcome, Reading, RemoteCommand, RequestFacts, Target, When,
};
use crate::world::fs::SimFile;
use crate::world::tables::TableChange;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// A request came in through a door.
    Opened {
        /// Its number.
        id: u64,
        /// Virtual time.
        now_ms: u64,
        /// The door's side of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http: Option<HttpFacts>,
        /// What it asks, when that is known already.
        #[serde(default)]
        facts: RequestFacts,
    },
    /// What a request asks became known.
    Described {
        /// Its number.
        id: u64,
        /// What it asks.
        facts: RequestFacts,
    },
    /// A request was answered.
    Closed {
        /// Its number.
        id: u64,
        /// Virtual time.
        now_ms: u64,
        /// HTTP status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// First error text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A remote command was carried out.
    Remote {
        /// Number of its request.
        request: u64,
        /// Virtual time at which it began.
        now_ms: u64,
        /// The command.
        command: RemoteCommand,
        /// Fault rules that it met.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fired: Vec<FiredRecord>,
        /// What it had read of a file that it edits in place, when it was held in its middle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reading: Option<Reading>,
    },
    /// Pool files were fetched by rows.
    Fetched {
        /// Number of its request.
        request: u64,
        /// The command.
        command: RemoteCommand,
    },
    /// A pause took its real time.
    Slept {
        /// Number of its request.
        request: u64,
        /// The command.
        command: RemoteCommand,
        /// What came of it.
        outcome: Outcome,
    },
    /// The management node changed something of its own.
    Mn(MnRecord),
    /// How often fault rules and break points were met, and where the generator of latencies stands.
    Counts {
        /// Id, matches and hits of each rule.
        rules: Vec<(String, u64, u64)>,
        /// State of the generator.
        latency: u64,
        /// How each break point stands.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        breaks: Vec<BreakCount>,
    },
    /// A verb of the control door.
    Verb {
        /// HTTP method.
        method: String,
        /// Path below the world.
        path: String,
        /// Body.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        body: Value,
    },
}

/// A fault rule that a remote command met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiredRecord {
    /// Its id.
    pub id: String,
    /// What it did.
    pub effect: Effect,
    /// Before or after the side effect.
    pub when: When,
    /// Its target, for places.
    pub target: Target,
    /// How often it could still fail a program.
    pub left: u64,
}

/// What changed on the management node itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MnRecord {
    /// Calls that changed xCAT's tables, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableChange>,
    /// Files by path; nothing stands for a file that is gone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Option<SimFile>>,
    /// Directories that were made (true) or are gone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, bool>,
    /// State of the generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_state: Option<u64>,
    /// Virtual time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<u64>,
    /// Whether the daemon is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemon_stopped: Option<bool>,
}

impl MnRecord {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One record as a line: a checksum, a blank, JSON, a newline. A line that was not written whole does not have its
/// checksum.
pub(super) fn line(record: &Record, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let json = serde_json::to_vec(record)?;
    out.extend_from_slice(format!("{:016x} ", checksum(&json)).as_bytes());
    out.extend_from_slice(&json);
    out.push(b'\n');
    Ok(())
}

/// The records of a log up to the first line that is not whole, and how many bytes they take.
pub(super) fn records(log: &[u8]) -> (Vec<Record>, usize) {
    let mut records = Vec::new();
    let mut good = 0;
    for line in log.split_inclusive(|b| *b == b'\n') {
        let Some(record) = parse(line) else { break };
        records.push(record);
        good += line.len();
    }
    (records, good)
}

fn parse(line: &[u8]) -> Option<Record> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = (line.get(..16)?, line.get(17..)?);
    let sum = u64::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (sum == checksum(json))
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

/// FNV-1a, 64 bits: finds lines that are torn; it is no defence against forgery.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_ends_the_log() {
        let record = Record::Remote {
            request: 1,
            now_ms: 5,
            command: RemoteCommand::Sleep { seconds: 1 },
            fired: Vec::new(),
            reading: None,
        };
        let mut log = Vec::new();
        line(&record, &mut log).unwrap();
        let whole = log.len();
        line(&record, &mut log).unwrap();
        for cut in whole..log.len() {
            let (found, good) = records(&log[..cut]);
            assert_eq!((found.len(), good), (1, whole), "cut at {cut}");
        }
        assert_eq!(records(&log).0, [record.clone(), record]);
        log[whole + 30] ^= 1;
        assert_eq!(records(&log).0.len(), 1);
    }
}
