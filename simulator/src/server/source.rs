//! Where a site comes from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::site::{self, SiteError};
use crate::world::World;

/// A world, or the name, file or text of a site.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteSource {
    /// A world as it is.
    World(Box<World>),
    /// A site file, or the name of a site that comes with the program (`lab`, `empty`, `zfcp`).
    File(PathBuf),
    /// The text of a site file.
    Text {
        /// Its name, for errors.
        name: String,
        /// The text.
        text: String,
    },
}

impl SiteSource {
    /// Makes the world.
    ///
    /// # Errors
    /// The site file cannot be read, or its problems, each with its line.
    pub fn world(&self) -> Result<World, SiteError> {
        match self {
            Self::World(world) => Ok((**world).clone()),
            Self::File(path) => site::load(path),
            Self::Text { name, text } => site::from_text(name, text),
        }
    }
}

impl Default for SiteSource {
    fn default() -> Self {
        Self::File(PathBuf::from("lab"))
    }
}

impl From<World> for SiteSource {
    fn from(world: World) -> Self {
        Self::World(Box::new(world))
    }
}

impl From<&str> for SiteSource {
    fn from(name: &str) -> Self {
        Self::File(PathBuf::from(name))
    }
}

impl From<&Path> for SiteSource {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for SiteSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}
