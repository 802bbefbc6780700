//! The units (paths) that a guest's zfcp driver has, as `lszfcp -D` lists them (read-back RB4).

use std::collections::BTreeSet;

use crate::types::{DeviceNumber, Lun, Wwpn, WwpnSet};

/// A path: FCP device, target port, LUN.
pub type Unit = (DeviceNumber, Wwpn, Lun);

/// All units of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units(BTreeSet<Unit>);

impl Units {
    /// Reads lines such as `lnx1: 0.0.1faa/0x5005076801102991/0x0021000000000000 0:0:0:0`; other lines are passed over.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let unit = |line: &str| -> Option<Unit> {
            let word = line
                .split_whitespace()
                .find(|word| word.contains("/0x"))?
                .trim_start_matches("0.0.");
            let mut parts = word.split('/');
            let unit = (
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
            );
            parts.next().is_none().then_some(unit)
        };
        Self(lines.into_iter().filter_map(unit).collect())
    }

    /// Whether the guest has the path.
    pub fn has(&self, unit: Unit) -> bool {
        self.0.contains(&unit)
    }

    /// The paths of a LUN over the given devices and ports that the guest has, and those that it lacks (I16).
    pub fn split(&self, fcp: &[DeviceNumber], wwpns: &WwpnSet, lun: Lun) -> (Vec<Unit>, Vec<Unit>) {
        fcp.iter()
            .flat_map(|device| wwpns.ports().iter().map(move |port| (*device, *port, lun)))
            .partition(|unit| self.has(*unit))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.0.iter()
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
}
