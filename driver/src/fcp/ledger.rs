//! The ledger: which guest has which FCP devices, and for which volumes (spec: driver 2.8.1).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::attachment::{Attachment, AttachmentState};
use super::entry::{Entry, Phase, Withheld};
use super::error::FcpError;
use super::swept::SweptRow;
use crate::types::{DeviceNumber, Lun, NodeName, PoolName, WwpnSet};

/// All guests of one z/VM system. Plain data: who changes it holds the [store](super::LedgerStore)'s lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    #[serde(default)]
    pub(super) instances: BTreeMap<NodeName, Entry>,
    #[serde(default)]
    pub(super) withheld: BTreeMap<DeviceNumber, Withheld>,
    /// Rows that the management node swept away and that are not back yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) swept: Vec<SweptRow>,
}

impl Ledger {
    /// The entry of a guest.
    pub fn entry(&self, node: &NodeName) -> Option<&Entry> {
        self.instances.get(node)
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&NodeName, &Entry)> {
        self.instances.iter()
    }

    /// Devices that are withheld.
    pub fn withheld(&self) -> impl Iterator<Item = (DeviceNumber, &Withheld)> {
        self.withheld.iter().map(|(device, why)| (*device, why))
    }

    /// Rows that have to be put back.
    pub fn to_put_back(&self) -> impl Iterator<Item = &SweptRow> {
        self.swept.iter()
    }

    /// Keeps rows that were swept away.
    pub fn swept(&mut self, rows: Vec<SweptRow>) {
        for row in rows {
            if !self.swept.contains(&row) {
                self.swept.push(row);
            }
        }
    }

    /// Every kept row of a pool is back.
    pub fn put_back(&mut self, pool: &PoolName) {
        self.swept.retain(|row| row.pool != *pool);
    }

    /// Where a volume is attached.
    pub fn find(&self, volume: &str) -> Option<(&NodeName, &Attachment)> {
        self.instances.iter().find_map(|(node, entry)| {
            entry
                .attachments
                .get(volume)
                .map(|attachment| (node, attachment))
        })
    }

    /// What is recorded as attached by one of the ports and the LUN.
    pub fn at(&self, wwpns: &WwpnSet, lun: Lun) -> Option<(&NodeName, &Attachment)> {
        self.instances.iter().find_map(|(node, entry)| {
            let mut attachments = entry.attachments.values();
            let found = attachments.find(|known| known.lun == lun && known.wwpns.intersects(wwpns));
            found.map(|known| (node, known))
        })
    }

    /// Where the LUN of an attachment is attached as another volume.
    pub fn other_of_lun(&self, wanted: &Attachment) -> Option<(&NodeName, &Attachment)> {
        let is_other = |known: &&Attachment| {
            known.volume_id != wanted.volume_id
                && known.lun == wanted.lun
                && known.wwpns.intersects(&wanted.wwpns)
        };
        self.instances.iter().find_map(|(node, entry)| {
            let found = entry.attachments.values().find(is_other);
            found.map(|known| (node, known))
        })
    }

    /// Who has a device: a guest, or the reason why it is withheld. A linear scan of the guests of one z/VM system.
    pub fn owner(&self, device: DeviceNumber) -> Option<String> {
        let guest = self
            .instances
            .iter()
            .find(|(_, entry)| entry.fcp.contains(&device));
        guest.map(|(node, _)| node.to_string()).or_else(|| {
            let withheld = self.withheld.get(&device)?;
            Some(format!("{} ({})", withheld.node, withheld.reason))
        })
    }

    /// `INCREASE`: records a volume for a guest and marks the devices as in use. Doing it again changes nothing (I15).
    /// Whether the guest had no volume before.
    pub fn increase(
        &mut self,
        node: &NodeName,
        fcp: &[DeviceNumber],
        attachment: Attachment,
        now: i64,
    ) -> Result<bool, FcpError> {
        if let Some((other, _)) = self.find(&attachment.volume_id)
            && other != node
        {
            return Err(FcpError::AttachedElsewhere {
                volume: attachment.volume_id,
                node: other.clone(),
            });
        }
        let same = |list: &[DeviceNumber]| {
            list.len() == fcp.len() && list.iter().all(|device| fcp.contains(device))
        };
        if let Some(entry) = self.instances.get(node)
            && !same(&entry.fcp)
            && entry.phase != Phase::Reserved
        {
            return Err(FcpError::OtherList {
                node: node.clone(),
                has: joined(&entry.fcp),
                wants: joined(fcp),
            });
        }
        for device in fcp {
            let other = self
                .instances
                .iter()
                .find(|(name, entry)| *name != node && entry.fcp.contains(device));
            let owner = match (other, self.withheld.get(device)) {
                (Some((name, _)), _) => name.to_string(),
                (None, Some(withheld)) if withheld.node != *node => withheld.node.to_string(),
                _ => continue,
            };
            return Err(FcpError::Taken {
                device: *device,
                owner,
            });
        }
        for device in fcp {
            self.withheld.remove(device);
        }
        let entry = self.instances.entry(node.clone()).or_insert_with(|| Entry {
            fcp: fcp.to_vec(),
            phase: Phase::Reserved,
            since: now,
            attachments: BTreeMap::new(),
            dedicated: BTreeSet::new(),
            conflict: false,
        });
        if !same(&entry.fcp) {
            entry.fcp = fcp.to_vec();
        }
        let first = entry.attachments.is_empty();
        if entry.phase != Phase::InUse {
            entry.phase = Phase::InUse;
            entry.since = now;
        }
        entry
            .attachments
            .entry(attachment.volume_id.clone())
            .and_modify(|known| {
                if known.state == AttachmentState::Detaching {
                    known.state = attachment.state;
                }
            })
            .or_insert(attachment);
        Ok(first)
    }

    /// Records how far an attachment has come, and what has been learned of it on the way.
    pub fn amend(&mut self, node: &NodeName, volume: &str, change: impl FnOnce(&mut Attachment)) {
        if let Some(attachment) = self
            .instances
            .get_mut(node)
            .and_then(|entry| entry.attachments.get_mut(volume))
        {
            change(attachment);
        }
    }

    /// Records that a device was dedicated to the guest by this driver.
    pub fn dedicated(&mut self, node: &NodeName, device: DeviceNumber) {
        if let Some(entry) = self.instances.get_mut(node) {
            entry.dedicated.insert(device);
        }
    }

    /// Records that a device is proven not to be dedicated to the guest any more.
    pub fn undedicated(&mut self, node: &NodeName, device: DeviceNumber) {
        if let Some(entry) = self.instances.get_mut(node) {
            entry.dedicated.remove(&device);
        }
    }

    /// `DECREASE`: takes a volume away from a guest; how many it has left. With none left the devices stay with the
    /// guest until they are proven to be undedicated and the entry is [removed](Self::remove).
    pub fn decrease(&mut self, node: &NodeName, volume: &str, now: i64) -> usize {
        let Some(entry) = self.instances.get_mut(node) else {
            return 0;
        };
        entry.attachments.remove(volume);
        if entry.attachments.is_empty() && entry.phase == Phase::InUse {
            entry.phase = Phase::UndedicatePending;
            entry.since = now;
        }
        entry.attachments.len()
    }

    /// `REMOVE`: gives the devices of a guest free.
    ///
    /// # Errors
    /// The guest still has volumes.
    pub fn remove(&mut self, node: &NodeName) -> Result<(), FcpError> {
        match self.instances.get(node) {
            Some(entry) if !entry.attachments.is_empty() => Err(FcpError::StillAttached {
                node: node.clone(),
                count: entry.attachments.len(),
            }),
            _ => {
                self.instances.remove(node);
                Ok(())
            }
        }
    }

    /// `FORCE_REMOVE`: drops the entry of a destroyed guest whatever its count. Devices of `left` stay withheld until
    /// z/VM is seen to have taken them back (spec: driver 2.8.12).
    pub fn force_remove(&mut self, node: &NodeName, left: &[DeviceNumber], reason: &str, now: i64) {
        self.instances.remove(node);
        for device in left {
            let withheld = Withheld {
                node: node.clone(),
                since: now,
                reason: reason.to_owned(),
            };
            self.withheld.insert(*device, withheld);
        }
    }

    /// Gives a withheld device free.
    pub fn release(&mut self, device: DeviceNumber) {
        self.withheld.remove(&device);
    }

    /// Takes over a record of Nova's (spec: driver 2.8.2 step 5): the volume counts, and its devices are the guest's
    /// even when the configuration does not name them (D16). A list that contradicts another one of the guest is kept
    /// as a union, and the entry is flagged.
    pub fn adopt(
        &mut self,
        node: &NodeName,
        fcp: &[DeviceNumber],
        attachment: Attachment,
        now: i64,
    ) {
        let entry = self.instances.entry(node.clone()).or_insert_with(|| Entry {
            fcp: Vec::new(),
            phase: Phase::InUse,
            since: now,
            attachments: BTreeMap::new(),
            dedicated: BTreeSet::new(),
            conflict: false,
        });
        let lacks = |list: &[DeviceNumber], of: &[DeviceNumber]| {
            of.iter().any(|device| !list.contains(device))
        };
        let contradicts = !entry.fcp.is_empty()
            && !fcp.is_empty()
            && (lacks(&entry.fcp, fcp) || lacks(fcp, &entry.fcp));
        entry.conflict |= contradicts;
        for device in fcp {
            if !entry.fcp.contains(device) {
                entry.fcp.push(*device);
            }
        }
        entry.dedicated.extend(fcp);
        entry.phase = Phase::InUse;
        entry
            .attachments
            .entry(attachment.volume_id.clone())
            .or_insert(attachment);
    }

    /// What is wrong with the ledger as such: a device of two guests (I12), volumes of two guests (I1).
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut devices: BTreeMap<DeviceNumber, &NodeName> = BTreeMap::new();
        let mut volumes: BTreeMap<&str, &NodeName> = BTreeMap::new();
        for (node, entry) in &self.instances {
            for device in &entry.fcp {
                if let Some(other) = devices.insert(*device, node) {
                    found.push(format!(
                        "FCP device {device} belongs to {other} and to {node}"
                    ));
                }
            }
            for volume in entry.attachments.keys() {
                if let Some(other) = volumes.insert(volume, node) {
                    found.push(format!(
                        "volume {volume} is attached to {other} and to {node}"
                    ));
                }
            }
            if entry.phase == Phase::InUse && entry.attachments.is_empty() {
                found.push(format!("{node} is in use without a volume"));
            }
            if entry.phase != Phase::InUse && !entry.attachments.is_empty() {
                found.push(format!("{node} has volumes but is not in use"));
            }
        }
        found
    }
}

/// A list of devices as the wire has it.
pub(crate) fn joined(devices: &[DeviceNumber]) -> String {
    let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
    names.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fcp::reservation::tests::{node, reserve, volume};

    #[test]
    fn i15_counts_are_sets() {
        let mut ledger = Ledger::default();
        let list = ["1a00".parse().unwrap()];
        assert!(ledger.increase(&node("a"), &list, volume("v"), 0).unwrap());
        assert!(!ledger.increase(&node("a"), &list, volume("v"), 0).unwrap());
        assert!(!ledger.increase(&node("a"), &list, volume("w"), 0).unwrap());
        assert_eq!(ledger.decrease(&node("a"), "v", 0), 1);
        assert_eq!(ledger.decrease(&node("a"), "v", 0), 1);
        assert!(ledger.remove(&node("a")).is_err());
        assert_eq!(ledger.decrease(&node("a"), "w", 0), 0);
        assert_eq!(
            ledger.entry(&node("a")).unwrap().phase,
            Phase::UndedicatePending
        );
        assert!(ledger.contradictions().is_empty());
        ledger.remove(&node("a")).unwrap();
        assert_eq!(ledger, Ledger::default());
    }

    #[test]
    fn another_list_or_another_guest_is_a_conflict() {
        let mut ledger = Ledger::default();
        ledger
            .increase(&node("a"), &["1a00".parse().unwrap()], volume("v"), 0)
            .unwrap();
        let other = ["1a01".parse().unwrap()];
        let error = ledger
            .increase(&node("a"), &other, volume("w"), 0)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a has the FCP devices 1a00, the request names 1a01"
        );
        let error = ledger
            .increase(&node("b"), &other, volume("v"), 0)
            .unwrap_err();
        assert_eq!(error.to_string(), "volume v is attached to a");
    }

    #[test]
    fn d09_devices_of_a_destroyed_guest_stay_withheld() {
        let mut ledger = Ledger::default();
        let list = ["1a00".parse().unwrap()];
        ledger.increase(&node("a"), &list, volume("v"), 0).unwrap();
        ledger.force_remove(&node("a"), &list, "clean-up pending", 1);
        assert_eq!(reserve(&mut ledger, "b", 1, 2).unwrap(), "1a01");
        assert_eq!(ledger.owner(list[0]).unwrap(), "a (clean-up pending)");
        ledger.release(list[0]);
        assert_eq!(reserve(&mut ledger, "c", 1, 2).unwrap(), "1a00");
    }

    #[test]
    fn d16_recorded_devices_count_though_the_list_does_not_name_them() {
        let mut ledger = Ledger::default();
        ledger.adopt(&node("a"), &["2f00".parse().unwrap()], volume("v"), 0);
        ledger.adopt(&node("a"), &["2f01".parse().unwrap()], volume("w"), 0);
        let entry = ledger.entry(&node("a")).unwrap();
        assert!(entry.conflict);
        assert_eq!(joined(&entry.fcp), "2f00;2f01");
        assert!(ledger.owner("2f00".parse().unwrap()).is_some());
    }
}
