//! Edits in place that overlap. `sed --in-place` writes a copy of its file and renames it; what others changed between
//! its reading and its renaming is lost (spec: scsi-pools-and-hypervisor, Q3). Each remote command is carried out at
//! once here, so a break point *during* an edit keeps the file as the edit has read it.

use serde::{Deserialize, Serialize};

use super::RemoteCommand;
use crate::world::{HostName, World};

/// A file that a command edits in place, as it was when the command read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    host: HostName,
    path: String,
    text: String,
}

impl Reading {
    /// What the command has read; `None` for one that edits no file in place.
    pub(super) fn of(world: &World, command: &RemoteCommand) -> Option<Self> {
        let RemoteCommand::Ssh { host, command, .. } = command else {
            return None;
        };
        let is_edit = command.contains("sed --in-place") || command.contains("sed -i");
        let path = command.split_whitespace().next_back()?;
        if !is_edit || !path.starts_with('/') {
            return None;
        }
        let host = world.resolve(host)?.clone();
        let text = world.linuxes.get(&host)?.fs.read(path)?.into_owned();
        Some(Self {
            host,
            path: path.to_owned(),
            text,
        })
    }

    /// The file as it is now, to be put back if the edit does not run after all.
    pub(crate) fn now(&self, world: &World) -> Option<Self> {
        let text = world.linuxes.get(&self.host)?.fs.read(&self.path)?;
        Some(Self {
            host: self.host.clone(),
            path: self.path.clone(),
            text: text.into_owned(),
        })
    }

    /// The edit works on what it has read.
    pub(crate) fn restore(self, world: &mut World) {
        let now = world.now_ms;
        if let Some(linux) = world.linuxes.get_mut(&self.host) {
            linux.fs.write(&self.path, self.text, now);
        }
    }
}
