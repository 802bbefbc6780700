//! The operations of the Nova half: what is read first, the plan that follows from it, and its run.

use std::sync::atomic::{AtomicU64, Ordering};

use super::api::{
    AttachOptions, Attached, Attachments, BootVolume, Detached, GuestPath, Instance, SourceRecord,
    VolumeRef,
};
use super::connection::Connection;
use super::nova::Nova;
use super::paths::next_mount_point;
use super::rows::Holder;
use super::step::{Direction, NovaStep, Target};
use crate::client::Call;
use crate::error::{Error, Result};
use crate::fcp::{
    Attachment, AttachmentState, Connector, FcpError, Inventory, Phase, StateError, free_by_chpid,
};
use crate::steps::{Plan, Recovery, Resolution, RunOptions};
use crate::types::{DeviceNumber, Distribution, Lifecycle, MountPoint, NodeName};

/// Tells notices of one plan from those of another.
fn fresh_id(now: i64) -> u64 {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let high = u64::try_from(now).unwrap_or_default();
    high.wrapping_mul(0x1_0000)
        ^ (u64::from(std::process::id()) << 44)
        ^ COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// What was found before an attach.
#[derive(Debug)]
enum Before {
    /// The guest has the volume, and everything is as it should be.
    Attached(Attached),
    /// The plan.
    Plan(Box<Plan<NovaStep>>, GuestPath),
}

impl Nova {
    /// Resolves what earlier operations on the volume or the guest left, before new work begins (I14). What concerns
    /// another volume and cannot be resolved now does not stop this one.
    async fn settle_first(&self, volume: &str, node: &NodeName) -> Result<()> {
        let mut resolved = self.engine.settle::<NovaStep>(volume, self).await?;
        resolved.extend(self.engine.settle::<NovaStep>(node.as_str(), self).await?);
        for entry in resolved {
            match entry.resolution {
                Resolution::Stuck { why } if entry.subject == volume => {
                    return Err(Error::Backend(format!(
                        "an earlier {} of {volume} is unfinished and cannot be resolved: {why}",
                        entry.operation
                    )));
                }
                Resolution::Stuck { why } => {
                    tracing::warn!(
                        id = entry.id,
                        why,
                        "an earlier operation on the guest stays unfinished"
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn distribution(instance: &Instance, needed: bool) -> Result<Option<Distribution>> {
        match instance
            .os_version
            .as_deref()
            .filter(|version| !version.is_empty())
        {
            Some(version) => version
                .parse()
                .map(Some)
                .map_err(|error: crate::types::ParseError| Error::Unsupported(error.to_string())),
            None if needed => Err(Error::Unsupported(format!(
                "os_version of {} is missing: it decides the names of the device node",
                instance.node
            ))),
            None => Ok(None),
        }
    }

    fn attachment(
        &self,
        volume: &VolumeRef,
        mount_point: Option<&MountPoint>,
        distribution: Option<Distribution>,
    ) -> Result<Attachment> {
        let connection = &volume.connection;
        if let Some(id) = &connection.volume_id
            && *id != volume.id
        {
            return Err(Error::InvalidVolume(format!(
                "the connection data are volume {id}'s, not {}'s",
                volume.id
            )));
        }
        if connection.lifecycle == Lifecycle::AttachOwned && volume.size.is_none() {
            return Err(Error::InvalidVolume(format!(
                "the size of volume {} is needed to make its pool row",
                volume.id
            )));
        }
        if connection.lifecycle == Lifecycle::PoolOwned && connection.tag.is_none() {
            return Err(Error::Connector(
                "connection data of a pool-owned volume lack zvm_tag".to_owned(),
            ));
        }
        Ok(Attachment {
            volume_id: volume.id.clone(),
            lifecycle: connection.lifecycle,
            pool: connection
                .pool
                .clone()
                .unwrap_or_else(|| self.default_pool.clone()),
            wwpns: connection.wwpns.clone(),
            lun: connection.lun,
            size: match connection.lifecycle {
                Lifecycle::AttachOwned => volume.size,
                Lifecycle::PoolOwned => None,
            },
            tag: match connection.lifecycle {
                Lifecycle::AttachOwned => None,
                Lifecycle::PoolOwned => connection.tag.clone(),
            },
            mount_point: mount_point.cloned(),
            distribution,
            root: false,
            ipl_before: None,
            state: AttachmentState::Attaching,
        })
    }

    /// Everything that an attach reads before it changes anything (A0).
    async fn before_attach(
        &self,
        instance: &Instance,
        volume: &VolumeRef,
        mount_point: Option<&MountPoint>,
    ) -> Result<Before> {
        let node = &instance.node;
        let distribution = Self::distribution(instance, mount_point.is_some())?;
        let mut attachment = self.attachment(volume, mount_point, distribution)?;
        let ledger = self.ledger.read().await?;
        if let Some((other, known)) = ledger.find(&volume.id) {
            if other != node {
                return Err(FcpError::AttachedElsewhere {
                    volume: volume.id.clone(),
                    node: other.clone(),
                }
                .into());
            }
            if known.state == AttachmentState::Attached {
                return self
                    .already(node, known.clone())
                    .await
                    .map(Before::Attached);
            }
        }
        if let (Some(wanted), Some(entry)) = (mount_point, ledger.entry(node))
            && let Some(other) = entry.attachments.values().find(|other| {
                other.volume_id != volume.id && other.mount_point.as_ref() == Some(wanted)
            })
        {
            return Err(Error::Instance {
                text: format!(
                    "{wanted} already exists in {node}: volume {} uses it",
                    other.volume_id
                ),
                missing: false,
                retryable: false,
            });
        }
        let Some(path) = self.path(node).await? else {
            return Err(Error::Instance {
                text: format!("instance {node} could not be found"),
                missing: true,
                retryable: false,
            });
        };
        self.check_row(node, &mut attachment).await?;
        let fcp = volume.connection.fcp.clone();
        let target = Target {
            node: node.clone(),
            fcp,
            attachment,
        };
        if path == GuestPath::Active
            && let Some(wanted) = mount_point
        {
            let (resolved, rules) = self.device_node(node, wanted).await?;
            if resolved.is_some() || !rules.is_empty() {
                return Err(Error::Instance {
                    text: format!("{wanted} already exists in {node}"),
                    missing: false,
                    retryable: false,
                });
            }
        }
        let directory = self.directory(node).await?.unwrap_or_default();
        let fresh: Vec<DeviceNumber> = target
            .fcp
            .iter()
            .copied()
            .filter(|device| !directory.has(*device))
            .collect();
        let plan = Plan::new("attach", volume.id.clone(), Recovery::Ask)
            .touching(node.to_string())
            .touching(format!(
                "{}/{}",
                target.attachment.wwpns, target.attachment.lun
            ))
            .step(NovaStep::Record(target.clone()));
        let plan = match path {
            GuestPath::Active => plan
                .step(NovaStep::Hold {
                    target: target.clone(),
                    fresh,
                    active: true,
                })
                .step(NovaStep::Row(target.clone()))
                .step(NovaStep::Units(target.clone()))
                .maybe(mount_point.map(|_| NovaStep::Node(target.clone())))
                .step(NovaStep::Others(target.clone())),
            GuestPath::Inactive => {
                let plan = plan
                    .step(NovaStep::Hold {
                        target: target.clone(),
                        fresh: fresh.clone(),
                        active: false,
                    })
                    .step(NovaStep::Row(target.clone()))
                    .step(NovaStep::Use(target.clone()));
                let plan = fresh.into_iter().fold(plan, |plan, device| {
                    plan.step(NovaStep::Dedicate {
                        node: node.clone(),
                        device,
                        volume: volume.id.clone(),
                    })
                });
                plan.step(NovaStep::Notify {
                    target: target.clone(),
                    direction: Direction::Add,
                    id: fresh_id(self.now()),
                })
            }
        };
        Ok(Before::Plan(
            Box::new(plan.step(NovaStep::Settle(target))),
            path,
        ))
    }

    /// The row must be the volume's before anything is written down; its order of ports and its size are taken over.
    async fn check_row(&self, node: &NodeName, attachment: &mut Attachment) -> Result<()> {
        let target = Target {
            node: node.clone(),
            fcp: Vec::new(),
            attachment: attachment.clone(),
        };
        let (holder, row) = self.holder(&target).await?;
        match (attachment.lifecycle, holder) {
            (Lifecycle::PoolOwned, Holder::Volume) => {
                if let Some(row) = row {
                    attachment.wwpns = row.wwpns;
                    attachment.size = row.size;
                }
                Ok(())
            }
            (Lifecycle::PoolOwned, Holder::Absent) => Err(Error::NotFound(format!(
                "volume {} has no row {}/{} in pool {}",
                attachment.volume_id, attachment.wwpns, attachment.lun, attachment.pool
            ))),
            (Lifecycle::PoolOwned, Holder::Free | Holder::Orphan) => {
                Err(Error::InvalidVolume(format!(
                    "row {}/{} does not carry the stamp of volume {}",
                    attachment.wwpns, attachment.lun, attachment.volume_id
                )))
            }
            (_, Holder::Guest) => Err(Error::Busy {
                what: format!("row {}/{}", attachment.wwpns, attachment.lun),
                by: format!("used by {node} without a record of it; detach it first"),
            }),
            (_, Holder::Other(owner)) => Err(Error::Busy {
                what: format!("row {}/{}", attachment.wwpns, attachment.lun),
                by: format!("owned by '{owner}'"),
            }),
            (Lifecycle::AttachOwned, _) => {
                let listing = self.listing(&attachment.pool).await?;
                let double = listing
                    .with_lun(attachment.lun)
                    .find(|row| row.wwpns.intersects(&attachment.wwpns));
                match double {
                    Some(row) => Err(Error::Busy {
                        what: format!("row {}", row.address()),
                        by: format!("it is in pool {} already ({})", attachment.pool, row.status),
                    }),
                    None => Ok(()),
                }
            }
        }
    }

    /// A volume that is recorded as attached: is it?
    async fn already(&self, node: &NodeName, attachment: Attachment) -> Result<Attached> {
        let ledger = self.ledger.read().await?;
        let fcp = ledger
            .entry(node)
            .map(|entry| entry.fcp.clone())
            .unwrap_or_default();
        let target = Target {
            node: node.clone(),
            fcp: fcp.clone(),
            attachment,
        };
        let wrong = |what: String| Error::Instance {
            text: format!(
                "volume {} is recorded as attached to {node}, but {what}; detach it first",
                target.attachment.volume_id
            ),
            missing: false,
            retryable: false,
        };
        if self.holder(&target).await?.0 != Holder::Guest {
            return Err(wrong("its row says otherwise".to_owned()));
        }
        let path = self.path(node).await?.unwrap_or(GuestPath::Inactive);
        if path == GuestPath::Active {
            let attachment = &target.attachment;
            let units = self.units(node).await?;
            if let Some(unit) = units
                .split(&fcp, &attachment.wwpns, attachment.lun)
                .1
                .first()
            {
                return Err(wrong(self.diagnose(node, *unit).await));
            }
        }
        Ok(Attached {
            volume_id: target.attachment.volume_id,
            node: node.clone(),
            fcp,
            mount_point: target.attachment.mount_point,
            path,
            already: true,
        })
    }

    async fn run_plan(&self, plan: &Plan<NovaStep>, options: &AttachOptions) -> Result<()> {
        let run = RunOptions {
            request_id: options.request_id.clone(),
            rollback: options.rollback,
        };
        self.engine.run_with(plan, self, &run).await
    }

    /// After a failure without rollback: the calls stay undone, the ledger is right all the same (ROL-16).
    async fn correct_ledger(&self, node: &NodeName, volume: &str) -> Result<()> {
        let (node, volume, now) = (node.clone(), volume.to_owned(), self.now());
        self.ledger
            .update(move |ledger| {
                if ledger.decrease(&node, &volume, now) == 0
                    && let Some(entry) = ledger.entry(&node)
                {
                    let left: Vec<DeviceNumber> = entry.dedicated.iter().copied().collect();
                    ledger.force_remove(&node, &left, "left by a failed attach", now);
                }
                Ok(())
            })
            .await?;
        Ok(())
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
        let target = Target {
            node: node.clone(),
            fcp: volume.connection.fcp.clone(),
            attachment,
        };
        // A record is not proof: nothing is touched unless the row or the guest says that the volume is there.
        if self.holder(&target).await?.0 != Holder::Guest && !self.has_any_unit(&target).await? {
            return Ok(None);
        }
        if self.engine.is_rehearsing() {
            return Ok(Some(target));
        }
        let adopted = target.clone();
        let now = self.now();
        self.ledger
            .update(move |ledger| {
                ledger.adopt(&adopted.node, &adopted.fcp, adopted.attachment, now);
                Ok(())
            })
            .await?;
        Ok(Some(target))
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

    /// Brings a device of `zvm_zhcp_fcp_list` online in the zHCP. Every failure is a warning.
    async fn ready_zhcp_device(&self, zhcp: &NodeName, device: DeviceNumber) -> Option<String> {
        let bus = device.bus_id();
        let probe = format!("cat /sys/bus/ccw/devices/{bus}/online 2>/dev/null; true");
        if let Ok(lines) = self.shell(zhcp, probe, false).await
            && lines.first().is_some_and(|line| line.trim() == "1")
        {
            return None;
        }
        let call = Call::Dedicate {
            node: zhcp.clone(),
            device,
        };
        let steps = async {
            self.call_unlocked(call).await.map_err(Error::from)?;
            self.shell(zhcp, format!("cio_ignore -r {device}"), true)
                .await?;
            self.shell(zhcp, format!("chccwdev -e {device}"), true)
                .await?;
            Ok::<(), Error>(())
        };
        let error = steps.await.err()?;
        Some(format!(
            "FCP device {device} of the zHCP {zhcp} is not ready: {error}"
        ))
    }

    /// Takes Nova's records over into the ledger; a broken one is reported and the others go on (D1).
    async fn take_records(&self, records: &[SourceRecord]) -> Result<Vec<String>> {
        let mut news = Vec::new();
        let mut known = Vec::new();
        for record in records {
            let node = &record.instance.node;
            let mut told = |what: String| {
                news.push(format!(
                    "record of volume {} on {node}: {what}",
                    record.volume_id
                ));
            };
            let connection = match Connection::from_json(&record.connection_info) {
                Ok(connection) => connection,
                Err(error) => {
                    told(error.to_string());
                    continue;
                }
            };
            let mount_point = match record
                .mount_point
                .as_deref()
                .filter(|text| !text.is_empty())
            {
                Some(text) => match text.parse() {
                    Ok(mount_point) => Some(mount_point),
                    Err(error) => {
                        let error: crate::types::ParseError = error;
                        told(error.to_string());
                        None
                    }
                },
                None => None,
            };
            let distribution = Self::distribution(&record.instance, false).unwrap_or_default();
            let volume = VolumeRef {
                id: record.volume_id.clone(),
                size: record.size.or(Some(crate::types::Size::default())),
                connection: connection.clone(),
            };
            match self.attachment(&volume, mount_point.as_ref(), distribution) {
                Ok(attachment) => {
                    let attachment = Attachment {
                        root: record.root,
                        state: AttachmentState::Attached,
                        ..attachment
                    };
                    known.push((node.clone(), connection.fcp, attachment));
                }
                Err(error) => told(error.to_string()),
            }
        }
        let now = self.now();
        let conflicts = self
            .ledger
            .update(move |ledger| {
                for (node, fcp, attachment) in known {
                    if ledger.find(&attachment.volume_id).is_none() {
                        ledger.adopt(&node, &fcp, attachment, now);
                    }
                }
                let mut conflicts: Vec<String> = ledger
                    .entries()
                    .filter(|(_, entry)| entry.conflict)
                    .map(|(node, _)| format!("the volumes of {node} name different FCP devices"))
                    .collect();
                conflicts.extend(ledger.contradictions());
                Ok(conflicts)
            })
            .await?;
        news.extend(conflicts);
        Ok(news)
    }

    /// What the inventory says about the configured list.
    fn judge_inventory(&self, inventory: &Inventory) -> Vec<String> {
        let list = &self.compute.fcp_list;
        let mut news = Vec::new();
        let absent: Vec<String> = list
            .devices()
            .filter(|device| inventory.get(*device).is_none())
            .map(|device| device.to_string())
            .collect();
        if !absent.is_empty() {
            news.push(format!(
                "zvm_fcp_list names devices that {} does not report (offline, or of another system): {}",
                self.host,
                absent.join(";")
            ));
        }
        if self.compute.multiple_fcp && free_by_chpid(inventory, list).len() < 2 {
            news.push(
                "zvm_multiple_fcp is set, but usable devices lie on fewer than two channel paths: no connector can be given"
                    .to_owned(),
            );
        }
        news
    }
}

impl Attachments for Nova {
    async fn init_host(&self, records: &[SourceRecord]) -> Result<Vec<String>> {
        if self.compute.fcp_list.is_empty() {
            return Err(FcpError::NoList.into());
        }
        let mut news = Vec::new();
        if let Some(zhcp) = &self.zhcp {
            for device in self.compute.zhcp_fcp_list.devices() {
                news.extend(self.ready_zhcp_device(zhcp, device).await);
            }
        }
        let inventory = self.inventory().await?;
        news.extend(self.judge_inventory(&inventory));
        news.extend(self.take_records(records).await?);
        self.release_withheld(&inventory).await?;
        for line in &news {
            tracing::warn!("{line}");
        }
        Ok(news)
    }

    async fn get_volume_connector(&self, instance: &Instance) -> Result<Connector> {
        let inventory = self.inventory().await?;
        self.release_withheld(&inventory).await?;
        let paths = if self.compute.multiple_fcp { 2 } else { 1 };
        let timeout =
            i64::try_from(self.compute.fcp_reserve_timeout.as_millis()).unwrap_or(i64::MAX);
        let (node, list) = (instance.node.clone(), self.compute.fcp_list.clone());
        let (known, now) = (inventory.clone(), self.now());
        let fcp = if self.engine.is_rehearsing() {
            let mut ledger = self.ledger.read().await?;
            ledger.reserve(&node, paths, &known, &list, (now, timeout))?
        } else {
            self.ledger
                .update(move |ledger| ledger.reserve(&node, paths, &known, &list, (now, timeout)))
                .await?
        };
        match Connector::new(&fcp, &inventory, &self.connector_host(&instance.node)) {
            Ok(connector) => Ok(connector),
            Err(error) => {
                // A connector that cannot be used holds nothing back (D14).
                let node = instance.node.clone();
                self.ledger
                    .update(move |ledger| {
                        ledger.unreserve(&node);
                        Ok(())
                    })
                    .await?;
                Err(StateError::from(error).into())
            }
        }
    }

    async fn attach_volume(
        &self,
        instance: &Instance,
        volume: &VolumeRef,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> Result<Attached> {
        if instance.paused {
            return Err(Error::Instance {
                text: "Attaching to a paused instance is not supported.".to_owned(),
                missing: false,
                retryable: false,
            });
        }
        // What can be refused without a call is refused without one (OFF-08).
        let distribution = Self::distribution(instance, mount_point.is_some())?;
        self.attachment(volume, mount_point, distribution)?;
        let _lock = self.lock_instance(&instance.node).await?;
        let _volume = self.lock_volume(volume.connection.tag.as_ref()).await?;
        self.settle_first(&volume.id, &instance.node).await?;
        let (plan, path) = match self.before_attach(instance, volume, mount_point).await? {
            Before::Attached(attached) => return Ok(attached),
            Before::Plan(plan, path) => (plan, path),
        };
        if let Err(error) = self.run_plan(&plan, options).await {
            if !options.rollback {
                self.correct_ledger(&instance.node, &volume.id).await?;
            }
            return Err(error);
        }
        Ok(Attached {
            volume_id: volume.id.clone(),
            node: instance.node.clone(),
            fcp: volume.connection.fcp.clone(),
            mount_point: mount_point.cloned(),
            path,
            already: false,
        })
    }

    async fn detach_volume(
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

    async fn get_device_name_for_instance(&self, node: &NodeName) -> Result<MountPoint> {
        let ledger = self.ledger.read().await?;
        let entry = ledger.entry(node);
        let used = entry
            .iter()
            .flat_map(|entry| entry.attachments.values())
            .filter_map(|attachment| attachment.mount_point.as_ref());
        next_mount_point(used).ok_or_else(|| Error::Instance {
            text: format!("{node} has no device name left"),
            missing: false,
            retryable: false,
        })
    }

    async fn prepare_boot(
        &self,
        instance: &Instance,
        boot: &BootVolume,
        options: &AttachOptions,
    ) -> Result<Attached> {
        let node = &instance.node;
        let volume = &boot.volume;
        let distribution = Some(boot.metadata.distribution);
        let mut attachment = self.attachment(volume, None, distribution)?;
        attachment.root = true;
        let fcp = volume.connection.fcp.clone();
        let (first, port) = match (fcp.first(), attachment.wwpns.ports().first()) {
            (Some(first), Some(port)) => (*first, *port),
            _ => {
                return Err(Error::Connector(
                    "no FCP device or WWPN is given".to_owned(),
                ));
            }
        };
        let parameters = boot
            .metadata
            .scpdata_hex(first, port, attachment.lun)
            .map_err(|error| Error::InvalidVolume(error.to_string()))?;
        let _lock = self.lock_instance(node).await?;
        let _volume = self.lock_volume(volume.connection.tag.as_ref()).await?;
        self.settle_first(&volume.id, node).await?;
        match self.path(node).await? {
            Some(GuestPath::Inactive) => {}
            Some(GuestPath::Active) => {
                return Err(Error::Instance {
                    text: format!(
                        "{node} is running: boot from volume is prepared while it is off"
                    ),
                    missing: false,
                    retryable: false,
                });
            }
            None => {
                return Err(Error::Instance {
                    text: format!("instance {node} could not be found"),
                    missing: true,
                    retryable: false,
                });
            }
        }
        let known = self
            .ledger
            .read()
            .await?
            .find(&volume.id)
            .map(|(at, known)| (at.clone(), known.clone()));
        if let Some((at, known)) = known
            && at == *node
            && known.root
            && known.state == AttachmentState::Attached
        {
            return self.already(node, known).await;
        }
        self.check_row(node, &mut attachment).await?;
        let directory = self.directory(node).await?.unwrap_or_default();
        attachment.ipl_before.clone_from(&directory.ipl);
        let fresh: Vec<DeviceNumber> = fcp
            .iter()
            .copied()
            .filter(|device| !directory.has(*device))
            .collect();
        let target = Target {
            node: node.clone(),
            fcp,
            attachment,
        };
        let script = match &boot.script {
            Some(place) => Some(write_script(place, &volume.id, boot, first, port, &target)?),
            None => None,
        };
        let plan = Plan::new("boot", volume.id.clone(), Recovery::Ask)
            .touching(node.to_string())
            .step(NovaStep::Record(target.clone()))
            .step(NovaStep::Hold {
                target: target.clone(),
                fresh: fresh.clone(),
                active: false,
            });
        let plan = fresh.into_iter().fold(plan, |plan, device| {
            plan.step(NovaStep::Dedicate {
                node: node.clone(),
                device,
                volume: volume.id.clone(),
            })
        });
        let plan = plan
            .step(NovaStep::Row(target.clone()))
            .step(NovaStep::Use(target.clone()))
            .step(NovaStep::Ipl {
                node: node.clone(),
                device: first,
                before: directory.ipl.clone(),
            })
            .step(NovaStep::Loaddev {
                target: target.clone(),
                parameters,
            })
            .maybe(script.map(|(file, remote)| NovaStep::Script {
                node: node.clone(),
                file,
                remote,
                id: fresh_id(self.now()),
            }))
            .step(NovaStep::Settle(target.clone()));
        self.run_plan(&plan, options).await?;
        Ok(Attached {
            volume_id: volume.id.clone(),
            node: node.clone(),
            fcp: target.fcp,
            mount_point: None,
            path: GuestPath::Inactive,
            already: false,
        })
    }

    async fn destroy_cleanup(&self, instance: &Instance) -> Result<Vec<String>> {
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
            super::guest::GuestState::Unknown => None,
            super::guest::GuestState::Reachable => Some(GuestPath::Active),
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

    async fn distribution_of(&self, node: &NodeName) -> Result<Option<Distribution>> {
        self.find_distribution(node).await
    }
}

/// Writes the zipl script of a volume where the management node can fetch it.
fn write_script(
    place: &super::api::ScriptPlace,
    volume: &str,
    boot: &BootVolume,
    fcp: DeviceNumber,
    port: crate::types::Wwpn,
    target: &Target,
) -> Result<(String, String)> {
    let fail = |source| Error::State {
        what: format!("cannot write the zipl script of volume {volume}"),
        source,
    };
    let plain: String = volume
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let dir = place.dir.join(plain);
    std::fs::create_dir_all(&dir).map_err(fail)?;
    let file = dir.join("ziplset.sh");
    let script = boot.metadata.zipl_script(fcp, port, target.attachment.lun);
    std::fs::write(&file, script).map_err(fail)?;
    Ok((file.display().to_string(), place.remote.clone()))
}
