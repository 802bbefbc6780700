//! Changes of the SAN that its administrator would make. Each either does all it says or nothing.
//!
//! Guests notice at their next look: a lost port at once, a new one when it is scanned for, a LUN that is not mapped any
//! more with the next command to it (spec: zfcp-and-san 3.4, 6.10).

use std::collections::BTreeSet;

use super::{Medium, San, TargetPort, Volume};
use crate::world::{DeviceNumber, Lun, SystemName, UserId, World, Wwpn};

/// Why the SAN cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SanError {
    /// There is no volume of this name.
    #[error("there is no volume '{0}'")]
    NoVolume(String),
    /// There is a volume of this name.
    #[error("volume '{0}' exists")]
    VolumeExists(String),
    /// There is no target port with this WWPN.
    #[error("there is no target port {0}")]
    NoPort(Wwpn),
    /// There is no zone of this name.
    #[error("there is no zone '{0}'")]
    NoZone(String),
    /// There is a zone of this name.
    #[error("zone '{0}' exists")]
    ZoneExists(String),
    /// The LUN of this target port leads to another volume.
    #[error("LUN {lun} of target port {port} is volume '{volume}'")]
    LunInUse {
        /// The target port.
        port: Wwpn,
        /// The LUN.
        lun: Lun,
        /// The volume that it leads to.
        volume: String,
    },
    /// The target port has no such LUN.
    #[error("target port {port} has no LUN {lun}")]
    NoLun {
        /// The target port.
        port: Wwpn,
        /// The LUN.
        lun: Lun,
    },
}

impl San {
    /// Adds a target port, which is logged in to the fabric; one that exists is left as it is.
    pub fn add_port(&mut self, wwpn: Wwpn) {
        self.ports.entry(wwpn).or_insert_with(|| TargetPort {
            online: true,
            ..TargetPort::default()
        });
    }

    /// A target port, to be changed.
    pub fn port_mut(&mut self, wwpn: Wwpn) -> Result<&mut TargetPort, SanError> {
        self.ports.get_mut(&wwpn).ok_or(SanError::NoPort(wwpn))
    }

    /// Makes a zone.
    pub fn add_zone(&mut self, name: &str, members: BTreeSet<Wwpn>) -> Result<(), SanError> {
        if self.zones.contains_key(name) {
            return Err(SanError::ZoneExists(name.to_owned()));
        }
        self.zones.insert(name.to_owned(), members);
        Ok(())
    }

    /// Removes a zone; returns who was in it.
    pub fn remove_zone(&mut self, name: &str) -> Result<BTreeSet<Wwpn>, SanError> {
        self.zones
            .remove(name)
            .ok_or_else(|| SanError::NoZone(name.to_owned()))
    }

    /// Puts a WWPN into a zone, or takes it out. Says whether that changed anything.
    pub fn set_zoned(&mut self, name: &str, member: Wwpn, is_in: bool) -> Result<bool, SanError> {
        let zone = self
            .zones
            .get_mut(name)
            .ok_or_else(|| SanError::NoZone(name.to_owned()))?;
        Ok(if is_in {
            zone.insert(member)
        } else {
            zone.remove(&member)
        })
    }

    /// Takes the link of a channel's physical port down or up. Says whether that changed anything.
    pub fn set_link(&mut self, physical: Wwpn, up: bool) -> bool {
        if up {
            self.links_down.remove(&physical)
        } else {
            self.links_down.insert(physical)
        }
    }

    /// Makes a volume, mapped nowhere and shown to nobody.
    pub fn add_volume(&mut self, name: &str, volume: Volume) -> Result<(), SanError> {
        if self.volumes.contains_key(name) {
            return Err(SanError::VolumeExists(name.to_owned()));
        }
        self.volumes.insert(name.to_owned(), volume);
        Ok(())
    }

    /// Deletes a volume with its mappings and masks.
    pub fn remove_volume(&mut self, name: &str) -> Result<Volume, SanError> {
        let volume = self
            .volumes
            .remove(name)
            .ok_or_else(|| SanError::NoVolume(name.to_owned()))?;
        self.masks.remove(name);
        for luns in self.luns.values_mut() {
            luns.retain(|_, mapped| mapped != name);
        }
        Ok(volume)
    }

    /// A volume, to be changed: size, content, medium.
    pub fn volume_mut(&mut self, name: &str) -> Result<&mut Volume, SanError> {
        self.volumes
            .get_mut(name)
            .ok_or_else(|| SanError::NoVolume(name.to_owned()))
    }

    /// The volume under a LUN of a target port.
    pub fn mapped(&self, port: Wwpn, lun: Lun) -> Result<&str, SanError> {
        self.luns
            .get(&port)
            .and_then(|luns| luns.get(&lun))
            .map(String::as_str)
            .ok_or(SanError::NoLun { port, lun })
    }

    /// Gives a volume a LUN of a target port.
    pub fn map(&mut self, port: Wwpn, lun: Lun, volume: &str) -> Result<(), SanError> {
        if !self.ports.contains_key(&port) {
            return Err(SanError::NoPort(port));
        }
        if !self.volumes.contains_key(volume) {
            return Err(SanError::NoVolume(volume.to_owned()));
        }
        match self.mapped(port, lun) {
            Ok(other) if other != volume => Err(SanError::LunInUse {
                port,
                lun,
                volume: other.to_owned(),
            }),
            _ => {
                self.luns
                    .entry(port)
                    .or_default()
                    .insert(lun, volume.to_owned());
                Ok(())
            }
        }
    }

    /// Takes a LUN away from a target port; returns the volume that it led to.
    pub fn unmap(&mut self, port: Wwpn, lun: Lun) -> Result<String, SanError> {
        self.luns
            .get_mut(&port)
            .and_then(|luns| luns.remove(&lun))
            .ok_or(SanError::NoLun { port, lun })
    }

    /// Shows a volume to an initiator, or hides it. Says whether that changed anything.
    pub fn set_shown(
        &mut self,
        volume: &str,
        initiator: Wwpn,
        shown: bool,
    ) -> Result<bool, SanError> {
        if !self.volumes.contains_key(volume) {
            return Err(SanError::NoVolume(volume.to_owned()));
        }
        let mask = self.masks.entry(volume.to_owned()).or_default();
        Ok(if shown {
            mask.insert(initiator)
        } else {
            mask.remove(&initiator)
        })
    }

    /// Sets what commands to the medium of a volume meet.
    pub fn set_medium(&mut self, volume: &str, medium: Medium) -> Result<(), SanError> {
        self.volume_mut(volume)?.medium = medium;
        Ok(())
    }
}

/// One port that is logged in to the fabric from a z/VM system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its WWPN: of its own with NPIV, else that of the channel.
    pub wwpn: Wwpn,
    /// The z/VM system.
    pub system: SystemName,
    /// The real FCP device; `None` for a channel's physical port.
    pub device: Option<DeviceNumber>,
    /// The virtual machine that has it online.
    pub userid: Option<UserId>,
}

impl World {
    /// Who is logged in to the fabric: the physical port of every channel whose link is up, and with NPIV every device
    /// that a running guest has online with an open adapter (spec: zfcp-and-san, facts 2; appendix A 7).
    pub fn logins(&self) -> Vec<Login> {
        let mut logins = Vec::new();
        for (system, zvm) in &self.systems {
            let channels: BTreeSet<Wwpn> = zvm
                .fcp
                .values()
                .filter(|f| f.online && !self.san.links_down.contains(&f.physical_wwpn))
                .map(|f| f.physical_wwpn)
                .collect();
            logins.extend(channels.into_iter().map(|wwpn| Login {
                wwpn,
                system: system.clone(),
                device: None,
                userid: None,
            }));
        }
        for host in self.linuxes.keys() {
            let Some((machine, zfcp)) = crate::world::zfcp::observe(self, host) else {
                continue;
            };
            let Some(vm) = machine.virtual_machine() else {
                continue;
            };
            for (device, adapter) in &zfcp.adapters {
                if adapter.link != crate::world::zfcp::LinkState::Open {
                    continue;
                }
                if let Some(wwpn) = machine.fcp_device(*device).and_then(|f| f.npiv_wwpn) {
                    logins.push(Login {
                        wwpn,
                        system: machine.linux.system.clone(),
                        device: vm.devices.get(device).copied(),
                        userid: Some(machine.linux.userid.clone()),
                    });
                }
            }
        }
        logins
    }
}
