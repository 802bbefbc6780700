//! Recordings whose made-up far-end answer contradicts the specifications (`door-exceptions.toml`).
//!
//! An exception does not excuse a recording: it says which recorded text reads how in the simulator, and why. With these
//! texts put in their places the recording must match in everything; one that matches without them, or that does not
//! hold the text, makes its exception stale, which is a difference too.

use std::path::Path;

use serde::Deserialize;

/// The reviewed list of a folder of recordings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    /// Its entries.
    #[serde(default, rename = "exception")]
    pub entries: Vec<Exception>,
}

/// One contradiction.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Recordings that have it.
    pub ids: Vec<String>,
    /// Section of the specifications that decides.
    pub spec: String,
    /// What the recorder made up, and what is right.
    pub reason: String,
    /// Recorded text, as it stands in the normalised response or state. Absent: `simulated` is a line of the state that
    /// the recording does not have.
    #[serde(default)]
    pub recorded: String,
    /// Text that stands in its place; nothing: the recorded line is not there.
    #[serde(default)]
    pub simulated: String,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExceptionsError {
    /// It cannot be read.
    #[error("cannot read the list of exceptions")]
    Read(#[from] std::io::Error),
    /// It is no list.
    #[error("the list of exceptions is not valid")]
    Toml(#[from] toml::de::Error),
}

impl Exceptions {
    /// Reads `door-exceptions.toml` of a folder; a folder without one has no exceptions.
    ///
    /// # Errors
    /// [`ExceptionsError`].
    pub fn read(folder: &Path) -> Result<Self, ExceptionsError> {
        let path = folder.join("door-exceptions.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(toml::from_str(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// The exceptions of one recording.
    pub fn of(&self, id: &str) -> Vec<&Exception> {
        self.entries
            .iter()
            .filter(|e| e.ids.iter().any(|i| i == id))
            .collect()
    }
}
