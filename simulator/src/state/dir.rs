//! The folder of a state.
//!
//! | file | what it holds |
//! |---|---|
//! | `snapshot-N.json` | the whole state at the beginning of log N |
//! | `changes-N.log` | what changed since, one record a line, each with a checksum |
//! | `pools/HOST/NAME.conf` | the pool files, to be read by a person |
//! | `lock` | held by the process that uses the folder |
//! | `worlds/NAME/` | the same for each further world |
//!
//! At start the latest snapshot is read and the logs from its number on are carried out again. When a log has grown
//! beyond the size of a snapshot, the next one is begun and a new snapshot is written beside the running site; older
//! files go when it is complete. So a change costs its own record, whatever the size of the site, and the work at start is
//! bounded by the size of the site.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use thiserror::Error;

use super::log::{self, ChangeLog, Durability};
use super::pool_files::{PoolFiles, replace};
use super::record::{Record, records};
use super::{LoadError, Origin, SCHEMA, SavedState};
use crate::seam::{Settings, Site};
use crate::site::SiteError;

/// Least pause between two looks at the pool files.
const PAUSE: Duration = Duration::from_millis(50);
/// A log is never cut before it has this many bytes.
const LOG_BYTES: u64 = 8 * 1024 * 1024;

/// Why a folder cannot hold a state.
#[derive(Debug, Error)]
pub enum StateError {
    /// A file cannot be read or written.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses it.
    #[error("{path} is in use by another process", path = .0.display())]
    InUse(PathBuf),
    /// The snapshot cannot be loaded.
    #[error("{path} cannot be loaded", path = path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// Why.
        source: LoadError,
    },
    /// A record of the log cannot be carried out again.
    #[error("record {number} of {path} cannot be carried out: {reason}", path = path.display())]
    Replay {
        /// The log.
        path: PathBuf,
        /// Which record, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// The site cannot be used.
    #[error(transparent)]
    Site(#[from] SiteError),
}

/// A folder that keeps the state of a running site. Finishing or dropping it writes the pool files a last time.
#[derive(Debug)]
pub struct StateDir {
    stop: Arc<AtomicBool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    lock: File,
}

impl StateDir {
    /// Goes on from the state in a folder, or begins one there.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(
        folder: &Path,
        origin: &Origin,
        settings: Settings,
        durability: Durability,
    ) -> Result<(Arc<Site>, Self), StateError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(at(folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        lock.try_lock()
            .map_err(|_| StateError::InUse(folder.to_owned()))?;
        let generations = generations(folder).map_err(at(folder))?;
        let (site, generation, log_bytes) = match generations.last() {
            None => {
                let site = Arc::new(Site::new(origin.world()?, settings));
                let path = snapshot_path(folder, 1);
                write_snapshot(&path, &site.save()).map_err(at(&path))?;
                (site, 1, 0)
            }
            Some(generation) => recover(folder, *generation, origin, settings)?,
        };
        let path = log_path(folder, generation);
        let file = append_to(&path).map_err(at(&path))?;
        let snapshot_bytes = fs::metadata(snapshot_path(folder, generation)).map_or(0, |m| m.len());
        let log = {
            let mut world = site.world.lock();
            ChangeLog::new(file, log_bytes, &mut world, durability)
        };
        // The site is new: there is no log yet.
        let _ = site.log.set(log);
        let stop = Arc::new(AtomicBool::new(false));
        let mut keeper = Keeper {
            site: Arc::clone(&site),
            folder: folder.to_owned(),
            generation,
            snapshot_bytes,
            pools: PoolFiles::new(folder),
        };
        keeper.pools.write(&site).map_err(at(folder))?;
        let stopped = Arc::clone(&stop);
        let keeper = std::thread::spawn(move || keeper.run(&stopped));
        Ok((
            site,
            Self {
                stop,
                keeper: Mutex::new(Some(keeper)),
                lock,
            },
        ))
    }

    /// Writes the pool files a last time and leaves the folder to others; the site must not be used any more.
    pub fn finish(&self) {
        self.stop.store(true, Ordering::Release);
        if let Some(keeper) = self.keeper.lock().take() {
            keeper.thread().unpark();
            // A keeper that panicked has said so.
            let _ = keeper.join();
            // The file is closed soon anyway, and that unlocks it as well.
            let _ = self.lock.unlock();
        }
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Writes pool files and snapshots beside the running site.
struct Keeper {
    site: Arc<Site>,
    folder: PathBuf,
    generation: u64,
    snapshot_bytes: u64,
    pools: PoolFiles,
}

impl Keeper {
    fn run(&mut self, stop: &AtomicBool) {
        loop {
            let began = Instant::now();
            let is_last = stop.load(Ordering::Acquire);
            if let Err(error) = self.look() {
                tracing::error!(%error, "the state's folder cannot be written");
            }
            if is_last {
                return;
            }
            // At most a tenth of the time goes into files that are only for reading.
            std::thread::park_timeout(PAUSE.max(began.elapsed() * 9));
        }
    }

    fn look(&mut self) -> io::Result<()> {
        let site = Arc::clone(&self.site);
        let Some(log) = site.log.get() else {
            return Ok(());
        };
        if !log.take_dirty() {
            return Ok(());
        }
        log.flush();
        self.pools.write(&self.site)?;
        if log.bytes() > LOG_BYTES.max(self.snapshot_bytes) {
            self.checkpoint(log)?;
        }
        Ok(())
    }

    fn checkpoint(&mut self, log: &ChangeLog) -> io::Result<()> {
        let next = self.generation + 1;
        let file = append_to(&log_path(&self.folder, next))?;
        let state = {
            let _turn = log.verb_turn();
            let mut world = self.site.world.lock();
            log.rotate(file, &mut world);
            self.site.state_of(&world)
        };
        let path = snapshot_path(&self.folder, next);
        write_snapshot(&path, &state)?;
        self.snapshot_bytes = fs::metadata(&path)?.len();
        for old in 1..=self.generation {
            // Those of earlier rounds are gone already.
            let _ = fs::remove_file(snapshot_path(&self.folder, old));
            let _ = fs::remove_file(log_path(&self.folder, old));
        }
        self.generation = next;
        Ok(())
    }
}

/// Reads a snapshot and carries out the logs from its number on. Gives the number of the last log and its length.
fn recover(
    folder: &Path,
    generation: u64,
    origin: &Origin,
    settings: Settings,
) -> Result<(Arc<Site>, u64, u64), StateError> {
    let path = snapshot_path(folder, generation);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| StateError::Io { path, source }
    };
    let load = |source| StateError::Load {
        path: path.clone(),
        source,
    };
    let text = fs::read(&path).map_err(io(&path))?;
    let state = SavedState::from_slice(&text).map_err(load)?;
    if state.schema < SCHEMA {
        return Err(load(LoadError::Older(state.schema)));
    }
    let site = Arc::new(Site::new(crate::world::World::default(), settings));
    site.restore(state).map_err(load)?;
    let (mut last, mut length) = (generation, 0);
    for number in generation.. {
        let path = log_path(folder, number);
        if !path.exists() {
            break;
        }
        let text = fs::read(&path).map_err(io(&path))?;
        let (found, good) = records(&text);
        for (at, record) in found.into_iter().enumerate() {
            replay(&site, origin, record).map_err(|reason| StateError::Replay {
                path: path.clone(),
                number: at + 1,
                reason,
            })?;
        }
        if good < text.len() {
            // What was not written whole was not acknowledged.
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|f| f.set_len(good as u64))
                .map_err(io(&path))?;
        }
        (last, length) = (number, good as u64);
    }
    let now = site.now_ms();
    site.journal.lock().end_all(now);
    Ok((site, last, length))
}

fn replay(site: &Arc<Site>, origin: &Origin, record: Record) -> Result<(), String> {
    match record {
        Record::Opened {
            id,
            now_ms,
            http,
            facts,
        } => {
            let mut journal = site.journal.lock();
            // The snapshot may have it already.
            if id == journal.last_id() + 1 {
                journal.open(http, facts, now_ms);
            }
            Ok(())
        }
        Record::Described { id, facts } => {
            site.journal.lock().describe(id, facts);
            Ok(())
        }
        Record::Closed {
            id,
            now_ms,
            status,
            error,
        } => {
            site.journal.lock().close(id, now_ms, status, error);
            Ok(())
        }
        Record::Remote {
            request,
            now_ms,
            command,
            fired,
            reading,
        } => site.replay(request, now_ms, command, fired, reading),
        Record::Fetched { request, command } => {
            site.replay_fetch(request, command);
            Ok(())
        }
        Record::Slept {
            request,
            command,
            outcome,
        } => {
            site.journal
                .lock()
                .record(request, command, &outcome, Vec::new(), Vec::new());
            Ok(())
        }
        Record::Mn(record) => {
            log::apply(record, &mut site.world.lock());
            Ok(())
        }
        Record::Counts {
            rules,
            latency,
            breaks,
        } => {
            for count in &breaks {
                site.breaks.set_count(count);
            }
            site.latency.set_random_state(latency);
            for (id, seen, hits) in rules {
                site.faults.set_counts(&id, seen, hits);
            }
            Ok(())
        }
        Record::Verb { method, path, body } => {
            crate::control::replay(site, origin, &method, &path, body).map_err(|e| e.to_string())
        }
    }
}

fn snapshot_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("snapshot-{generation}.json"))
}

fn log_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("changes-{generation}.log"))
}

/// Numbers of the snapshots, ascending.
fn generations(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found: Vec<u64> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let name = name.to_str()?.strip_prefix("snapshot-")?;
            name.strip_suffix(".json")?.parse().ok()
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn append_to(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    sync_folder_of(path)?;
    Ok(file)
}

/// Lets a new name in a folder survive the end of the machine.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn write_snapshot(path: &Path, state: &SavedState) -> io::Result<()> {
    replace(path, |file| {
        let mut out = io::BufWriter::new(&mut *file);
        serde_json::to_writer(&mut out, state)?;
        out.flush()?;
        drop(out);
        file.sync_all()
    })?;
    sync_folder_of(path)
}
