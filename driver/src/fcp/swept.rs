//! A pool row that a command of the management node swept away, as it is kept until it is put back.

use serde::{Deserialize, Serialize};

use crate::pool::{Row, RowStatus};
use crate::types::PoolName;

/// The cells of a row that is to be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptRow {
    /// The pool.
    pub pool: PoolName,
    /// The cells in the order of the file.
    pub cells: String,
}

impl SweptRow {
    /// What is to be kept of a row.
    pub fn of(pool: &PoolName, row: &Row) -> Self {
        // `auto` stands for no channel, and is written by the command that stamps the row.
        let status = match row.status {
            RowStatus::Free => "free",
            RowStatus::Reserved => "reserved",
            RowStatus::Used => "used",
        };
        Self {
            pool: pool.clone(),
            cells: format!(
                "{status},{},{},{},{},{},{},{}",
                row.wwpns, row.lun, row.size_text, row.range, row.owner, row.channel, row.tag
            ),
        }
    }
}
