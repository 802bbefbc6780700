//! Reservations: devices that a connector names, before anything is attached (spec: driver 2.8.3).

use std::collections::{BTreeMap, BTreeSet};

use super::device::FcpStatus;
use super::entry::{Entry, Phase};
use super::error::FcpError;
use super::inventory::Inventory;
use super::ledger::Ledger;
use super::selection::select;
use crate::types::{DeviceNumber, FcpList, NodeName};

impl Ledger {
    /// `RESERVE`: the devices of a guest, chosen now if it has none (spec: driver 2.8.3). A guest that has some gets
    /// the same again, whatever the configuration says by now; the timer of a mere reservation starts anew.
    /// Reservations that are *older* than `timeout` (milliseconds) are dropped when the number that was asked for
    /// cannot be met otherwise (D10), except those of guests that `is_busy` names: an operation on them is under way.
    pub fn reserve(
        &mut self,
        node: &NodeName,
        paths: usize,
        inventory: &Inventory,
        configured: &FcpList,
        (now, timeout): (i64, i64),
        is_busy: impl Fn(&NodeName) -> bool,
    ) -> Result<Vec<DeviceNumber>, FcpError> {
        // A device that somebody took while it was only reserved, such as the zHCP, will not come back to the guest.
        let lost = |device: &DeviceNumber| {
            inventory
                .get(*device)
                .is_some_and(|known| known.status == FcpStatus::Active)
        };
        if self.instances.get(node).is_some_and(|entry| {
            entry.phase == Phase::Reserved
                && entry.dedicated.is_empty()
                && entry.fcp.iter().any(lost)
        }) {
            self.instances.remove(node);
        }
        if let Some(entry) = self.instances.get_mut(node) {
            if entry.phase == Phase::Reserved {
                entry.since = now;
            }
            return Ok(entry.fcp.clone());
        }
        if configured.is_empty() {
            return Err(FcpError::NoList);
        }
        let chosen = self.choose(paths, inventory, configured);
        let fcp = match chosen {
            Ok(fcp) => fcp,
            Err(_) if self.expire(now, timeout, is_busy) => {
                self.choose(paths, inventory, configured)?
            }
            Err(error) => return Err(error),
        };
        let entry = Entry {
            fcp: fcp.clone(),
            phase: Phase::Reserved,
            since: now,
            attachments: BTreeMap::new(),
            dedicated: BTreeSet::new(),
            conflict: false,
        };
        self.instances.insert(node.clone(), entry);
        Ok(fcp)
    }

    fn choose(
        &self,
        paths: usize,
        inventory: &Inventory,
        configured: &FcpList,
    ) -> Result<Vec<DeviceNumber>, FcpError> {
        let taken: BTreeSet<DeviceNumber> = self
            .instances
            .values()
            .flat_map(|entry| entry.fcp.iter().copied())
            .chain(self.withheld.keys().copied())
            .collect();
        Ok(select(
            inventory,
            configured,
            |device| taken.contains(&device),
            paths,
        )?)
    }

    /// Drops reservations without volumes that are older than `timeout`; whether there were any.
    fn expire(&mut self, now: i64, timeout: i64, is_busy: impl Fn(&NodeName) -> bool) -> bool {
        let before = self.instances.len();
        self.instances.retain(|node, entry| {
            entry.phase != Phase::Reserved || now - entry.since <= timeout || is_busy(node)
        });
        self.instances.len() < before
    }

    /// Takes back a mere reservation, for a connector that turned out to be unusable (D14).
    pub fn unreserve(&mut self, node: &NodeName) {
        if self
            .instances
            .get(node)
            .is_some_and(|entry| entry.phase == Phase::Reserved)
        {
            self.instances.remove(node);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::fcp::{Attachment, AttachmentState, ledger::joined};
    use crate::types::Lifecycle;

    const TIMEOUT: i64 = 30_000;

    fn inventory(devices: &str) -> Inventory {
        let lines: String = devices
            .split_whitespace()
            .map(|device| {
                let (number, chpid) = device.split_once('/').unwrap();
                format!(
                    "FCP device number: {number}\nStatus: Free\nNPIV world wide port number: C05076E8A000{number}\n\
                     Channel path ID: {chpid}\n"
                )
            })
            .collect();
        Inventory::parse("h", lines.lines())
    }

    pub(in crate::fcp) fn node(name: &str) -> NodeName {
        name.parse().unwrap()
    }

    pub(in crate::fcp) fn volume(id: &str) -> Attachment {
        Attachment {
            volume_id: id.to_owned(),
            lifecycle: Lifecycle::PoolOwned,
            pool: "p".parse().unwrap(),
            wwpns: "5005076801102991".parse().unwrap(),
            lun: "0021000000000000".parse().unwrap(),
            size: None,
            tag: None,
            mount_point: None,
            distribution: None,
            root: false,
            ipl_before: None,
            state: AttachmentState::Attaching,
        }
    }

    pub(in crate::fcp) fn reserve(
        ledger: &mut Ledger,
        name: &str,
        paths: usize,
        now: i64,
    ) -> Result<String, FcpError> {
        let inventory = inventory("1a00/50 1a01/50 1b00/51");
        let list = "1a00-1bff".parse().unwrap();
        ledger
            .reserve(
                &node(name),
                paths,
                &inventory,
                &list,
                (now, TIMEOUT),
                |busy| busy.as_str() == "busy",
            )
            .map(|fcp| joined(&fcp))
    }

    #[test]
    fn i13_a_guest_keeps_its_list() {
        let mut ledger = Ledger::default();
        assert_eq!(reserve(&mut ledger, "a", 1, 0).unwrap(), "1a00");
        assert_eq!(reserve(&mut ledger, "b", 1, 0).unwrap(), "1a01");
        assert_eq!(
            reserve(&mut ledger, "a", 2, 5).unwrap(),
            "1a00",
            "not chosen again"
        );
    }

    #[test]
    fn mpa_07_reservations_expire_strictly_after_the_time() {
        // D10: the second path is missing, not the first.
        let mut ledger = Ledger::default();
        assert_eq!(reserve(&mut ledger, "a", 2, 0).unwrap(), "1a00;1b00");
        assert!(
            reserve(&mut ledger, "b", 2, TIMEOUT).is_err(),
            "at exactly 30 s not yet"
        );
        assert_eq!(
            reserve(&mut ledger, "b", 2, TIMEOUT + 1).unwrap(),
            "1a00;1b00"
        );
        assert!(ledger.entry(&node("a")).is_none());
    }

    #[test]
    fn a_reservation_that_an_operation_works_on_does_not_expire() {
        let mut ledger = Ledger::default();
        reserve(&mut ledger, "busy", 2, 0).unwrap();
        assert!(reserve(&mut ledger, "b", 2, 10 * TIMEOUT).is_err());
    }

    #[test]
    fn con_08_a_running_timer_is_not_stolen_and_a_refreshed_one_runs_longer() {
        let mut ledger = Ledger::default();
        reserve(&mut ledger, "a", 2, 0).unwrap();
        reserve(&mut ledger, "a", 2, 20_000).unwrap();
        assert!(reserve(&mut ledger, "b", 2, 40_000).is_err());
    }

    #[test]
    fn con_09_an_attach_ends_the_timer() {
        let mut ledger = Ledger::default();
        reserve(&mut ledger, "a", 2, 0).unwrap();
        let list = ["1a00".parse().unwrap(), "1b00".parse().unwrap()];
        assert!(ledger.increase(&node("a"), &list, volume("v"), 1).unwrap());
        assert!(reserve(&mut ledger, "b", 2, 10 * TIMEOUT).is_err());
        // The reservation expired before the attach began, and somebody else has a device now: a clean conflict.
        let mut ledger = Ledger::default();
        reserve(&mut ledger, "a", 2, 0).unwrap();
        reserve(&mut ledger, "b", 2, TIMEOUT + 1).unwrap();
        let error = ledger
            .increase(&node("a"), &list, volume("v"), TIMEOUT + 2)
            .unwrap_err();
        assert_eq!(error.to_string(), "FCP device 1a00 belongs to b");
    }
}
