//! One pool of one zHCP, through the client: fresh listings, and the row changes that both halves need.

use std::time::Duration;

use super::listing::Listing;
use super::owner::Owner;
use super::row::{Row, RowStatus};
use crate::client::{Call, Channel, Client, ReserveAs};
use crate::error::{Error, Result};
use crate::types::{Lun, NodeName, PoolName, Tag, WwpnSet};

/// How often an edit that was lost to a concurrent one is repeated (spec: driver 2.2.5, D32).
const EDITS: usize = 5;

/// A pool as the driver works on it.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The client.
    pub client: Client,
    /// The z/VM system.
    pub host: NodeName,
    /// The pool.
    pub name: PoolName,
    /// Volume prefix of stamps.
    pub prefix: String,
}

impl Pool {
    /// X9: every row, now.
    pub async fn list(&self) -> Result<Listing> {
        let call = Call::ListPool {
            host: self.host.clone(),
            pool: self.name.clone(),
        };
        let done = self.client.call(&call).await?;
        Ok(Listing::parse(&done.answer, &self.host))
    }

    /// RB1: the row, now; `None` when it is gone.
    pub async fn row(&self, wwpns: &WwpnSet, lun: Lun) -> Result<Option<Row>> {
        Ok(self.list().await?.find(wwpns, lun).cloned())
    }

    /// Whose a row is.
    pub fn owner(&self, row: &Row) -> Owner {
        Owner::parse(&row.owner, &self.prefix)
    }

    /// Whether the stamp on a row is another object's: in the tag column, where an attach has put it, or as its owner.
    pub fn is_anothers(&self, row: &Row, tag: &Tag) -> bool {
        let cell = match row.status {
            RowStatus::Free => return false,
            RowStatus::Reserved => &row.owner,
            RowStatus::Used => &row.tag,
        };
        matches!(Owner::parse(cell, &self.prefix), Owner::Stamp(stamp, _) if stamp != *tag)
    }

    /// X3 `reserved` on a free row: takes it, and proves it. A row that is not free any more is left alone.
    pub async fn reserve(&self, wwpns: &WwpnSet, lun: Lun, tag: &Tag) -> Result<Row> {
        self.put_stamp(wwpns, lun, tag, &[""], true).await
    }

    /// X3 `reserved`: puts a stamp on a row, unless it is `used`, and proves it. An edit that another one swallowed is
    /// repeated; an owner that is neither ours nor one of `from` is left alone.
    pub async fn stamp(&self, wwpns: &WwpnSet, lun: Lun, tag: &Tag, from: &[&str]) -> Result<Row> {
        self.put_stamp(wwpns, lun, tag, from, false).await
    }

    async fn put_stamp(
        &self,
        wwpns: &WwpnSet,
        lun: Lun,
        tag: &Tag,
        from: &[&str],
        only_free: bool,
    ) -> Result<Row> {
        let mut tried: Option<Error> = None;
        for attempt in 0..=EDITS {
            let Some(row) = self.row(wwpns, lun).await? else {
                return Err(tried.unwrap_or_else(|| {
                    Error::Backend(format!("row {wwpns}/{lun} is not in pool {}", self.name))
                }));
            };
            if row.status == RowStatus::Reserved && row.owner == tag.as_str() {
                return Ok(row);
            }
            if row.status == RowStatus::Used {
                return Err(Error::Busy {
                    what: format!("row {}", row.address()),
                    by: format!("used by {}", row.owner),
                });
            }
            let taken = only_free && row.status != RowStatus::Free;
            if (taken || !from.contains(&row.owner.as_str())) && row.owner != tag.as_str() {
                return Err(Error::Backend(format!(
                    "row {} belongs to '{}', not to {tag}",
                    row.address(),
                    row.owner
                )));
            }
            if let Some(reason) = row.unsafe_reason() {
                return Err(Error::Backend(format!("row {}: {reason}", row.address())));
            }
            if attempt == EDITS {
                break;
            }
            if attempt > 0 {
                self.pause(attempt).await;
            }
            match self.client.call(&self.stamp_call(&row, tag)).await {
                Ok(_) => {}
                Err(error) if error.executed == crate::client::Executed::Unknown => {
                    tried = Some(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(tried.unwrap_or_else(|| {
            Error::Backend(format!(
                "row {wwpns}/{lun} was not changed although the management node said so {EDITS} times"
            ))
        }))
    }

    /// X5: frees a row whose owner is `tag` and proves it. A row that is free, or somebody else's by now, is done.
    pub async fn release(&self, wwpns: &WwpnSet, lun: Lun, tag: &Tag) -> Result<()> {
        let mut tried: Option<Error> = None;
        for attempt in 0..=EDITS {
            let listing = self.list().await?;
            let Some(row) = listing.find(wwpns, lun) else {
                // A pool that seems to have no row at all could not be read.
                listing.require_rows(&self.host, &self.name)?;
                return Ok(());
            };
            if row.owner != tag.as_str() {
                return Ok(());
            }
            if row.status == RowStatus::Used {
                return Err(Error::Busy {
                    what: format!("row {}", row.address()),
                    by: "used by its own stamp".to_owned(),
                });
            }
            if row.status == RowStatus::Free && attempt == EDITS {
                return Ok(());
            }
            if attempt == EDITS {
                break;
            }
            if attempt > 0 {
                self.pause(attempt).await;
            }
            let call = Call::Release {
                host: self.host.clone(),
                pool: self.name.clone(),
                wwpn: row.wwpns.primary(),
                lun,
            };
            match self.client.call(&call).await {
                Ok(_) => {}
                Err(error) if error.executed == crate::client::Executed::Unknown => {
                    tried = Some(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(tried.unwrap_or_else(|| {
            Error::Backend(format!(
                "row {wwpns}/{lun} was not freed although the management node said so {EDITS} times"
            ))
        }))
    }

    /// X3 `reserved` for a row: one WWPN, the primary, because a list never matches on current releases (Q12), and `0M`
    /// because a size is refused for a row that has none (D59).
    pub fn stamp_call(&self, row: &Row, tag: &Tag) -> Call {
        Call::Reserve {
            host: self.host.clone(),
            pool: self.name.clone(),
            status: ReserveAs::Reserved,
            owner: tag.to_string(),
            channel: Channel::Auto,
            size: None,
            wwpn: row.wwpns.primary(),
            lun: row.lun,
        }
    }

    /// Waits a little before the next edit, longer each time.
    async fn pause(&self, attempt: usize) {
        let millis = 50u64.saturating_mul(1 << attempt.min(5));
        self.client
            .clock()
            .sleep(Duration::from_millis(millis))
            .await;
    }
}
