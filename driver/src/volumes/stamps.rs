//! The stamps that this machine has put on rows, so that each listing can be held against them (spec: driver 3.8, I5).
//!
//! The truth is the row; this is only what the row is expected to say. Locks do not reach other machines, and xCAT lets a
//! reserved row be reserved once more (Q2): a create that has read its stamp back can lose the row a moment later. One small
//! file for each volume and snapshot, named after its stamp, in a folder of the pool: all processes of the machine share it.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::pool::Row;
use crate::types::{Lun, Tag, Wwpn};

/// Where a stamp was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The stamp.
    pub tag: Tag,
    /// The row's primary port.
    pub wwpn: Wwpn,
    /// The row's LUN.
    pub lun: Lun,
    /// The row was seen with another stamp since.
    pub is_lost: bool,
}

impl Known {
    /// Whether it was put on this row.
    pub(super) fn is_at(&self, row: &Row) -> bool {
        self.lun == row.lun && row.wwpns.ports().contains(&self.wwpn)
    }
}

/// What a file says after the row when the stamp is lost.
const LOST: &str = " lost";

/// The stamps of one pool.
#[derive(Clone, Debug)]
pub(super) struct Stamps {
    folder: PathBuf,
}

impl Stamps {
    /// The stamps of the pool of this name; the folder is made when the first is noted.
    pub(super) fn of(state: &Path, pool: &str) -> Self {
        Self {
            folder: state.join("stamps").join(file_name(pool)),
        }
    }

    /// The stamps of another pool.
    #[must_use]
    pub(super) fn beside(&self, pool: &str) -> Self {
        Self {
            folder: self.folder.with_file_name(file_name(pool)),
        }
    }

    /// Notes that the row carries the stamp. A file that cannot be written costs a warning, not the operation: the row says
    /// whose it is.
    pub(super) fn note(&self, tag: &Tag, row: &Row) {
        self.write(tag, row, "");
    }

    /// Notes that the row was seen with another stamp: from now on its place alone does not make it this object's.
    pub(super) fn lose(&self, tag: &Tag, row: &Row) {
        self.write(tag, row, LOST);
    }

    fn write(&self, tag: &Tag, row: &Row, state: &str) {
        let write = || {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)?;
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(self.folder.join(tag.as_str()))?;
            file.write_all(format!("{}/{}{state}\n", row.wwpns.primary(), row.lun).as_bytes())
        };
        if let Err(error) = write() {
            tracing::warn!(%tag, %error, "the stamp is not noted: its loss would not be seen");
        }
    }

    /// Notes that the object goes: from now on its row may be anybody's.
    pub(super) fn forget(&self, tag: &Tag) {
        let removed = std::fs::remove_file(self.folder.join(tag.as_str()));
        if let Err(error) = removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%tag, %error, "the stamp stays noted");
        }
    }

    /// All of them, by stamp. What is no stamp's file, or half written, is passed over.
    pub(super) fn all(&self) -> Vec<Known> {
        let read = |item: std::fs::DirEntry| {
            let tag = item.file_name().to_str()?.parse().ok()?;
            let text = std::fs::read_to_string(item.path()).ok()?;
            let row = text.trim_end().strip_suffix(LOST);
            let (wwpn, lun) = row.unwrap_or(text.trim()).split_once('/')?;
            Some(Known {
                tag,
                is_lost: row.is_some(),
                wwpn: wwpn.parse().ok()?,
                lun: lun.parse().ok()?,
            })
        };
        let items = std::fs::read_dir(&self.folder).into_iter().flatten();
        let mut all: Vec<Known> = items.flatten().filter_map(read).collect();
        all.sort_by(|a, b| a.tag.cmp(&b.tag));
        all
    }
}

/// A pool's name without what a file's name cannot hold.
fn file_name(pool: &str) -> String {
    let admitted = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    pool.chars()
        .map(|c| if admitted(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Listing;

    #[test]
    fn stamps_come_and_go_by_pool() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            Stamps::of(folder.path(), "pool-[::1]-zvm1-a"),
            Stamps::of(folder.path(), "x").beside("pool-[::1]-zvm1-b"),
        );
        let listing =
            Listing::from_lines(["reserved,5005076801102991,0021000000000000,1G,,cv01,,"]);
        let tag: Tag = "cv01".parse().unwrap();
        one.note(&tag, &listing.rows[0]);
        one.note(&tag, &listing.rows[0]);
        std::fs::write(one.folder.join("half"), "5005").unwrap();
        assert_eq!(one.all().len(), 1);
        assert_eq!(one.all()[0].lun, listing.rows[0].lun);
        assert!(!one.all()[0].is_lost && one.all()[0].is_at(&listing.rows[0]));
        one.lose(&tag, &listing.rows[0]);
        assert!(one.all()[0].is_lost && one.all()[0].is_at(&listing.rows[0]));
        assert_eq!(two.all(), []);
        one.forget(&tag);
        one.forget(&tag);
        assert_eq!(one.all(), []);
    }
}
