//! The change log of a running site.
//!
//! A record is put into memory while the world is locked, so that the order of records is the order of changes; it is
//! written to the file before the request that caused it is answered ([`ChangeLog::flush`]). What has been written
//! survives the end of the process, however it ends; with [`Durability::Power`] also that of the machine.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::record::{MnRecord, Record, line};
use crate::world::{SimFs, World};

/// What acknowledged changes survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process.
    #[default]
    Process,
    /// The end of the machine too: the file is synchronised before each answer.
    Power,
}

/// What was last recorded of the management node.
#[derive(Debug, Default)]
struct Shadow {
    fs: SimFs,
    random_state: u64,
    now_ms: u64,
    daemon_stopped: bool,
}

#[derive(Debug)]
struct Inner {
    pending: Vec<u8>,
    /// Bytes in the file and in memory.
    bytes: u64,
    shadow: Shadow,
}

/// The log.
#[derive(Debug)]
pub struct ChangeLog {
    /// Taken before `inner`; held while records are on their way to the file, so that whoever finds nothing in memory
    /// knows that everything before is written. Those who come meanwhile are written together by the next one.
    file: Mutex<File>,
    inner: Mutex<Inner>,
    /// Verbs of the control door take turns with everything else.
    turn: RwLock<()>,
    durability: Durability,
    failed: AtomicBool,
    /// Whether something changed since the pool files were last looked at.
    dirty: AtomicBool,
}

impl ChangeLog {
    /// A log into a file, for a site whose world is this now.
    pub(super) fn new(file: File, bytes: u64, world: &mut World, durability: Durability) -> Self {
        world.mn.tables.start_recording();
        Self {
            file: Mutex::new(file),
            inner: Mutex::new(Inner {
                pending: Vec::new(),
                bytes,
                shadow: Shadow::of(world),
            }),
            turn: RwLock::default(),
            durability,
            failed: AtomicBool::new(false),
            dirty: AtomicBool::new(true),
        }
    }

    /// To be held while something other than a verb changes the world.
    pub(crate) fn other_turn(&self) -> RwLockReadGuard<'_, ()> {
        self.turn.read()
    }

    /// To be held while a verb changes the world.
    pub(crate) fn verb_turn(&self) -> RwLockWriteGuard<'_, ()> {
        self.turn.write()
    }

    /// Records what the management node has changed since the last time.
    pub(crate) fn capture(&self, world: &mut World) {
        self.inner.lock().capture(world, true);
    }

    /// Takes note of what a verb has done, whose own record is there. What stands beside it and is a value, not a step
    /// (time, generator, files), is recorded all the same: a second time it changes nothing.
    pub(crate) fn catch_up(&self, world: &mut World) {
        self.inner.lock().capture(world, false);
        world.mn.tables.start_recording();
    }

    /// Records a change. The world is locked, and its change comes right after or before.
    pub(crate) fn append(&self, record: &Record) {
        self.inner.lock().append(record);
        self.dirty.store(true, Ordering::Release);
    }

    /// Writes what is in memory to the file. When that fails, the site answers nothing any more.
    pub(crate) fn flush(&self) {
        let mut file = self.file.lock();
        self.write_out(&mut file);
    }

    fn write_out(&self, file: &mut File) {
        let mut pending = std::mem::take(&mut self.inner.lock().pending);
        if pending.is_empty() {
            return;
        }
        let written = file.write_all(&pending).and_then(|()| {
            if self.durability == Durability::Power {
                file.sync_data()
            } else {
                Ok(())
            }
        });
        if let Err(error) = written {
            tracing::error!(%error, "the change log cannot be written; nothing is acknowledged any more");
            self.failed.store(true, Ordering::Release);
        }
        // The buffer is used again, unless it grew out of proportion.
        let mut inner = self.inner.lock();
        if inner.pending.is_empty() && pending.capacity() <= 1 << 20 {
            pending.clear();
            inner.pending = pending;
        }
    }

    /// Whether changes can no longer be kept.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Whether something changed since this was last asked.
    pub(super) fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::AcqRel)
    }

    /// Bytes of the log.
    pub(super) fn bytes(&self) -> u64 {
        self.inner.lock().bytes
    }

    /// Goes on in another file; the world is locked, and everything before is in the old one.
    pub(super) fn rotate(&self, next: File, world: &mut World) {
        let mut file = self.file.lock();
        self.capture(world);
        self.write_out(&mut file);
        *file = next;
        // What a door recorded since (it does not lock the world) comes into the new file; it counts there.
        let mut inner = self.inner.lock();
        inner.bytes = inner.pending.len() as u64;
    }
}

impl Inner {
    fn append(&mut self, record: &Record) {
        let before = self.pending.len();
        if let Err(error) = line(record, &mut self.pending) {
            tracing::error!(%error, "a change cannot be recorded");
        }
        self.bytes += (self.pending.len() - before) as u64;
    }

    fn capture(&mut self, world: &mut World, with_tables: bool) {
        let mut record = self.shadow.update(world);
        if !with_tables {
            record.tables.clear();
        }
        if !record.is_empty() {
            self.append(&Record::Mn(record));
        }
    }
}

impl Shadow {
    fn of(world: &World) -> Self {
        Self {
            fs: mn_files(world).cloned().unwrap_or_default(),
            random_state: world.random_state,
            now_ms: world.now_ms,
            daemon_stopped: world.mn.daemon_stopped,
        }
    }

    /// What is different now; the shadow is then up to date.
    fn update(&mut self, world: &mut World) -> MnRecord {
        let mut record = MnRecord {
            tables: world.mn.tables.take_recorded(),
            ..MnRecord::default()
        };
        let changed = |old: &mut u64, new: u64| (std::mem::replace(old, new) != new).then_some(new);
        record.random_state = changed(&mut self.random_state, world.random_state);
        record.now_ms = changed(&mut self.now_ms, world.now_ms);
        if self.daemon_stopped != world.mn.daemon_stopped {
            self.daemon_stopped = world.mn.daemon_stopped;
            record.daemon_stopped = Some(self.daemon_stopped);
        }
        if let Some(fs) = mn_files(world)
            && *fs != self.fs
        {
            for path in self.fs.files.keys() {
                if !fs.files.contains_key(path) {
                    record.files.insert(path.clone(), None);
                }
            }
            for (path, file) in &fs.files {
                if self.fs.files.get(path) != Some(file) {
                    record.files.insert(path.clone(), Some(file.clone()));
                }
            }
            for path in self.fs.directories.symmetric_difference(&fs.directories) {
                record
                    .directories
                    .insert(path.clone(), fs.directories.contains(path));
            }
            self.fs = fs.clone();
        }
        record
    }
}

fn mn_files(world: &World) -> Option<&SimFs> {
    world.linuxes.get(&world.mn.host).map(|l| &l.fs)
}

/// Makes a recorded change of the management node again.
pub(super) fn apply(record: MnRecord, world: &mut World) {
    for change in record.tables {
        world.mn.tables.apply(change);
    }
    if let Some(state) = record.random_state {
        world.random_state = state;
    }
    if let Some(now) = record.now_ms {
        world.now_ms = now;
    }
    if let Some(stopped) = record.daemon_stopped {
        world.mn.daemon_stopped = stopped;
    }
    let host = world.mn.host.clone();
    if let Some(linux) = world.linuxes.get_mut(&host) {
        for (path, file) in record.files {
            match file {
                Some(file) => linux.fs.files.insert(path, file),
                None => linux.fs.files.remove(&path),
            };
        }
        for (path, is_there) in record.directories {
            if is_there {
                linux.fs.directories.insert(path);
            } else {
                linux.fs.directories.remove(&path);
            }
        }
    }
}
