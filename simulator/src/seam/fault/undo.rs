//! What a condition put aside. Each step puts one thing right and leaves the rest of the world as it has become since.

use serde::{Deserialize, Serialize};

use super::guest_setting::{Former, GuestSetting};
use crate::world::san::Medium;
use crate::world::zvm::FcpDevice;
use crate::world::{DeviceNumber, HostName, Lun, SystemName, UserId, World, Wwpn};

/// Steps, to be taken in reverse order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Undo(Vec<Step>);

/// One thing that is put right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub(super) enum Step {
    /// An FCP device is online to CP.
    Online {
        system: SystemName,
        device: DeviceNumber,
    },
    /// An FCP device is part of the I/O configuration.
    Device {
        system: SystemName,
        device: DeviceNumber,
        fcp: FcpDevice,
    },
    /// An FCP device is no longer attached to a userid.
    Detached {
        system: SystemName,
        device: DeviceNumber,
        from: UserId,
    },
    /// An FCP device has its NPIV WWPN.
    Npiv {
        system: SystemName,
        device: DeviceNumber,
        wwpn: Wwpn,
    },
    /// An initiator's link is up.
    LinkUp { physical: Wwpn },
    /// An initiator may log in.
    LoginAllowed { npiv: Wwpn },
    /// A WWPN is a member of a zone.
    Zoned { zone: String, wwpn: Wwpn },
    /// There is no zoning.
    OpenZoning,
    /// There is no masking.
    OpenMasking,
    /// A target port is online.
    PortOnline { wwpn: Wwpn },
    /// A target port accepts logins.
    PortAccepts { wwpn: Wwpn },
    /// A volume answers under a LUN.
    Mapped {
        wwpn: Wwpn,
        lun: Lun,
        volume: String,
    },
    /// A volume is shown to an initiator.
    Masked { volume: String, initiator: Wwpn },
    /// A volume's medium is as it was.
    Medium { volume: String, medium: Medium },
    /// A volume answers INQUIRY.
    Speaks { volume: String },
    /// A volume has its size.
    Bytes { volume: String, bytes: u64 },
    /// A setting of a guest is as it was.
    Guest {
        host: HostName,
        setting: GuestSetting,
        former: Former,
    },
    /// A channel answers.
    Answering {
        system: SystemName,
        device: DeviceNumber,
    },
    /// A channel has handles.
    Handles {
        system: SystemName,
        device: DeviceNumber,
    },
    /// A WWPN stands once in the fabric.
    Unique { wwpn: Wwpn },
    /// An initiator does not appear in the scans of others.
    NoStranger { wwpn: Wwpn },
    /// No other image has a LUN open.
    Closed { physical: Wwpn, lun: Lun },
    /// The name server answers.
    NameServer,
    /// State changes of a port are no longer notified without end.
    Calm { wwpn: Wwpn },
    /// A target port answers REPORT LUNS.
    Reports { wwpn: Wwpn },
    /// Two target ports stand in their own places.
    Uncrossed { ports: [Wwpn; 2] },
    /// A guest gets the FCP device that is asked for.
    Unshifted { system: SystemName, user: UserId },
    /// A statement of a directory entry is as it was.
    Statement {
        system: SystemName,
        user: UserId,
        wrong: String,
        right: String,
    },
    /// A device number is off the list of ignored ones.
    NotIgnored {
        host: HostName,
        device: DeviceNumber,
    },
    /// LUNs are scanned automatically.
    LunScan { host: HostName },
    /// A SCSI device runs.
    Running {
        host: HostName,
        wwpn: Wwpn,
        lun: Lun,
    },
}

impl Undo {
    /// Whether there is nothing to put right.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Whether both put the same thing right.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0
            .iter()
            .any(|step| other.0.iter().any(|o| o.key() == step.key()))
    }

    /// What was put aside after it.
    pub(super) fn extend(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// Puts everything right, once.
    pub(crate) fn put_back(self, world: &mut World) {
        for step in self.0.into_iter().rev() {
            step.take(world);
        }
    }
}

impl Step {
    /// What is put right, without how it was.
    fn key(&self) -> serde_json::Value {
        let mut key = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = key.as_object_mut() {
            let keeps_volume = matches!(
                self,
                Self::Medium { .. }
                    | Self::Bytes { .. }
                    | Self::Speaks { .. }
                    | Self::Masked { .. }
            );
            let keeps_wwpn = !matches!(self, Self::Npiv { .. });
            fields.retain(|name, _| match name.as_str() {
                "fcp" | "medium" | "bytes" | "former" | "wrong" | "right" => false,
                "volume" => keeps_volume,
                "wwpn" => keeps_wwpn,
                _ => true,
            });
        }
        key
    }

    fn take(self, world: &mut World) {
        let fcp =
            |world: &mut World, system: &SystemName, device, change: &dyn Fn(&mut FcpDevice)| {
                if let Some(fcp) = world
                    .systems
                    .get_mut(system)
                    .and_then(|s| s.fcp.get_mut(&device))
                {
                    change(fcp);
                }
            };
        match self {
            Self::Online { system, device } => fcp(world, &system, device, &|f| f.online = true),
            Self::Device {
                system,
                device,
                mut fcp,
            } => {
                let Some(system) = world.systems.get_mut(&system) else {
                    return;
                };
                // A machine may have been logged off meanwhile, or have detached it.
                let has_it = |user: &UserId| match system.running.get(user) {
                    Some(machine) => machine.devices.values().any(|real| *real == device),
                    None => !system.directory.contains_key(user),
                };
                fcp.attached_to = fcp.attached_to.filter(has_it);
                system.fcp.entry(device).or_insert(fcp);
            }
            Self::Detached {
                system,
                device,
                from,
            } => fcp(world, &system, device, &|f| {
                if f.attached_to.as_ref() == Some(&from) {
                    f.attached_to = None;
                }
            }),
            Self::Npiv {
                system,
                device,
                wwpn,
            } => fcp(world, &system, device, &|f| f.npiv_wwpn = Some(wwpn)),
            Self::LinkUp { physical } => {
                world.san.links_down.remove(&physical);
            }
            Self::LoginAllowed { npiv } => {
                world.san.logins_refused.remove(&npiv);
            }
            Self::Zoned { zone, wwpn } => {
                world.san.zones.entry(zone).or_default().insert(wwpn);
            }
            Self::OpenZoning => world.san.open_zoning = true,
            Self::OpenMasking => world.san.open_masking = true,
            Self::PortOnline { wwpn } => {
                if let Some(port) = world.san.ports.get_mut(&wwpn) {
                    port.online = true;
                }
            }
            Self::PortAccepts { wwpn } => {
                if let Some(port) = world.san.ports.get_mut(&wwpn) {
                    port.refuses_login = false;
                }
            }
            Self::Mapped { wwpn, lun, volume } => {
                world.san.luns.entry(wwpn).or_default().insert(lun, volume);
            }
            Self::Masked { volume, initiator } => {
                world.san.masks.entry(volume).or_default().insert(initiator);
            }
            Self::Medium { volume, medium } => {
                if let Some(volume) = world.san.volumes.get_mut(&volume) {
                    volume.medium = medium;
                }
            }
            Self::Speaks { volume } => {
                if let Some(volume) = world.san.volumes.get_mut(&volume) {
                    volume.silent = false;
                }
            }
            Self::Bytes { volume, bytes } => {
                if let Some(volume) = world.san.volumes.get_mut(&volume) {
                    volume.bytes = bytes;
                }
            }
            Self::Guest {
                host,
                setting,
                former,
            } => {
                if let Some(linux) = world.linuxes.get_mut(&host) {
                    setting.set(&mut linux.zfcp.faults, former);
                }
            }
            Self::Answering { system, device } => fcp(world, &system, device, &|f| f.mute_ms = 0),
            Self::Handles { system, device } => {
                fcp(world, &system, device, &|f| f.no_handles = false);
            }
            Self::Unique { wwpn } => {
                world.san.duplicates.remove(&wwpn);
            }
            Self::NoStranger { wwpn } => {
                world.san.strangers.remove(&wwpn);
            }
            Self::Closed { physical, lun } => {
                if let Some(luns) = world.san.opened_elsewhere.get_mut(&physical) {
                    luns.remove(&lun);
                    if luns.is_empty() {
                        world.san.opened_elsewhere.remove(&physical);
                    }
                }
            }
            Self::NameServer => world.san.name_server_down = false,
            Self::Calm { wwpn } => {
                world.san.storms.remove(&wwpn);
            }
            Self::Reports { wwpn } => {
                world.san.reports_failing.remove(&wwpn);
            }
            Self::Uncrossed { ports } => {
                for port in ports {
                    world.san.crossed.remove(&port);
                }
            }
            Self::Unshifted { system, user } => {
                if let Some(system) = world.systems.get_mut(&system) {
                    system.shifted.remove(&user);
                }
            }
            Self::Statement {
                system,
                user,
                wrong,
                right,
            } => {
                let entry = world
                    .systems
                    .get_mut(&system)
                    .and_then(|s| s.directory.get_mut(&user));
                let statement = entry
                    .into_iter()
                    .flat_map(|e| &mut e.statements)
                    .find(|s| **s == wrong);
                if let Some(statement) = statement {
                    *statement = right;
                }
            }
            Self::NotIgnored { host, device } => {
                crate::world::zfcp::act(world, &host, |machine, zfcp, events| {
                    zfcp.free(machine, device, device, events);
                });
            }
            Self::LunScan { host } => {
                if let Some(linux) = world.linuxes.get_mut(&host) {
                    linux.zfcp.no_lun_scan = false;
                }
            }
            Self::Running { host, wwpn, lun } => {
                if let Some(linux) = world.linuxes.get_mut(&host) {
                    for adapter in linux.zfcp.adapters.values_mut() {
                        if let Some(device) = adapter
                            .ports
                            .get_mut(&wwpn)
                            .and_then(|p| p.devices.get_mut(&lun))
                        {
                            device.offline = false;
                        }
                    }
                }
            }
        }
    }
}
