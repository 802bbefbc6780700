//! Snapshots and clones: full copies of LUNs, the only kind that xCAT allows (spec: driver 2.6.5 to 2.6.7).

use super::driver::ZvmDriver;
use super::life::{CANDIDATES, adopt, no_space};
use super::model::{ModelUpdate, Snapshot, Volume};
use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::config::{CopyMethod, SnapshotMode, VerifyCopy};
use crate::error::{Error, Result};
use crate::pool::{Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{Size, Tag};

/// What is copied, and under which name.
struct Copy<'a> {
    operation: &'static str,
    source: &'a Tag,
    location: Option<&'a str>,
    target: &'a Tag,
    wanted: Size,
}

impl ZvmDriver {
    pub(super) async fn snapshot(&self, snapshot: &Snapshot) -> Result<ModelUpdate> {
        self.copy(&Copy {
            operation: "snapshot",
            source: &self.volume_tag(&snapshot.volume)?,
            location: snapshot.volume.provider_location.as_deref(),
            target: &self.snapshot_tag(snapshot)?,
            wanted: Size::from_gib(snapshot.volume_size),
        })
        .await
    }

    pub(super) async fn volume_of_snapshot(
        &self,
        volume: &Volume,
        snapshot: &Snapshot,
    ) -> Result<ModelUpdate> {
        self.copy(&Copy {
            operation: "create-from-snapshot",
            source: &self.snapshot_tag(snapshot)?,
            location: snapshot.provider_location.as_deref(),
            target: &self.volume_tag(volume)?,
            wanted: Size::from_gib(volume.size),
        })
        .await
    }

    pub(super) async fn clone_volume(
        &self,
        volume: &Volume,
        source: &Volume,
    ) -> Result<ModelUpdate> {
        self.copy(&Copy {
            operation: "clone",
            source: &self.volume_tag(source)?,
            location: source.provider_location.as_deref(),
            target: &self.volume_tag(volume)?,
            wanted: Size::from_gib(volume.size),
        })
        .await
    }

    async fn copy(&self, copy: &Copy<'_>) -> Result<ModelUpdate> {
        // 2.6.7 is as 2.6.6: where LUNs are not copied there are neither snapshots nor clones.
        if self.shared.backend.copying.snapshots == SnapshotMode::None {
            return Err(Error::Unsupported(
                "snapshots and clones are switched off by zvm_snapshot_mode = none".to_owned(),
            ));
        }
        let world = self.world()?;
        let _objects = world.objects(&[copy.source, copy.target]).await?;
        self.settle(copy.source, &world).await?;
        self.settle(copy.target, &world).await?;
        let location = Self::location(copy.location, &world)?;
        let listing = world.list().await?;
        let source = listing.resolve(copy.source, location.as_ref())?;
        let source = source
            .ok_or_else(|| Error::NotFound(format!("nothing carries the stamp {}", copy.source)))?;
        if let Some(row) = listing.resolve(copy.target, None)? {
            // The journal is closed after the last step only: a row that has the stamp and no entry is a whole copy.
            return adopt(row, copy.target, copy.wanted, &world);
        }
        let size = check_source(source, copy.source, &world)?;
        let busy = self.busy_rows()?;
        let wanted = copy.wanted.max(size);
        let candidates: Vec<&Row> = listing
            .candidates(wanted)
            .into_iter()
            .filter(|row| world.is_copyable(row) && !busy.contains(&RowRef::of(row).touch()))
            .take(CANDIDATES)
            .collect();
        let mut lost = None;
        for row in candidates {
            let plan = copy_plan(copy, source, row, &world);
            let target = RowRef::of(row);
            let Err(error) = self.run(&plan, &world).await else {
                let row = world.row(&target).await?;
                return Ok(Self::update(&row, copy.target, &world));
            };
            // Only a target that was taken before anything was copied is worth another one.
            let first = matches!(&error, Error::Step(step) if step.step == "reserve row");
            if !first || !Self::is_lost(&target, copy.target, &world).await {
                return Err(error);
            }
            lost = Some(error);
        }
        Err(lost.unwrap_or_else(|| no_space(&listing, wanted, &world)))
    }
}

/// Whether a source can be copied; its size.
fn check_source(source: &Row, tag: &Tag, world: &World) -> Result<Size> {
    if source.status == RowStatus::Used {
        // A mounted disk has no point in time.
        return Err(Error::InvalidVolume(
            "snapshot of an attached volume is not supported".to_owned(),
        ));
    }
    if source.status != RowStatus::Reserved || source.owner != tag.as_str() {
        return Err(Error::Backend(format!(
            "row {} is {} by '{}', not reserved for {tag}",
            source.address(),
            source.status,
            source.owner
        )));
    }
    if let Some(reason) = source.unsafe_reason() {
        return Err(Error::Backend(format!(
            "row {}: {reason}",
            source.address()
        )));
    }
    world.zhcp()?;
    if !world.is_copyable(source) {
        return Err(Error::Unsupported(format!(
            "the zHCP cannot reach LUN {}: its row has no FCP range of the form min-max and zvm_copy_fcp is not set",
            source.lun
        )));
    }
    source.size.ok_or_else(|| {
        Error::Backend(format!(
            "row {} has no size: it cannot be copied",
            source.address()
        ))
    })
}

/// Whether the MN's own copy can be trusted with these two rows: with a size in `G` it either refuses the source or gives the
/// source away as free (D26, D28, quirk Q48), so both must be written in `M`.
fn mn_can_copy(source: &Row, target: &Row) -> bool {
    [source, target]
        .iter()
        .all(|row| row.size_text.ends_with(['m', 'M']))
}

fn copy_plan(copy: &Copy<'_>, source: &Row, target: &Row, world: &World) -> Plan<VolumeStep> {
    let (from, to) = (RowRef::of(source), RowRef::of(target));
    let (from_tag, to_tag) = (copy.source.clone(), copy.target.clone());
    let attach = |row: &RowRef, tag: &Tag| VolumeStep::ZhcpAttach {
        row: row.clone(),
        tag: tag.clone(),
    };
    let detach = |row: &RowRef, tag: &Tag| VolumeStep::ZhcpDetach {
        row: row.clone(),
        tag: tag.clone(),
    };
    let restamp = |row: &RowRef, tag: &Tag| VolumeStep::Restamp {
        row: row.clone(),
        from: None,
        tag: tag.clone(),
    };
    let plan = Plan::new(copy.operation, copy.target.as_str(), Recovery::Back)
        .touching(copy.source.as_str())
        .touching(from.touch())
        .touching(to.touch())
        .step(VolumeStep::Reserve {
            row: to.clone(),
            tag: to_tag.clone(),
        });
    if world.copying.method == CopyMethod::CopyZfcp && mn_can_copy(source, target) {
        let plan = plan
            .step(VolumeStep::MnCopy {
                source: from.clone(),
                source_tag: from_tag.clone(),
                target: to.clone(),
                target_tag: to_tag.clone(),
                gib: source.size.map_or(0, Size::gib_ceil),
            })
            .step(restamp(&from, &from_tag))
            .step(restamp(&to, &to_tag));
        if world.copying.verify == VerifyCopy::None {
            return plan;
        }
        // The MN does not look at its copy's exit status (D27).
        return plan
            .step(attach(&from, &from_tag))
            .step(attach(&to, &to_tag))
            .step(VolumeStep::Compare {
                source: from.clone(),
                target: to.clone(),
            })
            .step(detach(&to, &to_tag))
            .step(detach(&from, &from_tag));
    }
    plan.step(attach(&from, &from_tag))
        .step(attach(&to, &to_tag))
        .step(VolumeStep::BlockCopy {
            source: from.clone(),
            target: to.clone(),
        })
        .step(detach(&to, &to_tag))
        .step(detach(&from, &from_tag))
}
