//! Work area of image requests: a folder for each, which no crash leaves for ever.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::FileMover;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::types::Tag;

/// The file that is locked while a folder's request lives.
const LOCK: &str = "lock";

/// The folder of one request, named by the image's profile. It goes when this is dropped; what a crash leaves, the next
/// [`WorkFolder::sweep`] removes.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    /// Held until the folder is gone.
    _lock: File,
}

impl WorkFolder {
    /// Makes the folder, readable by its owner only.
    ///
    /// # Errors
    /// The file system's.
    pub async fn make(path: PathBuf) -> Result<Self> {
        blocking(move || {
            let fail = |source| Error::State {
                what: format!("cannot make {}", path.display()),
                source,
            };
            loop {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&path)
                    .map_err(fail)?;
                let lock = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .mode(0o600)
                    .open(path.join(LOCK));
                // Another process's sweep may have been faster than the lock: then once more.
                let lock = match lock {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    lock => lock.map_err(fail)?,
                };
                lock.lock().map_err(fail)?;
                if path.join(LOCK).exists() {
                    return Ok(Self { path, _lock: lock });
                }
            }
        })
        .await
    }

    /// The bundle that is offered to the management node.
    pub fn bundle(&self) -> PathBuf {
        bundle_in(&self.path)
    }

    /// The plain disk.
    pub fn disk(&self) -> PathBuf {
        self.path.join("disk.raw")
    }

    /// What the management node brings.
    pub fn export(&self) -> PathBuf {
        Self::export_in(&self.path)
    }

    /// The same of a folder by its path.
    pub fn export_in(folder: &Path) -> PathBuf {
        folder.join("export.tgz")
    }

    /// Takes back what was offered, and the folder.
    pub async fn close(self, mover: &dyn FileMover) {
        withdraw(&self.path, mover).await;
    }

    /// Removes folders whose process is gone. What cannot be removed is logged and tried again next time.
    pub async fn sweep(area: &Path, mover: &dyn FileMover) {
        for item in std::fs::read_dir(area).into_iter().flatten().flatten() {
            let path = item.path();
            let ours = item
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<Tag>().ok())
                .is_some_and(|tag| tag.id().is_some());
            if !ours {
                continue;
            }
            let lock = OpenOptions::new().append(true).open(path.join(LOCK));
            // Without a lock file the crash came before anything else was in the folder.
            let lock = match lock {
                Ok(lock) if lock.try_lock().is_err() => continue,
                other => other.ok(),
            };
            tracing::info!(folder = %path.display(), "left by an interrupted image request: removed");
            withdraw(&path, mover).await;
            remove(&path);
            drop(lock);
        }
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn bundle_in(folder: &Path) -> PathBuf {
    folder.join("bundle.tar")
}

async fn withdraw(folder: &Path, mover: &dyn FileMover) {
    for file in [bundle_in(folder), WorkFolder::export_in(folder)] {
        if let Err(error) = mover.withdraw(&file).await {
            tracing::warn!(file = %file.display(), %error, "a bundle stays where it was offered");
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), %error, "work area not wiped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::ThisMachine;

    #[tokio::test]
    async fn a_sweep_removes_folders_of_the_dead_only() {
        let area = tempfile::tempdir().unwrap();
        let mover = ThisMachine { remote: None };
        let living = area.path().join(format!("cv{}", "1".repeat(32)));
        let dead = area.path().join(format!("ci{}", "2".repeat(32)));
        let other = area.path().join("somebody");
        let folder = WorkFolder::make(living.clone()).await.unwrap();
        for path in [&dead, &other] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("disk.raw"), "x").unwrap();
        }
        WorkFolder::sweep(area.path(), &mover).await;
        assert!(living.exists() && other.exists() && !dead.exists());
        drop(folder);
        assert!(!living.exists());
    }
}
