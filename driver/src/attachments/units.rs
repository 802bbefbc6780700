//! The units (paths) that a guest's zfcp driver has, as `lszfcp -D` lists them (read-back RB4).

use std::collections::BTreeSet;

use crate::types::{DeviceNumber, Lun, Wwpn, WwpnSet};

/// A path: FCP device, target port, LUN.
pub type Unit = (DeviceNumber, Wwpn, Lun);

/// Folder of the zfcp driver.
const ZFCP: &str = "/sys/bus/ccw/drivers/zfcp/";

/// All units of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    disks: BTreeSet<Unit>,
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
        let unit = |line: &str| -> Option<(bool, Unit)> {
            let word = line.split_whitespace().find(|word| word.contains("/0x"))?;
            let folder = word.strip_prefix(ZFCP);
            let word = folder.unwrap_or(word).trim_start_matches("0.0.");
            let mut parts = word.split('/');
            let unit = (
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
            );
            parts.next().is_none().then_some((folder.is_some(), unit))
        };
        for (configured, unit) in lines.into_iter().filter_map(unit) {
            if configured {
                units.configured.insert(unit);
            } else {
                units.disks.insert(unit);
            }
        }
        units
    }

    /// Whether the guest has the path, with a disk behind it.
    pub fn has(&self, unit: Unit) -> bool {
        self.disks.contains(&unit)
    }

    /// Whether a unit is configured, with or without a disk.
    pub fn is_configured(&self, unit: Unit) -> bool {
        self.configured.contains(&unit) || self.disks.contains(&unit)
    }

    /// Every path of a LUN through one of the ports, over whichever device, that is configured or has a disk.
    pub fn of(&self, wwpns: &WwpnSet, lun: Lun) -> Vec<Unit> {
        self.disks
            .union(&self.configured)
            .filter(|unit| unit.2 == lun && wwpns.ports().contains(&unit.1))
            .copied()
            .collect()
    }

    /// The paths of a LUN over the given devices and ports that the guest has, and those that it lacks (I16).
    pub fn split(&self, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> (Vec<Unit>, Vec<Unit>) {
        fcp.iter()
            .flat_map(|device| wwpns.ports().iter().map(move |port| (*device, *port, lun)))
            .partition(|unit| self.has(*unit))
    }

    /// All of them, with or without a disk.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.disks.union(&self.configured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_lszfcp() {
        let text = "lnx1: 0.0.1faa/0x5005076801102991/0x0021000000000000 0:0:0:0\n\
            lnx1: 0.0.1faa/0x5005076801102992/0x0021000000000000 0:0:1:0\nlnx1: Error: No fcp devices found.\n/0x/0x";
        let units = Units::parse(text.lines());
        assert_eq!(units.iter().count(), 2);
        let ports = "5005076801102991;5005076801102993".parse().unwrap();
        let lun = "0021000000000000".parse().unwrap();
        let (has, lacks) = units.split(&["1faa".parse().unwrap()], &ports, lun);
        assert_eq!((has.len(), lacks.len()), (1, 1));
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
        assert!(units.is_configured(unit));
        assert_eq!(units.of(&unit.1.into(), unit.2), [unit]);
    }
}
