//! The undo ledger: what a case is about to change is registered before the request goes out, and undone in reverse
//! order whatever becomes of the case (spec: driver 6.5, practice 3). With a file, the entries survive a crash of the kit.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One thing to undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "kebab-case")]
pub enum Undo {
    /// A pool of the kit: remove its rows, which removes the file.
    Pool {
        /// Hypervisor node.
        host: String,
        /// Pool name.
        name: String,
    },
    /// A unit configured in a guest.
    Disk {
        /// Guest.
        node: String,
        /// FCP devices, joined by `;`.
        devices: String,
        /// Target ports, joined by `;`.
        wwpns: String,
        /// LUN.
        lun: String,
    },
    /// An FCP device dedicated to a guest.
    Dedication {
        /// Guest.
        node: String,
        /// FCP device.
        device: String,
    },
    /// A device node made in a guest.
    DeviceNode {
        /// Guest.
        node: String,
        /// Path in the guest.
        path: String,
    },
    /// An image made by the kit.
    Image {
        /// Name of the osimage.
        name: String,
    },
    /// A node defined by the kit.
    Node {
        /// Name.
        name: String,
    },
    /// A node's row in one table.
    Row {
        /// Table.
        table: String,
        /// Node.
        node: String,
    },
    /// Notices in the reader of a guest that is shut down.
    Notices {
        /// Guest.
        node: String,
    },
    /// A fault rule or a break point of a simulated target.
    Control {
        /// Path of the control door under which it is deleted.
        path: String,
    },
    /// Boot settings of a guest's directory entry.
    Boot {
        /// Guest.
        node: String,
        /// Its IPL and LOADDEV statements before the change.
        was: Vec<String>,
    },
    /// A guest's power state.
    Power {
        /// Guest.
        node: String,
        /// `on` or `off`.
        state: String,
    },
}

impl std::fmt::Display for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pool { host, name } => write!(f, "pool {name} of {host}"),
            Self::Disk {
                node,
                devices,
                wwpns,
                lun,
            } => write!(f, "disk {devices}/{wwpns}/{lun} in {node}"),
            Self::Dedication { node, device } => write!(f, "FCP device {device} at {node}"),
            Self::DeviceNode { node, path } => write!(f, "device node {path} in {node}"),
            Self::Image { name } => write!(f, "image {name}"),
            Self::Node { name } => write!(f, "node {name}"),
            Self::Row { table, node } => write!(f, "row of {node} in table {table}"),
            Self::Notices { node } => write!(f, "notices for {node}"),
            Self::Control { path } => write!(f, "simulated {path}"),
            Self::Boot { node, .. } => write!(f, "boot settings of {node}"),
            Self::Power { node, state } => write!(f, "{node} to be {state}"),
        }
    }
}

impl Undo {
    /// Whether an open entry makes another one needless: the first knows the state before any change.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boot { node, .. }, Self::Boot { node: again, .. }) => node == again,
            _ => self == other,
        }
    }

    /// Which come first: a guest that is to run must run before its disks can be taken from it, and one that is to be
    /// off must be taken from before it is shut down.
    fn rank(&self) -> u8 {
        match self {
            Self::Control { .. } => 3,
            Self::Power { state, .. } if state == "on" => 2,
            Self::Power { .. } => 0,
            _ => 1,
        }
    }
}

/// The ledger of one case. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    inner: Arc<Mutex<Entries>>,
    file: Option<LedgerFile>,
    case: Arc<str>,
}

#[derive(Debug, Default)]
struct Entries {
    open: Vec<(u64, Undo)>,
    next: u64,
}

/// An append-only file shared by the cases of a run: one JSON object for each line, `open` or `closed`.
#[derive(Clone, Debug)]
pub struct LedgerFile {
    file: Arc<Mutex<File>>,
    durable: bool,
}

/// An entry that was never closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEntry {
    /// Case that opened it.
    pub case: String,
    /// Number within the case.
    pub number: u64,
    /// What is to be undone.
    pub undo: Undo,
}

/// Which run wrote the entries that follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// Schema of the lines.
    pub schema: u32,
    /// Seed of the run: its names begin with it, and only those may be undone.
    pub seed: u64,
    /// The target, as the run called it.
    pub target: String,
}

/// Newest schema of the ledger that is understood.
pub const SCHEMA: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
enum Line {
    Run(LedgerHead),
    Open {
        case: String,
        number: u64,
        #[serde(flatten)]
        undo: Undo,
    },
    Closed {
        case: String,
        number: u64,
    },
}

impl LedgerFile {
    /// Opens or makes the file.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            durable: true,
        })
    }

    /// The same without waiting for the disk, where a target does not outlive the machine.
    #[must_use]
    pub fn not_durable(self) -> Self {
        Self {
            durable: false,
            ..self
        }
    }

    /// Says which run the following entries belong to.
    pub fn begin(&self, seed: u64, target: &str) -> std::io::Result<()> {
        self.append(&Line::Run(LedgerHead {
            schema: SCHEMA,
            seed,
            target: target.to_owned(),
        }))
    }

    /// The run that wrote last.
    pub fn head(text: &str) -> Option<LedgerHead> {
        let lines = text.lines().rev();
        lines
            .into_iter()
            .find_map(|l| match serde_json::from_str(l) {
                Ok(Line::Run(head)) => Some(head),
                _ => None,
            })
    }

    fn append(&self, line: &Line) -> std::io::Result<()> {
        let mut text = serde_json::to_string(line).map_err(std::io::Error::other)?;
        text.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(text.as_bytes())?;
        if self.durable {
            file.sync_data()?;
        }
        Ok(())
    }

    /// Closes an entry of an earlier run.
    pub fn close(&self, open: &OpenEntry) -> std::io::Result<()> {
        self.append(&Line::Closed {
            case: open.case.clone(),
            number: open.number,
        })
    }

    /// Entries that were opened and never closed, in the order in which they are to be undone. A cut last line (a crash
    /// while writing) is left out.
    pub fn unfinished(text: &str) -> Vec<OpenEntry> {
        let mut open: Vec<OpenEntry> = Vec::new();
        for line in text.lines() {
            match serde_json::from_str::<Line>(line) {
                Ok(Line::Open { case, number, undo }) => {
                    open.push(OpenEntry { case, number, undo });
                }
                Ok(Line::Closed { case, number }) => {
                    open.retain(|e| (&e.case, e.number) != (&case, number));
                }
                Ok(Line::Run(_)) | Err(_) => {}
            }
        }
        open.reverse();
        open.sort_by_key(|entry| std::cmp::Reverse(entry.undo.rank()));
        open
    }
}

impl Ledger {
    /// A ledger for a case, written to a file when there is one.
    pub fn new(case: &str, file: Option<LedgerFile>) -> Self {
        Self {
            file,
            case: case.into(),
            ..Self::default()
        }
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an undo, unless an open one covers it.
    pub fn register(&self, undo: Undo) -> std::io::Result<()> {
        let mut entries = self.entries();
        if entries.open.iter().any(|(_, u)| u.covers(&undo)) {
            return Ok(());
        }
        let number = entries.next;
        entries.next += 1;
        if let Some(file) = &self.file {
            file.append(&Line::Open {
                case: self.case.to_string(),
                number,
                undo: undo.clone(),
            })?;
        }
        entries.open.push((number, undo));
        Ok(())
    }

    /// Whether an undo would be registered, or is covered by an open one.
    pub fn knows(&self, undo: &Undo) -> bool {
        self.entries().open.iter().any(|(_, u)| u.covers(undo))
    }

    /// The open entry that is to be undone next.
    pub fn next(&self) -> Option<(u64, Undo)> {
        let entries = self.entries();
        let last = entries.open.iter().max_by_key(|(n, u)| (u.rank(), *n));
        last.cloned()
    }

    /// Closes an entry; `done` says whether it was undone (else it stays open in the file).
    pub fn close(&self, number: u64, done: bool) {
        self.entries().open.retain(|(n, _)| *n != number);
        if done && let Some(file) = &self.file {
            // A line that cannot be written leaves the entry open: it is undone once more, which does no harm.
            let _ = file.append(&Line::Closed {
                case: self.case.to_string(),
                number,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(name: &str) -> Undo {
        Undo::Pool {
            host: "h".into(),
            name: name.into(),
        }
    }

    #[test]
    fn newest_first_and_once() {
        let ledger = Ledger::new("c", None);
        for name in ["a", "b", "a"] {
            ledger.register(pool(name)).unwrap();
        }
        let (number, undo) = ledger.next().unwrap();
        assert_eq!(undo, pool("b"));
        ledger.close(number, true);
        assert_eq!(ledger.next().unwrap().1, pool("a"));
    }

    #[test]
    fn guests_run_while_something_is_taken_from_them() {
        let power = |state: &str| Undo::Power {
            node: "g".into(),
            state: state.into(),
        };
        for (state, order) in [
            ("on", [power("on"), pool("a")]),
            ("off", [pool("a"), power("off")]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("ledger.jsonl");
            let file = LedgerFile::open(&path).unwrap();
            let ledger = Ledger::new("c", Some(file));
            ledger.register(pool("a")).unwrap();
            ledger.register(power(state)).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let left: Vec<Undo> = LedgerFile::unfinished(&text)
                .into_iter()
                .map(|e| e.undo)
                .collect();
            assert_eq!(left, order);
            assert_eq!(ledger.next().unwrap().1, order[0]);
        }
    }

    #[test]
    fn a_crash_leaves_the_open_entries_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.jsonl");
        let file = LedgerFile::open(&path).unwrap();
        let ledger = Ledger::new("c", Some(file));
        ledger.register(pool("a")).unwrap();
        ledger.register(pool("b")).unwrap();
        let (number, _) = ledger.next().unwrap();
        ledger.close(number, true);
        ledger.register(pool("d")).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"entry\":\"ope");
        let left: Vec<Undo> = LedgerFile::unfinished(&text)
            .into_iter()
            .map(|e| e.undo)
            .collect();
        assert_eq!(left, [pool("d"), pool("a")]);
    }
}
