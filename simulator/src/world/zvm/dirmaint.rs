//! The directory manager: who may change an entry, and work that goes on after its answer (spec: zhcp-and-smapi 2.7,
//! 7.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Code, DirectoryEntry, Smapi, ZvmSystem, code};
use crate::world::UserId;

/// How long asynchronous work takes unless a site says otherwise.
const WORK_MS: u64 = 20_000;
/// Operations that are remembered after they ended; the oldest go first.
const REMEMBERED: usize = 100;

/// Whether the directory manager takes changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acceptance {
    /// It does.
    #[default]
    Accepting,
    /// It runs and refuses changes: 500/4.
    NotAccepting,
    /// It does not run: 500/8.
    NotAvailable,
}

/// State of the directory manager.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirMaint {
    /// Whether it takes changes.
    pub acceptance: Acceptance,
    /// Whether changes that touch disk space are answered with 592 and an operation id.
    pub asynchronous: bool,
    /// How long such work takes, in virtual milliseconds; 0 means 20 seconds.
    pub work_ms: u64,
    /// Operations by id.
    pub operations: BTreeMap<u32, Operation>,
    /// The last id given.
    pub last_operation: u32,
    /// Whether changes are taken over into the object directory at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub offline: bool,
}

/// Work that goes on after the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// When it ends, in virtual milliseconds.
    pub ends_ms: u64,
    /// How it ends.
    pub result: Code,
}

/// What `Query_Asynchronous_Operation_DM` says of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// 0/104.
    Running,
    /// 0/100, or what it failed with.
    Ended(Code),
}

impl DirMaint {
    /// Starts an operation and gives its id.
    pub fn start(&mut self, now_ms: u64, result: Code) -> u32 {
        self.last_operation += 1;
        let work = if self.work_ms == 0 {
            WORK_MS
        } else {
            self.work_ms
        };
        self.operations.insert(
            self.last_operation,
            Operation {
                ends_ms: now_ms.saturating_add(work),
                result,
            },
        );
        while self.operations.len() > REMEMBERED {
            self.operations.pop_first();
        }
        self.last_operation
    }

    /// State of an operation; `None` for an id that was never given or is forgotten.
    pub fn state(&self, id: u32, now_ms: u64) -> Option<OperationState> {
        let operation = self.operations.get(&id)?;
        Some(if now_ms < operation.ends_ms {
            OperationState::Running
        } else if operation.result == Code::OK {
            OperationState::Ended(code(0, 100))
        } else {
            OperationState::Ended(operation.result)
        })
    }
}

impl ZvmSystem {
    /// Whether the directory manager can be asked at all.
    ///
    /// # Errors
    /// 500/8.
    pub fn directory_is_up(&self) -> Smapi<()> {
        match self.dirmaint.acceptance {
            Acceptance::NotAvailable => Err(code(500, 8)),
            _ => Ok(()),
        }
    }

    /// Whether the directory manager takes changes.
    ///
    /// # Errors
    /// 500/4, 500/8.
    pub fn directory_accepts(&self) -> Smapi<()> {
        self.directory_is_up()?;
        match self.dirmaint.acceptance {
            Acceptance::NotAccepting => Err(code(500, 4)),
            _ => Ok(()),
        }
    }

    /// An entry, to look at.
    ///
    /// # Errors
    /// 500/8, 400/4.
    pub fn entry(&self, user: &UserId) -> Smapi<&DirectoryEntry> {
        self.directory_is_up()?;
        self.directory.get(user).ok_or(Code::NO_ENTRY)
    }

    /// An entry, to change it in the name of `by`.
    ///
    /// # Errors
    /// 500/4, 500/8, 400/4, 400/12.
    pub fn entry_for(&mut self, user: &UserId, by: &UserId) -> Smapi<&mut DirectoryEntry> {
        self.directory_accepts()?;
        let entry = self.directory.get_mut(user).ok_or(Code::NO_ENTRY)?;
        if entry.is_locked_for(by) {
            return Err(Code::ENTRY_LOCKED);
        }
        Ok(entry)
    }

    /// Puts a new entry into the directory. Records keep their words and order; they are cut at column 72.
    ///
    /// # Errors
    /// 400/8 when a user or profile of that name exists, 400/40 for a second USER statement, 436/4 when the profile of an
    /// INCLUDE is missing, 436/40 for a second INCLUDE.
    pub fn define(&mut self, user: &UserId, records: &[String]) -> Smapi<()> {
        self.directory_accepts()?;
        if self.directory.contains_key(user) || self.profiles.contains_key(user) {
            return Err(Code::ENTRY_EXISTS);
        }
        let entry = self.checked(records)?;
        self.directory.insert(user.clone(), entry);
        Ok(())
    }

    /// Replaces a locked entry and releases the lock.
    ///
    /// # Errors
    /// 400/4, 400/12 when somebody else holds the lock, 400/24 when nobody does, and those of [`Self::define`].
    pub fn replace(&mut self, user: &UserId, records: &[String], by: &UserId) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.locked_by.is_none() {
            return Err(Code::ENTRY_NOT_LOCKED);
        }
        let locks = entry.device_locks.clone();
        let mut new = self.checked(records)?;
        new.device_locks = locks;
        self.directory.insert(user.clone(), new);
        Ok(())
    }

    fn checked(&self, records: &[String]) -> Smapi<DirectoryEntry> {
        let statements: Vec<String> = records
            .iter()
            .map(|r| stored(r))
            .filter(|r| !r.trim().is_empty() && !r.starts_with("*DVHOPT"))
            .collect();
        let entry = DirectoryEntry::new(statements);
        let count = |keyword: &str| entry.parsed().filter(|s| s.is(keyword)).count();
        if count("USER") + count("IDENTITY") > 1 {
            return Err(code(400, 40));
        }
        if count("INCLUDE") > 1 {
            return Err(code(436, 40));
        }
        if entry
            .profile()
            .is_some_and(|p| !self.profiles.contains_key(&p))
        {
            return Err(code(436, 4));
        }
        Ok(entry)
    }

    /// Removes an entry and frees the disk space of its minidisks.
    ///
    /// # Errors
    /// 400/4, 400/12 for a locked entry, 408/12 when a device of it is locked.
    pub fn remove_entry(&mut self, user: &UserId, by: &UserId) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.device_locks.values().any(|holder| holder != by) {
            return Err(code(408, 12));
        }
        self.directory.remove(user);
        self.free_extents(user, None);
        for switch in self.vswitches.values_mut() {
            switch.authorised.remove(user);
        }
        Ok(())
    }
}

/// A record as the directory keeps it: cut at column 72, in upper case but for comments and quoted text (spec:
/// zhcp-and-smapi 7.1).
fn stored(record: &str) -> String {
    let cut: String = record.chars().take(72).collect();
    let cut = cut.trim_end();
    match cut.split_once('\'') {
        _ if cut.starts_with('*') => cut.to_owned(),
        Some((head, quoted)) => format!("{}'{quoted}", head.to_ascii_uppercase()),
        None => cut.to_ascii_uppercase(),
    }
}
