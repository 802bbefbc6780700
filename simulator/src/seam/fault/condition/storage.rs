//! LUNs, masks and volumes.

use super::Condition;
use super::place::{devices, volumes};
use crate::seam::Place;
use crate::seam::fault::undo::{Step, Undo};
use crate::world::san::Medium;
use crate::world::{World, Wwpn};

impl Condition {
    pub(super) fn mapping(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(lun) = place.lun else { return };
        let other = world
            .san
            .volumes
            .keys()
            .find(|name| !volumes(world, place).contains(name))
            .cloned();
        for (wwpn, luns) in world.san.luns.iter_mut() {
            if place.wwpn.is_some_and(|w| w != *wwpn) {
                continue;
            }
            let Some(volume) = luns.remove(&lun) else {
                continue;
            };
            undo.push(Step::Mapped {
                wwpn: *wwpn,
                lun,
                volume: volume.clone(),
            });
            if self == Self::OtherVolume
                && let Some(other) = &other
            {
                luns.insert(lun, other.clone());
                // The host object of the storage shows it as it showed the right one.
                let initiators = world.san.masks.get(&volume).cloned().unwrap_or_default();
                let shown = world.san.masks.entry(other.clone()).or_default();
                shown.extend(initiators);
            }
        }
    }

    pub(super) fn volume(self, world: &mut World, place: &Place, undo: &mut Undo) {
        for name in volumes(world, place) {
            let Some(volume) = world.san.volumes.get_mut(&name) else {
                continue;
            };
            let medium = match self {
                Self::Reserved => Medium::Reserved,
                Self::VolumeOffline => Medium::Offline,
                Self::ReadOnly => Medium::ReadOnly,
                Self::Smaller => {
                    undo.push(Step::Bytes {
                        volume: name,
                        bytes: volume.bytes,
                    });
                    volume.bytes /= 2;
                    continue;
                }
                _ => {
                    if !volume.silent {
                        volume.silent = true;
                        undo.push(Step::Speaks { volume: name });
                    }
                    continue;
                }
            };
            let former = std::mem::replace(&mut volume.medium, medium);
            undo.push(Step::Medium {
                volume: name,
                medium: former,
            });
        }
    }
}

pub(super) fn mask_missing(world: &mut World, place: &Place, undo: &mut Undo) {
    let mut initiators: Vec<Wwpn> = devices(world, place)
        .into_iter()
        .map(|(_, _, fcp)| fcp.npiv_wwpn.unwrap_or(fcp.physical_wwpn))
        .collect();
    let is_port = |w: &Wwpn| world.san.ports.contains_key(w);
    initiators.extend(place.wwpn.filter(|w| !is_port(w)));
    let names = volumes(
        world,
        &Place {
            wwpn: place.wwpn.filter(is_port),
            ..place.clone()
        },
    );
    if world.san.open_masking {
        // From now on masks count; whoever was seen stays seen.
        let everyone: Vec<Wwpn> = world
            .systems
            .values()
            .flat_map(|s| s.fcp.values())
            .map(|f| f.npiv_wwpn.unwrap_or(f.physical_wwpn))
            .collect();
        for name in world.san.volumes.keys() {
            let mask = world.san.masks.entry(name.clone()).or_default();
            mask.extend(everyone.iter().copied());
        }
        world.san.open_masking = false;
        undo.push(Step::OpenMasking);
    }
    for name in names {
        if let Some(mask) = world.san.masks.get_mut(&name) {
            for initiator in &initiators {
                if mask.remove(initiator) {
                    undo.push(Step::Masked {
                        volume: name.clone(),
                        initiator: *initiator,
                    });
                }
            }
        }
    }
}
