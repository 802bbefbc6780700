//! The operations of the Nova half as Nova calls them, and what all of them need.

use std::sync::atomic::{AtomicU64, Ordering};

use super::api::{
    AttachOptions, Attached, Attachments, BootVolume, Detached, Instance, SourceRecord, VolumeRef,
};
use super::nova::Nova;
use super::paths::next_mount_point;
use super::step::NovaStep;
use crate::error::{Error, Result};
use crate::fcp::{Attachment, AttachmentState, Connector};
use crate::steps::{Plan, Resolution, RunOptions};
use crate::types::{DeviceNumber, Distribution, Lifecycle, MountPoint, NodeName};

/// Tells notices of one plan from those of another.
pub(super) fn fresh_id(now: i64) -> u64 {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let high = u64::try_from(now).unwrap_or_default();
    high.wrapping_mul(0x1_0000)
        ^ (u64::from(std::process::id()) << 44)
        ^ COUNTER.fetch_add(1, Ordering::Relaxed)
}

impl Nova {
    /// The same half for one OpenStack request, whose id stands with every call (spec: driver 2.1.1).
    fn for_request(&self, options: &AttachOptions) -> Self {
        let mut half = self.clone();
        if let Some(id) = &options.request_id {
            half.client = half.client.for_request(id);
        }
        half
    }

    /// Resolves what earlier operations on the volume or the guest left, before new work begins (I14). What concerns
    /// another volume and cannot be resolved now does not stop this one.
    pub(super) async fn settle_first(&self, volume: &str, node: &NodeName) -> Result<()> {
        self.put_back_all().await?;
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

    pub(super) fn distribution(instance: &Instance, needed: bool) -> Result<Option<Distribution>> {
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

    pub(super) fn attachment(
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

    pub(super) async fn run_plan(
        &self,
        plan: &Plan<NovaStep>,
        options: &AttachOptions,
    ) -> Result<()> {
        let run = RunOptions {
            request_id: options.request_id.clone(),
            rollback: options.rollback,
        };
        self.engine.run_with(plan, self, &run).await
    }

    /// After a failure without rollback: the calls stay undone, the ledger is right all the same (ROL-16).
    pub(super) async fn correct_ledger(&self, node: &NodeName, volume: &str) -> Result<()> {
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
}

impl Attachments for Nova {
    async fn init_host(&self, records: &[SourceRecord]) -> Result<Vec<String>> {
        self.start_host(records).await
    }

    async fn get_volume_connector(&self, instance: &Instance) -> Result<Connector> {
        self.connector(instance).await
    }

    async fn attach_volume(
        &self,
        instance: &Instance,
        volume: &VolumeRef,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> Result<Attached> {
        let half = self.for_request(options);
        half.attach(instance, volume, mount_point, options).await
    }

    async fn detach_volume(
        &self,
        instance: &Instance,
        volume_id: &str,
        volume: Option<&VolumeRef>,
        mount_point: Option<&MountPoint>,
        options: &AttachOptions,
    ) -> Result<Detached> {
        let half = self.for_request(options);
        half.detach(instance, volume_id, volume, mount_point, options)
            .await
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

    fn default_root_device_name(&self, root_volume: Option<&MountPoint>) -> MountPoint {
        root_volume.cloned().unwrap_or_else(MountPoint::first_dasd)
    }

    async fn prepare_boot(
        &self,
        instance: &Instance,
        boot: &BootVolume,
        options: &AttachOptions,
    ) -> Result<Attached> {
        let half = self.for_request(options);
        half.boot_from(instance, boot, options).await
    }

    async fn destroy_cleanup(&self, instance: &Instance) -> Result<Vec<String>> {
        self.destroy(instance).await
    }

    async fn distribution_of(&self, node: &NodeName) -> Result<Option<Distribution>> {
        self.find_distribution(node).await
    }
}
