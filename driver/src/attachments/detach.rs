//! Detaching, and taking everything back from a guest that is being destroyed (spec: driver 2.8.8, 2.8.10, 2.8.12).

use super::api::{AttachOptions, Detached, GuestPath, Instance, VolumeRef};
use super::guest::GuestState;
use super::nova::Nova;
use super::operations::fresh_id;
use super::rows::Holder;
use super::step::{Direction, NovaStep, Target};
use crate::error::{Error, Result};
use crate::fcp::{Attachment, AttachmentState, FcpError, Ledger, Phase};
use crate::pool::{Listing, Row, RowStatus};
use crate::steps::{Plan, Recovery, Resolution};
use crate::types::{DeviceNumber, Distribution, Lifecycle, MountPoint, NodeName, Tag, TagKind};

impl Nova {
    /// Takes a volume back.
    pub(super) async fn detach(
        &self,
        instance: &Instance,
        volume_id: &str,
        volume: Option<&VolumeRef>,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> Result<Detached> {
        if instance.paused {
            return Err(Error::Instance {
                text: "Detaching from a paused instance is not supported.".to_owned(),
                missing: false,
                retryable: false,
            });
        }
        let node = &instance.node;
        let distribution = Self::distribution(instance, false)?;
        let _lock = self.lock_instance(node).await?;
        self.settle_first(volume_id, node).await?;
        let target = self
            .target_of(node, volume_id, volume, mount_point, distribution)
            .await?;
        let Some(target) = target else {
            return Ok(Detached {
                volume_id: volume_id.to_owned(),
                node: node.clone(),
                pending: Vec::new(),
                already: true,
            });
        };
        let path = self.path(node).await?;
        let detached = self.detach_target(&target, path, false, options).await;
        if detached.is_err() && !options.rollback && path.is_some() {
            self.correct_ledger(node, volume_id).await?;
        }
        detached
    }

    /// Takes all volumes back, the root volume last. While the guest's state cannot be read nothing is begun, and the ledger keeps
    /// its entry, so that a repetition takes everything back.
    pub(super) async fn destroy(&self, instance: &Instance) -> Result<Vec<String>> {
        let node = &instance.node;
        let _lock = self.lock_instance(node).await?;
        let mut problems = Vec::new();
        for entry in self.engine.settle::<NovaStep>(node.as_str(), self).await? {
            if let Resolution::Stuck { why } = entry.resolution {
                problems.push(format!("{} of {}: {why}", entry.operation, entry.subject));
            }
        }
        let ledger = self.ledger.read().await?;
        let Some(entry) = ledger.entry(node).cloned() else {
            return Ok(problems);
        };
        let path = match self.guest_state(node).await? {
            GuestState::Unknown => None,
            GuestState::Reachable => Some(GuestPath::Active),
            _ => Some(GuestPath::Inactive),
        };
        // Data volumes first, the root volume last; the list is made before it is walked (D46).
        let mut volumes: Vec<Attachment> = entry.attachments.values().cloned().collect();
        volumes.sort_by_key(|attachment| attachment.root);
        for attachment in volumes {
            let target = Target {
                node: node.clone(),
                fcp: entry.fcp.clone(),
                attachment,
            };
            let options = AttachOptions::default();
            if let Err(error) = self.detach_target(&target, path, true, &options).await {
                problems.push(error.to_string());
            }
        }
        if self.engine.is_rehearsing() {
            return Ok(problems);
        }
        // The entry goes whatever happened; what is still dedicated stays out of reach until z/VM has it back (D9).
        let (name, now) = (node.clone(), self.now());
        let left = self
            .ledger
            .update(move |ledger| {
                let Some(entry) = ledger.entry(&name) else {
                    return Ok(Vec::new());
                };
                let left: Vec<DeviceNumber> = entry.dedicated.iter().copied().collect();
                ledger.force_remove(&name, &left, "clean-up pending", now);
                Ok(left)
            })
            .await?;
        for entry in self.engine.journal().list()? {
            let unfinished = entry.touches.iter().any(|touched| touched == node.as_str());
            if unfinished && problems.is_empty() {
                problems.push(format!(
                    "{} of {} is unfinished ({})",
                    entry.operation, entry.subject, entry.id
                ));
            }
        }
        if !left.is_empty() {
            problems.push(format!(
                "FCP devices {} stay withheld until z/VM is seen to have taken them back from {node}",
                crate::fcp::joined(&left)
            ));
        }
        Ok(problems)
    }

    /// The volume as the ledger has it, or as Nova's record has it when the ledger has lost it.
    async fn target_of(
        &self,
        node: &NodeName,
        volume_id: &str,
        volume: Option<&VolumeRef>,
        mount_point: Option<&MountPoint>,
        distribution: Option<Distribution>,
    ) -> Result<Option<Target>> {
        let ledger = self.ledger.read().await?;
        if let Some((other, known)) = ledger.find(volume_id) {
            if other != node {
                return Err(FcpError::AttachedElsewhere {
                    volume: volume_id.to_owned(),
                    node: other.clone(),
                }
                .into());
            }
            let mut attachment = known.clone();
            if attachment.mount_point.is_none() {
                attachment.mount_point = mount_point.cloned();
            }
            return Ok(Some(Target {
                node: node.clone(),
                fcp: ledger
                    .entry(node)
                    .map(|entry| entry.fcp.clone())
                    .unwrap_or_default(),
                attachment,
            }));
        }
        let Some(volume) = volume else {
            return Ok(None);
        };
        let sized = VolumeRef {
            size: volume.size.or(Some(crate::types::Size::default())),
            ..volume.clone()
        };
        let attachment = self.attachment(&sized, mount_point, distribution)?;
        let mut target = Target {
            node: node.clone(),
            fcp: volume.connection.fcp.clone(),
            attachment,
        };
        // A record is not proof: nothing is touched unless the row or the guest says that the volume is there. Which devices the
        // guest has it through is said by the row, not by connection data that may have been made anew since.
        let listing = self.listing(&target.attachment.pool).await?;
        let (holder, row) = self.holder_in(&listing, &target).await?;
        match row.map(|row| row.channels()) {
            Some(channels) if holder == Holder::Guest && !channels.is_empty() => {
                target.fcp = channels;
            }
            _ => {}
        }
        if holder != Holder::Guest && !self.has_any_unit(&target).await? {
            return Ok(None);
        }
        if self.engine.is_rehearsing() {
            return Ok(Some(target));
        }
        let rows = unrecorded(&listing, &target, &ledger);
        let others: Vec<_> = rows
            .iter()
            .map(|row| (row.channels(), self.attachment_of(row, &target)))
            .collect();
        let (adopted, now) = (target.clone(), self.now());
        self.ledger
            .update(move |ledger| {
                let node = &adopted.node;
                // A refused attach may have reserved devices that are not those of the guest's volumes.
                ledger.unreserve(node);
                ledger.adopt(node, &adopted.fcp, adopted.attachment, now);
                for (channels, other) in others {
                    match other {
                        Some(other) if ledger.find(&other.volume_id).is_none() => {
                            ledger.adopt(node, &channels, other, now);
                        }
                        // Not this driver's to take back, as long as the row is there.
                        _ => channels
                            .into_iter()
                            .for_each(|device| ledger.undedicated(node, device)),
                    }
                }
                Ok(())
            })
            .await?;
        Ok(Some(target))
    }

    /// The attachment that a row without a record stands for, when it names its volume.
    fn attachment_of(&self, row: &Row, target: &Target) -> Option<Attachment> {
        let pool = &target.attachment.pool;
        let tag: Tag = row.tag.parse().ok()?;
        if tag.kind(&self.pool(pool).prefix) != Some(TagKind::Volume) {
            return None;
        }
        Some(Attachment {
            volume_id: tag.id()?,
            lifecycle: Lifecycle::PoolOwned,
            pool: pool.clone(),
            wwpns: row.wwpns.clone(),
            lun: row.lun,
            size: row.size,
            tag: Some(tag),
            mount_point: None,
            distribution: None,
            root: false,
            ipl_before: None,
            state: AttachmentState::Attached,
        })
    }

    /// Steps of a detach (spec: driver 2.8.8, 2.8.10).
    fn detach_plan(
        &self,
        target: &Target,
        path: Option<GuestPath>,
        insist: bool,
    ) -> Plan<NovaStep> {
        let id = fresh_id(self.now());
        let plan = Plan::new(
            "detach",
            target.attachment.volume_id.clone(),
            Recovery::Forward,
        )
        .touching(target.node.to_string())
        .touching(format!(
            "{}/{}",
            target.attachment.wwpns, target.attachment.lun
        ))
        .step(NovaStep::Leaving(target.clone()));
        let take = if insist || path.is_none() {
            NovaStep::Seize(target.clone())
        } else {
            NovaStep::TakeBack(target.clone())
        };
        let plan = match path {
            Some(GuestPath::Active) => plan
                .maybe(
                    target
                        .attachment
                        .mount_point
                        .is_some()
                        .then(|| NovaStep::DropNode(target.clone())),
                )
                .step(take)
                .step(NovaStep::Clean {
                    target: target.clone(),
                    id,
                })
                .step(NovaStep::FreeRow(target.clone())),
            Some(GuestPath::Inactive) if !insist => plan
                .step(take)
                .step(NovaStep::FreeRow(target.clone()))
                .step(NovaStep::Notify {
                    target: target.clone(),
                    direction: Direction::Remove,
                    id,
                }),
            Some(GuestPath::Inactive) | None => {
                plan.step(take).step(NovaStep::FreeRow(target.clone()))
            }
        };
        let unload = target.attachment.root && path.is_some();
        let plan = plan
            .maybe(unload.then(|| NovaStep::Unload(target.clone())))
            .step(NovaStep::Forget(target.clone()));
        let plan = target.fcp.iter().fold(plan, |plan, device| {
            plan.step(NovaStep::Undedicate {
                node: target.node.clone(),
                device: *device,
            })
        });
        plan.step(NovaStep::Release {
            node: target.node.clone(),
        })
    }

    async fn detach_target(
        &self,
        target: &Target,
        path: Option<GuestPath>,
        insist: bool,
        options: &AttachOptions,
    ) -> Result<Detached> {
        let node = &target.node;
        let plan = self.detach_plan(target, path, insist);
        let outcome = self.run_plan(&plan, options).await;
        if let Err(error) = outcome {
            let unfinished = matches!(&error, Error::Step(step) if step.journal.is_some() && step.left.is_empty());
            if unfinished {
                return Err(Error::DetachIncomplete {
                    volume: target.attachment.volume_id.clone(),
                    cause: Box::new(error),
                });
            }
            return Err(error);
        }
        let ledger = self.ledger.read().await?;
        let pending = ledger
            .entry(node)
            .filter(|entry| entry.phase == Phase::UndedicatePending)
            .map(|entry| entry.dedicated.iter().copied().collect())
            .unwrap_or_default();
        Ok(Detached {
            volume_id: target.attachment.volume_id.clone(),
            node: node.clone(),
            pending,
            already: false,
        })
    }
}

/// The other rows that a guest has through devices of a volume and that nothing is recorded of: their records are lost as well, or
/// they never had one. Their devices stay dedicated until the last of them is detached.
fn unrecorded<'a>(listing: &'a Listing, target: &Target, ledger: &Ledger) -> Vec<&'a Row> {
    let attachment = &target.attachment;
    let is_this = |row: &Row| row.lun == attachment.lun && row.wwpns.intersects(&attachment.wwpns);
    let shares = |row: &Row| {
        let channels = row.channels();
        channels.iter().any(|device| target.fcp.contains(device))
    };
    let rows = listing.rows.iter();
    rows.filter(|row| row.status == RowStatus::Used && row.owner == target.node.as_str())
        .filter(|row| !is_this(row) && shares(row))
        .filter(|row| ledger.at(&row.wwpns, row.lun).is_none())
        .collect()
}
