//! Spool files in virtual readers (spec: zhcp-and-smapi 4.2, 4.3).

use serde::{Deserialize, Serialize};

use super::ZvmSystem;
use crate::world::UserId;

/// A file in a virtual reader.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpoolFile {
    /// Spool id.
    pub id: u16,
    /// Spool class.
    pub class: char,
    /// File name.
    pub name: String,
    /// Content.
    pub text: String,
    /// Userid that made it; the reader's own when empty.
    #[serde(default)]
    pub origin: UserId,
    /// What it is: `PUN` or `CON`.
    #[serde(default)]
    pub kind: String,
    /// When it was made, in virtual milliseconds.
    #[serde(default)]
    pub made_ms: u64,
}

/// Highest spool id; after it they start again.
const LAST_ID: u16 = 9_999;

impl ZvmSystem {
    /// Puts a file into a reader and gives its spool id.
    pub fn spool(&mut self, user: &UserId, mut file: SpoolFile) -> u16 {
        self.last_spool_id = if self.last_spool_id >= LAST_ID {
            1
        } else {
            self.last_spool_id + 1
        };
        file.id = self.last_spool_id;
        let reader = self.readers.entry(user.clone()).or_default();
        reader.retain(|f| f.id != file.id);
        reader.push(file);
        self.last_spool_id
    }

    /// A file of a reader by spool id.
    pub fn reader_file(&mut self, user: &UserId, id: u16) -> Option<&mut SpoolFile> {
        self.readers.get_mut(user)?.iter_mut().find(|f| f.id == id)
    }

    /// Takes a file, or all files with `None`, out of a reader.
    pub fn take_files(&mut self, user: &UserId, id: Option<u16>) -> Vec<SpoolFile> {
        let Some(reader) = self.readers.get_mut(user) else {
            return Vec::new();
        };
        let (taken, kept) = std::mem::take(reader)
            .into_iter()
            .partition(|f| id.is_none_or(|id| f.id == id));
        *reader = kept;
        if reader.is_empty() {
            self.readers.remove(user);
        }
        taken
    }

    /// Closes a running guest's console file and puts it into another's reader (`Image_Console_Get`).
    ///
    /// # Errors
    /// 8/45 not logged on, 8/8 nothing on the console.
    pub fn take_console(&mut self, user: &UserId, to: &UserId, now_ms: u64) -> super::Smapi<u16> {
        let machine = self.running.get_mut(user).ok_or(super::code(8, 45))?;
        if machine.console.is_empty() {
            return Err(super::code(8, 8));
        }
        let file = SpoolFile {
            class: 'T',
            text: std::mem::take(&mut machine.console),
            origin: user.clone(),
            kind: "CON".to_owned(),
            made_ms: now_ms,
            ..SpoolFile::default()
        };
        Ok(self.spool(to, file))
    }
}
