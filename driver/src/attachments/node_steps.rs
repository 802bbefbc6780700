//! Steps on device nodes and notices.

use super::guest::GuestState;
use super::nova::Nova;
use super::paths::{create_node_notice, remove_node_notice, scsi_notice, source_path};
use super::rows::Holder;
use super::step::{Direction, Target};
use super::units::Unit;
use crate::client::{Call, Executed};
use crate::error::{Error, Result};
use crate::steps::Proof;
use crate::types::MountPoint;

/// How a rule names a multipath disk; its serial number follows.
const MULTIPATH_RULE: &str = "ENV{DM_UUID}==\"mpath-";

impl Nova {
    /// X17; `None` when no device node is wanted.
    pub(super) fn make_node_call(target: &Target) -> Option<Call> {
        let attachment = &target.attachment;
        let source = source_path(
            attachment.distribution?,
            &target.fcp,
            &attachment.wwpns,
            attachment.lun,
            ";",
        );
        Some(Call::MakeNode {
            node: target.node.clone(),
            source,
            target: attachment.mount_point.clone()?,
        })
    }

    pub(super) fn drop_node_call(target: &Target) -> Option<Call> {
        Some(Call::RemoveNode {
            node: target.node.clone(),
            target: target.attachment.mount_point.clone()?,
        })
    }

    fn units_of(target: &Target) -> Vec<Unit> {
        let attachment = &target.attachment;
        let ports = attachment.wwpns.ports();
        let paths = target
            .fcp
            .iter()
            .flat_map(|fcp| ports.iter().map(move |port| (*fcp, *port)));
        paths
            .map(|(fcp, port)| (fcp, port, attachment.lun))
            .collect()
    }

    /// A4: X17, and a look whether the node is really there. The management node's rule cannot match on Ubuntu (GQ15),
    /// and its idea of the guest's path names follows its own distribution (GQ4): then the rule is written here.
    pub(super) async fn make_node(&self, target: &Target) -> Result<()> {
        let Some(mount_point) = &target.attachment.mount_point else {
            return Ok(());
        };
        let Some(call) = Self::make_node_call(target) else {
            return Err(Error::Unsupported(format!(
                "the distribution of {} is not known: os_version is missing",
                target.node
            )));
        };
        let mut outcome = self.call(call.clone()).await;
        // udev may not have made the by-path names yet: the command looks once.
        for _ in 0..self.patience.tries.min(3) {
            match &outcome {
                Err(error) if error.says("not found in OS") => {
                    self.client.clock().sleep(self.patience.pause).await;
                    outcome = self.call(call.clone()).await;
                }
                _ => break,
            }
        }
        match outcome {
            Err(error) if error.says("already exists") => {
                self.disown_node(target, mount_point).await?;
                return Err(error.into());
            }
            Err(error) if error.executed == Executed::Unknown => return Err(error.into()),
            Err(error) if !error.says("not found in OS") => return Err(error.into()),
            Err(_) => {}
            Ok(_) => {
                if self.waited_for_node(target, mount_point, 1).await? {
                    return Ok(());
                }
            }
        }
        let multipath = target.attachment.wwpns.is_multipath();
        let units = Self::units_of(target);
        self.write_node_rule(&target.node, mount_point, &units, multipath)
            .await?;
        if self
            .waited_for_node(target, mount_point, self.patience.tries)
            .await?
        {
            return Ok(());
        }
        Err(Error::Backend(format!(
            "{mount_point} does not appear in {} although its rule is there",
            target.node
        )))
    }

    /// X17 was refused because the name is taken. Unless the rule is the volume's own, of a call whose answer was lost, the name is
    /// somebody else's: the record loses it, so that no undo takes it away (spec: driver 2.8.7, D4).
    async fn disown_node(&self, target: &Target, mount_point: &MountPoint) -> Result<()> {
        let (_, rules) = self.device_node(&target.node, mount_point).await?;
        if self.has_own_rule(target, &rules).await? {
            return Ok(());
        }
        let target = target.clone();
        self.ledger
            .update(move |ledger| {
                ledger.amend(&target.node, &target.attachment.volume_id, |attachment| {
                    attachment.mount_point = None;
                });
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Whether one of the rules names the volume: by its port and LUN, or by the serial number that its paths show.
    async fn has_own_rule(&self, target: &Target, rules: &[String]) -> Result<bool> {
        if rules.iter().any(|rule| names_volume(rule, target)) {
            return Ok(true);
        }
        if !rules.iter().any(|rule| rule.contains(MULTIPATH_RULE)) {
            return Ok(false);
        }
        let serial = self.wwid(&target.node, &Self::units_of(target)).await?;
        Ok(serial.is_some_and(|serial| {
            let own = format!("{MULTIPATH_RULE}{serial}\"");
            rules.iter().any(|rule| rule.contains(&own))
        }))
    }

    async fn waited_for_node(
        &self,
        target: &Target,
        mount_point: &MountPoint,
        tries: usize,
    ) -> Result<bool> {
        for attempt in 0..=tries {
            if self
                .device_node(&target.node, mount_point)
                .await?
                .0
                .is_some()
            {
                return Ok(true);
            }
            if attempt < tries {
                self.client.clock().sleep(self.patience.pause).await;
            }
        }
        Ok(false)
    }

    pub(super) async fn has_node(&self, target: &Target) -> Result<Proof> {
        let Some(mount_point) = &target.attachment.mount_point else {
            return Ok(Proof::Done);
        };
        Ok(Proof::of(
            self.device_node(&target.node, mount_point)
                .await?
                .0
                .is_some(),
        ))
    }

    /// X18, unless the name turned out to be somebody else's.
    pub(super) async fn unmake_node(&self, target: &Target) -> Result<()> {
        let ledger = self.ledger.read().await?;
        let recorded = ledger
            .entry(&target.node)
            .and_then(|entry| entry.attachments.get(&target.attachment.volume_id));
        if recorded.is_none_or(|known| known.mount_point.is_none()) {
            return Ok(());
        }
        match self.guest_state(&target.node).await? {
            GuestState::Reachable => self.remove_node(target).await,
            // It may be starting again, with the rule (F67).
            GuestState::Unreachable if target.attachment.mount_point.is_some() => {
                Err(Error::Backend(format!(
                    "{} is on and does not answer: whether it has the node's rule cannot be told",
                    target.node
                )))
            }
            _ => Ok(()),
        }
    }

    /// T1: takes the node from a guest that answers.
    pub(super) async fn drop_node(&self, target: &Target) -> Result<()> {
        if target.attachment.mount_point.is_none()
            || self.guest_state(&target.node).await? != GuestState::Reachable
        {
            return Ok(());
        }
        self.remove_node(target).await
    }

    /// Removes the rule of the node. X18 takes every rule of the name: beside somebody else's only ours goes, and when all are
    /// somebody else's, none.
    async fn remove_node(&self, target: &Target) -> Result<()> {
        let Some(mount_point) = &target.attachment.mount_point else {
            return Ok(());
        };
        let (_, rules) = self.device_node(&target.node, mount_point).await?;
        let own: Vec<String> = rules
            .iter()
            .filter(|rule| can_be_own(rule, target))
            .cloned()
            .collect();
        if own.is_empty() {
            return Ok(());
        }
        if own.len() < rules.len() {
            return self.remove_node_rules(&target.node, &own).await;
        }
        let Some(call) = Self::drop_node_call(target) else {
            return Ok(());
        };
        self.call(call).await?;
        Ok(())
    }

    pub(super) async fn is_node_gone(&self, target: &Target) -> Result<Proof> {
        let Some(mount_point) = &target.attachment.mount_point else {
            return Ok(Proof::Done);
        };
        if self.guest_state(&target.node).await? != GuestState::Reachable {
            return Ok(Proof::Done);
        }
        let (_, rules) = self.device_node(&target.node, mount_point).await?;
        Ok(Proof::of(
            !rules.iter().any(|rule| can_be_own(rule, target)),
        ))
    }

    /// A detach failed before the row changed: the guest gets its node back.
    pub(super) async fn restore_node(&self, target: &Target) -> Result<()> {
        let Some(mount_point) = &target.attachment.mount_point else {
            return Ok(());
        };
        if self.holder(target).await?.0 != Holder::Guest
            || self.guest_state(&target.node).await? != GuestState::Reachable
        {
            return Ok(());
        }
        let (resolved, rules) = self.device_node(&target.node, mount_point).await?;
        if resolved.is_some() || !rules.is_empty() {
            return Ok(());
        }
        self.make_node(target).await
    }

    /// X22: the notices of a volume, in their order. Without a device node only the SCSI notice is sent (D62).
    pub(super) fn notices(target: &Target, direction: Direction) -> Vec<Call> {
        let attachment = &target.attachment;
        let add = direction == Direction::Add;
        let scsi = scsi_notice(add, &target.fcp, &attachment.wwpns, attachment.lun);
        let node = match (&attachment.mount_point, attachment.distribution) {
            (Some(mount_point), Some(distribution)) if add => {
                let source = source_path(
                    distribution,
                    &target.fcp,
                    &attachment.wwpns,
                    attachment.lun,
                    ",",
                );
                Some(create_node_notice(mount_point, &source))
            }
            (Some(mount_point), _) if !add => Some(remove_node_notice(mount_point)),
            _ => None,
        };
        [Some(scsi), node]
            .into_iter()
            .flatten()
            .map(|parameters| Call::Notice {
                node: target.node.clone(),
                parameters,
            })
            .collect()
    }

    /// Sends them. No read-back exists, and a notice that is queued twice does no harm: one whose outcome is not known is
    /// sent again.
    pub(super) async fn notify(
        &self,
        target: &Target,
        direction: Direction,
        id: u64,
    ) -> Result<()> {
        self.send_notices(Self::notices(target, direction)).await?;
        self.note_sent(id);
        Ok(())
    }

    async fn send_notices(&self, calls: Vec<Call>) -> Result<()> {
        let _turn = self.lock_notices().await?;
        for call in calls {
            match self.call(call.clone()).await {
                Ok(_) => {}
                Err(error) if error.executed == Executed::Unknown => {
                    // A second doubt is a failure: there is no way to resolve it.
                    if let Err(error) = self.call(call).await {
                        return Err(Error::Backend(error.to_string()));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The opposite notices, node first (spec: driver 2.8.10). The queue itself is never purged.
    pub(super) async fn counter_notify(&self, target: &Target, direction: Direction) -> Result<()> {
        let opposite = match direction {
            Direction::Add => Direction::Remove,
            Direction::Remove => return Ok(()),
        };
        if self.is_recorded(target).await? != Proof::Done {
            return Ok(());
        }
        let mut calls = Self::notices(target, opposite);
        calls.reverse();
        self.send_notices(calls).await
    }
}

/// Whether a rule names the volume by port and LUN. The management node writes the LUN of an Ubuntu as a decimal number (GQ15). The
/// rule of a multipath disk names neither.
fn names_volume(rule: &str, target: &Target) -> bool {
    let attachment = &target.attachment;
    let luns = [
        format!("\"0x{}\"", attachment.lun),
        format!("\"{}\"", attachment.lun.target_lun()),
    ];
    let mut ports = attachment.wwpns.ports().iter();
    luns.iter().any(|lun| rule.contains(lun))
        && ports.any(|port| rule.contains(&format!("{port}\"")))
}

/// Whether a rule may be the volume's: of a multipath disk it does not say whose.
fn can_be_own(rule: &str, target: &Target) -> bool {
    names_volume(rule, target)
        || (target.attachment.wwpns.is_multipath() && rule.contains(MULTIPATH_RULE))
}
