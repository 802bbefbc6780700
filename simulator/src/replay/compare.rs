//! What counts as equal (`fixtures/recordings/README.md`): order of keys does not, Apache's own pages are compared by
//! status, what depends on timing or hash order is compared without order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::{Change, Recording, Step};
use super::state::Lines;
use crate::seam::{JournalEntry, RemoteCommand};
use crate::world::Database;
use crate::world::tables::Row;

/// Content type of the web server's own pages.
const APACHE_PAGE: &str = "text/html; charset=iso-8859-1";

/// What the simulator answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// Result of one recording.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the recording.
    pub id: String,
    /// Its area.
    pub area: String,
    /// What differs, in words; empty when everything matches.
    pub differences: Vec<String>,
    /// How many things were compared.
    pub compared: usize,
}

impl Report {
    pub(super) fn new(recording: &Recording) -> Self {
        Self {
            id: recording.id.clone(),
            area: recording.area.clone(),
            differences: Vec::new(),
            compared: 0,
        }
    }

    /// Whether something was compared and nothing differs.
    pub fn matches(&self) -> bool {
        self.compared > 0 && self.differences.is_empty()
    }

    /// Compares the state afterwards; `rewrite` puts the texts of exceptions in their places.
    pub(super) fn compare_state(
        &mut self,
        recorded: &Lines,
        got: &Lines,
        rewrite: &mut dyn FnMut(&str) -> String,
    ) {
        let recorded: Lines = recorded.iter().map(|l| rewrite(l)).collect();
        self.compared += recorded.len();
        for line in recorded.difference(got) {
            self.differences.push(format!("state: missing: {line}"));
        }
        for line in got.difference(&recorded) {
            self.differences
                .push(format!("state: not recorded: {line}"));
        }
    }

    fn differ(&mut self, step: usize, what: &str, recorded: &str, got: &str) {
        self.compared += 1;
        if recorded != got {
            self.differences.push(format!(
                "step {}: {what}\n    recorded {recorded}\n    got      {got}",
                step + 1
            ));
        }
    }

    pub(super) fn compare_response(
        &mut self,
        recording: &Recording,
        number: usize,
        step: &Step,
        got: &Answer,
        rewrite: &mut dyn FnMut(&str) -> String,
    ) {
        let recorded = &step.response;
        self.differ(
            number,
            "status",
            &format!("{} {}", recorded.status, recorded.reason),
            &format!("{} {}", got.status, got.reason),
        );
        self.differ(
            number,
            "content type",
            &recorded.content_type,
            &got.content_type,
        );
        if recorded.content_type == APACHE_PAGE {
            return;
        }
        let rules = Rules::of(recording, step);
        self.differ(
            number,
            "body",
            &rewrite(&rules.body(&recorded.body)),
            &rules.body(&got.body),
        );
    }

    pub(super) fn compare_commands(
        &mut self,
        recording: &Recording,
        number: usize,
        step: &Step,
        issued: &[RemoteCommand],
    ) {
        let mut recorded: Vec<String> = step.commands.iter().map(|c| show(&c.command)).collect();
        let mut issued: Vec<String> = issued.iter().map(show).collect();
        if Rules::of(recording, step).unordered {
            recorded.sort();
            issued.sort();
        }
        if recorded == issued {
            return;
        }
        let common = recorded
            .iter()
            .zip(&issued)
            .take_while(|(a, b)| a == b)
            .count();
        let nothing = "nothing more".to_owned();
        self.differences.push(format!(
            "step {}: command {} of {} ({} issued)\n    recorded {}\n    issued   {}",
            number + 1,
            common + 1,
            recorded.len(),
            issued.len(),
            recorded.get(common).unwrap_or(&nothing),
            issued.get(common).unwrap_or(&nothing),
        ));
    }

    pub(super) fn compare_outcomes(
        &mut self,
        number: usize,
        step: &Step,
        entries: &[JournalEntry],
    ) {
        for (index, recorded) in step.commands.iter().enumerate() {
            let Some(entry) = entries.get(index) else {
                self.differences.push(format!(
                    "step {}: command {} not issued: {}",
                    number + 1,
                    index + 1,
                    show(&recorded.command)
                ));
                return;
            };
            let expected = show(&recorded.command);
            let issued = show(&entry.command);
            if expected != issued {
                self.differences.push(format!(
                    "step {}: command {}\n    recorded {expected}\n    issued   {issued}",
                    number + 1,
                    index + 1,
                ));
                return;
            }
            let wanted = (recorded.rc, recorded.stdout.as_str());
            let outcome = entry.outcome.outcome();
            let got = (outcome.rc, outcome.stdout.as_str());
            let is_equal = match recorded.stdout.split_once(crate::seam::Playback::CUT) {
                Some((head, _)) => recorded.rc == outcome.rc && got.1.starts_with(head.trim_end()),
                None => wanted == got,
            };
            if !is_equal {
                self.differences.push(format!(
                    "step {}: output of command {} ({}): {issued}\n    recorded {wanted:?}\n    got      {got:?}",
                    number + 1,
                    index + 1,
                    if recorded.faked == Some(false) { "real tools" } else { "made up" },
                ));
            }
        }
        if entries.len() > step.commands.len() {
            self.differences.push(format!(
                "step {}: {} commands more than recorded, first: {}",
                number + 1,
                entries.len() - step.commands.len(),
                show(&entries[step.commands.len()].command)
            ));
        }
    }

    pub(super) fn compare_tables(
        &mut self,
        recording: &Recording,
        before: &Database,
        after: &Database,
    ) {
        let mut recorded: BTreeMap<&str, (Vec<Row>, Vec<Row>)> = BTreeMap::new();
        for change in &recording.changes {
            if let Change::Table {
                table,
                rows_removed,
                rows_added,
            } = change
            {
                recorded.insert(table, (rows_removed.clone(), rows_added.clone()));
            }
        }
        for table in before.names().chain(after.names()) {
            recorded.entry(table).or_default();
        }
        for (table, (removed, added)) in &recorded {
            let wanted = (texts(removed), texts(added));
            let (old, new) = (texts(before.rows(table)), texts(after.rows(table)));
            let got = (minus(&old, &new), minus(&new, &old));
            if wanted != got {
                self.differences.push(format!(
                    "rows of table {table} (removed, added)\n    recorded {wanted:?}\n    got      {got:?}"
                ));
            }
        }
    }
}

/// Which freedoms a step has.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each freedom stands for itself"
)]
struct Rules {
    /// Order of documents and commands depends on timing.
    unordered: bool,
    /// Order of documents is a hash's.
    hash_order: bool,
    /// A null may follow in a list (xdsh).
    trailing_null: bool,
    /// Order of the lines within a text is a hash's.
    line_order: bool,
    /// A size is that of the machine that recorded.
    foreign_size: bool,
}

impl Rules {
    fn of(recording: &Recording, step: &Step) -> Self {
        let varies = |what: &str| recording.varies_between_runs.iter().any(|v| v == what);
        let path = &step.request.path;
        Self {
            unordered: varies("body")
                || varies("commands")
                || recording.note.contains("order is not fixed")
                || recording.note.contains("order of messages"),
            // gettab answers its columns in the order of a Perl hash.
            hash_order: step.request.method == "GET"
                && ["/accounts", "/groups", "/policies", "/tables"]
                    .iter()
                    .any(|r| path.contains(r)),
            // Whether the marker of the end arrives together with the last output depends on timing
            // (spec: rest-and-xcatd 4.13); some recordings say so, all have it.
            trailing_null: recording.note.contains("A null may or may not follow")
                || path.split('?').next().is_some_and(|p| p.ends_with("/dsh")),
            // The ports of a device are the keys of a Perl hash (spec: scsi-pools 4.6).
            line_order: path.contains("field=--wwpns"),
            foreign_size: recording.note.contains("that of the recording machine"),
        }
    }

    /// The body in a form in which equal means equal.
    fn body(&self, body: &str) -> String {
        // The dump that two resources print first is a Perl hash's, in random order (RQ9).
        if let Some((dump, rest)) = body.split_once(";\n")
            && dump.starts_with("request is ")
        {
            let mut lines: Vec<&str> = dump
                .lines()
                .map(|l| l.trim().trim_end_matches(','))
                .collect();
            lines.sort_unstable();
            return format!("{lines:?} {}", self.body(rest));
        }
        let Ok(mut value) = serde_json::from_str::<Value>(body) else {
            return mask(body);
        };
        if let Some(documents) = value.get_mut("data").and_then(Value::as_array_mut) {
            for document in documents.iter_mut() {
                document.sort_all_objects();
                if self.trailing_null {
                    drop_nulls(document);
                }
                if self.line_order {
                    sort_lines(document);
                }
            }
            let columns = self.hash_order && documents.iter().all(is_column);
            if self.unordered || columns {
                documents.sort_by_cached_key(Value::to_string);
            }
        }
        let text = mask(&value.to_string());
        if self.foreign_size {
            return without_sizes(&text);
        }
        text
    }
}

/// Sorts the lines of every text of a document.
fn sort_lines(document: &mut Value) {
    let Some(texts) = document.get_mut("info").and_then(Value::as_array_mut) else {
        return;
    };
    for text in texts {
        if let Some(lines) = text.as_str() {
            let mut lines: Vec<&str> = lines.split_inclusive('\n').collect();
            lines.sort_unstable();
            *text = Value::String(lines.concat());
        }
    }
}

/// A text with every number that has a unit of size masked.
fn without_sizes(text: &str) -> String {
    let is_size = |word: &str| {
        word.strip_suffix(['K', 'M', 'G', 'T'])
            .is_some_and(|number| number.parse::<f64>().is_ok())
    };
    text.split_inclusive([' ', '\\', '"'])
        .map(|piece| {
            let word = piece.trim_end_matches([' ', '\\', '"']);
            if is_size(word) {
                piece.replacen(word, "#", 1)
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// Whether a document is one column of a gettab answer.
fn is_column(document: &Value) -> bool {
    document["data"]
        .as_array()
        .is_some_and(|d| d.len() == 1 && d[0].as_str().is_some_and(|t| t.contains(": ")))
}

fn drop_nulls(document: &mut Value) {
    if let Some(data) = document.get_mut("data").and_then(Value::as_array_mut) {
        while data.last().is_some_and(Value::is_null) {
            data.pop();
        }
    }
}

/// Process ids and addresses of Perl references.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, marker)) = ["HASH(0x", "ARRAY(0x", "pid "]
        .iter()
        .filter_map(|m| rest.find(m).map(|at| (at, *m)))
        .min()
    {
        let end = at + marker.len();
        out.push_str(&rest[..end]);
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_hexdigit());
        out.push('#');
    }
    out.push_str(rest);
    out
}

fn show(command: &RemoteCommand) -> String {
    serde_json::to_string(command).unwrap_or_else(|_| format!("{command:?}"))
}

/// Rows as sorted texts, empty columns left out.
fn texts(rows: &[Row]) -> Vec<String> {
    let mut texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut columns: Vec<String> = row
                .iter()
                .filter(|(_, v)| !v.is_empty())
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            columns.sort();
            columns.join(" ")
        })
        .collect();
    texts.sort();
    texts
}

/// Elements of `a` that are not in `b`, as multisets.
fn minus(a: &[String], b: &[String]) -> Vec<String> {
    let mut b = b.to_vec();
    a.iter()
        .filter(|text| match b.iter().position(|other| other == *text) {
            Some(at) => {
                b.swap_remove(at);
                false
            }
            None => true,
        })
        .cloned()
        .collect()
}
