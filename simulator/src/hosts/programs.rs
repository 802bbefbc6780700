//! What a program of a simulated Linux gets and gives, and where programs are found.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::shell::Errno;
use super::{coreutils, files, guest};
use crate::seam::Outcome;
use crate::world::fs::absolute;
use crate::world::{HostName, Linux, World, ZvmSystem};

/// Where a program runs.
pub struct ProgramEnv<'a> {
    /// The whole world: a program of a zHCP changes z/VM, one of a guest changes its zfcp state.
    pub world: &'a mut World,
    /// The Linux on which it runs.
    pub host: HostName,
    /// Login name.
    pub user: String,
    /// Shell variables.
    pub variables: BTreeMap<String, String>,
    /// Working directory.
    pub directory: String,
    /// How many programs it was called through.
    pub depth: u32,
}

impl ProgramEnv<'_> {
    /// The Linux on which the program runs.
    pub fn linux(&self) -> Option<&Linux> {
        self.world.linuxes.get(&self.host)
    }

    /// The z/VM system on which that Linux runs.
    pub fn system(&self) -> Option<&ZvmSystem> {
        self.world.systems.get(&self.linux()?.system)
    }

    /// The z/VM system on which that Linux runs, to change it.
    pub fn system_mut(&mut self) -> Option<&mut ZvmSystem> {
        let system = self.world.linuxes.get(&self.host)?.system.clone();
        self.world.systems.get_mut(&system)
    }

    /// Absolute path of a file name.
    pub fn path(&self, name: &str) -> String {
        absolute(&self.directory, name)
    }

    /// Text of a file.
    pub fn read(&self, name: &str) -> Result<Cow<'_, str>, Errno> {
        files::read(self.world, &self.host, &self.path(name))
    }

    /// Replaces a file.
    pub fn write(&mut self, name: &str, text: &str) -> Result<(), Errno> {
        let path = self.path(name);
        files::write(self.world, &self.host, &path, text, false)
    }
}

/// A program: words (the first is its name as called) and standard input in, exit status and output out.
pub type Program = fn(&mut ProgramEnv<'_>, &[String], &str) -> Outcome;

/// Calls a program by its first word (a path counts by its last part); `None` when there is none of that name.
pub fn call(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Option<Outcome> {
    let name = words.first()?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let program = env
        .linux()
        .and_then(|linux| guest::lookup(name, linux))
        .or_else(|| coreutils::lookup(name))?;
    Some(program(env, words, stdin))
}
