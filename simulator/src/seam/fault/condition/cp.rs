//! Channels, FCP devices and directory entries: what CP and the directory manager have.

use super::place::devices;
use super::{Condition, ConditionError};
use crate::seam::Place;
use crate::seam::fault::undo::{Step, Undo};
use crate::world::{UserId, World};

/// The userid that holds a device that is "attached elsewhere"; no site has it.
const ELSEWHERE: &str = "OTHERVM";

impl Condition {
    pub(super) fn channel(self, world: &mut World, place: &Place, delay: u64, undo: &mut Undo) {
        for (system, device, fcp) in devices(world, place) {
            let Some(now) = world
                .systems
                .get_mut(&system)
                .and_then(|s| s.fcp.get_mut(&device))
            else {
                continue;
            };
            match self {
                Self::ChpidOffline if now.online => {
                    now.online = false;
                    undo.push(Step::Online { system, device });
                }
                Self::MuteChannel if now.mute_ms == 0 => {
                    now.mute_ms = delay.max(1);
                    undo.push(Step::Answering { system, device });
                }
                Self::NoHandles if !now.no_handles => {
                    now.no_handles = true;
                    undo.push(Step::Handles { system, device });
                }
                Self::NpivOff => {
                    if let Some(wwpn) = now.npiv_wwpn.take() {
                        undo.push(Step::Npiv {
                            system,
                            device,
                            wwpn,
                        });
                    }
                }
                Self::LinkDown if world.san.links_down.insert(fcp.physical_wwpn) => {
                    undo.push(Step::LinkUp {
                        physical: fcp.physical_wwpn,
                    });
                }
                _ => {}
            }
        }
    }

    pub(super) fn device(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        for (name, device, fcp) in devices(world, place) {
            let Some(system) = world.systems.get_mut(&name) else {
                continue;
            };
            match self {
                Self::DeviceMissing => {
                    system.fcp.remove(&device);
                    undo.push(Step::Device {
                        system: name,
                        device,
                        fcp,
                    });
                }
                Self::DeviceTaken => {
                    if let Some(user) = &fcp.attached_to {
                        return Err(ConditionError::Impossible(format!(
                            "FCP device {device:X} is attached to {user} already"
                        )));
                    }
                    let user = UserId::new(ELSEWHERE);
                    if let Some(fcp) = system.fcp.get_mut(&device) {
                        fcp.attached_to = Some(user.clone());
                    }
                    undo.push(Step::Detached {
                        system: name,
                        device,
                        from: user,
                    });
                }
                _ => {
                    if let Some(fcp) = system.fcp.get_mut(&device) {
                        fcp.attached_to = None;
                    }
                    for machine in system.running.values_mut() {
                        machine.devices.retain(|_, real| *real != device);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is wrong with a guest's entry in the directory, or with what CP makes of it.
    pub(super) fn directory(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        let Some(linux) = place.guest.as_ref().and_then(|g| world.linuxes.get(g)) else {
            return Ok(());
        };
        let (name, user) = (linux.system.clone(), linux.userid.clone());
        let Some(system) = world.systems.get_mut(&name) else {
            return Ok(());
        };
        if self == Self::ShiftedDevice {
            if system.shifted.insert(user.clone()) {
                undo.push(Step::Unshifted { system: name, user });
            }
            return Ok(());
        }
        let entry = system.directory.get_mut(&user);
        let statement = entry.into_iter().flat_map(|e| &mut e.statements).find(|s| {
            s.trim_start()
                .to_ascii_uppercase()
                .starts_with("LOADDEV LUN ")
        });
        let Some(statement) = statement else {
            return Err(ConditionError::Impossible(format!(
                "the directory entry of {user} has no LOADDEV statement"
            )));
        };
        let wrong = "LOADDEV LUN FFFFFFFFFFFFFFFF".to_owned();
        let right = std::mem::replace(statement, wrong.clone());
        undo.push(Step::Statement {
            system: name,
            user,
            wrong,
            right,
        });
        Ok(())
    }
}
