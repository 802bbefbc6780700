//! What of the site a rule's place means.

use crate::seam::Place;
use crate::world::zvm::FcpDevice;
use crate::world::{DeviceNumber, SystemName, World};

/// FCP devices that a place names, by device or by channel path.
pub(super) fn devices(world: &World, place: &Place) -> Vec<(SystemName, DeviceNumber, FcpDevice)> {
    // A guest knows a device by its virtual number.
    let real = place.device.map(|device| {
        let guest = place.guest.as_ref().and_then(|g| world.linuxes.get(g));
        guest
            .and_then(|l| world.systems.get(&l.system)?.running.get(&l.userid))
            .and_then(|vm| vm.devices.get(&device).copied())
            .unwrap_or(device)
    });
    world
        .systems
        .iter()
        .filter(|(name, _)| place.system.as_ref().is_none_or(|s| s == *name))
        .flat_map(|(name, system)| system.fcp.iter().map(move |(d, f)| (name, *d, f)))
        .filter(|(_, device, fcp)| match (real, &place.chpid) {
            (Some(real), _) => real == *device,
            (None, Some(chpid)) => fcp.chpid.eq_ignore_ascii_case(chpid),
            (None, None) => false,
        })
        .map(|(name, device, fcp)| (name.clone(), device, fcp.clone()))
        .collect()
}

/// Names of the volumes that answer under the place's LUN.
pub(super) fn volumes(world: &World, place: &Place) -> Vec<String> {
    let Some(lun) = place.lun else {
        return Vec::new();
    };
    let mut names: Vec<String> = world
        .san
        .luns
        .iter()
        .filter(|(wwpn, _)| place.wwpn.is_none_or(|w| w == **wwpn))
        .filter_map(|(_, luns)| luns.get(&lun).cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}
