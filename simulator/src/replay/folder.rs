//! A folder of recordings: `ID.json` files, `presets/`, further folders of recordings (`zvm-2017-02/`) and, when there is
//! one, `door-exceptions.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::exceptions::{Exceptions, ExceptionsError};
use super::run::{self, ReplayError};
use super::{Recording, Report};
use crate::site::preset::{Preset, PresetError};

/// Folder of the worlds from which recordings start.
const PRESETS: &str = "presets";

/// Where a replay takes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The far end answers as recorded: responses, remote commands and tables are compared.
    Seam,
    /// The simulator's own hosts answer: responses, tables and the state afterwards are compared.
    #[default]
    Door,
}

/// A folder of recordings.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    files: BTreeMap<String, PathBuf>,
    exceptions: Exceptions,
}

/// Why a folder or one of its recordings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no recording.
    #[error("{} is not a recording", path.display())]
    Recording {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A preset cannot be used.
    #[error("preset {name} cannot be used")]
    Preset {
        /// Which.
        name: String,
        /// Why.
        source: PresetError,
    },
    /// The list of exceptions cannot be used.
    #[error(transparent)]
    Exceptions(#[from] ExceptionsError),
    /// There is no recording of this id.
    #[error("there is no recording '{0}'")]
    Unknown(String),
    /// A recording cannot be replayed.
    #[error("recording {id} cannot be replayed")]
    Replay {
        /// Which.
        id: String,
        /// Why.
        source: ReplayError,
    },
}

fn read(path: &Path) -> Result<String, FolderError> {
    std::fs::read_to_string(path).map_err(|source| FolderError::Read {
        path: path.to_owned(),
        source,
    })
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// [`FolderError`] when it or its list of exceptions cannot be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let root = root.into();
        let mut files = BTreeMap::new();
        let mut folders = vec![(root.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let entries = std::fs::read_dir(&folder).map_err(|source| FolderError::Read {
                path: folder.clone(),
                source,
            })?;
            for path in entries.filter_map(|e| e.ok().map(|e| e.path())) {
                let Some(name) = path.file_stem().map(|n| n.to_string_lossy().into_owned()) else {
                    continue;
                };
                if path.is_dir() {
                    if prefix.is_empty() && name != PRESETS {
                        folders.push((path, format!("{name}/")));
                    }
                } else if path.extension().is_some_and(|e| e == "json") {
                    files.insert(format!("{prefix}{name}"), path);
                }
            }
        }
        let exceptions = Exceptions::read(&root)?;
        Ok(Self {
            root,
            files,
            exceptions,
        })
    }

    /// Ids of the recordings, sorted; those of a folder beneath begin with its name and a slash.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Ids in the list of exceptions that no recording has.
    pub fn unknown_exceptions(&self) -> Vec<&str> {
        self.exceptions
            .entries
            .iter()
            .flat_map(|e| &e.ids)
            .filter(|id| !self.files.contains_key(*id))
            .map(String::as_str)
            .collect()
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn recording(&self, id: &str) -> Result<Recording, FolderError> {
        let path = self
            .files
            .get(id)
            .ok_or_else(|| FolderError::Unknown(id.to_owned()))?;
        serde_json::from_str(&read(path)?).map_err(|source| FolderError::Recording {
            path: path.clone(),
            source,
        })
    }

    /// Replays a recording.
    ///
    /// # Errors
    /// [`FolderError`].
    pub async fn replay(&self, id: &str, place: Place) -> Result<Report, FolderError> {
        let recording = self.recording(id)?;
        let path = self
            .root
            .join(format!("{PRESETS}/{}.json", recording.preset));
        let preset = Preset::parse(&read(&path)?).map_err(|source| FolderError::Preset {
            name: recording.preset.clone(),
            source,
        })?;
        let report = match place {
            Place::Seam => run::at_seam(&recording, &preset).await,
            Place::Door => run::at_door(&recording, &preset, &self.exceptions.of(id)).await,
        };
        let mut report = report.map_err(|source| FolderError::Replay {
            id: id.to_owned(),
            source,
        })?;
        id.clone_into(&mut report.id);
        Ok(report)
    }
}
