//! Taking over existing LUNs and giving them up (spec: driver 2.6.14).

use super::driver::ZvmDriver;
use super::life::found;
use super::model::{ExistingRef, Manageable, ModelUpdate, Page, Volume};
use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::error::{Error, Result};
use crate::pool::{Listing, Owner, Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{Lun, Size, Tag, TagKind, WwpnSet};

impl ZvmDriver {
    pub(super) async fn manage(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> Result<ModelUpdate> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let (_lock, world) = world.locked().await?;
        let listing = world.list().await?;
        let row = referenced(&listing, reference)?;
        let target = RowRef::of(row);
        if row.owner == tag.as_str() && row.status == RowStatus::Reserved {
            return Ok(Self::update(row, &tag, &world));
        }
        if let Some(reason) = not_safe(row, &world) {
            return Err(reason);
        }
        let plan = Plan::new("manage", tag.as_str(), Recovery::Ask).touching(target.touch());
        let plan = match row.status {
            RowStatus::Free => plan.step(VolumeStep::Reserve {
                row: target.clone(),
                tag: tag.clone(),
            }),
            _ => plan.step(VolumeStep::Restamp {
                row: target.clone(),
                from: row.owner.parse().ok(),
                tag: tag.clone(),
            }),
        };
        self.run(&plan, &world).await?;
        let row = world.row(&target).await?;
        Ok(Self::update(&row, &tag, &world))
    }

    pub(super) async fn manage_size(
        &self,
        volume: &Volume,
        reference: &ExistingRef,
    ) -> Result<u64> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let listing = world.list().await?;
        let row = referenced(&listing, reference)?;
        if row.owner != tag.as_str()
            && let Some(reason) = not_safe(row, &world)
        {
            return Err(reason);
        }
        Ok(row.size.map_or(0, Size::gib_ceil))
    }

    pub(super) async fn give_up(&self, volume: &Volume) -> Result<()> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let (_lock, world) = world.locked().await?;
        let location = Self::location(volume.provider_location.as_deref(), &world)?;
        let listing = world.list().await?;
        let row = found(listing.resolve(&tag, location.as_ref())?, volume)?;
        if row.owner == Tag::unmanaged().as_str() {
            return Ok(());
        }
        if row.status == RowStatus::Used {
            return Err(Error::Busy {
                what: format!("volume {}", volume.id),
                by: format!("row {} is used by {}", row.address(), row.owner),
            });
        }
        if row.owner != tag.as_str() {
            return Err(Error::Backend(format!(
                "row {} belongs to '{}', not to {tag}",
                row.address(),
                row.owner
            )));
        }
        let target = RowRef::of(row);
        let plan = Plan::new("unmanage", tag.as_str(), Recovery::Forward)
            .touching(target.touch())
            .step(VolumeStep::Restamp {
                row: target,
                from: Some(tag.clone()),
                tag: Tag::unmanaged(),
            });
        self.run_away(&plan, &world, &tag, row).await
    }

    pub(super) async fn manageable(&self, page: &Page) -> Result<Vec<Manageable>> {
        let world = self.world()?;
        let listing = world.list().await?;
        let mut found: Vec<(String, Manageable)> = listing
            .rows
            .iter()
            .map(|row| (row.address(), describe(row, &world)))
            .collect();
        found.sort_by(|(a, x), (b, y)| {
            let order = if page.by_size {
                x.size.cmp(&y.size).then_with(|| a.cmp(b))
            } else {
                a.cmp(b)
            };
            if page.descending {
                order.reverse()
            } else {
                order
            }
        });
        if let Some(marker) = &page.marker {
            let after = found.iter().position(|(address, _)| address == marker);
            found.drain(..after.map_or(0, |index| index + 1));
        }
        Ok(found
            .into_iter()
            .skip(page.offset)
            .take(page.limit.unwrap_or(usize::MAX))
            .map(|(_, item)| item)
            .collect())
    }
}

/// The row that a reference means.
fn referenced<'a>(listing: &'a Listing, reference: &ExistingRef) -> Result<&'a Row> {
    let invalid = |reason: String| Error::ManageReference {
        reason,
        managed: false,
    };
    let bad = |error: crate::types::ParseError| invalid(error.to_string());
    let (wwpns, lun): (Option<WwpnSet>, Lun) = match reference {
        ExistingRef::SourceId(text) => {
            let (wwpns, lun) = text
                .split_once('/')
                .ok_or_else(|| invalid(format!("'{text}' is not wwpn/lun")))?;
            (Some(wwpns.parse().map_err(bad)?), lun.parse().map_err(bad)?)
        }
        ExistingRef::SourceName(text) => (None, text.parse().map_err(bad)?),
    };
    let mut rows = listing
        .with_lun(lun)
        .filter(|row| wwpns.as_ref().is_none_or(|wwpns| row.wwpns == *wwpns));
    let row = rows
        .next()
        .ok_or_else(|| invalid(format!("the pool has no such LUN {lun}")))?;
    if rows.next().is_some() {
        return Err(invalid(format!("the pool has several rows with LUN {lun}")));
    }
    Ok(row)
}

/// Why a row cannot be taken over; `None` when it can.
fn not_safe(row: &Row, world: &World) -> Option<Error> {
    let (reason, managed) = match (row.status, world.pool.owner(row)) {
        (RowStatus::Used, _) => (format!("used by {}", row.owner), false),
        (_, Owner::Stamp(_, TagKind::Volume | TagKind::Snapshot)) => {
            ("already managed".to_owned(), true)
        }
        (_, Owner::Stamp(_, TagKind::Dirty)) => ("quarantined, it holds data".to_owned(), false),
        (_, Owner::Other(owner)) => (format!("reserved by {owner}"), false),
        (_, Owner::Nobody | Owner::Stamp(_, TagKind::Unmanaged)) => match row.unusable() {
            Some(reason) => (reason.to_string(), false),
            None => return None,
        },
    };
    Some(Error::ManageReference {
        reason: format!("LUN {} cannot be managed: {reason}", row.lun),
        managed,
    })
}

fn describe(row: &Row, world: &World) -> Manageable {
    let reason = match not_safe(row, world) {
        Some(Error::ManageReference { reason, .. }) => {
            reason.split_once(": ").map(|(_, reason)| reason.to_owned())
        }
        _ => None,
    };
    let stamp = [&row.owner, &row.tag].into_iter().find_map(|cell| {
        match Owner::parse(cell, &world.pool.prefix) {
            Owner::Stamp(tag, TagKind::Volume) => tag.id(),
            _ => None,
        }
    });
    Manageable {
        reference: ExistingRef::SourceId(row.address()),
        size: row.size.map_or(0, Size::gib_ceil),
        safe_to_manage: reason.is_none(),
        reason_not_safe: reason,
        cinder_id: stamp,
    }
}
