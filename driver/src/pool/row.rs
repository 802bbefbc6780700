//! One line of a pool listing.

use std::fmt;

use crate::types::{DeviceNumber, Lun, Size, WwpnSet};

/// First column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// Nobody's.
    Free,
    /// Held: a volume that no guest has.
    Reserved,
    /// Given to a guest.
    Used,
}

impl fmt::Display for RowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Free => "free",
            Self::Reserved => "reserved",
            Self::Used => "used",
        })
    }
}

/// A well-formed row (spec: driver 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `free`, `reserved` or `used`, in any case.
    pub status: RowStatus,
    /// In the row's own order.
    pub wwpns: WwpnSet,
    /// The LUN.
    pub lun: Lun,
    /// `None` when the cell is empty or a bare letter (D59).
    pub size: Option<Size>,
    /// The cell as written: one of the MN's commands treats `1G` and `1024M` differently (D28).
    pub size_text: String,
    /// FCP devices that reach it, as written.
    pub range: String,
    /// As written; see [`super::Owner`].
    pub owner: String,
    /// As written; `auto` counts as empty.
    pub channel: String,
    /// As written.
    pub tag: String,
    /// The whole line, without the node's name.
    pub line: String,
    /// Whether no other line of the pool has this LUN, whatever its WWPN. A row that shares its LUN cannot be updated
    /// reliably (D33).
    pub is_unique: bool,
}

/// A line that is no row: never given out, never edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, without the node's name.
    pub line: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Why a row must be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Another row has the same LUN.
    LunNotUnique,
    /// Its size is not known.
    SizeUnknown,
    /// A cell holds a character that misdirects the MN's edit (spec: driver 2.2.5).
    UnsafeText,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LunNotUnique => "LUN not unique",
            Self::SizeUnknown => "size unknown",
            Self::UnsafeText => {
                "a cell holds characters that damage the pool file when it is edited"
            }
        })
    }
}

impl Row {
    /// The channel's devices; empty when there is none or it is no list of device numbers.
    pub fn channels(&self) -> Vec<DeviceNumber> {
        let devices: Result<Vec<DeviceNumber>, _> =
            self.channel.split(';').map(str::parse).collect();
        devices.unwrap_or_default()
    }

    /// Why the MN cannot be trusted to edit this row; `None` when it can.
    pub fn unsafe_reason(&self) -> Option<Unusable> {
        if !self.is_unique {
            return Some(Unusable::LunNotUnique);
        }
        // The MN builds a stream edit of the row's own text (spec: driver 2.2.5).
        let bad = |text: &str| {
            text.contains([
                '#', '/', '[', ']', '*', '.', '$', '\\', '^', '&', '"', '\'', '`', ' ',
            ])
        };
        [&self.range, &self.owner, &self.channel, &self.tag]
            .iter()
            .any(|cell| bad(cell))
            .then_some(Unusable::UnsafeText)
    }

    /// Why the row cannot be given to a new volume although it may be free.
    pub fn unusable(&self) -> Option<Unusable> {
        self.unsafe_reason()
            .or_else(|| self.size.is_none().then_some(Unusable::SizeUnknown))
    }

    /// Whether the zHCP can reach the LUN: the MN only takes a range of the form `min-max` for its automatic choice, a
    /// single address never matches (spec: driver 2.2.3).
    pub fn has_range(&self) -> bool {
        !self.range.is_empty()
            && self.range.split(';').all(|item| {
                item.split_once('-').is_some_and(|(low, high)| {
                    low.parse::<DeviceNumber>().is_ok() && high.parse::<DeviceNumber>().is_ok()
                })
            })
    }

    /// `wwpn;wwpn/lun`, by which people know it.
    pub fn address(&self) -> String {
        format!("{}/{}", self.wwpns, self.lun)
    }
}
