//! Creating, deleting and extending volumes (spec: driver 2.6.3, 2.6.4, 2.6.8).

use std::collections::BTreeSet;

use super::driver::ZvmDriver;
use super::model::{ModelUpdate, Volume};
use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::config::VolumeClear;
use crate::error::{Error, Result};
use crate::pool::{Listing, Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{Size, Tag};

/// How many candidates a create tries before it gives up: each was lost to somebody else.
pub(super) const CANDIDATES: usize = 5;

impl ZvmDriver {
    pub(super) async fn create(&self, volume: &Volume) -> Result<ModelUpdate> {
        let tag = self.volume_tag(volume)?;
        let wanted = Size::from_gib(volume.size);
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let (_lock, world) = world.locked().await?;
        let listing = world.list().await?;
        if let Some(row) = listing.resolve(&tag, None)? {
            return adopt(row, &tag, wanted, &world);
        }
        let busy = self.busy_rows()?;
        let candidates: Vec<RowRef> = listing
            .candidates(wanted)
            .into_iter()
            .map(RowRef::of)
            .filter(|row| !busy.contains(&row.touch()))
            .take(CANDIDATES)
            .collect();
        let mut lost = None;
        for row in candidates {
            let plan = Plan::new("create", tag.as_str(), Recovery::Ask)
                .touching(row.touch())
                .step(VolumeStep::Reserve {
                    row: row.clone(),
                    tag: tag.clone(),
                });
            let Err(error) = self.run(&plan, &world).await else {
                let won = world.row(&row).await?;
                return Ok(Self::update(&won, &tag, &world));
            };
            if !Self::is_lost(&row, &tag, &world).await {
                return Err(error);
            }
            tracing::info!(row = row.touch(), %error, "taken by somebody else, next candidate");
            lost = Some(error);
        }
        Err(lost.unwrap_or_else(|| no_space(&listing, wanted, &world)))
    }

    /// Whether a candidate went to somebody else. When that cannot be read, the first error is the one that counts (I19).
    pub(super) async fn is_lost(row: &RowRef, tag: &Tag, world: &World) -> bool {
        match world.find(row).await {
            Ok(now) => {
                now.is_none_or(|now| now.status != RowStatus::Free && now.owner != tag.as_str())
            }
            Err(_) => false,
        }
    }

    /// Rows that an operation of this machine is working on: one of the MN's commands shows its source as free for a while (D26).
    pub(super) fn busy_rows(&self) -> Result<BTreeSet<String>> {
        let entries = self.shared.engine.journal().list()?;
        Ok(entries
            .into_iter()
            .flat_map(|entry| entry.touches)
            .collect())
    }

    pub(super) async fn delete(
        &self,
        tag: &Tag,
        location: Option<&str>,
        what: &'static str,
    ) -> Result<()> {
        let world = self.world()?;
        let _object = world.objects(&[tag]).await?;
        let is_named = self.journal_names(tag)?;
        if self
            .settle(tag, &world)
            .await?
            .iter()
            .any(|done| done == "delete")
        {
            world.stamps.forget(tag);
            return Ok(());
        }
        let location = Self::location(location, &world)?;
        let listing = world.list().await?;
        let Some(row) = listing.resolve(tag, location.as_ref())? else {
            tracing::warn!(%tag, "nothing to delete: no row has the stamp");
            world.stamps.forget(tag);
            return Ok(());
        };
        let target = RowRef::of(row);
        let busy = || Error::Busy {
            what: format!("{what} {}", tag.id().unwrap_or_else(|| tag.to_string())),
            by: format!("row {} is used by {}", row.address(), row.owner),
        };
        match row.status {
            RowStatus::Free => {
                world.stamps.forget(tag);
                return Ok(());
            }
            // Quarantined by a former delete of this volume.
            RowStatus::Reserved if row.owner == Tag::dirty().as_str() => {
                world.stamps.forget(tag);
                return Ok(());
            }
            RowStatus::Used if world.is_zhcps(row) && row.tag == tag.as_str() => {
                world.detach_from_zhcp(&target, tag).await?;
            }
            RowStatus::Used if world.pool.is_anothers(row, tag) => not_lost(row, tag, &world)?,
            RowStatus::Used => return Err(busy()),
            RowStatus::Reserved if row.owner == tag.as_str() => {}
            RowStatus::Reserved
                if (row.owner.is_empty() || world.is_zhcps(row))
                    && location.is_some()
                    && is_named =>
            {
                by_place(row, tag, &world)?;
                world.restamp(&target, tag).await?;
            }
            // The wrong call frees somebody's data: nothing is done (D34).
            RowStatus::Reserved => {
                return Err(Error::Backend(format!(
                    "row {} belongs to '{}', not to {what} {tag}: nothing was released",
                    row.address(),
                    row.owner
                )));
            }
        }
        let plan = Self::delete_plan(row, tag, &world);
        self.run_away(&plan, &world, tag, row).await
    }

    /// Runs a plan at whose end the row is not the object's any more.
    pub(super) async fn run_away(
        &self,
        plan: &Plan<VolumeStep>,
        world: &World,
        tag: &Tag,
        row: &Row,
    ) -> Result<()> {
        if self.shared.engine.is_rehearsing() {
            return self.run(plan, world).await;
        }
        world.stamps.forget(tag);
        let done = self.run(plan, world).await;
        // What was undone is the object's as before; what reconcile will finish is not.
        if matches!(&done, Err(Error::Step(step)) if step.journal.is_none()) {
            world.stamps.note(tag, row);
        }
        done
    }

    /// Overwrite and release; or quarantine when the LUN cannot be overwritten; or release as it is, when configured so.
    pub(super) fn delete_plan(row: &Row, tag: &Tag, world: &World) -> Plan<VolumeStep> {
        let target = RowRef::of(row);
        let plan = Plan::new("delete", tag.as_str(), Recovery::Forward).touching(target.touch());
        let release = VolumeStep::Release {
            row: target.clone(),
            tag: tag.clone(),
        };
        match world.clear {
            VolumeClear::None => {
                tracing::warn!(%tag, "released without overwriting it, as configured");
                plan.step(release)
            }
            VolumeClear::Zero if world.is_copyable(row) => plan
                .step(VolumeStep::ZhcpAttach {
                    row: target.clone(),
                    tag: tag.clone(),
                })
                .step(VolumeStep::Wipe {
                    row: target.clone(),
                    tag: tag.clone(),
                })
                .step(VolumeStep::ZhcpDetach {
                    row: target.clone(),
                    tag: tag.clone(),
                })
                .step(release),
            VolumeClear::Zero => {
                tracing::warn!(%tag, row = row.address(), "quarantined: the zHCP cannot reach the LUN to overwrite it");
                plan.step(VolumeStep::Restamp {
                    row: target,
                    from: Some(tag.clone()),
                    tag: Tag::dirty(),
                })
            }
        }
    }

    /// Whether an interrupted operation of either half speaks of the object.
    pub(super) fn journal_names(&self, tag: &Tag) -> Result<bool> {
        let entries = self.shared.engine.journal().list()?;
        Ok(entries.iter().any(|entry| {
            entry.subject == tag.as_str() || entry.touches.iter().any(|t| t == tag.as_str())
        }))
    }

    pub(super) async fn extend(&self, volume: &Volume, new_size: u64) -> Result<()> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let location = Self::location(volume.provider_location.as_deref(), &world)?;
        let listing = world.list().await?;
        let row = found(listing.resolve(&tag, location.as_ref())?, volume)?;
        not_lost(row, &tag, &world)?;
        by_place(row, &tag, &world)?;
        let wanted = Size::from_gib(new_size);
        if row.size.is_some_and(|size| size >= wanted) {
            return Ok(());
        }
        let has = row
            .size
            .map_or("an unknown size".to_owned(), |size| size.to_string());
        Err(Error::Extend(format!(
            "the LUN has {has} and LUNs of a pool do not grow: migrate or clone the volume to a larger one of {wanted}"
        )))
    }
}

/// A row that carries the stamp already: a former attempt's answer was lost.
pub(super) fn adopt(row: &Row, tag: &Tag, wanted: Size, world: &World) -> Result<ModelUpdate> {
    if row.status != RowStatus::Reserved || row.owner != tag.as_str() {
        return Err(Error::Busy {
            what: format!("volume {tag}"),
            by: format!("row {} is {} by '{}'", row.address(), row.status, row.owner),
        });
    }
    if row.size.is_none_or(|size| size < wanted) {
        return Err(Error::Backend(format!(
            "row {} carries the stamp {tag} but is smaller than {wanted}",
            row.address()
        )));
    }
    Ok(ZvmDriver::update(row, tag, world))
}

/// The volume's row, or the error that it has none.
pub(super) fn found<'a>(row: Option<&'a Row>, volume: &Volume) -> Result<&'a Row> {
    row.ok_or_else(|| {
        Error::NotFound(format!(
            "volume {} has no row: nothing carries its stamp",
            volume.id
        ))
    })
}

/// Refuses a row to which the volume's location leads and which is another object's by now: another machine's reservation
/// went over it (Q2). Nothing may be done to it (I1).
pub(super) fn not_lost(row: &Row, tag: &Tag, world: &World) -> Result<()> {
    if row.status == RowStatus::Free {
        return Err(Error::Backend(format!(
            "row {} of {tag} is free: it may be given to another volume, and nothing is done to it",
            row.address()
        )));
    }
    if world.pool.is_anothers(row, tag) {
        world.stamps.lose(tag, row);
        let by = match row.status {
            RowStatus::Used => &row.tag,
            _ => &row.owner,
        };
        return Err(Error::Backend(format!(
            "row {} belongs to '{by}', not to {tag}: the volume has lost its LUN, and nothing is done to it",
            row.address()
        )));
    }
    Ok(())
}

/// Refuses a row that is the volume's by its place alone, when it was seen with another stamp before, or another volume was
/// given it as well (Q2).
pub(super) fn by_place(row: &Row, tag: &Tag, world: &World) -> Result<()> {
    if row.owner == tag.as_str() || row.tag == tag.as_str() {
        return Ok(());
    }
    let other = world.stamps.all().into_iter().find(|known| {
        if known.tag == *tag {
            known.is_lost
        } else {
            known.is_at(row)
        }
    });
    match other {
        None => Ok(()),
        Some(own) if own.is_lost && own.tag == *tag => Err(Error::Backend(format!(
            "{tag} has lost row {} to another volume: nothing is done to it",
            row.address()
        ))),
        Some(other) => Err(Error::Backend(format!(
            "row {} does not say whose it is, and {} was given it as well as {tag}: nothing is done to it",
            row.address(),
            other.tag
        ))),
    }
}

/// No candidate.
pub(super) fn no_space(listing: &Listing, wanted: Size, world: &World) -> Error {
    Error::NoSpace {
        pool: world.pool.name.to_string(),
        wanted,
        largest: listing.capacity().largest_free,
    }
}
