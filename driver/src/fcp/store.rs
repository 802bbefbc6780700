//! The ledger's file: shared by processes, kept over restarts and crashes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{FcpError, StateError};
use super::ledger::Ledger;
use crate::blocking::blocking_if;
use crate::types::NodeName;

/// Schema version of the state file. A file with a higher one is refused.
pub const STATE_SCHEMA: u32 = 1;

/// How long to wait before the lock is tried again.
const LOCK_STEP: Duration = Duration::from_millis(2);

#[derive(Serialize, Deserialize)]
struct StateFile {
    schema: u32,
    /// Whose devices these are, for people who look into the folder.
    host: NodeName,
    #[serde(flatten)]
    ledger: Ledger,
}

/// What is read first: a newer file may look different in all else.
#[derive(Deserialize)]
struct Head {
    schema: u32,
}

/// Where the [`Ledger`] of one z/VM system is kept. Each change is read, made, written to a new file, synchronised to
/// the disk and renamed over the old one under a lock between processes; so a crash leaves the old ledger or the new.
#[derive(Clone, Debug)]
pub struct LedgerStore {
    path: PathBuf,
    lock: PathBuf,
    host: NodeName,
    patience: Duration,
    durable: bool,
}

impl LedgerStore {
    /// The ledger of the z/VM system `host` behind the management node `server`, in a folder that is made if need be.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(
        dir: &Path,
        server: &str,
        host: &NodeName,
        patience: Duration,
    ) -> Result<Self, StateError> {
        make_folder(dir).map_err(|source| StateError::Io {
            action: "make",
            path: dir.to_owned(),
            source,
        })?;
        let plain: String = server
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let stem = format!("fcp-{plain}-{host}").to_ascii_lowercase();
        Ok(Self {
            path: dir.join(format!("{stem}.json")),
            lock: dir.join(format!("{stem}.lock")),
            host: host.clone(),
            patience,
            durable: true,
        })
    }

    /// The same without waiting for the disk: for simulations, where the machine does not fail.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        self.durable = false;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ledger as it is now.
    pub async fn read(&self) -> Result<Ledger, StateError> {
        let store = self.clone();
        blocking_if(self.durable, move || {
            let _lock = store.locked()?;
            store.load()
        })
        .await
    }

    /// Changes the ledger; what `change` returns comes back, and nothing is written when it refuses.
    pub async fn update<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, FcpError> + Send + 'static,
    ) -> Result<T, StateError> {
        let store = self.clone();
        blocking_if(self.durable, move || {
            let _lock = store.locked()?;
            let before = store.load()?;
            let mut ledger = before.clone();
            let result = change(&mut ledger)?;
            if ledger != before {
                store.save(ledger)?;
            }
            Ok(result)
        })
        .await
    }

    fn error(&self, action: &'static str) -> impl FnOnce(std::io::Error) -> StateError {
        let path = self.path.clone();
        move |source| StateError::Io {
            action,
            path,
            source,
        }
    }

    /// Takes the lock between processes; it is given back when the file is closed, also by a crash.
    fn locked(&self) -> Result<File, StateError> {
        let file = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&self.lock)
            .map_err(self.error("open the lock of"))?;
        let deadline = Instant::now() + self.patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_STEP);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StateError::Locked {
                        path: self.path.clone(),
                        seconds: self.patience.as_secs(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(self.error("lock")(source)),
            }
        }
    }

    fn load(&self) -> Result<Ledger, StateError> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Ledger::default());
            }
            Err(source) => return Err(self.error("read")(source)),
        };
        let damaged = |source| StateError::Damaged {
            path: self.path.clone(),
            source,
        };
        let head: Head = serde_json::from_slice(&text).map_err(damaged)?;
        if head.schema > STATE_SCHEMA {
            return Err(StateError::Newer {
                path: self.path.clone(),
                found: head.schema,
                known: STATE_SCHEMA,
            });
        }
        let file: StateFile = serde_json::from_slice(&text).map_err(damaged)?;
        Ok(file.ledger)
    }

    fn save(&self, ledger: Ledger) -> Result<(), StateError> {
        let file = StateFile {
            schema: STATE_SCHEMA,
            host: self.host.clone(),
            ledger,
        };
        let mut text = serde_json::to_vec_pretty(&file).map_err(|source| StateError::Damaged {
            path: self.path.clone(),
            source,
        })?;
        text.push(b'\n');
        let new = self.path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut out =
                private(OpenOptions::new().create(true).truncate(true).write(true)).open(&new)?;
            out.write_all(&text)?;
            if self.durable {
                out.sync_all()?;
            }
            std::fs::rename(&new, &self.path)?;
            if !self.durable {
                return Ok(());
            }
            // The rename itself must be on the disk too, or a crash of the machine brings the old ledger back.
            match self.path.parent() {
                Some(dir) => File::open(dir)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(self.error("write"))
    }
}

/// Readable by its owner only (I23: the file names volumes and guests).
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

fn make_folder(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(dir: &Path) -> LedgerStore {
        let host = "zvm1".parse().unwrap();
        LedgerStore::open(dir, "[::1]", &host, Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn reservations_survive_a_restart_and_refusals_change_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let node: NodeName = "lnx1".parse().unwrap();
        let device = ["1a00".parse().unwrap()];
        let first = store(dir.path());
        let name = node.clone();
        first
            .update(move |ledger| {
                ledger.force_remove(&name, &device, "test", 1);
                Ok(())
            })
            .await
            .unwrap();
        let refused = first
            .update(|ledger| -> Result<(), _> {
                ledger.release("1a00".parse().unwrap());
                Err(FcpError::NoList)
            })
            .await;
        assert!(matches!(
            refused,
            Err(StateError::Refused(FcpError::NoList))
        ));
        let ledger = store(dir.path()).read().await.unwrap();
        assert_eq!(ledger.withheld().count(), 1);
        assert!(first.path().ends_with("fcp-___1_-zvm1.json"));
    }

    #[tokio::test]
    async fn a_newer_file_is_refused_and_a_damaged_one_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        std::fs::write(store.path(), r#"{"schema": 2, "novelty": true}"#).unwrap();
        let error = store.read().await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("has schema 2; this driver reads up to 1"),
            "{error}"
        );
        std::fs::write(store.path(), "{").unwrap();
        assert!(matches!(
            store.read().await,
            Err(StateError::Damaged { .. })
        ));
    }

    #[tokio::test]
    async fn updates_of_many_tasks_are_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let tasks = (0u16..40).map(|index| {
            // Each with a store of its own, as processes have.
            let store = store(dir.path());
            tokio::spawn(async move {
                let node: NodeName = format!("g{index}").parse().unwrap();
                let device = format!("{index:04x}").parse().unwrap();
                store
                    .update(move |ledger| {
                        ledger.force_remove(&node, &[device], "test", 0);
                        Ok(())
                    })
                    .await
                    .unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(
            store(dir.path()).read().await.unwrap().withheld().count(),
            40
        );
    }
}
