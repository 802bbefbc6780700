//! The steps of the Cinder half.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::row_work::carries;
use super::world::{RowRef, World};
use crate::client::Call;
use crate::config::VerifyCopy;
use crate::error::{Error, Result};
use crate::pool::RowStatus;
use crate::steps::{LockGuard, OnFailure, Plan, Proof, Step};
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
        /// Its stamp: no other row's LUN is attached anew.
        tag: Tag,
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
        /// What the LUN holds afterwards; `None`: not known, or compared by a later step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Content>,
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
            Self::Wipe { row, tag } => world.wipe(row, tag).await,
            Self::BlockCopy { source, target } => world.block_copy(source, target).await,
            Self::MnCopy {
                source,
                source_tag,
                target,
                target_tag,
                gib,
            } => {
                let call = world.copy_call(source, target, *gib);
                let luns = [(source, source_tag), (target, target_tag)];
                world.send_for_disks(&call, &luns).await
            }
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
                row,
                tag,
                profile,
                gib,
                ..
            } => {
                let call = world.deploy_call(row, profile, *gib);
                // Writing the same bytes again does no harm, and a half-written LUN cannot be told from a whole one: an answer
                // that was lost is no proof (spec: driver 3.7).
                match world.send_for_disks(&call, &[(row, tag)]).await {
                    Err(error) if error.is_unknown_outcome() => {
                        world.wait_for_zhcp(row).await?;
                        world.send(&call).await
                    }
                    outcome => outcome,
                }
            }
            Self::Capture {
                row,
                tag,
                profile,
                compression,
                gib,
            } => {
                let call = world.capture_call(row, profile, *compression, *gib);
                world.send_for_disks(&call, &[(row, tag)]).await
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
            Self::Wipe { row, .. } => world.is_wiped(row).await?,
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
            // The MN says that it is done when ssh died in the middle of it.
            Self::Deploy {
                row, tag, content, ..
            } => {
                let is_back = world.row(row).await?.status == RowStatus::Reserved;
                match content {
                    Some(content) if is_back && world.zhcp.is_some() => {
                        Proof::of(world.holds_content(row, tag, content).await?)
                    }
                    _ => Proof::of(is_back),
                }
            }
            Self::Export { profile, .. } => Proof::of(world.has_export(profile).await?),
            Self::RemoveImage { profile } => Proof::of(!world.has_image(profile).await?),
        })
    }

    /// What a copy that was cut off has written cannot be told from a whole one by samples, or where nothing is compared: it is made
    /// anew, and the operation fails where that cannot be done here (spec: driver 3.7).
    async fn proof_in_doubt(&self, world: &World) -> Result<Proof> {
        let is_compared_whole = world.copying.verify == VerifyCopy::Full;
        match self {
            Self::BlockCopy { .. } if !is_compared_whole => Ok(Proof::Missing),
            // The MN empties the target's stamp at its end only, and what is compared afterwards is a step of its own.
            Self::MnCopy {
                target, target_tag, ..
            } => {
                let ended = world.row(target).await?.owner != target_tag.as_str();
                if ended && world.copying.verify != VerifyCopy::None {
                    self.proof(world).await
                } else {
                    Ok(Proof::Missing)
                }
            }
            Self::Deploy { content, .. } if content.is_none() || world.zhcp.is_none() => {
                Ok(Proof::Missing)
            }
            _ => self.proof(world).await,
        }
    }

    /// Locks of the volumes and snapshots of a plan.
    async fn lock(world: &World, plan: &Plan<Self>) -> Result<Vec<LockGuard>> {
        let subjects = std::iter::once(&plan.subject).chain(&plan.touches);
        let tags: Vec<Tag> = subjects.filter_map(|text| text.parse().ok()).collect();
        world.objects(&tags.iter().collect::<Vec<_>>()).await
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

    /// The stamp of a row that was taken says that what the later steps left on its LUN is this operation's.
    fn is_record(&self) -> bool {
        matches!(self, Self::Reserve { .. })
    }

    fn on_failure(&self) -> OnFailure {
        match self {
            Self::Release { .. } | Self::TakeFromGuest { .. } => OnFailure::RollForward,
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
    /// The world that the step works in: that of its row's pool.
    fn place<'a>(&self, world: &'a World) -> Cow<'a, World> {
        let (Self::Reserve { row, .. }
        | Self::Restamp { row, .. }
        | Self::Release { row, .. }
        | Self::ZhcpAttach { row, .. }
        | Self::ZhcpDetach { row, .. }
        | Self::Wipe { row, .. }
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
