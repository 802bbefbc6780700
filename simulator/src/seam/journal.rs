//! A bounded record of requests and of the remote commands each of them issued.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Outcome, RemoteCommand};
use crate::bytes::find_ignoring_case;
use crate::world::PoolText;
use crate::world::pool_text::Head;

/// Most requests that are kept; older ones are dropped and counted.
const CAPACITY: usize = 1_000;
/// Most bytes that are kept of all requests together.
const BYTES: usize = 64 * 1024 * 1024;
/// Most remote commands that are kept of one request; further ones are counted.
const COMMANDS_PER_REQUEST: usize = 2_000;
/// Most bytes of one output that are kept.
const OUTPUT_BYTES: usize = 4_096;
/// Most bytes of one argument of a request that are kept.
const ARGUMENT_BYTES: usize = 1_024;

/// A ring of the latest requests.
#[derive(Debug, Default)]
pub struct Journal {
    requests: VecDeque<JournalRequest>,
    last_id: u64,
    dropped: u64,
    bytes: usize,
}

/// What a request asks, without credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// xCAT command; empty when there is none.
    pub command: String,
    /// Noderange as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noderange: Option<String>,
    /// Arguments, long ones cut, passwords masked.
    pub args: Vec<String>,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// The HTTP side of a request, without the query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpFacts {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Status of the answer, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// One request, with its remote commands in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalRequest {
    /// Number of the request, from 1.
    pub id: u64,
    /// The door's side of it, when that was HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpFacts>,
    /// What it asks.
    #[serde(flatten, serialize_with = "shared", deserialize_with = "unshared")]
    pub facts: Arc<RequestFacts>,
    /// When it began, in virtual milliseconds.
    pub started_ms: u64,
    /// When it ended, in virtual milliseconds; nothing while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<u64>,
    /// The first error text of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Remote commands in the order issued.
    pub commands: Vec<JournalEntry>,
    /// Remote commands that were not kept.
    pub commands_dropped: u64,
    #[serde(skip)]
    bytes: usize,
}

/// One remote command and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// What was asked.
    pub command: RemoteCommand,
    /// What came back; long output is cut.
    pub outcome: Kept,
    /// Fault rules that had a hand in it, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What it changed, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// An outcome as it is kept. What a fetched pool file said is put into words when somebody asks: until then its first
/// rows are shared with the pool.
#[derive(Clone, Debug)]
pub struct Kept(Output);

#[derive(Clone, Debug)]
enum Output {
    Text(Outcome),
    /// Standard output: the beginnings of these files.
    Pools(Vec<Head>),
}

impl Kept {
    /// The outcome; long output is cut.
    pub fn outcome(&self) -> Cow<'_, Outcome> {
        let heads = match &self.0 {
            Output::Text(outcome) => return Cow::Borrowed(outcome),
            Output::Pools(heads) => heads,
        };
        let mut text = String::new();
        for head in heads {
            head.append_to(&mut text, OUTPUT_BYTES);
        }
        let length = heads.iter().map(Head::len).sum();
        Cow::Owned(Outcome::ok(shortened(text, length)))
    }

    /// About how many bytes it takes in memory beyond itself.
    fn size(&self) -> usize {
        match &self.0 {
            Output::Text(outcome) => outcome.stdout.len() + outcome.stderr.len(),
            Output::Pools(heads) => heads.iter().map(Head::size).sum(),
        }
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.outcome().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Outcome::deserialize(deserializer).map(|outcome| Self(Output::Text(outcome)))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.outcome() == other.outcome()
    }
}

/// What is saved of a journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalState {
    /// How many requests were dropped from the ring.
    pub dropped: u64,
    /// The requests that it holds, oldest first.
    pub requests: Vec<JournalRequest>,
}

impl Journal {
    /// Opens a request and gives its number.
    pub fn open(&mut self, http: Option<HttpFacts>, facts: RequestFacts, now_ms: u64) -> u64 {
        self.last_id += 1;
        let bytes = size_of::<JournalRequest>() + facts_size(&facts);
        self.requests.push_back(JournalRequest {
            id: self.last_id,
            http,
            facts: Arc::new(facts),
            started_ms: now_ms,
            finished_ms: None,
            error: None,
            commands: Vec::new(),
            commands_dropped: 0,
            bytes,
        });
        self.bytes += bytes;
        self.shrink();
        self.last_id
    }

    /// Says what a request that a door opened asks of the management node.
    pub fn describe(&mut self, request: u64, facts: RequestFacts) {
        let added = facts_size(&facts);
        if let Some(entry) = self.get_mut(request) {
            let gone = facts_size(&entry.facts);
            entry.facts = Arc::new(facts);
            entry.bytes = entry.bytes + added - gone;
            self.bytes = self.bytes + added - gone;
        }
    }

    /// Keeps the first error text of a request's answer.
    pub fn note_error(&mut self, request: u64, error: Option<String>) {
        if let (Some(entry), Some(error)) = (self.get_mut(request), error) {
            entry.error = Some(cut(&error, error.len()));
        }
    }

    /// Closes a request. What is given overwrites what is not known yet.
    pub fn close(&mut self, request: u64, now_ms: u64, status: Option<u16>, error: Option<String>) {
        if let Some(entry) = self.get_mut(request) {
            entry.finished_ms = Some(now_ms);
            if let (Some(http), Some(status)) = (&mut entry.http, status) {
                http.status = Some(status);
            }
        }
        self.note_error(request, error);
    }

    /// Adds a remote command to a request that is still kept.
    pub fn record(
        &mut self,
        request: u64,
        command: RemoteCommand,
        outcome: &Outcome,
        faults: Vec<String>,
        changes: Vec<String>,
    ) {
        self.keep(request, || JournalEntry {
            command,
            outcome: Kept(Output::Text(Outcome {
                rc: outcome.rc,
                stdout: cut(&outcome.stdout, outcome.stdout.len()),
                stderr: cut(&outcome.stderr, outcome.stderr.len()),
            })),
            faults,
            changes,
        });
    }

    /// Adds a remote command that printed pool files.
    pub fn record_pools(&mut self, request: u64, command: RemoteCommand, pools: &[PoolText]) {
        self.keep(request, || JournalEntry {
            command,
            outcome: Kept(Output::Pools(
                pools.iter().map(|pool| pool.head(OUTPUT_BYTES)).collect(),
            )),
            faults: Vec::new(),
            changes: Vec::new(),
        });
    }

    fn keep(&mut self, request: u64, entry: impl FnOnce() -> JournalEntry) {
        let Some(kept) = self.get_mut(request) else {
            return;
        };
        if kept.commands.len() == COMMANDS_PER_REQUEST {
            kept.commands_dropped += 1;
            return;
        }
        let entry = entry();
        let added = entry_size(&entry);
        kept.commands.push(entry);
        kept.bytes += added;
        self.bytes += added;
        self.shrink();
    }

    /// Drops the oldest requests until the rest fits; the latest always stays.
    fn shrink(&mut self) {
        while self.requests.len() > CAPACITY || (self.bytes > BYTES && self.requests.len() > 1) {
            if let Some(dropped) = self.requests.pop_front() {
                self.bytes -= dropped.bytes;
                self.dropped += 1;
            }
        }
    }

    fn get_mut(&mut self, request: u64) -> Option<&mut JournalRequest> {
        let first = self.requests.front()?.id;
        self.requests
            .get_mut(usize::try_from(request.checked_sub(first)?).ok()?)
    }

    /// A request that is kept.
    pub fn get(&self, request: u64) -> Option<&JournalRequest> {
        let first = self.requests.front()?.id;
        self.requests
            .get(usize::try_from(request.checked_sub(first)?).ok()?)
    }

    /// The requests that are kept, oldest first.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &JournalRequest> {
        self.requests.iter()
    }

    /// Number of the latest request; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// What is saved.
    pub fn state(&self) -> JournalState {
        JournalState {
            dropped: self.dropped,
            requests: self.requests.iter().cloned().collect(),
        }
    }

    /// Goes on from a saved journal whose last request had this number. Requests that do not count up to it are not
    /// taken: nothing could be found by its number.
    pub fn restore(&mut self, state: JournalState, last_id: u64) {
        let count = state.requests.len() as u64;
        let is_whole = (1..)
            .zip(&state.requests)
            .all(|(nth, request)| request.id + count == last_id + nth);
        *self = Self {
            last_id,
            dropped: state.dropped,
            ..Self::default()
        };
        if is_whole {
            self.requests = state.requests.into();
            for request in &mut self.requests {
                request.bytes = size_of::<JournalRequest>()
                    + facts_size(&request.facts)
                    + request.commands.iter().map(entry_size).sum::<usize>();
                self.bytes += request.bytes;
            }
            self.shrink();
        }
    }

    /// Number of the first request that is kept; that of the next one when none is.
    pub fn first_id(&self) -> u64 {
        self.requests.front().map_or(self.last_id + 1, |r| r.id)
    }

    /// Ends the requests that no longer run, after the process that served them has ended.
    pub(crate) fn end_all(&mut self, now_ms: u64) {
        for request in &mut self.requests {
            if request.finished_ms.is_none() {
                request.finished_ms = Some(now_ms);
                request.error = Some("the simulator ended while this request ran".to_owned());
            }
        }
    }

    /// How many requests were dropped from the ring.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// About how many bytes the ring holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn shared<S: Serializer>(facts: &Arc<RequestFacts>, serializer: S) -> Result<S::Ok, S::Error> {
    facts.as_ref().serialize(serializer)
}

fn unshared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<RequestFacts>, D::Error> {
    RequestFacts::deserialize(deserializer).map(Arc::new)
}

impl RequestFacts {
    /// Facts of a request of the management node.
    pub fn new(
        command: Option<&str>,
        noderange: Option<&str>,
        args: &[String],
        user: Option<&str>,
    ) -> Self {
        Self {
            command: command.unwrap_or_default().to_owned(),
            noderange: noderange.map(str::to_owned),
            args: args.iter().map(|arg| masked(arg)).collect(),
            user: user.map(str::to_owned),
        }
    }

    /// Command, noderange and arguments as one line.
    pub fn title(&self) -> String {
        let range = self.noderange.as_deref().unwrap_or("-");
        format!("{} {range} {}", self.command, self.args.join(" "))
    }
}

fn facts_size(facts: &RequestFacts) -> usize {
    size_of::<RequestFacts>()
        + facts.command.len()
        + facts.noderange.as_deref().map_or(0, str::len)
        + facts
            .args
            .iter()
            .map(|a| a.len() + size_of::<String>())
            .sum::<usize>()
}

fn entry_size(entry: &JournalEntry) -> usize {
    size_of::<JournalEntry>()
        + entry.outcome.size()
        + entry.command.size()
        + entry.changes.iter().map(String::len).sum::<usize>()
}

/// An argument that may be shown: cut, and without the value of anything called a password.
fn masked(arg: &str) -> String {
    let mut arg = cut_at(arg, ARGUMENT_BYTES);
    if arg.contains('=')
        && let Some(at) = ["password=", "passwd="]
            .iter()
            .find_map(|name| Some(find_ignoring_case(&arg, name)? + name.len()))
    {
        arg.truncate(at);
        arg.push_str("***");
    }
    arg
}

fn cut_at(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    format!("{}[... cut, {} bytes in all]", &text[..end], text.len())
}

/// A text, or its head when it is long; `length` is that of the whole.
fn cut(text: &str, length: usize) -> String {
    if text.len() <= OUTPUT_BYTES {
        return text.to_owned();
    }
    format!("{}[... cut, {length} bytes in all]", head(text))
}

/// The same of a text that is given away.
fn shortened(mut text: String, length: usize) -> String {
    if text.len() > OUTPUT_BYTES {
        text.truncate(head(&text).len());
        text.push_str(&format!("[... cut, {length} bytes in all]"));
    }
    text
}

fn head(text: &str) -> &str {
    let end = (0..=OUTPUT_BYTES)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(n: usize) -> RemoteCommand {
        RemoteCommand::Ping {
            host: format!("h{n}"),
        }
    }

    #[test]
    fn the_ring_is_bounded_in_requests_and_bytes() {
        let mut journal = Journal::default();
        let big = Outcome::ok("x".repeat(OUTPUT_BYTES));
        for n in 0..CAPACITY + 10 {
            let id = journal.open(None, RequestFacts::default(), 0);
            journal.record(id, ping(n), &big, Vec::new(), Vec::new());
        }
        assert_eq!(journal.requests().count(), CAPACITY);
        assert_eq!(journal.dropped(), 10);
        let id = journal.open(None, RequestFacts::default(), 0);
        for _ in 0..10 {
            for n in 0..COMMANDS_PER_REQUEST {
                journal.record(id, ping(n), &big, Vec::new(), Vec::new());
            }
        }
        assert!(journal.bytes() <= BYTES + 10 * 1024 * 1024);
        assert_eq!(
            journal.get(id).unwrap().commands.len(),
            COMMANDS_PER_REQUEST
        );
    }

    #[test]
    fn a_journal_survives_being_saved() {
        let mut journal = Journal::default();
        for n in 0..3 {
            let http = HttpFacts {
                method: "PUT".to_owned(),
                ..HttpFacts::default()
            };
            let id = journal.open(Some(http), RequestFacts::default(), n);
            journal.describe(id, RequestFacts::new(Some("chvm"), Some("n"), &[], None));
            let changes = vec!["changed".to_owned()];
            journal.record(id, ping(1), &Outcome::ok("up"), Vec::new(), changes);
            journal.close(id, n + 1, Some(200), Some("failed".to_owned()));
        }
        let text = serde_json::to_string(&journal.state()).unwrap();
        let mut other = Journal::default();
        other.restore(serde_json::from_str(&text).unwrap(), 3);
        assert_eq!(other.state(), journal.state());
        assert_eq!((other.bytes(), other.first_id()), (journal.bytes(), 1));
        // Numbers that do not fit are not taken.
        other.restore(serde_json::from_str(&text).unwrap(), 7);
        assert_eq!((other.requests().count(), other.first_id()), (0, 8));
    }

    #[test]
    fn passwords_are_masked() {
        let args = ["key=xcat".to_owned(), "passwd.password=secret".to_owned()];
        let facts = RequestFacts::new(Some("tabch"), None, &args, Some("admin"));
        assert_eq!(facts.title(), "tabch - key=xcat passwd.password=***");
    }
}
