//! Work on rows of which several steps, and their undoing, are made.

use super::world::{RowRef, World};
use crate::client::{Call, CallError, Channel};
use crate::config::VolumeClear;
use crate::error::{Error, Result};
use crate::pool::{Row, RowStatus};
use crate::steps::Proof;
use crate::types::{NodeName, Tag};

impl World {
    /// X6.
    pub(super) fn copy_call(&self, source: &RowRef, target: &RowRef, gib: u64) -> Call {
        Call::Copy {
            host: self.pool.host.clone(),
            channel: self.zhcp_channel(),
            source: (source.wwpns.primary(), source.lun),
            target: (target.wwpns.primary(), target.lun),
            gib,
        }
    }

    /// X8.
    pub(super) fn deploy_call(&self, row: &RowRef, profile: &Tag, gib: u64) -> Call {
        Call::Deploy {
            host: self.pool.host.clone(),
            profile: profile.clone(),
            wwpn: row.wwpns.primary(),
            lun: row.lun,
            gib,
        }
    }

    /// X7.
    pub(super) fn capture_call(
        &self,
        row: &RowRef,
        profile: &Tag,
        compression: Option<u8>,
        gib: u64,
    ) -> Call {
        Call::Capture {
            host: self.pool.host.clone(),
            profile: profile.clone(),
            wwpn: row.wwpns.primary(),
            lun: row.lun,
            compression,
            gib,
        }
    }

    /// Gives a row back that this operation reserved. When data may have been written to it, it is overwritten first; when that is
    /// not possible, it is quarantined (spec: driver I4, 2.6.4).
    pub(super) async fn discard(&self, row: &RowRef, tag: &Tag, written: bool) -> Result<()> {
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
            self.attach_with_disk(row, tag).await?;
            self.wipe(row, tag).await?;
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
    pub(super) async fn heal(&self, row: &RowRef, tag: &Tag) -> Result<()> {
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

    /// Sends a copy or an image command of the MN, and once more when it finds no disk for its LUNs on the zHCP: those commands
    /// neither start a failed FCP device anew nor look for ports that came back, so that each LUN is attached and detached
    /// there between the two.
    pub(super) async fn send_for_disks(&self, call: &Call, luns: &[(&RowRef, &Tag)]) -> Result<()> {
        match self.pool.client.call(call).await {
            Ok(_) => Ok(()),
            Err(error) if finds_no_disk(&error) => {
                for (row, tag) in luns {
                    self.heal(row, tag).await?;
                    self.attach_with_disk(row, tag).await?;
                    self.detach_from_zhcp(row, tag).await?;
                }
                self.send(call).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a LUN from a guest: X14 with the row's channel, then the stamp.
    pub(super) async fn take_from_guest(
        &self,
        row: &RowRef,
        node: &NodeName,
        tag: &Tag,
    ) -> Result<()> {
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
            let channels = now.channels();
            if channels.is_empty() {
                return Err(Error::Backend(format!(
                    "row {} is used by {node} without a channel: it cannot be taken back",
                    now.address()
                )));
            }
            self.send(&Call::RemoveUnit {
                node: node.clone(),
                channel: Channel::Devices(channels),
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
pub(super) fn carries(row: &Row, tag: &Tag, from: &[&str]) -> Proof {
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

/// Whether a copy or an image command of the MN says that the zHCP has no disk for the LUN. It has written nothing then.
fn finds_no_disk(error: &CallError) -> bool {
    let text = error.to_string();
    let said = ["while locating disk", "Could not find device nodes"];
    said.iter().any(|said| text.contains(said))
}
