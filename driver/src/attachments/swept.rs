//! Rows that the management node swept away with a command for another row, and putting them back.
//!
//! X1 makes the pool's file anew when its look for it fails, and X2 deletes the file when reading it back fails: both take
//! a failure of ssh for a file that is not there or empty (spec: scsi-pools 2.1, 2.6), and every row of the pool is gone
//! with it. Both say what they did. The rows are then put back from the listing that was read just before, under the pool's
//! lock; those that cannot be are kept in the ledger, for `reconcile` and the next operation.
//!
//! What xCAT can write is written: a used row keeps its owner and channel and loses its tag, as with every edit of the MN.
//! Lines that are no rows are told, not written.

use super::nova::Nova;
use crate::client::{Answer, Call, Channel, ReserveAs};
use crate::error::{Error, Result};
use crate::fcp::SweptRow;
use crate::pool::{Listing, Row, RowStatus};
use crate::types::PoolName;

/// How often a row is written before it is left for later.
const TRIES: usize = 3;

impl Nova {
    /// Looks whether a command on one row swept the others away, and puts them back. `others` are the rows that were there
    /// before and that the command was not about. The pool's lock must be held.
    pub(super) async fn put_back_swept(
        &self,
        pool: &PoolName,
        answer: &Answer,
        before: &Listing,
        is_meant: impl Fn(&Row) -> bool,
    ) -> Result<()> {
        // Words of X1 and of X2.
        let swept = answer.says("New zFCP device pool") || answer.says("Deleting empty zFCP");
        let rows: Vec<SweptRow> = before
            .rows
            .iter()
            .filter(|row| !is_meant(row))
            .map(|row| SweptRow::of(pool, row))
            .collect();
        if !swept || rows.is_empty() {
            return Ok(());
        }
        for line in &before.malformed {
            tracing::warn!(%pool, line = line.line, "lost with the pool's file");
        }
        tracing::warn!(%pool, rows = rows.len(), "the management node swept the pool's file away: putting its rows back");
        self.ledger
            .update(move |ledger| {
                ledger.swept(rows);
                Ok(())
            })
            .await?;
        self.put_back(pool).await
    }

    /// Puts back what the ledger keeps, of every pool.
    pub(super) async fn put_back_all(&self) -> Result<()> {
        if self.engine.is_rehearsing() {
            return Ok(());
        }
        let ledger = self.ledger.read().await?;
        let mut pools: Vec<PoolName> = ledger.to_put_back().map(|row| row.pool.clone()).collect();
        pools.sort();
        pools.dedup();
        for pool in pools {
            let _lock = self.lock_pool(&pool).await?;
            self.put_back(&pool).await?;
        }
        Ok(())
    }

    /// The same of one pool, whose lock must be held.
    pub(super) async fn put_back(&self, pool: &PoolName) -> Result<()> {
        let ledger = self.ledger.read().await?;
        let kept: Vec<SweptRow> = ledger
            .to_put_back()
            .filter(|row| row.pool == *pool)
            .cloned()
            .collect();
        if kept.is_empty() {
            return Ok(());
        }
        let wanted = Listing::from_lines(kept.iter().map(|row| row.cells.as_str()));
        let mut first: Option<Error> = None;
        let mut left = Vec::new();
        for _ in 0..TRIES {
            let now = self.listing(pool).await?;
            let missing = wanted.rows.iter().filter(|row| !is_back(&now, row));
            left = missing.map(Row::address).collect();
            if left.is_empty() {
                break;
            }
            for row in wanted.rows.iter().filter(|row| !is_back(&now, row)) {
                if let Err(error) = self.write_row(pool, row, &now).await {
                    first.get_or_insert(error);
                }
            }
        }
        if left.is_empty() || is_whole(&self.listing(pool).await?, &wanted) {
            let name = pool.clone();
            self.ledger
                .update(move |ledger| {
                    ledger.put_back(&name);
                    Ok(())
                })
                .await?;
            return Ok(());
        }
        Err(Error::Backend(format!(
            "the management node swept the file of pool {pool} away, and rows {} are not back yet: {}",
            left.join(", "),
            first.map_or("it says that they are".to_owned(), |error| error
                .to_string())
        )))
    }

    /// X1 as free, and X3 for what it cannot write.
    async fn write_row(&self, pool: &PoolName, row: &Row, now: &Listing) -> Result<()> {
        if now.find(&row.wwpns, row.lun).is_none() {
            let add = Call::PutBackRow {
                host: self.host.clone(),
                pool: pool.clone(),
                wwpns: row.wwpns.clone(),
                lun: row.lun,
                size: row.size_text.clone(),
                range: row.range.clone(),
            };
            self.call(add).await?;
        }
        let (status, channel) = match row.status {
            RowStatus::Free => return Ok(()),
            RowStatus::Reserved => (ReserveAs::Reserved, Channel::Auto),
            RowStatus::Used => (ReserveAs::Used, Channel::Devices(row.channels())),
        };
        let is_without_channel = matches!(&channel, Channel::Devices(list) if list.is_empty());
        if row.owner.is_empty() || is_without_channel {
            return Err(Error::Backend(format!(
                "row {} was {} without an owner or a channel: no call can write that back",
                row.address(),
                row.status
            )));
        }
        let stamp = Call::Reserve {
            host: self.host.clone(),
            pool: pool.clone(),
            status,
            owner: row.owner.clone(),
            channel,
            size: None,
            wwpn: row.wwpns.primary(),
            lun: row.lun,
        };
        self.call(stamp).await?;
        Ok(())
    }
}

/// Whether a row is there again, or somebody has made one in its place that says more.
fn is_back(now: &Listing, row: &Row) -> bool {
    now.find(&row.wwpns, row.lun).is_some_and(|found| {
        let same = found.status == row.status && found.owner == row.owner;
        same || found.status != RowStatus::Free
    })
}

fn is_whole(now: &Listing, wanted: &Listing) -> bool {
    wanted.rows.iter().all(|row| is_back(now, row))
}
