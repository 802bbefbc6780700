//! Comparing Cinder's records with the pool (spec: driver I5, 4.1). It reports; it repairs nothing.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::driver::{ZvmDriver, lock};
use super::model::{Snapshot, Volume};
use super::stamps::Known;
use super::world::World;
use crate::error::Result;
use crate::pool::{Listing, Owner, Row, RowStatus};
use crate::types::{Tag, TagKind};

/// What a listing is held against.
#[derive(Debug)]
pub(super) struct Expected {
    stamps: Vec<Known>,
    busy: HashSet<String>,
}

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
    /// Two records name one row, and it does not say whose it is.
    ClaimedTwice,
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
    /// An operation's own image is on the management node, and no operation of this machine needs it.
    ImageLeft,
}

impl Trouble {
    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::RowMissing => "its row is gone from the pool",
            Self::RowFree => "its row is free: the LUN may be given to another volume",
            Self::StampLost => "its row carries no stamp; the next ensure_export renews it",
            Self::ForeignOwner => "its row is somebody else's: the LUN is lost to it",
            Self::StampTwice => "two rows carry its stamp",
            Self::ClaimedTwice => {
                "another volume was given the same row, which does not say whose it is"
            }
            Self::Orphan => "its stamp is on a row, but there is no record of it",
            Self::UsedByZhcp => "the zHCP has its row: a copy or an image broke off",
            Self::Quarantined => "the row is quarantined until an administrator has wiped it",
            Self::LunNotUnique => "another row has the same LUN",
            Self::Malformed => "the line is no row",
            Self::ImageLeft => {
                "an image of this driver's is on the management node, and no operation of this machine needs it"
            }
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub trouble: Trouble,
    /// The volume or snapshot, when one is known; the name of an image.
    pub object: Option<String>,
    /// The row's line, when there is one.
    pub row: Option<String>,
}

/// What is wrong with an object's row: the one that carries its stamp, or else the one where it was.
fn troubles<'a>(
    world: &World,
    tag: &Tag,
    stamped: &[&'a Row],
    located: Option<&'a Row>,
) -> Vec<(Trouble, Option<&'a Row>)> {
    if stamped.len() > 1 {
        let each = stamped.iter();
        return each.map(|row| (Trouble::StampTwice, Some(*row))).collect();
    }
    let Some(row) = stamped.first().copied().or(located) else {
        return vec![(Trouble::RowMissing, None)];
    };
    let trouble = match (row.status, world.pool.owner(row)) {
        (RowStatus::Free, _) => Some(Trouble::RowFree),
        (RowStatus::Used, _) if world.pool.is_anothers(row, tag) => Some(Trouble::ForeignOwner),
        (RowStatus::Used, _) if world.is_zhcps(row) => Some(Trouble::UsedByZhcp),
        (RowStatus::Used, _) => None,
        (RowStatus::Reserved, Owner::Nobody) => Some(Trouble::StampLost),
        (RowStatus::Reserved, Owner::Stamp(stamp, _)) if stamp == *tag => None,
        (RowStatus::Reserved, _) => Some(Trouble::ForeignOwner),
    };
    trouble
        .map(|trouble| (trouble, Some(row)))
        .into_iter()
        .collect()
}

impl ZvmDriver {
    /// Holds a listing against the stamps that this machine has put on rows (spec: driver 3.8, I5). No call is made. `before`
    /// is what was noted and busy when the listing was asked for: what an operation works on meanwhile is looked at the next
    /// time.
    pub(super) fn audit_stamps(
        &self,
        listing: &Listing,
        world: &World,
        before: &Expected,
    ) -> Result<Vec<Finding>> {
        let now = self.expected(world)?;
        let still: HashSet<&Tag> = now.stamps.iter().map(|known| &known.tag).collect();
        let idle = |known: &&Known| {
            let names = [
                known.tag.to_string(),
                format!("{}/{}", known.wwpn, known.lun),
            ];
            still.contains(&known.tag)
                && !names
                    .iter()
                    .any(|name| before.busy.contains(name) || now.busy.contains(name))
        };
        let mut by_stamp: HashMap<&str, Vec<&Row>> = HashMap::new();
        for row in &listing.rows {
            for cell in [&row.owner, &row.tag] {
                if !cell.is_empty() {
                    by_stamp.entry(cell).or_default().push(row);
                }
            }
        }
        let mut claims: HashMap<&str, usize> = HashMap::new();
        let mut found = Vec::new();
        for known in before.stamps.iter().filter(idle) {
            let stamped = by_stamp
                .get(known.tag.as_str())
                .map_or(&[][..], Vec::as_slice);
            let located = listing.with_lun(known.lun).find(|row| known.is_at(row));
            if let Some(row) = located {
                *claims.entry(&row.line).or_default() += 1;
            }
            found.push((
                known,
                located,
                troubles(world, &known.tag, stamped, located),
            ));
        }
        let mut findings = Vec::new();
        for (known, located, mut troubles) in found {
            // A row that is attached to a guest that was off has no stamp at all.
            let claimed_twice = located.is_some_and(|row| {
                row.status == RowStatus::Used
                    && row.tag.is_empty()
                    && claims.get(row.line.as_str()).is_some_and(|n| *n > 1)
            });
            if troubles.is_empty() && claimed_twice {
                troubles.push((Trouble::ClaimedTwice, located));
            }
            for (trouble, row) in &troubles {
                if let (Trouble::ForeignOwner, Some(row)) = (trouble, row)
                    && world.pool.is_anothers(row, &known.tag)
                {
                    world.stamps.lose(&known.tag, row);
                }
            }
            findings.extend(troubles.into_iter().map(|(trouble, row)| Finding {
                trouble,
                object: known.tag.id(),
                row: row.map(|row| row.line.clone()),
            }));
        }
        Ok(findings)
    }

    /// What is noted now, and what operations of this machine work on.
    pub(super) fn expected(&self, world: &World) -> Result<Expected> {
        let mut busy = HashSet::new();
        for entry in self.shared.engine.journal().list()? {
            // A row is named by all its ports; what is noted is the primary one, the last.
            let rows = entry.touches.iter().filter_map(|touch| {
                let (ports, lun) = touch.trim_start_matches("row ").split_once('/')?;
                let primary = ports.rsplit(';').next()?;
                Some(format!("{primary}/{lun}"))
            });
            busy.extend(rows);
            busy.extend(entry.touches.clone());
            busy.insert(entry.subject);
        }
        Ok(Expected {
            stamps: world.stamps.all(),
            busy,
        })
    }

    /// What the last [`get_volume_stats`](crate::volumes::VolumeDriver::get_volume_stats) found: volumes and snapshots of this
    /// machine whose rows do not carry their stamps any more. Nothing is repaired; every operation on such a volume is refused.
    pub fn troubles(&self) -> Vec<Finding> {
        lock(&self.shared.stats).findings().to_vec()
    }

    /// Compares the rows with all volumes and snapshots that Cinder has on this back end, and the management node's images with the
    /// operations of this machine (spec: driver 4.1). What is found is another tool's, an older driver's or another machine's: nothing
    /// is changed.
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
            let stamped: Vec<&Row> = stamped.iter().map(|index| &listing.rows[*index]).collect();
            let location = Self::location(*place, &world).ok().flatten();
            let located = location.as_ref().and_then(|location| {
                listing
                    .with_lun(location.lun)
                    .find(|row| location.matches(&row.wwpns))
            });
            for (trouble, row) in troubles(&world, tag, &stamped, located) {
                report(trouble, Some(id), row.map(|row| row.line.as_str()));
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
        for image in self.images_left().await? {
            report(Trouble::ImageLeft, Some(&image), None);
        }
        Ok(findings)
    }
}
