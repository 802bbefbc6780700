//! Reading `rinv --fcpdevices {state} details` (spec: driver 2.8.2; scsi-pools 3).

use std::collections::BTreeMap;

use super::device::{FcpDevice, FcpStatus};
use crate::types::{DeviceNumber, Wwpn};

/// The FCP devices of one z/VM system by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(BTreeMap<DeviceNumber, FcpDevice>);

impl Inventory {
    /// Reads the lines of one answer. A block starts at `FCP device number`; its other lines are found by key, so that
    /// a line more (`Owner:`) does not shift the records (D17). A line that cannot be read leaves its field out, and
    /// the device is then [unusable](FcpDevice::unusable); a block without a readable number is left out.
    pub fn parse<'a>(host: &str, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut inventory = Self::default();
        let mut current: Option<FcpDevice> = None;
        for line in lines {
            let line = line.trim();
            let line = line
                .strip_prefix(host)
                .and_then(|rest| rest.strip_prefix(':'))
                .unwrap_or(line)
                .trim();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("FCP device number") {
                inventory.extend(current.take());
                current = value.parse().ok().map(|number| FcpDevice {
                    number,
                    status: FcpStatus::Offline,
                    npiv: None,
                    physical: None,
                    chpid: None,
                    owner: None,
                });
                continue;
            }
            let Some(device) = &mut current else { continue };
            let port = || value.parse::<Wwpn>().ok();
            match key.to_ascii_lowercase().as_str() {
                "status" => {
                    device.status = match value.to_ascii_lowercase().as_str() {
                        "free" => FcpStatus::Free,
                        "active" => FcpStatus::Active,
                        _ => FcpStatus::Offline,
                    }
                }
                "npiv world wide port number" => device.npiv = port(),
                "physical world wide port number" => device.physical = port(),
                "channel path id" => device.chpid = value.parse().ok(),
                "owner" => {
                    let named = !value.is_empty() && !value.eq_ignore_ascii_case("none");
                    device.owner = named.then(|| value.to_owned());
                }
                _ => {}
            }
        }
        inventory.extend(current);
        inventory
    }

    /// Takes over the devices of another answer. Where both answers name a device it is taken for active: it changed
    /// hands between the two questions, and only a device that nobody has may be given out.
    pub fn merge(&mut self, other: Self) {
        for (number, mut device) in other.0 {
            if let Some(known) = self.0.get(&number)
                && known.status != device.status
            {
                device.status = FcpStatus::Active;
            }
            self.0.insert(number, device);
        }
    }

    fn extend(&mut self, device: Option<FcpDevice>) {
        self.0.extend(device.map(|device| (device.number, device)));
    }

    /// One device.
    pub fn get(&self, number: DeviceNumber) -> Option<&FcpDevice> {
        self.0.get(&number)
    }

    /// All devices, ascending.
    pub fn devices(&self) -> impl Iterator<Item = &FcpDevice> {
        self.0.values()
    }

    /// Whether no device is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "opnstk1: FCP device number: B83D\nopnstk1:   Status: Free\n\
        opnstk1:   NPIV world wide port number: NONE\nopnstk1:   Channel path ID: 59\n\
        opnstk1:   Physical world wide port number: 20076D8500005181\n\
        opnstk1: FCP device number: B83E\nopnstk1:   Status: Active\n\
        opnstk1:   NPIV world wide port number: C05076DE33000002\nopnstk1:   Channel path ID: 5a\n\
        opnstk1:   Physical world wide port number: 20076D8500005182\nopnstk1:   Owner: LNX1\n";

    #[test]
    fn d17_records_are_read_by_key() {
        let inventory = Inventory::parse("opnstk1", LINES.lines());
        let first = inventory.get("b83d".parse().unwrap()).unwrap();
        assert_eq!(first.status, FcpStatus::Free);
        assert_eq!(first.npiv, None);
        assert_eq!(first.wwpn().unwrap().to_string(), "20076d8500005181");
        assert_eq!(first.chpid.unwrap().to_string(), "59");
        let second = inventory.get("b83e".parse().unwrap()).unwrap();
        assert_eq!(second.owner.as_deref(), Some("LNX1"));
        assert_eq!(second.chpid.unwrap().to_string(), "5A");
        assert_eq!(second.wwpn().unwrap().to_string(), "c05076de33000002");
    }

    #[test]
    fn d17_garbage_makes_a_device_unusable_and_never_panics() {
        let text = LINES
            .replace("20076D8500005181", "20076D850000518")
            .replace("5a", "5A9");
        let inventory = Inventory::parse("opnstk1", text.lines());
        let unusable: Vec<_> = inventory
            .devices()
            .filter_map(FcpDevice::unusable)
            .collect();
        assert_eq!(
            unusable,
            ["has no world wide port name", "has no channel path ID"]
        );
        for text in [
            ":::",
            "FCP device number:",
            "Status: Free\nFCP device number: zz\nStatus: Free",
        ] {
            assert!(Inventory::parse("h", text.lines()).is_empty());
        }
    }

    #[test]
    fn a_device_in_both_answers_is_not_free() {
        let mut inventory = Inventory::parse("opnstk1", LINES.lines());
        let later = LINES.replace("Free", "Active");
        inventory.merge(Inventory::parse("opnstk1", later.lines()));
        assert_eq!(
            inventory.get("b83d".parse().unwrap()).unwrap().status,
            FcpStatus::Active
        );
    }
}
