//! What the steps of the Cinder half work on: the pool, the zHCP, the locks.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::stamps::Stamps;
use crate::client::{Call, Client};
use crate::config::{Backend, Copying, VolumeClear};
use crate::error::{Error, Result};
use crate::images::FileMover;
use crate::pool::{Listing, Pool, Row};
use crate::steps::{LockGuard, Locks};
use crate::types::{Lun, NodeName, PoolName, Tag, WwpnSet};

use serde::{Deserialize, Serialize};

/// Names a row for good: the administrator's columns never change (spec: driver I8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRef {
    /// Its ports.
    pub wwpns: WwpnSet,
    /// Its LUN.
    pub lun: Lun,
    /// Where its pool is, when that is not the back end's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
}

/// A pool of another back end of the same management node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its z/VM system.
    pub host: NodeName,
    /// That system's zHCP, when known.
    pub zhcp: Option<NodeName>,
    /// The pool.
    pub pool: PoolName,
}

impl RowRef {
    /// The row's name.
    pub fn of(row: &Row) -> Self {
        Self {
            wwpns: row.wwpns.clone(),
            lun: row.lun,
            place: None,
        }
    }

    /// A row of another pool.
    pub fn elsewhere(row: &Row, place: &Place) -> Self {
        Self {
            place: Some(Box::new(place.clone())),
            ..Self::of(row)
        }
    }

    /// How a journal entry says that it touches the row.
    pub fn touch(&self) -> String {
        format!("row {}/{}", self.wwpns, self.lun)
    }
}

/// A pool with everything around it that one operation needs.
#[derive(Clone)]
pub struct World {
    /// The pool, with the client.
    pub pool: Pool,
    /// The zHCP's node, when known: copies and clearing run there.
    pub zhcp: Option<NodeName>,
    /// Settings of copies and images.
    pub copying: Copying,
    /// Whether deleted volumes are overwritten.
    pub clear: VolumeClear,
    /// How much of them, in MiB; 0 means all.
    pub clear_mib: u64,
    /// Where an image's bundle is offered to the MN.
    pub mover: Arc<dyn FileMover>,
    /// What the rows of this pool are expected to say.
    pub(super) stamps: Stamps,
    locks: Locks,
    server: String,
    lock_name: String,
    holds_lock: bool,
}

/// Name of a pool's lock, which both halves take.
fn lock_name(server: &str, host: &NodeName, pool: &PoolName) -> String {
    format!("pool-{server}-{host}-{pool}")
}

impl World {
    /// The world of a back end.
    pub(super) fn new(
        backend: &Backend,
        client: Client,
        host: &NodeName,
        zhcp: Option<NodeName>,
        mover: Arc<dyn FileMover>,
        locks: Locks,
    ) -> Self {
        let lock_name = lock_name(&backend.server, host, &backend.pool);
        Self {
            stamps: Stamps::of(&backend.state_dir, &lock_name),
            lock_name,
            server: backend.server.clone(),
            pool: Pool {
                client,
                host: host.clone(),
                name: backend.pool.clone(),
                prefix: backend.row_tag_prefix.clone(),
            },
            zhcp,
            copying: backend.copying.clone(),
            clear: backend.volume_clear,
            clear_mib: backend.volume_clear_size,
            mover,
            locks,
            holds_lock: false,
        }
    }

    /// The same for a pool elsewhere.
    #[must_use]
    pub(super) fn at(&self, place: &Place) -> Self {
        let mut there = self.clone();
        there.lock_name = lock_name(&self.server, &place.host, &place.pool);
        there.holds_lock = false;
        there.stamps = self.stamps.beside(&there.lock_name);
        there.zhcp.clone_from(&place.zhcp);
        there.pool.host.clone_from(&place.host);
        there.pool.name.clone_from(&place.pool);
        there
    }

    /// The world of a row: that of its own pool.
    pub(super) fn of(&self, row: &RowRef) -> Cow<'_, Self> {
        match &row.place {
            Some(place) => Cow::Owned(self.at(place)),
            None => Cow::Borrowed(self),
        }
    }

    /// The pool's lock for a whole operation of short calls, and the world in which its steps do not take it again.
    pub(super) async fn locked(&self) -> Result<(LockGuard, Self)> {
        let guard = self.locks.acquire(&self.lock_name).await?;
        let mut world = self.clone();
        world.holds_lock = true;
        Ok((guard, world))
    }

    /// The pool's lock for one row change of a long operation.
    pub(super) async fn row_change(&self) -> Result<Option<LockGuard>> {
        if self.holds_lock {
            return Ok(None);
        }
        self.locks.acquire(&self.lock_name).await.map(Some)
    }

    /// Locks of objects, in the order of their names.
    pub(super) async fn objects(&self, tags: &[&Tag]) -> Result<Vec<LockGuard>> {
        let mut names: Vec<String> = tags.iter().map(|tag| format!("object-{tag}")).collect();
        names.sort();
        names.dedup();
        let mut guards = Vec::new();
        for name in names {
            guards.push(self.locks.acquire(&name).await?);
        }
        Ok(guards)
    }

    /// The zHCP's node.
    pub fn zhcp(&self) -> Result<&NodeName> {
        self.zhcp.as_ref().ok_or_else(|| {
            Error::Unsupported(
                "the zHCP's node is not known: set zvm_zhcp_node to copy, clear or use images"
                    .to_owned(),
            )
        })
    }

    /// Whether the row is held by the zHCP itself, as after a copy, capture or deploy that broke off (spec: driver I6).
    pub fn is_zhcps(&self, row: &Row) -> bool {
        self.zhcp
            .as_ref()
            .is_some_and(|zhcp| row.owner.eq_ignore_ascii_case(zhcp.as_str()))
    }

    /// Whether the zHCP can reach the LUN to copy or clear it.
    pub fn is_copyable(&self, row: &Row) -> bool {
        self.zhcp.is_some() && (row.has_range() || self.copying.channel.is_some())
    }

    /// X9. An answer without even a header is no answer: the MN says nothing when it could not read the file, and a pool of this
    /// half always has rows. To take it for an empty pool would make a delete succeed that did nothing.
    pub(super) async fn list(&self) -> Result<Listing> {
        let listing = self.pool.list().await?;
        if listing.rows.is_empty() && listing.malformed.is_empty() {
            return Err(Error::Backend(format!(
                "the management node lists no row of pool {} on {}: it is missing, empty, or could not be read",
                self.pool.name, self.pool.host
            )));
        }
        Ok(listing)
    }

    /// The row now; `None` when the pool has it no more.
    pub(super) async fn find(&self, row: &RowRef) -> Result<Option<Row>> {
        Ok(self.list().await?.find(&row.wwpns, row.lun).cloned())
    }

    /// The row now, or an error that says that it is gone.
    pub(super) async fn row(&self, row: &RowRef) -> Result<Row> {
        self.find(row).await?.ok_or_else(|| {
            Error::NotFound(format!(
                "row {}/{} is not in pool {} of {}",
                row.wwpns, row.lun, self.pool.name, self.pool.host
            ))
        })
    }

    /// Owners that a row of ours may show after the MN's commands emptied or replaced the stamp (spec: driver 2.2.4).
    pub(super) fn after_commands(&self) -> Vec<&str> {
        let zhcp = self.zhcp.as_ref().map(NodeName::as_str);
        std::iter::once("").chain(zhcp).collect()
    }

    /// Puts the stamp back after a command that emptied it. Must hold the pool's lock or be a step.
    pub(super) async fn restamp(&self, row: &RowRef, tag: &Tag) -> Result<Row> {
        let _lock = self.row_change().await?;
        self.pool
            .stamp(&row.wwpns, row.lun, tag, &self.after_commands())
            .await
    }

    /// Where the driver keeps the files of one image request.
    pub(super) fn work_folder(&self, profile: &Tag) -> PathBuf {
        self.copying.work_area.join(profile.as_str())
    }

    /// Sends a call, dropping the answer.
    pub(super) async fn send(&self, call: &Call) -> Result<()> {
        self.pool.client.call(call).await?;
        Ok(())
    }
}
