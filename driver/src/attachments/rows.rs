//! Steps on the pool row and on the ledger.

use super::nova::Nova;
use super::step::Target;
use crate::client::{Call, Channel, ReserveAs};
use crate::error::{Error, Result};
use crate::fcp::AttachmentState;
use crate::pool::{Listing, Row, RowStatus};
use crate::steps::Proof;
use crate::types::Lifecycle;

/// Whose a row is, seen from one guest and one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// There is no row.
    Absent,
    /// Nobody's.
    Free,
    /// `reserved`, and by nobody: X14 left it so.
    Orphan,
    /// `reserved` by the volume's own stamp.
    Volume,
    /// `used` by the guest.
    Guest,
    /// Somebody else's.
    Other(String),
}

impl Nova {
    /// Who holds the volume's row, and the row.
    pub(super) async fn holder(&self, target: &Target) -> Result<(Holder, Option<Row>)> {
        let listing = self.listing(&target.attachment.pool).await?;
        self.holder_in(&listing, target).await
    }

    /// The same in a listing that was read.
    pub(super) async fn holder_in(
        &self,
        listing: &Listing,
        target: &Target,
    ) -> Result<(Holder, Option<Row>)> {
        let attachment = &target.attachment;
        let Some(row) = listing.find(&attachment.wwpns, attachment.lun).cloned() else {
            return Ok((Holder::Absent, None));
        };
        let tag = target.attachment.tag.as_ref().map(ToString::to_string);
        let holder = match row.status {
            RowStatus::Free => Holder::Free,
            RowStatus::Reserved if row.owner.is_empty() => Holder::Orphan,
            // Legacy releases leave the node's name in a row that X14 has reserved.
            RowStatus::Reserved if row.owner == target.node.as_str() => Holder::Orphan,
            RowStatus::Reserved if Some(&row.owner) == tag.as_ref() => Holder::Volume,
            // Two volumes were given one row (Q2), and the guest has it for the other.
            RowStatus::Used
                if target.attachment.tag.as_ref().is_some_and(|tag| {
                    self.pool(&target.attachment.pool).is_anothers(&row, tag)
                }) =>
            {
                Holder::Other(row.tag.clone())
            }
            RowStatus::Used if row.owner == target.node.as_str() => {
                // A row that a guest was given while it was off does not say for which volume: the ledger does.
                if row.tag.is_empty() && self.is_anothers_disk(target).await? {
                    Holder::Other(row.owner.clone())
                } else {
                    Holder::Guest
                }
            }
            RowStatus::Reserved | RowStatus::Used => Holder::Other(row.owner.clone()),
        };
        Ok((holder, Some(row)))
    }

    fn foreign(target: &Target, owner: &str) -> Error {
        let attachment = &target.attachment;
        Error::Busy {
            what: format!("row {}/{}", attachment.wwpns, attachment.lun),
            by: format!("owned by '{owner}'"),
        }
    }

    // --- A1, T4: the ledger ---

    pub(super) async fn record(&self, target: &Target) -> Result<()> {
        let (target, now) = (target.clone(), self.now());
        self.ledger
            .update(move |ledger| {
                ledger
                    .increase(&target.node, &target.fcp, target.attachment, now)
                    .map(drop)
            })
            .await?;
        Ok(())
    }

    pub(super) async fn is_recorded(&self, target: &Target) -> Result<Proof> {
        let ledger = self.ledger.read().await?;
        let entry = ledger.entry(&target.node);
        Ok(Proof::of(entry.is_some_and(|entry| {
            entry.attachments.contains_key(&target.attachment.volume_id)
        })))
    }

    /// `DECREASE`, and `REMOVE` when nothing is left that this driver dedicated.
    pub(super) async fn unrecord(&self, target: &Target) -> Result<()> {
        let (target, now) = (target.clone(), self.now());
        self.ledger
            .update(move |ledger| {
                ledger.decrease(&target.node, &target.attachment.volume_id, now);
                let clean = ledger.entry(&target.node).is_some_and(|entry| {
                    entry.attachments.is_empty() && entry.dedicated.is_empty()
                });
                if clean {
                    ledger.remove(&target.node)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    pub(super) async fn forget(&self, target: &Target) -> Result<()> {
        let (target, now) = (target.clone(), self.now());
        self.ledger
            .update(move |ledger| {
                ledger.decrease(&target.node, &target.attachment.volume_id, now);
                Ok(())
            })
            .await?;
        Ok(())
    }

    pub(super) async fn is_forgotten(&self, target: &Target) -> Result<Proof> {
        Ok(match self.is_recorded(target).await? {
            Proof::Done => Proof::Missing,
            _ => Proof::Done,
        })
    }

    async fn set_state(&self, target: &Target, state: AttachmentState) -> Result<()> {
        let target = target.clone();
        self.ledger
            .update(move |ledger| {
                ledger.amend(&target.node, &target.attachment.volume_id, |attachment| {
                    attachment.state = state;
                });
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn has_state(&self, target: &Target, state: AttachmentState) -> Result<Proof> {
        let ledger = self.ledger.read().await?;
        let found = ledger.find(&target.attachment.volume_id);
        Ok(Proof::of(found.is_some_and(|(node, attachment)| {
            *node == target.node && attachment.state == state
        })))
    }

    pub(super) async fn settle(&self, target: &Target, settled: bool) -> Result<()> {
        let state = if settled {
            AttachmentState::Attached
        } else {
            AttachmentState::Attaching
        };
        self.set_state(target, state).await
    }

    pub(super) async fn is_settled(&self, target: &Target) -> Result<Proof> {
        self.has_state(target, AttachmentState::Attached).await
    }

    pub(super) async fn leaving(&self, target: &Target, leaving: bool) -> Result<()> {
        let state = if leaving {
            AttachmentState::Detaching
        } else {
            AttachmentState::Attached
        };
        self.set_state(target, state).await
    }

    pub(super) async fn is_leaving(&self, target: &Target) -> Result<Proof> {
        self.has_state(target, AttachmentState::Detaching).await
    }

    // --- A2, T3: the row ---

    /// X1: the row of a volume whose lifecycle is the attachment's; `used` puts it back for a guest that still has units.
    pub(super) fn add_row_call(&self, target: &Target, used: bool) -> Call {
        let attachment = &target.attachment;
        Call::AddRow {
            host: self.host.clone(),
            pool: attachment.pool.clone(),
            wwpns: attachment.wwpns.clone(),
            lun: attachment.lun,
            size: attachment.size.unwrap_or_default(),
            range: crate::fcp::joined(&target.fcp),
            owner: used.then(|| target.node.clone()),
        }
    }

    pub(super) fn remove_row_call(&self, target: &Target) -> Call {
        Call::RemoveRow {
            host: self.host.clone(),
            pool: target.attachment.pool.clone(),
            wwpns: target.attachment.wwpns.clone(),
            lun: target.attachment.lun,
        }
    }

    /// A2. Pool-owned: the row must be the volume's. Attach-owned: it is made, and must not have been there: an existing
    /// row is an administrator's, and the management node's own check does not find every kind of it (D4).
    pub(super) async fn make_row(&self, target: &Target) -> Result<()> {
        let _lock = self.lock_pool(&target.attachment.pool).await?;
        match target.attachment.lifecycle {
            Lifecycle::PoolOwned => match self.holder(target).await?.0 {
                Holder::Volume => Ok(()),
                Holder::Absent => Err(Error::NotFound(format!(
                    "volume {} has no row in pool {}",
                    target.attachment.volume_id, target.attachment.pool
                ))),
                Holder::Free | Holder::Orphan => Err(Error::InvalidVolume(format!(
                    "the row of volume {} does not carry its stamp",
                    target.attachment.volume_id
                ))),
                Holder::Guest => Err(Self::foreign(target, target.node.as_str())),
                Holder::Other(owner) => Err(Self::foreign(target, &owner)),
            },
            Lifecycle::AttachOwned => {
                let listing = self.listing(&target.attachment.pool).await?;
                let mut doubles = listing
                    .with_lun(target.attachment.lun)
                    .filter(|row| row.wwpns.intersects(&target.attachment.wwpns));
                if let Some(row) = doubles.next() {
                    return Err(Error::Busy {
                        what: format!("row {}", row.address()),
                        by: format!(
                            "it is in pool {} already ({})",
                            target.attachment.pool, row.status
                        ),
                    });
                }
                self.add_row(target, false, &listing).await
            }
        }
    }

    /// X1, and the rows that it swept away. The pool's lock must be held.
    pub(super) async fn add_row(
        &self,
        target: &Target,
        used: bool,
        before: &Listing,
    ) -> Result<()> {
        let done = self.call(self.add_row_call(target, used)).await?;
        self.put_back_swept(&target.attachment.pool, &done.answer, before, |_| false)
            .await
    }

    /// X2, and the rows that it swept away. The pool's lock must be held.
    pub(super) async fn remove_row(&self, target: &Target, before: &Listing) -> Result<()> {
        let attachment = &target.attachment;
        let done = self.call(self.remove_row_call(target)).await?;
        self.put_back_swept(&attachment.pool, &done.answer, before, |row| {
            row.lun == attachment.lun && row.wwpns.intersects(&attachment.wwpns)
        })
        .await
    }

    pub(super) async fn is_row_ready(&self, target: &Target) -> Result<Proof> {
        let (holder, _) = self.holder(target).await?;
        Ok(match (target.attachment.lifecycle, holder) {
            (Lifecycle::PoolOwned, Holder::Volume | Holder::Guest)
            | (Lifecycle::AttachOwned, Holder::Free | Holder::Orphan | Holder::Guest) => {
                Proof::Done
            }
            (_, Holder::Other(owner)) => Proof::Conflict(Self::foreign(target, &owner).to_string()),
            _ => Proof::Missing,
        })
    }

    /// Takes away a row that this attach has made: only while it is nobody's, or the guest's without any unit in it.
    pub(super) async fn unmake_row(&self, target: &Target) -> Result<()> {
        if target.attachment.lifecycle == Lifecycle::PoolOwned {
            return Ok(());
        }
        let _lock = self.lock_pool(&target.attachment.pool).await?;
        self.put_back(&target.attachment.pool).await?;
        if !self.is_ours(target).await? {
            return Ok(());
        }
        // A row that was there before has another range: this attach writes the guest's devices into it.
        let range = crate::fcp::joined(&target.fcp);
        match self.row_of(&target.attachment).await? {
            Some(row) if row.range.eq_ignore_ascii_case(&range) => {
                self.remove_row_if_unused(target).await
            }
            _ => Ok(()),
        }
    }

    async fn remove_row_if_unused(&self, target: &Target) -> Result<()> {
        for _ in 0..3 {
            let listing = self.listing(&target.attachment.pool).await?;
            let (holder, row) = self.holder_in(&listing, target).await?;
            match holder {
                Holder::Absent | Holder::Other(_) | Holder::Volume => return Ok(()),
                Holder::Guest if self.has_any_unit(target).await? => {
                    return Err(Error::Backend(format!(
                        "{} still has units of LUN {}",
                        target.node, target.attachment.lun
                    )));
                }
                Holder::Free | Holder::Orphan | Holder::Guest => {
                    // In the row's own order: the management node compares text (D22).
                    let mut target = target.clone();
                    target.attachment.wwpns = row.map_or(target.attachment.wwpns, |row| row.wwpns);
                    match self.remove_row(&target, &listing).await {
                        Err(error) if !error.is_unknown_outcome() => return Err(error),
                        _ => {}
                    }
                }
            }
        }
        match self.holder(target).await?.0 {
            Holder::Absent | Holder::Other(_) => Ok(()),
            _ => Err(Error::Backend(format!(
                "row {}/{} is still in pool {}",
                target.attachment.wwpns, target.attachment.lun, target.attachment.pool
            ))),
        }
    }

    /// Whether the ledger still has the volume for this guest: an undo of an operation that was replaced by a later one
    /// must not touch the later one's row.
    async fn is_ours(&self, target: &Target) -> Result<bool> {
        Ok(self.is_recorded(target).await? == Proof::Done)
    }

    /// T3: attach-owned, the row goes; pool-owned, it is stamped again.
    pub(super) async fn free_row(&self, target: &Target) -> Result<()> {
        let _lock = self.lock_pool(&target.attachment.pool).await?;
        match target.attachment.lifecycle {
            Lifecycle::AttachOwned => self.remove_row_if_unused(target).await,
            Lifecycle::PoolOwned => self.restamp(target).await,
        }
    }

    pub(super) async fn is_row_freed(&self, target: &Target) -> Result<Proof> {
        let (holder, _) = self.holder(target).await?;
        Ok(Proof::of(
            match (target.attachment.lifecycle, &target.attachment.tag) {
                (Lifecycle::AttachOwned, _) => matches!(holder, Holder::Absent | Holder::Other(_)),
                (Lifecycle::PoolOwned, Some(_)) => {
                    matches!(
                        holder,
                        Holder::Volume | Holder::Absent | Holder::Other(_) | Holder::Free
                    )
                }
                (Lifecycle::PoolOwned, None) => holder != Holder::Guest,
            },
        ))
    }

    /// Puts the volume's stamp back on a row that a command has emptied. A row of somebody else is left alone.
    pub(super) async fn restamp(&self, target: &Target) -> Result<()> {
        let attachment = &target.attachment;
        let Some(tag) = &attachment.tag else {
            return Ok(());
        };
        match self.holder(target).await?.0 {
            Holder::Orphan => {
                let from = ["", target.node.as_str()];
                let pool = self.pool(&attachment.pool);
                pool.stamp(&attachment.wwpns, attachment.lun, tag, &from)
                    .await?;
                Ok(())
            }
            Holder::Guest => Err(Self::foreign(target, target.node.as_str())),
            // Free: a delete has gone through meanwhile, or nobody knows; stamping it could take a row that another
            // create is about to get.
            Holder::Volume | Holder::Absent | Holder::Other(_) | Holder::Free => Ok(()),
        }
    }

    // --- A3′: the row of a guest that is off ---

    pub(super) fn give_row_call(&self, target: &Target) -> Call {
        let attachment = &target.attachment;
        Call::Reserve {
            host: self.host.clone(),
            pool: attachment.pool.clone(),
            status: ReserveAs::Used,
            owner: target.node.to_string(),
            channel: Channel::Devices(target.fcp.clone()),
            size: attachment.size,
            wwpn: attachment.wwpns.primary(),
            lun: attachment.lun,
        }
    }

    pub(super) async fn give_row(&self, target: &Target) -> Result<()> {
        let _lock = self.lock_pool(&target.attachment.pool).await?;
        let (holder, row) = self.holder(target).await?;
        match (target.attachment.lifecycle, holder) {
            (_, Holder::Guest) => Ok(()),
            (Lifecycle::PoolOwned, Holder::Volume)
            | (Lifecycle::AttachOwned, Holder::Free | Holder::Orphan) => {
                let mut target = target.clone();
                target.attachment.wwpns = row.map_or(target.attachment.wwpns, |row| row.wwpns);
                self.call(self.give_row_call(&target)).await?;
                Ok(())
            }
            (_, Holder::Other(owner)) => Err(Self::foreign(&target.clone(), &owner)),
            (_, holder) => Err(Error::Backend(format!(
                "row {}/{} is not the volume's ({holder:?})",
                target.attachment.wwpns, target.attachment.lun
            ))),
        }
    }

    pub(super) async fn is_row_given(&self, target: &Target) -> Result<Proof> {
        Ok(match self.holder(target).await?.0 {
            Holder::Guest => Proof::Done,
            Holder::Other(owner) => Proof::Conflict(Self::foreign(target, &owner).to_string()),
            _ => Proof::Missing,
        })
    }

    /// Attach-owned: nothing, the row itself goes next. Pool-owned: X14 on the guest, then the stamp.
    pub(super) async fn ungive_row(&self, target: &Target) -> Result<()> {
        if !self.is_ours(target).await? {
            return Ok(());
        }
        let (holder, _) = self.holder(target).await?;
        match (target.attachment.lifecycle, holder) {
            (Lifecycle::PoolOwned, Holder::Guest) => {
                self.withdraw_row(target).await?;
                let _lock = self.lock_pool(&target.attachment.pool).await?;
                self.restamp(target).await
            }
            (Lifecycle::PoolOwned, Holder::Orphan) => {
                let _lock = self.lock_pool(&target.attachment.pool).await?;
                self.restamp(target).await
            }
            _ => Ok(()),
        }
    }
}
