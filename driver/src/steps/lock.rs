//! Locks between the tasks of a process and between the processes of a machine (spec: driver 3.8).
//!
//! They do not reach other machines; there the read-back of an owner value decides who won. No wait is without end (I20).
//! A lock's file goes when the lock does, so the folder does not grow with the volumes that there ever were. Whoever gets a file
//! looks whether it is still the one in the folder, and begins anew when it is not.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::error::{Error, Result};

/// How long a process waits before it asks for another process's lock again: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

type Table = Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>;

/// Named locks in one folder.
#[derive(Clone, Debug)]
pub struct Locks {
    folder: PathBuf,
    timeout: Duration,
    table: Table,
}

impl Locks {
    /// Opens the folder, making it when it is not there. `timeout` bounds each wait.
    pub fn open(folder: &Path, timeout: Duration) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| Error::State {
                what: format!("cannot make {}", folder.display()),
                source,
            })?;
        Ok(Self {
            folder: folder.to_owned(),
            timeout,
            table: Arc::default(),
        })
    }

    /// Takes a lock. First come, first served within the process; between processes whoever asks first when it is free.
    /// To take several, take them in the order of their names.
    pub async fn acquire(&self, name: &str) -> Result<LockGuard> {
        let name = file_name(name);
        let deadline = Instant::now() + self.timeout;
        let give_up = || Error::Lock {
            name: name.clone(),
            seconds: self.timeout.as_secs(),
        };
        let mutex = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(table.entry(name.clone()).or_default())
        };
        let mut guard = LockGuard {
            name: name.clone(),
            table: Arc::clone(&self.table),
            file: None,
            local: None,
        };
        let local = tokio::time::timeout_at(deadline, mutex.lock_owned()).await;
        guard.local = Some(local.map_err(|_| give_up())?);
        let path = self.path(&name);
        let fail = |source| Error::State {
            what: format!("cannot lock {}", path.display()),
            source,
        };
        let mut pause = PAUSE.0;
        let file = loop {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(&path)
                .map_err(fail)?;
            match file.try_lock() {
                Ok(()) if is_current(&file, &path).map_err(fail)? => break file,
                // Its holder took it away meanwhile.
                Ok(()) => {}
                Err(TryLockError::Error(error)) => return Err(fail(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(give_up());
                }
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        };
        guard.file = Some((file, path));
        Ok(guard)
    }

    /// Whether somebody on this machine has a lock at this moment. A folder that cannot be read holds none.
    pub fn is_held(&self, name: &str) -> bool {
        let Ok(file) = File::open(self.path(&file_name(name))) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.lock"))
    }
}

/// A name as it may stand in a file name.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

/// Whether a file that was opened is still the one at the path.
fn is_current(file: &File, path: &Path) -> std::io::Result<bool> {
    let opened = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((opened.dev(), opened.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A lock that is held until this is dropped, or its process ends.
#[derive(Debug)]
pub struct LockGuard {
    name: String,
    table: Table,
    file: Option<(File, PathBuf)>,
    local: Option<OwnedMutexGuard<()>>,
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        // The file first: the next task of this process must find it free. It is taken away while it is held, so nobody
        // can hold it and be taken for the holder of the one that follows.
        if let Some((file, path)) = self.file.take() {
            let _ = std::fs::remove_file(path);
            drop(file);
        }
        self.local = None;
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table
            .get(&self.name)
            .is_some_and(|mutex| Arc::strong_count(mutex) == 1)
        {
            table.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_holder_at_a_time_across_tables_and_no_trace_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        // Two tables stand for two processes: they share nothing but the folder.
        let a = Locks::open(folder.path(), Duration::from_millis(50)).unwrap();
        let b = Locks::open(folder.path(), Duration::from_millis(50)).unwrap();
        let held = a.acquire("pool/x").await.unwrap();
        assert!(matches!(a.acquire("pool/x").await, Err(Error::Lock { .. })));
        assert!(matches!(b.acquire("pool/x").await, Err(Error::Lock { .. })));
        let other = b.acquire("pool/y").await.unwrap();
        assert!(a.is_held("pool/x") && b.is_held("pool/x"));
        drop(held);
        assert!(!a.is_held("pool/x") && b.is_held("pool/y"));
        drop(b.acquire("pool/x").await.unwrap());
        drop(other);
        assert!(a.table.lock().unwrap().is_empty());
        assert!(b.table.lock().unwrap().is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn files_that_come_and_go_still_let_one_in_at_a_time() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let inside = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for _ in 0..6 {
            let locks = Locks::open(folder.path(), Duration::from_mins(1)).unwrap();
            let inside = Arc::clone(&inside);
            tasks.push(tokio::spawn(async move {
                for _ in 0..40 {
                    let lock = locks.acquire("one").await.unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst));
                    tokio::task::yield_now().await;
                    inside.store(false, Ordering::SeqCst);
                    drop(lock);
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
