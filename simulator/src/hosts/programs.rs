//! What a program of a simulated Linux gets and gives, and where programs are found.

use std::borrow::Cow;

use super::shell::{Errno, Steps, Variables};
use super::{coreutils, failing, files, guest, zhcp};
use crate::seam::Outcome;
use crate::world::fs::{absolute, is_pool_file};
use crate::world::{HostName, Linux, PoolText, World, ZvmSystem};

/// Where a program runs.
pub struct ProgramEnv<'a> {
    /// The whole world: a program of a zHCP changes z/VM, one of a guest changes its zfcp state.
    pub world: &'a mut World,
    /// The Linux on which it runs.
    pub host: HostName,
    /// Login name.
    pub user: Cow<'static, str>,
    /// Shell variables.
    pub variables: Variables,
    /// Working directory.
    pub directory: Cow<'static, str>,
    /// How many programs it was called through.
    pub depth: u32,
    /// What the command line that it is part of may still do.
    pub steps: Steps,
    /// Whether standard error goes where standard output goes, so that the order of their lines is seen.
    pub merged: bool,
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

    /// A SCSI pool file, by rows; `None` when the file is not one.
    pub fn pool(&self, name: &str) -> Option<&PoolText> {
        self.linux()?.fs.pool(&self.path(name))
    }

    /// A SCSI pool file, by rows, to be changed; `None` when the file is not one.
    pub fn pool_mut(&mut self, name: &str) -> Option<&mut PoolText> {
        let path = self.path(name);
        let now = self.world.now_ms;
        let linux = self.world.linuxes.get_mut(&self.host)?;
        linux.fs.pool_mut(&path, now)
    }

    /// Replaces a file.
    pub fn write(&mut self, name: &str, text: &str) -> Result<(), Errno> {
        let path = self.path(name);
        files::write(self.world, &self.host, &path, text, false)
    }

    /// Replaces a regular file by a text that is given away: no copy of a large one.
    pub fn replace(&mut self, name: &str, text: String) -> Result<(), Errno> {
        let path = self.path(name);
        if files::is_kernel(&path) {
            return self.write(name, &text);
        }
        let now = self.world.now_ms;
        let linux = self
            .world
            .linuxes
            .get_mut(&self.host)
            .ok_or(Errno::NoEntry)?;
        if files::is_full(linux, &path) {
            return Err(Errno::NoSpace);
        }
        if !is_pool_file(&path) {
            let old = linux.fs.read(&path);
            let scratch = &mut self.world.scratch;
            scratch.file(&self.host, &path, old.as_deref(), Some(&text));
        }
        linux.fs.write(&path, text, now);
        Ok(())
    }

    /// Makes the parent of a path a directory in its own right, so that it outlives what was in it.
    pub fn keep_parent(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/')
            && !parent.is_empty()
            && let Some(linux) = self.world.linuxes.get_mut(&self.host)
        {
            linux.fs.directories.insert(parent.to_owned());
        }
    }
}

/// A program: words (the first is its name as called) and standard input in, exit status and output out.
pub type Program = fn(&mut ProgramEnv<'_>, &[String], &str) -> Outcome;

/// Calls a program by its first word (a path counts by its last part); `None` when there is none of that name.
pub fn call(env: &mut ProgramEnv<'_>, words: &[String], stdin: &str) -> Option<Outcome> {
    let program = find(env, words.first()?)?;
    if !env.world.scratch.program_faults.is_empty()
        && let Some(fault) = env.world.scratch.program_fault(&env.host, words)
    {
        let outcome = fault.works.then(|| program(env, words, stdin));
        return failing::outcome(words, outcome, &fault.failure);
    }
    Some(program(env, words, stdin))
}

/// The program that a word names on this Linux.
pub fn find(env: &ProgramEnv<'_>, name: &str) -> Option<Program> {
    let name = last_part(name);
    coreutils::lookup(name).or_else(|| special(env.linux()?, name))
}

/// Whether a Linux has a program of this name.
pub fn exists(world: &World, host: &HostName, name: &str) -> bool {
    world
        .linuxes
        .get(host)
        .is_some_and(|linux| lookup(linux, name).is_some())
}

fn lookup(linux: &Linux, name: &str) -> Option<Program> {
    let name = last_part(name);
    coreutils::lookup(name).or_else(|| special(linux, name))
}

/// What not every Linux has. No name is in this table and in that of the ordinary programs.
fn special(linux: &Linux, name: &str) -> Option<Program> {
    zhcp::lookup(name, linux.role).or_else(|| guest::lookup(name, linux))
}

fn last_part(name: &str) -> &str {
    let bytes = name.as_bytes();
    let start = bytes
        .iter()
        .rposition(|b| *b == b'/')
        .map_or(0, |at| at + 1);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Distribution, LinuxRole};

    /// Names of the table of ordinary programs.
    const ORDINARY: &str = "cat echo printf test [ grep egrep fgrep sed head tail wc sort uniq cut tr tee awk gawk cmp \
        md5sum sha256sum seq ls stat readlink find basename dirname rm unlink rmdir mkdir touch cp mv chmod chown chgrp \
        date uname uptime hostname id whoami df sleep which sudo env nohup nice timeout sh bash ksh dash xargs true sync \
        logger false";

    #[test]
    fn no_name_is_in_two_tables() {
        for name in ORDINARY.split_ascii_whitespace() {
            assert!(coreutils::lookup(name).is_some(), "{name}");
            for role in [LinuxRole::Mn, LinuxRole::Zhcp, LinuxRole::Guest] {
                assert!(zhcp::lookup(name, role).is_none(), "{name}");
                for distribution in [
                    Distribution::Rhel6,
                    Distribution::Rhel7,
                    Distribution::Sles11,
                    Distribution::Sles12,
                    Distribution::Ubuntu16,
                    Distribution::Ubuntu20,
                ] {
                    let linux = Linux {
                        role,
                        distribution,
                        ..Linux::default()
                    };
                    assert!(guest::lookup(name, &linux).is_none(), "{name}");
                }
            }
        }
    }
}
