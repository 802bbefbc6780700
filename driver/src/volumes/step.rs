//! The steps of the Cinder half.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::world::{RowRef, World};
use crate::client::{Call, Channel, ReserveAs};
use crate::config::VolumeClear;
use crate::error::{Error, Result};
use crate::pool::{Row, RowStatus};
use crate::steps::{OnFailure, Proof, Step};
use crate::types::{NodeName, Tag};

/// One change of a pool row, a LUN or an image. Every operation of the Cinder half is a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum VolumeStep {
    /// X3: a free row gets the stamp. Undone by its release; a row that may hold data is cleared first, or quarantined (I4).
    Reserve {
        /// The row.
        row: RowRef,
        /// The stamp.
        tag: Tag,
    },
    /// X3: the row's stamp is replaced by another, in whatever unused state it is.
    Restamp {
        /// The row.
        row: RowRef,
        /// The stamp it has; `None`: none, or the zHCP's name after a command of the MN.
        from: Option<Tag>,
        /// The stamp it gets.
        tag: Tag,
    },
    /// X5: the row is freed. Cannot be undone.
    Release {
        /// The row.
        row: RowRef,
        /// Its stamp: no other row is freed.
        tag: Tag,
    },
    /// X13 on the zHCP.
    ZhcpAttach {
        /// The row.
        row: RowRef,
        /// Its stamp.
        tag: Tag,
    },
    /// X14 on the zHCP and the stamp again.
    ZhcpDetach {
        /// The row.
        row: RowRef,
        /// Its stamp.
        tag: Tag,
    },
    /// The LUN, on the zHCP, is overwritten with zeros.
    Wipe {
        /// The row.
        row: RowRef,
    },
    /// A LUN is copied onto another, both on the zHCP, and compared.
    BlockCopy {
        /// The source's row.
        source: RowRef,
        /// The target's row.
        target: RowRef,
    },
    /// X6: the MN copies a LUN.
    MnCopy {
        /// The source's row.
        source: RowRef,
        /// The source's stamp.
        source_tag: Tag,
        /// The target's row.
        target: RowRef,
        /// The target's stamp.
        target_tag: Tag,
        /// Size, for the time limit.
        gib: u64,
    },
    /// The copy is compared with its source, both on the zHCP.
    Compare {
        /// The source's row.
        source: RowRef,
        /// The target's row.
        target: RowRef,
    },
    /// The MN takes a bundle into its images. Undone by their removal.
    Import {
        /// The image's profile.
        profile: Tag,
        /// The bundle's path on the machine that offers it.
        bundle: String,
        /// That machine.
        remote: String,
        /// Whether the bundle is not compressed.
        plain: bool,
        /// Size, for the time limit.
        gib: u64,
    },
    /// X8: the image is written to the LUN.
    Deploy {
        /// The row.
        row: RowRef,
        /// Its stamp.
        tag: Tag,
        /// The image's profile.
        profile: Tag,
        /// Size, for the time limit.
        gib: u64,
    },
    /// X7: the LUN is read into an image. Undone by its removal.
    Capture {
        /// The row.
        row: RowRef,
        /// Its stamp.
        tag: Tag,
        /// The image's profile.
        profile: Tag,
        /// Compression.
        compression: Option<u8>,
        /// Size, for the time limit.
        gib: u64,
    },
    /// The image is brought to the driver's machine.
    Export {
        /// The image's profile.
        profile: Tag,
        /// Where to.
        destination: String,
        /// The machine.
        remote: String,
        /// Size, for the time limit.
        gib: u64,
    },
    /// The image leaves the MN.
    RemoveImage {
        /// The image's profile.
        profile: Tag,
    },
    /// X14: the LUN is taken from a guest by force.
    TakeFromGuest {
        /// The row.
        row: RowRef,
        /// The guest that has it.
        node: NodeName,
        /// Its volume's stamp.
        tag: Tag,
    },
}

impl Step for VolumeStep {
    type World = World;
    const HALF: &'static str = "cinder";

    fn name(&self) -> &'static str {
        match self {
            Self::Reserve { .. } => "reserve row",
            Self::Restamp { .. } => "stamp row",
            Self::Release { .. } => "release row",
            Self::ZhcpAttach { .. } => "attach to zHCP",
            Self::ZhcpDetach { .. } => "detach from zHCP",
            Self::Wipe { .. } => "overwrite LUN",
            Self::BlockCopy { .. } => "copy blocks",
            Self::MnCopy { .. } => "copy LUN",
            Self::Compare { .. } => "compare copy",
            Self::Import { .. } => "import image",
            Self::Deploy { .. } => "deploy image",
            Self::Capture { .. } => "capture image",
            Self::Export { .. } => "export image",
            Self::RemoveImage { .. } => "remove image",
            Self::TakeFromGuest { .. } => "take from guest",
        }
    }

    async fn run(&self, world: &World) -> Result<()> {
        let world = &*self.place(world);
        match self {
            Self::Reserve { row, tag } => {
                let _lock = world.row_change().await?;
                world.pool.reserve(&row.wwpns, row.lun, tag).await?;
                Ok(())
            }
            Self::Restamp { row, from, tag } => {
                let _lock = world.row_change().await?;
                let from = match from {
                    Some(from) => vec![from.as_str()],
                    None => world.after_commands(),
                };
                world.pool.stamp(&row.wwpns, row.lun, tag, &from).await?;
                Ok(())
            }
            Self::Release { row, tag } => {
                let _lock = world.row_change().await?;
                world.pool.release(&row.wwpns, row.lun, tag).await
            }
            Self::ZhcpAttach { row, tag } => world.attach_to_zhcp(row, tag).await,
            Self::ZhcpDetach { row, tag } => world.detach_from_zhcp(row, tag).await,
            Self::Wipe { row } => world.wipe(row).await,
            Self::BlockCopy { source, target } => world.block_copy(source, target).await,
            Self::MnCopy {
                source,
                target,
                gib,
                ..
            } => world.send(&world.copy_call(source, target, *gib)).await,
            Self::Compare { source, target } => match world.is_equal(source, target).await? {
                Proof::Done => Ok(()),
                _ => Err(Error::Backend(format!(
                    "the copy of LUN {} on LUN {} differs from it",
                    source.lun, target.lun
                ))),
            },
            Self::Import {
                profile,
                bundle,
                remote,
                plain,
                gib,
            } => {
                world
                    .send(&Call::ImportImage {
                        bundle: bundle.clone(),
                        profile: profile.clone(),
                        remote: remote.clone(),
                        plain: *plain,
                        gib: *gib,
                    })
                    .await
            }
            Self::Deploy {
                row, profile, gib, ..
            } => {
                let call = Call::Deploy {
                    host: world.pool.host.clone(),
                    profile: profile.clone(),
                    wwpn: row.wwpns.primary(),
                    lun: row.lun,
                    gib: *gib,
                };
                // Writing the same bytes again does no harm, and a half-written LUN cannot be told from a whole one: an answer
                // that was lost is no proof (spec: driver 3.7).
                match world.pool.client.call(&call).await {
                    Ok(_) => Ok(()),
                    Err(error) if error.executed == crate::client::Executed::Unknown => {
                        world.wait_for_zhcp(row).await?;
                        world.send(&call).await
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Self::Capture {
                row,
                profile,
                compression,
                gib,
                ..
            } => {
                world
                    .send(&Call::Capture {
                        host: world.pool.host.clone(),
                        profile: profile.clone(),
                        wwpn: row.wwpns.primary(),
                        lun: row.lun,
                        compression: *compression,
                        gib: *gib,
                    })
                    .await
            }
            Self::Export {
                profile,
                destination,
                remote,
                gib,
            } => {
                world
                    .send(&Call::ExportImage {
                        profile: profile.clone(),
                        destination: destination.clone(),
                        remote: remote.clone(),
                        gib: *gib,
                    })
                    .await
            }
            Self::RemoveImage { profile } => world.remove_image(profile).await,
            Self::TakeFromGuest { row, node, tag } => world.take_from_guest(row, node, tag).await,
        }
    }

    async fn proof(&self, world: &World) -> Result<Proof> {
        let world = &*self.place(world);
        Ok(match self {
            Self::Reserve { row, tag } => carries(&world.row(row).await?, tag, &[""]),
            Self::Restamp { row, from, tag } => {
                let from = match from {
                    Some(from) => vec![from.as_str()],
                    None => world.after_commands(),
                };
                carries(&world.row(row).await?, tag, &from)
            }
            Self::Release { row, tag } => {
                let now = world.find(row).await?;
                Proof::of(now.is_none_or(|now| now.owner != tag.as_str()))
            }
            Self::ZhcpAttach { row, .. } => world.is_on_zhcp(row).await?,
            Self::ZhcpDetach { row, tag } | Self::TakeFromGuest { row, tag, .. } => {
                let now = world.row(row).await?;
                Proof::of(now.status == RowStatus::Reserved && now.owner == tag.as_str())
            }
            Self::Wipe { row } => world.is_wiped(row).await?,
            Self::BlockCopy { source, target } | Self::Compare { source, target } => {
                world.is_equal(source, target).await?
            }
            // Done, but for what the rows say: the stamps are steps of their own, and the content is compared.
            Self::MnCopy { source, target, .. } => {
                let listing = world.list().await?;
                let idle = |row: &RowRef| {
                    listing
                        .find(&row.wwpns, row.lun)
                        .is_some_and(|now| now.status == RowStatus::Reserved)
                };
                Proof::of(idle(source) && idle(target))
            }
            Self::Import { profile, .. } => Proof::of(world.has_image(profile).await?),
            Self::Capture {
                row, tag, profile, ..
            } => {
                let now = world.row(row).await?;
                Proof::of(now.owner == tag.as_str() && world.has_image(profile).await?)
            }
            Self::Deploy { row, .. } => {
                Proof::of(world.row(row).await?.status == RowStatus::Reserved)
            }
            Self::Export { profile, .. } => {
                Proof::of(world.mover.has_arrived(&world.export_path(profile)).await?)
            }
            Self::RemoveImage { profile } => Proof::of(!world.has_image(profile).await?),
        })
    }

    async fn undo(&self, world: &World) -> Result<()> {
        self.undo_after(world, &[]).await
    }

    async fn undo_after(&self, world: &World, later: &[Self]) -> Result<()> {
        let world = &*self.place(world);
        match self {
            Self::Reserve { row, tag } => {
                let written = later.iter().any(|step| step.writes(row));
                world.discard(row, tag, written).await
            }
            Self::ZhcpAttach { row, tag } | Self::ZhcpDetach { row, tag } => {
                world.detach_from_zhcp(row, tag).await
            }
            Self::MnCopy {
                source,
                source_tag,
                target,
                target_tag,
                ..
            } => {
                // The source first: while it is free, others may take it (D26).
                world.heal(source, source_tag).await?;
                world.heal(target, target_tag).await
            }
            Self::Deploy { row, tag, .. } => world.heal(row, tag).await,
            Self::Capture {
                row, tag, profile, ..
            } => {
                world.heal(row, tag).await?;
                world.remove_image(profile).await
            }
            Self::Import { profile, .. } => world.remove_image(profile).await,
            Self::Restamp {
                row,
                from: Some(from),
                tag,
            } => {
                let _lock = world.row_change().await?;
                let now = world.row(row).await?;
                if now.owner == tag.as_str() && now.status != RowStatus::Used {
                    world
                        .pool
                        .stamp(&row.wwpns, row.lun, from, &[tag.as_str()])
                        .await?;
                }
                Ok(())
            }
            // What is gone stays gone; what was only read needs nothing; a stamp that was put back stays.
            _ => Ok(()),
        }
    }

    fn on_failure(&self) -> OnFailure {
        match self {
            Self::Release { .. } => OnFailure::RollForward,
            Self::RemoveImage { .. } => OnFailure::Pend,
            _ => OnFailure::RollBack,
        }
    }

    fn repeats(&self) -> usize {
        match self {
            // A copy is started anew by a repetition of the operation, not here.
            Self::MnCopy { .. } | Self::Compare { .. } | Self::Capture { .. } => 0,
            _ => 1,
        }
    }

    fn calls(&self, world: &World) -> Vec<String> {
        self.wire_calls(world)
            .iter()
            .map(|call| match self {
                // The MN's own choice is read from the row before X14 names it.
                Self::ZhcpDetach { .. } | Self::TakeFromGuest { .. } => {
                    call.replace("--removezfcp auto ", "--removezfcp <channel> ")
                }
                _ => call.clone(),
            })
            .collect()
    }
}

impl VolumeStep {
    /// The changing calls of the step when nothing is in its way.
    fn wire_calls(&self, world: &World) -> Vec<String> {
        let reserve = |row: &RowRef, tag: &Tag| Call::Reserve {
            host: world.pool.host.clone(),
            pool: world.pool.name.clone(),
            status: ReserveAs::Reserved,
            owner: tag.to_string(),
            channel: Channel::Auto,
            size: None,
            wwpn: row.wwpns.primary(),
            lun: row.lun,
        };
        let zhcp = || world.zhcp.clone();
        let shell = |command: String| {
            zhcp().map(|node| Call::Shell {
                node,
                command,
                changes: true,
                gib: 0,
            })
        };
        let calls: Vec<Call> = match self {
            Self::Reserve { row, tag } | Self::Restamp { row, tag, .. } => vec![reserve(row, tag)],
            Self::Release { row, .. } => vec![Call::Release {
                host: world.pool.host.clone(),
                pool: world.pool.name.clone(),
                wwpn: row.wwpns.primary(),
                lun: row.lun,
            }],
            Self::ZhcpAttach { row, tag } => zhcp()
                .map(|node| world.zhcp_call(node, row, tag))
                .into_iter()
                .collect(),
            Self::ZhcpDetach { row, tag } => {
                let remove = zhcp().map(|node| Call::RemoveUnit {
                    node,
                    channel: world.zhcp_channel(),
                    wwpns: row.wwpns.primary().into(),
                    lun: row.lun,
                    keep: true,
                });
                remove.into_iter().chain([reserve(row, tag)]).collect()
            }
            Self::Wipe { row } => {
                let command = format!("dd if=/dev/zero of=<disk of LUN {}> conv=fsync", row.lun);
                shell(command).into_iter().collect()
            }
            Self::BlockCopy { source, target } => {
                let command = format!(
                    "dd if=<disk of LUN {}> of=<disk of LUN {}> conv=fsync",
                    source.lun, target.lun
                );
                shell(command).into_iter().collect()
            }
            Self::MnCopy {
                source,
                target,
                gib,
                ..
            } => vec![world.copy_call(source, target, *gib)],
            Self::Compare { .. } => Vec::new(),
            Self::Import {
                profile,
                bundle,
                remote,
                plain,
                gib,
            } => vec![Call::ImportImage {
                bundle: bundle.clone(),
                profile: profile.clone(),
                remote: remote.clone(),
                plain: *plain,
                gib: *gib,
            }],
            Self::Deploy {
                row, profile, gib, ..
            } => vec![Call::Deploy {
                host: world.pool.host.clone(),
                profile: profile.clone(),
                wwpn: row.wwpns.primary(),
                lun: row.lun,
                gib: *gib,
            }],
            Self::Capture {
                row,
                profile,
                compression,
                gib,
                ..
            } => vec![Call::Capture {
                host: world.pool.host.clone(),
                profile: profile.clone(),
                wwpn: row.wwpns.primary(),
                lun: row.lun,
                compression: *compression,
                gib: *gib,
            }],
            Self::Export {
                profile,
                destination,
                remote,
                gib,
            } => vec![Call::ExportImage {
                profile: profile.clone(),
                destination: destination.clone(),
                remote: remote.clone(),
                gib: *gib,
            }],
            Self::RemoveImage { profile } => vec![
                Call::RemoveImageFiles {
                    profile: profile.clone(),
                },
                Call::RemoveImage {
                    profile: profile.clone(),
                },
            ],
            Self::TakeFromGuest { row, node, tag } => vec![
                Call::RemoveUnit {
                    node: node.clone(),
                    channel: Channel::Auto,
                    wwpns: row.wwpns.clone(),
                    lun: row.lun,
                    keep: true,
                },
                reserve(row, tag),
            ],
        };
        calls.iter().map(ToString::to_string).collect()
    }

    /// The world that the step works in: that of its row's pool.
    fn place<'a>(&self, world: &'a World) -> Cow<'a, World> {
        let (Self::Reserve { row, .. }
        | Self::Restamp { row, .. }
        | Self::Release { row, .. }
        | Self::ZhcpAttach { row, .. }
        | Self::ZhcpDetach { row, .. }
        | Self::Wipe { row }
        | Self::Deploy { row, .. }
        | Self::Capture { row, .. }
        | Self::TakeFromGuest { row, .. }) = self
        else {
            return Cow::Borrowed(world);
        };
        world.of(row)
    }

    /// Whether the step may leave data on the row's LUN.
    fn writes(&self, row: &RowRef) -> bool {
        match self {
            Self::BlockCopy { target, .. }
            | Self::MnCopy { target, .. }
            | Self::Deploy { row: target, .. } => target == row,
            _ => false,
        }
    }
}

impl World {
    /// X6.
    fn copy_call(&self, source: &RowRef, target: &RowRef, gib: u64) -> Call {
        Call::Copy {
            host: self.pool.host.clone(),
            channel: self.zhcp_channel(),
            source: (source.wwpns.primary(), source.lun),
            target: (target.wwpns.primary(), target.lun),
            gib,
        }
    }

    /// Gives a row back that this operation reserved. When data may have been written to it, it is overwritten first; when that is
    /// not possible, it is quarantined (spec: driver I4, 2.6.4).
    async fn discard(&self, row: &RowRef, tag: &Tag, written: bool) -> Result<()> {
        let now = self.row(row).await?;
        if now.owner != tag.as_str() {
            return Ok(());
        }
        if written && self.clear == VolumeClear::Zero && !self.clear_now(row, tag, &now).await {
            tracing::warn!(
                row = now.address(),
                "quarantined: it may hold data and cannot be overwritten"
            );
            let _lock = self.row_change().await?;
            let dirty = Tag::dirty();
            self.pool
                .stamp(&row.wwpns, row.lun, &dirty, &[tag.as_str()])
                .await?;
            return Ok(());
        }
        let _lock = self.row_change().await?;
        self.pool.release(&row.wwpns, row.lun, tag).await
    }

    /// Overwrites a detached LUN; whether that worked. The row has its stamp afterwards in either case, or the detach's error is logged.
    async fn clear_now(&self, row: &RowRef, tag: &Tag, now: &Row) -> bool {
        if !self.is_copyable(now) {
            return false;
        }
        let work = async {
            self.attach_to_zhcp(row, tag).await?;
            if self.is_on_zhcp(row).await? != Proof::Done {
                self.attach_to_zhcp(row, tag).await?;
            }
            self.wipe(row).await?;
            self.is_wiped(row).await
        };
        let wiped = work.await;
        let detached = self.detach_from_zhcp(row, tag).await;
        if let Err(error) = &detached {
            tracing::warn!(row = now.address(), %error, "the LUN stays on the zHCP");
        }
        matches!(wiped, Ok(Proof::Done)) && detached.is_ok()
    }

    /// Puts a row right after a command of the MN broke off in it: not used by the zHCP, not free, with its stamp. A row that is
    /// somebody else's by now is left alone and reported.
    async fn heal(&self, row: &RowRef, tag: &Tag) -> Result<()> {
        let now = self.row(row).await?;
        if now.status == RowStatus::Free && now.owner.is_empty() {
            self.restamp(row, tag).await?;
        }
        self.wait_for_zhcp(row).await?;
        self.detach_from_zhcp(row, tag).await?;
        let now = self.row(row).await?;
        if carries(&now, tag, &[""]) == Proof::Done {
            return Ok(());
        }
        Err(Error::Backend(format!(
            "row {} is {} by '{}' and not {tag}'s any more: an administrator has to look at it",
            now.address(),
            now.status,
            now.owner
        )))
    }

    /// Takes a LUN from a guest: X14 with the row's channel, then the stamp.
    async fn take_from_guest(&self, row: &RowRef, node: &NodeName, tag: &Tag) -> Result<()> {
        let now = self.row(row).await?;
        let _lock = self.row_change().await?;
        if now.status == RowStatus::Used {
            if now.owner != node.as_str() {
                return Err(Error::Backend(format!(
                    "row {} is used by '{}', not by {node}",
                    now.address(),
                    now.owner
                )));
            }
            self.send(&Call::RemoveUnit {
                node: node.clone(),
                channel: Channel::Devices(now.channels()),
                wwpns: now.wwpns.clone(),
                lun: now.lun,
                keep: true,
            })
            .await?;
        }
        self.pool
            .stamp(&row.wwpns, row.lun, tag, &["", node.as_str()])
            .await?;
        Ok(())
    }
}

/// Whether a row carries a stamp; missing while it has one of the owners in `from`.
fn carries(row: &Row, tag: &Tag, from: &[&str]) -> Proof {
    if row.owner == tag.as_str() && row.status == RowStatus::Reserved {
        Proof::Done
    } else if from.contains(&row.owner.as_str()) {
        Proof::Missing
    } else {
        Proof::Conflict(format!(
            "row {} is {} by '{}'",
            row.address(),
            row.status,
            row.owner
        ))
    }
}
