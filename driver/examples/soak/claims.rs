//! Who has what, as the tasks of all processes believe: one file for each claim, in a folder that they share. A claim is made
//! after the driver gave a thing out and withdrawn before it is given back, so two claims to one thing at one time are the
//! driver's mistake.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The folder.
#[derive(Clone, Debug)]
pub struct Claims(PathBuf);

impl Claims {
    /// Claims in a folder, which is made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// Claims a thing for one holder alone. The error names the thing.
    pub fn alone(&self, thing: &str) -> Result<(), String> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.0.join(thing))
            .map(drop)
            .map_err(|error| format!("{thing} was given twice ({error})"))
    }

    /// Claims a thing for a guest, whose other tasks may have it too.
    pub fn shared(&self, thing: &str, guest: &str, task: &str) -> Result<(), String> {
        let own = format!("{thing}@{guest}@{task}");
        fs::write(self.0.join(own), "").map_err(|error| format!("{thing}: {error}"))?;
        let others = fs::read_dir(&self.0).map_err(|error| format!("{thing}: {error}"))?;
        for other in others.flatten() {
            let name = other.file_name();
            let mut parts = name.to_str().unwrap_or_default().split('@');
            if parts.next() == Some(thing)
                && let Some(holder) = parts.next()
                && holder != guest
            {
                return Err(format!("{thing} was given to {holder} and to {guest}"));
            }
        }
        Ok(())
    }

    /// Withdraws a claim of [`Self::alone`].
    pub fn drop_alone(&self, thing: &str) {
        // A claim that is gone is withdrawn.
        let _ = fs::remove_file(self.0.join(thing));
    }

    /// Withdraws a claim of [`Self::shared`].
    pub fn drop_shared(&self, thing: &str, guest: &str, task: &str) {
        self.drop_alone(&format!("{thing}@{guest}@{task}"));
    }

    /// How many claims there are.
    pub fn count(&self) -> io::Result<usize> {
        Ok(fs::read_dir(&self.0)?.count())
    }
}
