//! Guests: their kernel, udev, multipath and files.

use super::Condition;
use super::place::{devices, volumes};
use crate::seam::Place;
use crate::seam::fault::guest_setting::{Former, GuestSetting};
use crate::seam::fault::undo::{Step, Undo};
use crate::world::zfcp::{LinkForm, LinkState};
use crate::world::{HostName, World};

impl Condition {
    /// Acts on a guest's kernel once.
    pub(super) fn guest(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(host) = place.guest.clone() else {
            return;
        };
        let Some(linux) = world.linuxes.get_mut(&host) else {
            return;
        };
        let now = world.now_ms;
        let zfcp = &mut linux.zfcp;
        let device = place.device.unwrap_or_default();
        match self {
            Self::Ignored => {
                zfcp.ignore(device, device);
                zfcp.recognised.remove(&device);
                undo.push(Step::NotIgnored { host, device });
            }
            Self::LunScanOff => {
                if !zfcp.no_lun_scan {
                    zfcp.no_lun_scan = true;
                    undo.push(Step::LunScan { host });
                }
            }
            Self::AdapterFailed => {
                let text = "ERP cannot recover an error on the FCP device";
                zfcp.break_down(device, LinkState::Failed, now, text);
            }
            _ => {
                for adapter in zfcp.adapters.values_mut() {
                    for (wwpn, port) in &mut adapter.ports {
                        if let Some(lun) = place.lun
                            && place.wwpn.is_none_or(|w| w == *wwpn)
                            && let Some(disk) = port.devices.get_mut(&lun)
                        {
                            disk.offline = true;
                            undo.push(Step::Running {
                                host: host.clone(),
                                wwpn: *wwpn,
                                lun,
                            });
                        }
                    }
                }
            }
        }
    }

    /// Changes what a guest makes of what happens to it.
    pub(super) fn setting(self, world: &mut World, place: &Place, delay: u64, undo: &mut Undo) {
        let Some(host) = place.guest.clone() else {
            return;
        };
        let device = place.device.unwrap_or_default();
        let on = Former::On(true);
        let late = Former::Ms(delay);
        match self {
            Self::Boxed => set(world, &host, GuestSetting::Boxed(device), on, undo),
            Self::OnlineBusy => {
                let always = Former::Count(Some(u32::MAX));
                set(world, &host, GuestSetting::Busy(device), always, undo);
            }
            Self::NoZfcp => set(world, &host, GuestSetting::NoZfcp, on, undo),
            Self::UdevStalled => set(world, &host, GuestSetting::UdevStalled, on, undo),
            Self::UdevLate => set(world, &host, GuestSetting::UdevDelay, late, undo),
            Self::NoMultipathd => set(world, &host, GuestSetting::NoMultipathd, on, undo),
            Self::LateDevice => set(world, &host, GuestSetting::Late, late, undo),
            Self::LateDetach => set(world, &host, GuestSetting::VanishLate, late, undo),
            Self::NoZfcpLinks | Self::NoFcLinks => {
                let form = if self == Self::NoZfcpLinks {
                    LinkForm::Fc
                } else {
                    LinkForm::Zfcp
                };
                let form = Former::Form(form);
                set(world, &host, GuestSetting::LinkForm, form, undo);
            }
            Self::NamesShuffled => set(world, &host, GuestSetting::NamesShuffled, on, undo),
            Self::HalfRegistered => set(world, &host, GuestSetting::HalfRegistered, late, undo),
            Self::PortsLate => set(world, &host, GuestSetting::RportLate, late, undo),
            Self::MultipathdSlow => set(world, &host, GuestSetting::MapLate, late, undo),
            Self::Blacklisted | Self::MapInUse => {
                for wwid in wwids(world, place) {
                    let setting = if self == Self::Blacklisted {
                        GuestSetting::Blacklisted(wwid)
                    } else {
                        GuestSetting::OpenMap(wwid)
                    };
                    set(world, &host, setting, on, undo);
                }
            }
            Self::MapsReturn => set(world, &host, GuestSetting::MapsReturn, on, undo),
            Self::EtcFull => set(world, &host, GuestSetting::EtcFull, on, undo),
            _ => set(world, &host, GuestSetting::NoSg, on, undo),
        }
    }
}

/// Changes one setting, and notes how it was.
fn set(world: &mut World, host: &HostName, setting: GuestSetting, to: Former, undo: &mut Undo) {
    let Some(linux) = world.linuxes.get_mut(host) else {
        return;
    };
    let former = setting.set(&mut linux.zfcp.faults, to);
    undo.push(Step::Guest {
        host: host.clone(),
        setting,
        former,
    });
}

/// WWIDs of the volumes that answer under the place's LUN.
fn wwids(world: &World, place: &Place) -> Vec<String> {
    volumes(world, place)
        .iter()
        .filter_map(|name| Some(world.san.volumes.get(name)?.wwid.clone()))
        .collect()
}

/// The adapter of a device goes out of use in the guest that has it.
pub(super) fn bit_errors(world: &mut World, place: &Place) {
    let now = world.now_ms;
    for (name, real, fcp) in devices(world, place) {
        let Some(user) = fcp.attached_to else {
            continue;
        };
        let number = world
            .systems
            .get(&name)
            .and_then(|s| s.running.get(&user))
            .and_then(|vm| vm.devices.iter().find(|(_, r)| **r == real))
            .map(|(number, _)| *number);
        let linux = world
            .linuxes
            .values_mut()
            .find(|l| l.userid == user && l.system == name);
        if let (Some(linux), Some(number)) = (linux, number) {
            let text = "All paths over this FCP device are disused because of excessive bit errors";
            linux.zfcp.break_down(number, LinkState::Disused, now, text);
        }
    }
}
