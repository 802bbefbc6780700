//! Bringing ledger, pool and z/VM together after a crash, and telling what nobody knows of (spec: driver 4.1).

use serde::Serialize;

use super::nova::Nova;
use super::step::NovaStep;
use crate::error::Result;
use crate::fcp::{AttachmentState, FcpStatus, Ledger, Phase};
use crate::pool::{Owner, RowStatus};
use crate::steps::{Records, Resolution, Resolved};
use crate::types::{DeviceNumber, NodeName};

/// Something that does not fit. It is reported and never repaired: another tool or an older driver may have made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row, device or guest.
    pub what: String,
    /// What does not fit.
    pub text: String,
}

/// What a reconciliation of the Nova half did and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NovaReport {
    /// Entries of the journal and what became of them.
    pub resolved: Vec<Resolved>,
    /// Guests whose devices were taken back at last.
    pub released: Vec<NodeName>,
    /// What does not fit.
    pub findings: Vec<Finding>,
}

impl NovaReport {
    /// Whether nothing is left to be done.
    pub fn is_clean(&self) -> bool {
        let stuck = |resolved: &Resolved| {
            matches!(
                resolved.resolution,
                Resolution::Stuck { .. } | Resolution::Waiting { .. }
            )
        };
        !self.resolved.iter().any(stuck) && self.findings.is_empty()
    }

    /// What is left, a line each.
    pub fn news(&self) -> Vec<String> {
        let unresolved = self.resolved.iter().filter_map(|entry| {
            let (Resolution::Stuck { why } | Resolution::Waiting { why }) = &entry.resolution
            else {
                return None;
            };
            Some(format!(
                "{} of {} is unfinished: {why}",
                entry.operation, entry.subject
            ))
        });
        let findings = self
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.what, finding.text));
        unresolved.chain(findings).collect()
    }
}

impl Nova {
    /// Resolves every interrupted operation of the Nova half, takes back devices that no volume needs, and audits.
    pub async fn reconcile(&self, records: &dyn Records) -> Result<NovaReport> {
        self.put_back_all().await?;
        let resolved = self.engine.reconcile::<NovaStep>(self, records).await?;
        let mut report = NovaReport {
            resolved,
            ..NovaReport::default()
        };
        report.released = self.take_pending_devices().await?;
        self.release_withheld(&self.inventory().await?).await?;
        report.findings = self.audit().await?;
        Ok(report)
    }

    /// Guests without volumes whose devices could not be taken back before.
    async fn take_pending_devices(&self) -> Result<Vec<NodeName>> {
        if self.engine.is_rehearsing() {
            return Ok(Vec::new());
        }
        let ledger = self.ledger.read().await?;
        let pending: Vec<NodeName> = ledger
            .entries()
            .filter(|(_, entry)| entry.phase == Phase::UndedicatePending)
            .map(|(node, _)| node.clone())
            .collect();
        let mut released = Vec::new();
        for node in pending {
            let _lock = self.lock_instance(&node).await?;
            let ledger = self.ledger.read().await?;
            let Some(entry) = ledger.entry(&node) else {
                continue;
            };
            if entry.phase != Phase::UndedicatePending {
                continue;
            }
            for device in entry.dedicated.clone() {
                if let Err(error) = self.undedicate_unneeded(&node, device).await {
                    tracing::warn!(%node, %device, %error, "still not taken back");
                }
            }
            if self.release_if_clean(&node).await? {
                released.push(node);
            }
        }
        Ok(released)
    }

    /// Compares the ledger with the pool and with z/VM (I5, I11, I12, I15). Changes nothing.
    pub async fn audit(&self) -> Result<Vec<Finding>> {
        let ledger = self.ledger.read().await?;
        let mut findings: Vec<Finding> = Vec::new();
        let mut find = |what: String, text: String| findings.push(Finding { what, text });
        for text in ledger.contradictions() {
            find("ledger".to_owned(), text);
        }
        let mut pools: Vec<_> = ledger
            .entries()
            .flat_map(|(_, entry)| entry.attachments.values())
            .map(|attachment| attachment.pool.clone())
            .chain([self.default_pool.clone()])
            .collect();
        pools.sort();
        pools.dedup();
        for name in pools {
            let pool = self.pool(&name);
            let listing = self.listing(&name).await?;
            for row in listing
                .rows
                .iter()
                .filter(|row| row.status == RowStatus::Used)
            {
                let known = ledger
                    .at(&row.wwpns, row.lun)
                    .is_some_and(|(node, _)| row.owner == node.as_str());
                if !known && matches!(pool.owner(row), Owner::Other(_) | Owner::Nobody) {
                    let text = format!("used by '{}' without a record of it", row.owner);
                    find(format!("row {}", row.address()), text);
                }
            }
            for (node, entry) in ledger.entries() {
                let attached = |state| state == AttachmentState::Attached;
                for attachment in entry.attachments.values() {
                    if attachment.pool != name || !attached(attachment.state) {
                        continue;
                    }
                    let row = listing.find(&attachment.wwpns, attachment.lun);
                    let fits = row.is_some_and(|row| {
                        row.status == RowStatus::Used && row.owner == node.as_str()
                    });
                    if !fits {
                        let text = format!(
                            "recorded as attached to {node}, but the row is {}",
                            row.map_or("not there".to_owned(), |row| format!(
                                "{} '{}'",
                                row.status, row.owner
                            ))
                        );
                        find(format!("volume {}", attachment.volume_id), text);
                    }
                }
            }
        }
        for (node, entry) in ledger.entries() {
            let directory = self.directory(node).await?;
            for device in &entry.fcp {
                let has = directory.as_ref().is_some_and(|entry| entry.has(*device));
                if entry.phase == Phase::InUse && !has {
                    find(
                        format!("FCP device {device}"),
                        format!("{node} needs it, but it is not dedicated"),
                    );
                }
            }
        }
        for (number, owner) in self.used_without_record(&ledger).await? {
            let by = owner.map_or(String::new(), |owner| format!(" by {owner}"));
            find(
                format!("FCP device {number}"),
                format!("in use{by} without a record of it"),
            );
        }
        Ok(findings)
    }

    /// Devices of the configured list that are in use and that the ledger knows nothing of, and who has them where z/VM tells. The
    /// zHCP takes a device of its own for its copies, and keeps it.
    async fn used_without_record(
        &self,
        ledger: &Ledger,
    ) -> Result<Vec<(DeviceNumber, Option<String>)>> {
        let inventory = self.inventory().await?;
        let mut found = Vec::new();
        for number in self.compute.fcp_list.devices() {
            match inventory.get(number) {
                Some(device)
                    if device.status == FcpStatus::Active && ledger.owner(number).is_none() =>
                {
                    found.push((number, device.owner.clone()));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            return Ok(found);
        }
        let zhcp = self.zhcp_node().await?;
        let mut foreign = Vec::new();
        for (number, owner) in found {
            if !self.sees_device(&zhcp, number).await? {
                foreign.push((number, owner));
            }
        }
        Ok(foreign)
    }
}
