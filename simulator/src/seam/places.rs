//! The places of a site, as a person beside it sees and changes them: pool files on the zHCPs, the SAN, the power of the
//! guests. The control door and programs that hold a [`Site`] come through the same verbs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Site, Verbs, pools};
use crate::hosts;
use crate::world::fs::POOL_DIRECTORY;
use crate::world::san::{SanError, TargetPort, Volume};
use crate::world::zvm::Code;
use crate::world::{Distribution, HostName, LinuxRole, Lun, San, SystemName, UserId, World, Wwpn};

/// Why a place cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// There is no such pool file.
    #[error("zHCP '{zhcp}' has no pool '{pool}'")]
    NoPool {
        /// The zHCP.
        zhcp: String,
        /// The pool.
        pool: String,
    },
    /// The pool file has fewer lines.
    #[error("line {line} is not between 1 and {last}")]
    NoLine {
        /// The line that was asked for.
        line: usize,
        /// The last one that could be.
        last: usize,
    },
    /// The SAN has no such thing.
    #[error(transparent)]
    San(#[from] SanError),
    /// A volume that is not there needs a size to be made.
    #[error("no volume '{0}'; with a size it would be made")]
    NoVolume(String),
    /// There is no such Linux.
    #[error("no Linux '{0}'")]
    NoLinux(HostName),
    /// CP does not log the guest on or off.
    #[error("CP refuses: {}/{}", .0.rc, .0.rs)]
    Cp(Code),
}

/// A change of one line of a pool file; texts are without the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEdit {
    /// The line becomes this one.
    Replace(String),
    /// This line comes before it; one line beyond the last appends.
    Insert(String),
    /// The line goes.
    Delete,
}

/// A Linux of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestState {
    /// Short host name.
    pub host: HostName,
    /// Its virtual machine.
    pub userid: UserId,
    /// The z/VM system.
    pub system: SystemName,
    /// Management node, zHCP or guest.
    pub role: LinuxRole,
    /// Its personality.
    pub distribution: Distribution,
    /// Whether its virtual machine is logged on and Linux runs in it.
    pub on: bool,
}

fn pool_path(pool: &str) -> String {
    format!("{POOL_DIRECTORY}/{pool}.conf")
}

fn no_pool(zhcp: &str, pool: &str) -> PlaceError {
    PlaceError::NoPool {
        zhcp: zhcp.to_owned(),
        pool: pool.to_owned(),
    }
}

fn text_of(world: &World, zhcp: &str, pool: &str) -> Result<String, PlaceError> {
    let linux = world.linuxes.get(&HostName::new(zhcp));
    linux
        .and_then(|l| l.fs.read(&pool_path(pool)))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| no_pool(zhcp, pool))
}

impl Verbs<'_> {
    pub(crate) fn set_pool_text(
        self,
        zhcp: &str,
        pool: &str,
        text: String,
    ) -> Result<(), PlaceError> {
        let mut world = self.site().world.lock();
        let now = world.now_ms;
        let linux = world
            .linuxes
            .get_mut(&HostName::new(zhcp))
            .filter(|l| l.role == LinuxRole::Zhcp)
            .ok_or_else(|| no_pool(zhcp, pool))?;
        linux.fs.write(&pool_path(pool), text, now);
        Ok(())
    }

    pub(crate) fn edit_pool_line(
        self,
        zhcp: &str,
        pool: &str,
        line: usize,
        edit: LineEdit,
    ) -> Result<(), PlaceError> {
        let mut world = self.site().world.lock();
        let now = world.now_ms;
        let text = text_of(&world, zhcp, pool)?;
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let last = lines.len() + usize::from(matches!(edit, LineEdit::Insert(_)));
        if line == 0 || line > last {
            return Err(PlaceError::NoLine { line, last });
        }
        let at = line - 1;
        let new;
        match edit {
            LineEdit::Replace(text) => {
                new = format!("{text}\n");
                lines[at] = &new;
            }
            LineEdit::Insert(text) => {
                new = format!("{text}\n");
                lines.insert(at, &new);
            }
            LineEdit::Delete => {
                lines.remove(at);
            }
        }
        let text = lines.concat();
        let linux = world.linuxes.get_mut(&HostName::new(zhcp));
        let linux = linux.ok_or_else(|| no_pool(zhcp, pool))?;
        linux.fs.write(&pool_path(pool), text, now);
        Ok(())
    }

    pub(crate) fn set_zone(self, name: &str, members: BTreeSet<Wwpn>) {
        let mut world = self.site().world.lock();
        world.san.zones.insert(name.to_owned(), members);
    }

    pub(crate) fn remove_zone(self, name: &str) -> Result<BTreeSet<Wwpn>, PlaceError> {
        Ok(self.site().world.lock().san.remove_zone(name)?)
    }

    pub(crate) fn set_mask(
        self,
        volume: &str,
        initiators: BTreeSet<Wwpn>,
    ) -> Result<(), PlaceError> {
        let mut world = self.site().world.lock();
        if !world.san.volumes.contains_key(volume) {
            return Err(SanError::NoVolume(volume.to_owned()).into());
        }
        world.san.masks.insert(volume.to_owned(), initiators);
        Ok(())
    }

    pub(crate) fn set_port(self, wwpn: Wwpn, port: TargetPort) {
        self.site().world.lock().san.ports.insert(wwpn, port);
    }

    pub(crate) fn set_lun(
        self,
        wwpn: Wwpn,
        lun: Lun,
        volume: &str,
        bytes: Option<u64>,
    ) -> Result<(), PlaceError> {
        let mut world = self.site().world.lock();
        if !world.san.ports.contains_key(&wwpn) {
            return Err(SanError::NoPort(wwpn).into());
        }
        match (world.san.volumes.contains_key(volume), bytes) {
            (true, None) => {}
            (true, Some(bytes)) => world.san.volume_mut(volume)?.bytes = bytes,
            (false, Some(bytes)) => {
                let (high, low) = (world.next_random(), world.next_random());
                let new = Volume {
                    bytes,
                    content: format!("blank-{low:016x}"),
                    wwid: format!("3600507{:09x}{low:016x}", high & 0xf_ffff_ffff),
                    ..Volume::default()
                };
                world.san.add_volume(volume, new)?;
            }
            (false, None) => return Err(PlaceError::NoVolume(volume.to_owned())),
        }
        let luns = world.san.luns.entry(wwpn).or_default();
        luns.insert(lun, volume.to_owned());
        Ok(())
    }

    pub(crate) fn remove_lun(self, wwpn: Wwpn, lun: Lun) -> Result<String, PlaceError> {
        Ok(self.site().world.lock().san.unmap(wwpn, lun)?)
    }

    pub(crate) fn set_power(self, host: &HostName, on: bool) -> Result<bool, PlaceError> {
        let mut world = self.site().world.lock();
        let Some(linux) = world.linuxes.get(host) else {
            return Err(PlaceError::NoLinux(host.clone()));
        };
        let (system, userid) = (linux.system.clone(), linux.userid.clone());
        if on != hosts::is_up(&world, host) {
            let done = if on {
                hosts::zhcp::power::log_on(&mut world, &system, &userid)
            } else {
                hosts::zhcp::power::log_off(&mut world, &system, &userid)
            };
            done.map_err(PlaceError::Cp)?;
        }
        Ok(hosts::is_up(&world, host))
    }
}

impl Site {
    /// The SCSI pool files: zHCP and name of the pool.
    pub fn pool_files(&self) -> Vec<(HostName, String)> {
        pools(&self.world.lock())
            .map(|(zhcp, pool)| (zhcp.clone(), pool.to_owned()))
            .collect()
    }

    /// Text of a pool file.
    ///
    /// # Errors
    /// There is none.
    pub fn pool_text(&self, zhcp: &str, pool: &str) -> Result<String, PlaceError> {
        text_of(&self.world.lock(), zhcp, pool)
    }

    /// Replaces a pool file, or makes one, as a person with an editor does.
    ///
    /// # Errors
    /// There is no such zHCP.
    pub fn set_pool_text(
        &self,
        zhcp: &str,
        pool: &str,
        text: impl Into<String>,
    ) -> Result<(), PlaceError> {
        self.by_library(|verbs| verbs.set_pool_text(zhcp, pool, text.into()))
    }

    /// Changes one line of a pool file; lines count from 1, and the first is the header.
    ///
    /// # Errors
    /// There is no such pool or line.
    pub fn edit_pool_line(
        &self,
        zhcp: &str,
        pool: &str,
        line: usize,
        edit: LineEdit,
    ) -> Result<(), PlaceError> {
        self.by_library(|verbs| verbs.edit_pool_line(zhcp, pool, line, edit))
    }

    /// The SAN as it is now.
    pub fn san(&self) -> San {
        self.world.lock().san.clone()
    }

    /// Sets the members of a zone, and makes it when it is not there.
    pub fn set_zone(&self, name: &str, members: impl IntoIterator<Item = Wwpn>) {
        let members = members.into_iter().collect();
        self.by_library(|verbs| verbs.set_zone(name, members));
    }

    /// Takes a zone away; gives who was in it.
    ///
    /// # Errors
    /// There is none.
    pub fn remove_zone(&self, name: &str) -> Result<BTreeSet<Wwpn>, PlaceError> {
        self.by_library(|verbs| verbs.remove_zone(name))
    }

    /// Sets the initiators that see a volume.
    ///
    /// # Errors
    /// There is no such volume.
    pub fn set_mask(
        &self,
        volume: &str,
        initiators: impl IntoIterator<Item = Wwpn>,
    ) -> Result<(), PlaceError> {
        let initiators = initiators.into_iter().collect();
        self.by_library(|verbs| verbs.set_mask(volume, initiators))
    }

    /// Sets a target port, and makes it when it is not there.
    pub fn set_port(&self, wwpn: Wwpn, port: TargetPort) {
        self.by_library(|verbs| verbs.set_port(wwpn, port));
    }

    /// Lets a volume answer under a LUN of a target port. With `bytes` it gets that size, and is made when it is not there.
    ///
    /// # Errors
    /// There is no such port, or no such volume and no size.
    pub fn set_lun(
        &self,
        wwpn: Wwpn,
        lun: Lun,
        volume: &str,
        bytes: Option<u64>,
    ) -> Result<(), PlaceError> {
        self.by_library(|verbs| verbs.set_lun(wwpn, lun, volume, bytes))
    }

    /// Takes a LUN away from a target port; gives the volume that it led to.
    ///
    /// # Errors
    /// There is no such LUN.
    pub fn remove_lun(&self, wwpn: Wwpn, lun: Lun) -> Result<String, PlaceError> {
        self.by_library(|verbs| verbs.remove_lun(wwpn, lun))
    }

    /// Every Linux of the site.
    pub fn guests(&self) -> Vec<GuestState> {
        let world = self.world.lock();
        let state = |(host, linux): (&HostName, &crate::world::Linux)| GuestState {
            host: host.clone(),
            userid: linux.userid.clone(),
            system: linux.system.clone(),
            role: linux.role,
            distribution: linux.distribution,
            on: hosts::is_up(&world, host),
        };
        world.linuxes.iter().map(state).collect()
    }

    /// Logs a guest on or off, outside of xCAT; says whether it is on now.
    ///
    /// # Errors
    /// There is no such Linux, or CP refuses.
    pub fn set_power(&self, host: &str, on: bool) -> Result<bool, PlaceError> {
        self.by_library(|verbs| verbs.set_power(&HostName::new(host), on))
    }
}
