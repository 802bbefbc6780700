//! The units (paths) that a guest's zfcp driver has, as `lszfcp -D` lists them (read-back RB4).

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{DeviceNumber, Lun, Wwpn, WwpnSet};

/// A path: FCP device, target port, LUN.
pub type Unit = (DeviceNumber, Wwpn, Lun);

/// Folder of the zfcp driver.
const ZFCP: &str = "/sys/bus/ccw/drivers/zfcp/";

/// All units of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// With the SCSI address of each disk.
    disks: BTreeMap<Unit, String>,
    configured: BTreeSet<Unit>,
}

impl Units {
    /// The command whose output [`Self::parse`] reads: paths with a disk behind them first, then the units that are
    /// merely configured. A unit of a LUN that the storage controller does not show has no disk, and no other sign.
    pub const COMMAND: &'static str =
        "lszfcp -D 2>/dev/null; ls -d /sys/bus/ccw/drivers/zfcp/0.0.*/0x*/0x* 2>/dev/null; true";

    /// Reads lines such as `lnx1: 0.0.1faa/0x5005076801102991/0x0021000000000000 0:0:0:0`, and names of unit folders;
    /// other lines are passed over.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut units = Self::default();
        for line in lines {
            let mut words = line
                .split_whitespace()
                .skip_while(|word| !word.contains("/0x"));
            let Some(word) = words.next() else { continue };
            let folder = word.strip_prefix(ZFCP);
            let Some(unit) = parse_unit(folder.unwrap_or(word)) else {
                continue;
            };
            if folder.is_some() {
                units.configured.insert(unit);
            } else {
                units
                    .disks
                    .insert(unit, words.next().unwrap_or_default().to_owned());
            }
        }
        units
    }

    /// Whether the guest has the path, with a disk behind it.
    pub fn has(&self, unit: Unit) -> bool {
        self.disks.contains_key(&unit)
    }

    /// Every configured unit of a LUN over the given devices and ports, with or without a disk.
    pub fn configured(&self, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> Vec<Unit> {
        paths(fcp, wwpns, lun)
            .filter(|unit| self.configured.contains(unit))
            .collect()
    }

    /// SCSI addresses of a LUN's disks over the given devices and ports. A guest that scans by itself has disks without
    /// units.
    pub fn disks(&self, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> Vec<&str> {
        paths(fcp, wwpns, lun)
            .filter_map(|unit| self.disks.get(&unit))
            .map(String::as_str)
            .filter(|address| is_address(address))
            .collect()
    }

    /// SCSI addresses of all disks over one device.
    pub fn disks_over(&self, device: DeviceNumber) -> Vec<&str> {
        let over = |unit: &Unit| unit.0 == device;
        let addresses = self.disks.iter().filter(|(unit, _)| over(unit));
        addresses
            .map(|(_, address)| address.as_str())
            .filter(|a| is_address(a))
            .collect()
    }

    /// The paths of a LUN over the given devices and ports that the guest has, and those that it lacks (I16).
    pub fn split(&self, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> (Vec<Unit>, Vec<Unit>) {
        paths(fcp, wwpns, lun).partition(|unit| self.has(*unit))
    }

    /// All of them, with or without a disk.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        let found = self
            .disks
            .keys()
            .filter(|unit| !self.configured.contains(unit));
        self.configured.iter().chain(found)
    }
}

/// Every path of a LUN over these devices and ports, devices outermost.
pub(super) fn paths<'a>(
    fcp: &'a [DeviceNumber],
    wwpns: &'a WwpnSet,
    lun: Lun,
) -> impl Iterator<Item = Unit> + 'a {
    let ports = wwpns.ports();
    fcp.iter()
        .flat_map(move |device| ports.iter().map(move |port| (*device, *port, lun)))
}

/// `0.0.1faa/0x5005076801102991/0x0021000000000000`.
fn is_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b':')
}

fn parse_unit(text: &str) -> Option<Unit> {
    let mut parts = text.trim_start_matches("0.0.").split('/');
    let unit = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    parts.next().is_none().then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_lszfcp() {
        let text = "lnx1: 0.0.1faa/0x5005076801102991/0x0021000000000000 0:0:0:0\n\
            lnx1: 0.0.1faa/0x5005076801102992/0x0021000000000000 0:0:1:0\nlnx1: Error: No fcp devices found.\n/0x/0x";
        let units = Units::parse(text.lines());
        let ports = "5005076801102991;5005076801102993".parse().unwrap();
        let lun = "0021000000000000".parse().unwrap();
        let (has, lacks) = units.split(&["1faa".parse().unwrap()], &ports, lun);
        assert_eq!((has.len(), lacks.len()), (1, 1));
        assert_eq!(
            units.disks(&["1faa".parse().unwrap()], &ports, lun),
            ["0:0:0:0"]
        );
    }

    #[test]
    fn a_masked_lun_is_configured_but_no_disk() {
        let line = "lnx1: /sys/bus/ccw/drivers/zfcp/0.0.1faa/0x5005076801102991/0x0021000000000000";
        let units = Units::parse([line]);
        let unit = (
            "1faa".parse().unwrap(),
            "5005076801102991".parse().unwrap(),
            "0021000000000000".parse().unwrap(),
        );
        assert!(!units.has(unit));
        assert_eq!(units.configured(&[unit.0], &unit.1.into(), unit.2), [unit]);
        assert!(units.disks(&[unit.0], &unit.1.into(), unit.2).is_empty());
    }
}
