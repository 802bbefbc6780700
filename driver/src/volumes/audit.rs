//! Comparing Cinder's records with the pool (spec: driver I5, 4.1). It reports; it repairs nothing.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::driver::ZvmDriver;
use super::model::{Snapshot, Volume};
use crate::error::Result;
use crate::pool::{Owner, RowStatus};
use crate::types::TagKind;

/// What is wrong with a row or a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// A record has no row.
    RowMissing,
    /// The row of a record is free: others may get it.
    RowFree,
    /// The row of a record is reserved, but nobody's: `ensure_export` heals it.
    StampLost,
    /// The row of a record is somebody else's.
    ForeignOwner,
    /// Two rows carry one stamp.
    StampTwice,
    /// A stamp of this driver belongs to no record.
    Orphan,
    /// The zHCP itself has the row: a copy or an image broke off.
    UsedByZhcp,
    /// The row is quarantined: an administrator has to wipe and free it.
    Quarantined,
    /// Another row has the same LUN.
    LunNotUnique,
    /// The line is no row.
    Malformed,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub trouble: Trouble,
    /// The volume or snapshot, when one is known.
    pub object: Option<String>,
    /// The row's line, when there is one.
    pub row: Option<String>,
}

impl ZvmDriver {
    /// Compares the rows with all volumes and snapshots that Cinder has on this back end.
    pub async fn audit(&self, volumes: &[Volume], snapshots: &[Snapshot]) -> Result<Vec<Finding>> {
        let world = self.world()?;
        let listing = world.list().await?;
        let prefix = &self.shared.backend.row_tag_prefix;
        let mut records = Vec::new();
        for volume in volumes {
            let place = volume.provider_location.as_deref();
            records.push((volume.id.clone(), self.volume_tag(volume)?, place));
        }
        for snapshot in snapshots {
            let place = snapshot.provider_location.as_deref();
            records.push((snapshot.id.clone(), self.snapshot_tag(snapshot)?, place));
        }
        let mut by_stamp: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, row) in listing.rows.iter().enumerate() {
            for cell in [&row.owner, &row.tag] {
                if matches!(Owner::parse(cell, prefix), Owner::Stamp(..)) {
                    by_stamp.entry(cell).or_default().push(index);
                }
            }
        }
        let mut findings = Vec::new();
        let mut report = |trouble, object: Option<&str>, row: Option<&str>| {
            findings.push(Finding {
                trouble,
                object: object.map(str::to_owned),
                row: row.map(str::to_owned),
            });
        };
        let mut known = HashSet::new();
        for (id, tag, place) in &records {
            known.insert(tag.as_str());
            let stamped = by_stamp.get(tag.as_str()).map_or(&[][..], Vec::as_slice);
            if stamped.len() > 1 {
                for index in stamped {
                    report(
                        Trouble::StampTwice,
                        Some(id),
                        Some(&listing.rows[*index].line),
                    );
                }
                continue;
            }
            let location = Self::location(*place, &world).ok().flatten();
            let located = location.as_ref().and_then(|location| {
                listing
                    .with_lun(location.lun)
                    .find(|row| location.matches(&row.wwpns))
            });
            let row = stamped
                .first()
                .map(|index| &listing.rows[*index])
                .or(located);
            let Some(row) = row else {
                report(Trouble::RowMissing, Some(id), None);
                continue;
            };
            let trouble = match (row.status, world.pool.owner(row)) {
                (RowStatus::Free, _) => Some(Trouble::RowFree),
                (RowStatus::Used, _) if world.is_zhcps(row) => Some(Trouble::UsedByZhcp),
                (RowStatus::Used, _) => None,
                (RowStatus::Reserved, Owner::Nobody) => Some(Trouble::StampLost),
                (RowStatus::Reserved, Owner::Stamp(stamp, _)) if stamp == *tag => None,
                (RowStatus::Reserved, _) => Some(Trouble::ForeignOwner),
            };
            if let Some(trouble) = trouble {
                report(trouble, Some(id), Some(&row.line));
            }
        }
        for row in &listing.rows {
            if !row.is_unique {
                report(Trouble::LunNotUnique, None, Some(&row.line));
            }
            match world.pool.owner(row) {
                Owner::Stamp(tag, TagKind::Volume | TagKind::Snapshot)
                    if !known.contains(tag.as_str()) =>
                {
                    report(Trouble::Orphan, tag.id().as_deref(), Some(&row.line));
                }
                Owner::Stamp(_, TagKind::Dirty) => {
                    report(Trouble::Quarantined, None, Some(&row.line));
                }
                Owner::Other(_)
                    if row.status == RowStatus::Used
                        && world.is_zhcps(row)
                        && !known.contains(row.tag.as_str()) =>
                {
                    report(Trouble::UsedByZhcp, None, Some(&row.line));
                }
                _ => {}
            }
        }
        for line in &listing.malformed {
            report(Trouble::Malformed, None, Some(&line.line));
        }
        Ok(findings)
    }
}
