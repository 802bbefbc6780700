//! Whose a row is, by its `owner` column.

use crate::types::{Tag, TagKind};

/// The meaning of an `owner` cell, given the volume prefix in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Empty.
    Nobody,
    /// A stamp of this driver.
    Stamp(Tag, TagKind),
    /// A node, or whatever else somebody wrote there.
    Other(String),
}

impl Owner {
    /// Reads a cell.
    pub fn parse(cell: &str, prefix: &str) -> Self {
        if cell.is_empty() {
            return Self::Nobody;
        }
        let stamp = cell.parse::<Tag>().ok();
        match stamp.and_then(|tag| tag.kind(prefix).map(|kind| (tag, kind))) {
            Some((tag, kind)) => Self::Stamp(tag, kind),
            None => Self::Other(cell.to_owned()),
        }
    }
}
