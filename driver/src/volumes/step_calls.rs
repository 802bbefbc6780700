//! What a dry run prints of the Cinder half: the changing calls of each step.

use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::client::{Call, Channel, ReserveAs};
use crate::types::Tag;

impl VolumeStep {
    /// The changing calls of the step when nothing is in its way.
    pub(super) fn wire_calls(&self, world: &World) -> Vec<String> {
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
            Self::Wipe { row, .. } => {
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
            } => vec![world.deploy_call(row, profile, *gib)],
            Self::Capture {
                row,
                profile,
                compression,
                gib,
                ..
            } => vec![world.capture_call(row, profile, *compression, *gib)],
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
}
