//! Choosing the FCP devices of a guest (spec: driver 2.8.3).

use std::collections::BTreeMap;

use super::device::{Chpid, FcpDevice, FcpStatus};
use super::error::NoFcpAvailable;
use super::inventory::Inventory;
use crate::types::{DeviceNumber, FcpList};

/// Chooses `paths` devices on as many different channel paths among the configured ones that z/VM reports as free and
/// that nobody has (`taken`). The channel paths with the most free devices go first, so that they empty evenly; on a
/// path the lowest number goes first. All combinations are considered, not only those of the first device (D11).
///
/// # Errors
/// [`NoFcpAvailable`] with the figures that say why.
pub fn select(
    inventory: &Inventory,
    configured: &FcpList,
    taken: impl Fn(DeviceNumber) -> bool,
    paths: usize,
) -> Result<Vec<DeviceNumber>, NoFcpAvailable> {
    let mut by_path: BTreeMap<Chpid, Vec<DeviceNumber>> = BTreeMap::new();
    let mut refused = NoFcpAvailable {
        wanted: paths,
        free: BTreeMap::new(),
        taken: 0,
        missing: Vec::new(),
    };
    for number in configured.devices() {
        if taken(number) {
            refused.taken += 1;
            continue;
        }
        match inventory.get(number).map(|device| (device, device.chpid)) {
            Some((device, Some(chpid)))
                if device.status == FcpStatus::Free && device.unusable().is_none() =>
            {
                by_path.entry(chpid).or_default().push(number);
            }
            Some((device, _)) if device.status == FcpStatus::Active => refused.taken += 1,
            _ => refused.missing.push(number),
        }
    }
    if by_path.len() < paths || paths == 0 {
        refused.free = by_path
            .into_iter()
            .map(|(chpid, devices)| (chpid, devices.len()))
            .collect();
        return Err(refused);
    }
    if paths == 1 {
        // One path: plainly the lowest number.
        let lowest = by_path.values().filter_map(|devices| devices.first()).min();
        return Ok(lowest.copied().into_iter().collect());
    }
    let mut order: Vec<&Vec<DeviceNumber>> = by_path.values().collect();
    order.sort_by_key(|devices| std::cmp::Reverse(devices.len()));
    Ok(order[..paths].iter().map(|devices| devices[0]).collect())
}

/// Usable free devices of the configured list by channel path, whoever has them in the ledger (V7).
pub fn free_by_chpid(inventory: &Inventory, configured: &FcpList) -> BTreeMap<Chpid, usize> {
    let mut counts = BTreeMap::new();
    let usable = |device: &&FcpDevice| {
        configured.contains(device.number)
            && device.status == FcpStatus::Free
            && device.unusable().is_none()
    };
    for chpid in inventory
        .devices()
        .filter(usable)
        .filter_map(|device| device.chpid)
    {
        *counts.entry(chpid).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"1a00/50 1b00/51"`: number and channel path of free devices.
    fn inventory(devices: &str) -> Inventory {
        let lines: String = devices
            .split_whitespace()
            .map(|device| {
                let (number, chpid) = device.split_once('/').unwrap();
                format!(
                    "FCP device number: {number}\nStatus: Free\nNPIV world wide port number: C05076E8A000{number}\n\
                     Channel path ID: {chpid}\nPhysical world wide port number: NONE\n"
                )
            })
            .collect();
        Inventory::parse("h", lines.lines())
    }

    fn names(devices: &[DeviceNumber]) -> String {
        let names: Vec<_> = devices.iter().map(ToString::to_string).collect();
        names.join(";")
    }

    #[test]
    fn one_path_takes_the_lowest_number() {
        let inventory = inventory("1b00/51 1a01/50 1a00/50");
        let list = "1a00-1bff".parse().unwrap();
        assert_eq!(
            names(&select(&inventory, &list, |_| false, 1).unwrap()),
            "1a00"
        );
        let taken = |device: DeviceNumber| device.to_string() == "1a00";
        assert_eq!(names(&select(&inventory, &list, taken, 1).unwrap()), "1a01");
    }

    #[test]
    fn mpa_06_the_pair_is_found_wherever_it_is() {
        // D11: three devices on the first path, one on the second.
        let inventory = inventory("1a00/50 1a01/50 1a02/50 1b00/51");
        let list = "1a00-1bff".parse().unwrap();
        assert_eq!(
            names(&select(&inventory, &list, |_| false, 2).unwrap()),
            "1a00;1b00"
        );
        let taken = |device: DeviceNumber| matches!(device.to_string().as_str(), "1a00" | "1a01");
        assert_eq!(
            names(&select(&inventory, &list, taken, 2).unwrap()),
            "1a02;1b00"
        );
    }

    #[test]
    fn the_fullest_paths_go_first() {
        let inventory = inventory("1a00/50 1b00/51 1b01/51 1c00/52 1c01/52 1c02/52");
        let list = "1a00-1cff".parse().unwrap();
        assert_eq!(
            names(&select(&inventory, &list, |_| false, 2).unwrap()),
            "1c00;1b00"
        );
        assert_eq!(
            names(&select(&inventory, &list, |_| false, 3).unwrap()),
            "1c00;1b00;1a00"
        );
    }

    #[test]
    fn mpa_05_the_error_says_why() {
        let inventory = inventory("1a00/50 1a01/50 1a02/50");
        let list = "1a00-1a03".parse().unwrap();
        let taken = |device: DeviceNumber| device.to_string() == "1a00";
        let error = select(&inventory, &list, taken, 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no 2 FCP devices on different channel paths are free (free: 2 on CHPID 50; in use or reserved: 1; \
             configured but not usable: 1a03)"
        );
        let error = select(&Inventory::default(), &FcpList::default(), |_| false, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no FCP device is free (free: none; in use or reserved: 0)"
        );
    }

    #[test]
    fn devices_outside_the_list_or_without_a_port_are_no_candidates() {
        let inventory = inventory("1a00/50 1a01/50");
        assert!(select(&inventory, &"1b00".parse().unwrap(), |_| false, 1).is_err());
        let blind = "FCP device number: 1A00\nStatus: Free\nChannel path ID: 50\n";
        let inventory = Inventory::parse("h", blind.lines());
        assert!(select(&inventory, &"1a00".parse().unwrap(), |_| false, 1).is_err());
    }
}
