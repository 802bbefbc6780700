//! Attaching: what is read first (A0), and the plan that follows from it (spec: driver 2.8.7, 2.8.10).

use super::api::{AttachOptions, Attached, GuestPath, Instance, VolumeRef};
use super::devices::other_device;
use super::guest::missing_instance;
use super::nova::Nova;
use super::operations::fresh_id;
use super::rows::Holder;
use super::step::{Direction, NovaStep, Target};
use crate::error::{Error, Result};
use crate::fcp::{Attachment, AttachmentState, FcpError};
use crate::steps::{Plan, Recovery};
use crate::types::{DeviceNumber, Lifecycle, MountPoint, NodeName};

/// What was found before an attach.
#[derive(Debug)]
enum Before {
    /// The guest has the volume, and everything is as it should be.
    Attached(Attached),
    /// The plan.
    Plan(Box<Plan<NovaStep>>, GuestPath),
}

impl Nova {
    /// Gives a volume to a guest.
    pub(super) async fn attach(
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
        // The first to be attached keeps a LUN that two volumes were given (Q2): its guest would lose its disk with the other's
        // detach.
        if let Some((other, known)) = ledger.other_of_lun(&attachment) {
            return Err(Error::Busy {
                what: format!("LUN {} of volume {}", attachment.lun, volume.id),
                by: format!(
                    "{other} has it as volume {}: one of the two has lost its row",
                    known.volume_id
                ),
            });
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
            return Err(missing_instance(node));
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
        for device in &target.fcp {
            if let Some(other) = directory.instead_of(*device) {
                return Err(Error::FcpConflict(other_device(node, *device, other)));
            }
        }
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
    pub(super) async fn check_row(
        &self,
        node: &NodeName,
        attachment: &mut Attachment,
    ) -> Result<()> {
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
    pub(super) async fn already(
        &self,
        node: &NodeName,
        attachment: Attachment,
    ) -> Result<Attached> {
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
        let Some(path) = self.path(node).await? else {
            return Err(missing_instance(node));
        };
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
}
