//! The intent journal: one file for each operation that has begun and not ended (spec: driver I14).
//!
//! A file holds one JSON object a line: the plan first, then what became of each step. It is written and synced before the
//! step it speaks of, locked while its process lives, and removed when the operation is over, well or badly. A last line that
//! a crash cut off counts as not written.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::{Plan, Recovery, Step};
use super::scribe::{Scribe, Watched};
use crate::blocking::blocking_if;
use crate::error::{Error, Result};

/// Version of the files. A newer one is refused.
pub const SCHEMA: u32 = 1;

/// First line of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The file's name without its suffix.
    pub id: String,
    /// Whose steps.
    pub half: String,
    /// When it began.
    pub started: Timestamp,
    /// OpenStack's request id.
    pub request_id: Option<String>,
    /// The operation.
    pub operation: String,
    /// The volume, snapshot or instance.
    pub subject: String,
    /// What else it touches.
    pub touches: Vec<String>,
    /// What a crash means.
    pub recovery: Recovery,
    /// The steps, as their half writes them.
    pub steps: Vec<Value>,
    /// The step after which there is no way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_by: Option<usize>,
}

/// A further line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The step is about to be run.
    Attempt {
        /// Its index.
        step: usize,
    },
    /// Its effect is proved.
    Done {
        /// Its index.
        step: usize,
    },
    /// It failed and was passed over.
    Skipped {
        /// Its index.
        step: usize,
    },
    /// It failed and has to be done later.
    Pending {
        /// Its index.
        step: usize,
    },
    /// From here on everything is undone.
    RollBack {
        /// The first error.
        error: String,
    },
    /// The step's effect is gone.
    Undone {
        /// Its index.
        step: usize,
    },
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    durable: bool,
    scribe: Watched,
}

/// Suffix of a file that has not got its name yet.
const UNFINISHED: &str = "tmp";

/// How old such a file must be before it is taken for a crash's.
const STALE: std::time::Duration = std::time::Duration::from_mins(5);

/// Distinguishes entries that one process makes in the same microsecond.
static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Journal {
    /// Opens the folder, making it when it is not there, readable by its owner only.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| state(format!("cannot make {}", folder.display()), source))?;
        for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = item.path();
            let age = item
                .metadata()
                .and_then(|m| m.modified())
                .map(|t| t.elapsed());
            if path.extension().is_some_and(|suffix| suffix == UNFINISHED)
                && age.is_ok_and(|age| age.is_ok_and(|age| age > STALE))
            {
                // Nothing had been done for it.
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            durable: true,
            scribe: Watched::default(),
        })
    }

    /// The same under somebody's eyes.
    #[must_use]
    pub fn watched_by(mut self, scribe: Arc<dyn Scribe>) -> Self {
        self.scribe = Watched(Some(scribe));
        self
    }

    /// The same without waiting for the disk: for simulations, where the machine does not fail.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        self.durable = false;
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes down a plan, before its first step.
    pub async fn begin<S: Step>(
        &self,
        plan: &Plan<S>,
        started: Timestamp,
        request_id: Option<&str>,
    ) -> Result<EntryFile> {
        let steps: std::result::Result<Vec<Value>, _> =
            plan.steps.iter().map(serde_json::to_value).collect();
        let steps = steps.map_err(|e| state("cannot write a plan".to_owned(), e.into()))?;
        let name = |text: &str| -> String {
            let admitted = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            text.chars().filter(|c| admitted(*c)).take(48).collect()
        };
        let id = format!(
            "{}-{}-{}-{}-{}",
            started.as_microsecond(),
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed),
            name(&plan.operation),
            name(&plan.subject),
        );
        let entry = Entry {
            schema: SCHEMA,
            id: id.clone(),
            half: S::HALF.to_owned(),
            started,
            request_id: request_id.map(str::to_owned),
            operation: plan.operation.clone(),
            subject: plan.subject.clone(),
            touches: plan.touches.clone(),
            recovery: plan.recovery,
            steps,
            committed_by: plan.committed_by,
        };
        self.scribe.pause().await;
        let path = self.folder.join(format!("{id}.json"));
        let unfinished = self.folder.join(format!("{id}.{UNFINISHED}"));
        let (folder, durable) = (self.folder.clone(), self.durable);
        let scribe = self.scribe.clone();
        let line = line_of(&entry)?;
        blocking_if(durable, move || {
            let what = || format!("cannot write {}", path.display());
            let mut file = OpenOptions::new()
                .append(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)
                .map_err(|e| state(what(), e))?;
            // It gets its name when it is whole and locked: nobody may take it for a dead process's.
            file.lock().map_err(|e| state(what(), e))?;
            file.write_all(line.as_bytes())
                .map_err(|e| state(what(), e))?;
            if durable {
                file.sync_all().map_err(|e| state(what(), e))?;
            }
            std::fs::rename(&unfinished, &path).map_err(|e| state(what(), e))?;
            if durable {
                sync_folder(&folder).map_err(|e| state(what(), e))?;
            }
            Ok(EntryFile {
                entry,
                events: Vec::new(),
                path,
                file: Arc::new(file),
                durable,
                scribe,
            })
        })
        .await
    }

    /// Entries whose operation has not ended and whose process is gone, oldest first. The files stay locked while the
    /// answer is held.
    pub fn open_entries(&self) -> Result<Vec<EntryFile>> {
        self.take_where(|_| true)
    }

    /// Ids of the entries of one half, oldest first, those of living processes included. One whose first line is not whole may be
    /// of either half.
    pub(super) fn ids_of_half(&self, half: &str) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for path in self.files()? {
            if Self::peek(&path)?.is_none_or(|entry| entry.half == half) {
                ids.extend(path.file_stem().map(|id| id.to_string_lossy().into_owned()));
            }
        }
        Ok(ids)
    }

    /// One entry, locked; `None` when it is resolved, or its process lives.
    pub(super) fn take_entry(&self, id: &str) -> Result<Option<EntryFile>> {
        self.take(&self.folder.join(format!("{id}.json")))
    }

    /// Open entries of one half about one subject.
    pub fn open_entries_of(&self, half: &str, subject: &str) -> Result<Vec<EntryFile>> {
        self.take_where(|entry| {
            entry.half == half
                && (entry.subject == subject || entry.touches.iter().any(|t| t == subject))
        })
    }

    /// Only what is wanted is locked: a lock on another's entry would make it look alive to him.
    fn take_where(&self, wanted: impl Fn(&Entry) -> bool) -> Result<Vec<EntryFile>> {
        let mut found = Vec::new();
        for path in self.files()? {
            if Self::peek(&path)?.is_some_and(|entry| !wanted(&entry)) {
                continue;
            }
            found.extend(self.take(&path)?);
        }
        Ok(found)
    }

    fn peek(path: &Path) -> Result<Option<Entry>> {
        match File::open(path).and_then(|file| read_lines(&file)) {
            Ok(lines) => Ok(parse(path, &lines)?.map(|(entry, _)| entry)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(state(format!("cannot read {}", path.display()), error)),
        }
    }

    /// Every entry, those of living processes included, without locking any.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        for path in self.files()? {
            found.extend(Self::peek(&path)?);
        }
        Ok(found)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let what = || format!("cannot list {}", self.folder.display());
        let mut paths = Vec::new();
        for item in std::fs::read_dir(&self.folder).map_err(|e| state(what(), e))? {
            let path = item.map_err(|e| state(what(), e))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn take(&self, path: &Path) -> Result<Option<EntryFile>> {
        let what = || format!("cannot read {}", path.display());
        let file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(state(what(), error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(state(what(), error)),
        }
        // Its process may have ended the operation between the opening and the lock.
        if !path.exists() {
            return Ok(None);
        }
        let lines = read_lines(&file).map_err(|e| state(what(), e))?;
        let Some((entry, events)) = parse(path, &lines)? else {
            // The crash came before the first line was whole: nothing had been done.
            std::fs::remove_file(path).map_err(|e| state(what(), e))?;
            return Ok(None);
        };
        // A line that was cut off must not swallow the next one.
        (&file).write_all(b"\n").map_err(|e| state(what(), e))?;
        Ok(Some(EntryFile {
            entry,
            events,
            path: path.to_owned(),
            file: Arc::new(file),
            durable: self.durable,
            scribe: self.scribe.clone(),
        }))
    }
}

/// One entry, locked by this process.
#[derive(Debug)]
pub struct EntryFile {
    /// The plan.
    pub entry: Entry,
    /// What has become of it.
    pub events: Vec<Event>,
    path: PathBuf,
    file: Arc<File>,
    durable: bool,
    scribe: Watched,
}

impl EntryFile {
    /// Writes a line and syncs it.
    pub async fn write(&mut self, event: Event) -> Result<()> {
        self.scribe.pause().await;
        let line = line_of(&event)?;
        let (file, durable) = (Arc::clone(&self.file), self.durable);
        let what = format!("cannot write {}", self.path.display());
        blocking_if(durable, move || {
            let write = || {
                (&*file).write_all(line.as_bytes())?;
                if durable { file.sync_data() } else { Ok(()) }
            };
            write().map_err(|error| state(what, error))
        })
        .await?;
        let attempt = matches!(event, Event::Attempt { .. });
        self.events.push(event);
        if attempt {
            self.scribe.pause().await;
        }
        Ok(())
    }

    /// The operation has ended: removes the file.
    pub async fn close(self) -> Result<()> {
        self.scribe.pause().await;
        blocking_if(self.durable, move || {
            std::fs::remove_file(&self.path)
                .map_err(|error| state(format!("cannot remove {}", self.path.display()), error))
            // The lock ends with the file, after the removal.
        })
        .await
    }

    /// The steps, as their own type.
    pub fn plan<S: Step>(&self) -> Result<Plan<S>> {
        let steps: std::result::Result<Vec<S>, _> = self
            .entry
            .steps
            .iter()
            .map(|step| serde_json::from_value(step.clone()))
            .collect();
        let steps = steps.map_err(|e| {
            state(
                format!("cannot read the steps of {}", self.entry.id),
                e.into(),
            )
        })?;
        Ok(Plan {
            operation: self.entry.operation.clone(),
            subject: self.entry.subject.clone(),
            touches: self.entry.touches.clone(),
            recovery: self.entry.recovery,
            steps,
            committed_by: self.entry.committed_by,
        })
    }

    /// Whether the operation is past its way back.
    pub fn is_committed(&self) -> bool {
        self.entry
            .committed_by
            .is_some_and(|step| self.is_over(step))
    }

    /// Whether a step was ever tried and has not been undone.
    pub fn is_attempted(&self, index: usize) -> bool {
        let attempted = |event: &Event| *event == Event::Attempt { step: index };
        let undone = |event: &Event| *event == Event::Undone { step: index };
        self.events.iter().any(attempted) && !self.events.iter().any(undone)
    }

    /// Whether a step is proved or passed over.
    pub fn is_over(&self, index: usize) -> bool {
        self.events.iter().any(|event| {
            matches!(event, Event::Done { step } | Event::Skipped { step } if *step == index)
        })
    }

    /// The first error, when the operation was being rolled back.
    pub fn rolling_back(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match event {
            Event::RollBack { error } => Some(error.as_str()),
            _ => None,
        })
    }
}

fn parse(path: &Path, lines: &[String]) -> Result<Option<(Entry, Vec<Event>)>> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    let invalid = |text: String| {
        state(
            format!("cannot use the journal entry {}", path.display()),
            io::Error::new(io::ErrorKind::InvalidData, text),
        )
    };
    let mut lines = lines.iter().filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    let Ok(head) = serde_json::from_str::<Head>(first) else {
        return Ok(None);
    };
    if head.schema > SCHEMA {
        return Err(invalid(format!(
            "it has schema {}, this driver knows {SCHEMA}",
            head.schema
        )));
    }
    let entry = serde_json::from_str(first).map_err(|e| invalid(e.to_string()))?;
    // A line that was cut off says nothing.
    let events = lines.filter_map(|line| serde_json::from_str(line).ok());
    Ok(Some((entry, events.collect())))
}

fn read_lines(file: &File) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        lines.push(String::from_utf8_lossy(&line?).into_owned());
    }
    Ok(lines)
}

fn line_of<T: Serialize>(value: &T) -> Result<String> {
    let mut line = serde_json::to_string(value)
        .map_err(|error| state("cannot write a journal line".to_owned(), error.into()))?;
    line.push('\n');
    Ok(line)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn state(what: String, source: io::Error) -> Error {
    Error::State { what, source }
}
