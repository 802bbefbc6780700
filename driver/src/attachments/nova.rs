//! The Nova half of one z/VM system: what all its operations share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::directory::Directory;
use crate::client::{Call, CallError, Client, Done, FcpQuery};
use crate::config::{Backend, Compute, ConnectorHost};
use crate::error::{Error, Result};
use crate::fcp::{FcpDevice, FcpError, FcpStatus, Inventory, LedgerStore, StateError};
use crate::pool::{Listing, Pool, Row};
use crate::steps::{Engine, Journal, LockGuard, Locks};
use crate::types::{DeviceNumber, NodeName, PoolName, Tag};

/// How long the half waits for things that a guest does by itself: paths, links, maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often it looks.
    pub tries: usize,
    /// How long it waits in between.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 20,
            pause: Duration::from_millis(500),
        }
    }
}

/// The Nova half. It implements [`Attachments`](super::Attachments).
///
/// ```no_run
/// # async fn example() -> zvm_volume::Result<()> {
/// use zvm_volume::attachments::{Attachments, Instance, Nova};
/// use zvm_volume::{client::Client, config::Config};
///
/// let config = Config::load("/etc/cinder/cinder.conf".as_ref())?;
/// let backend = &config.backends[0];
/// let nova = Nova::open(Client::new(backend)?, backend, &"zvm1".parse().unwrap())?;
/// let connector = nova.get_volume_connector(&Instance::new("lnx1".parse().unwrap())).await?;
/// println!("{:?}", connector.wwpns);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Nova {
    pub(super) client: Client,
    pub(super) host: NodeName,
    pub(super) zhcp: Option<NodeName>,
    pub(super) compute: Compute,
    pub(super) default_pool: PoolName,
    pub(super) ledger: LedgerStore,
    pub(super) engine: Engine,
    pub(super) patience: Patience,
    server: String,
    prefix: String,
    locks: Locks,
    /// The management node finds no row by a list of WWPNs (Q12); learned from its first refusal.
    single_wwpn: Arc<AtomicBool>,
    /// Notices that this process has sent for steps that are not proved yet.
    sent: Arc<Mutex<HashSet<u64>>>,
}

impl Nova {
    /// The half of a back end whose z/VM system is `host`; journal, locks and ledger lie in the back end's state folder.
    pub fn open(client: Client, backend: &Backend, host: &NodeName) -> Result<Self> {
        let journal = Journal::open(&backend.state_dir.join("journal"))?;
        let locks = Locks::open(&backend.state_dir.join("locks"), backend.lock_timeout)?;
        let clock = Arc::clone(client.clock());
        let engine = Engine::with_clock(journal, clock).rehearsing(client.rehearsal().cloned());
        Self::with(client, backend, host, engine, locks)
    }

    /// The same with an engine and locks that other parts of the program use too.
    pub fn with(
        client: Client,
        backend: &Backend,
        host: &NodeName,
        engine: Engine,
        locks: Locks,
    ) -> Result<Self> {
        let ledger = LedgerStore::open(
            &backend.state_dir,
            &backend.server,
            host,
            backend.lock_timeout,
        )?;
        Ok(Self {
            client,
            host: host.clone(),
            zhcp: backend.zhcp_node.clone(),
            compute: backend.compute.clone(),
            default_pool: backend.pool.clone(),
            ledger,
            engine,
            patience: Patience::default(),
            server: backend.server.clone(),
            prefix: backend.row_tag_prefix.clone(),
            locks,
            single_wwpn: Arc::default(),
            sent: Arc::default(),
        })
    }

    /// Does not wait for the disk when it writes journal and ledger: for simulations, where the machine does not fail.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        self.engine = self.engine.not_durable();
        self.ledger = self.ledger.not_durable();
        self
    }

    /// Another patience with guests.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The ledger.
    pub fn ledger(&self) -> &LedgerStore {
        &self.ledger
    }

    /// The engine with its journal.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The z/VM system.
    pub fn host(&self) -> &NodeName {
        &self.host
    }

    /// What a connector names as its host (D15).
    pub(super) fn connector_host(&self, node: &NodeName) -> NodeName {
        match self.compute.connector_host {
            ConnectorHost::System => self.host.clone(),
            // Two names of the narrow grammar and a character of it.
            ConnectorHost::Guest => format!("{}_{node}", self.host)
                .parse()
                .unwrap_or_else(|_| self.host.clone()),
        }
    }

    /// Now, in the ledger's unit.
    pub(super) fn now(&self) -> i64 {
        self.client.clock().now().as_millisecond()
    }

    pub(super) async fn call(&self, call: Call) -> std::result::Result<Done, CallError> {
        self.client.call(&call).await
    }

    /// A change of SMAPI or the directory; a lock of theirs is waited for (spec: driver 2.9, 2.11).
    pub(super) async fn call_unlocked(&self, call: Call) -> std::result::Result<Done, CallError> {
        const WAIT: Duration = Duration::from_mins(5);
        const LONGEST: Duration = Duration::from_mins(1);
        let (mut waited, mut pause) = (Duration::ZERO, self.patience.pause * 2);
        loop {
            match self.client.call(&call).await {
                Err(error) if error.is_busy() && waited < WAIT => {
                    let now = pause.min(LONGEST).min(WAIT.saturating_sub(waited));
                    tracing::info!(call = call.id(), pause = ?now, "locked, trying again");
                    self.client.clock().sleep(now).await;
                    waited += now;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    pub(super) fn pool(&self, name: &PoolName) -> Pool {
        Pool {
            client: self.client.clone(),
            host: self.host.clone(),
            name: name.clone(),
            prefix: self.prefix.clone(),
        }
    }

    /// One operation at a time on a guest (spec: driver 3.8).
    pub(super) async fn lock_instance(&self, node: &NodeName) -> Result<LockGuard> {
        self.locks.acquire(&self.instance_lock(node)).await
    }

    fn instance_lock(&self, node: &NodeName) -> String {
        format!("instance-{}-{}-{node}", self.server, self.host)
    }

    /// Whether an operation on a guest is under way on this machine.
    pub(super) fn is_busy(&self, node: &NodeName) -> bool {
        self.locks.is_held(&self.instance_lock(node))
    }

    /// One change at a time on a pool, across the processes of this machine.
    pub(super) async fn lock_pool(&self, pool: &PoolName) -> Result<LockGuard> {
        self.locks
            .acquire(&format!("pool-{}-{}-{pool}", self.server, self.host))
            .await
    }

    /// One notice at a time by way of a zHCP, across the processes of this machine. The management node puts the archive of
    /// every notice under one name into the zHCP's home before it punches it (spec: guests 6.11): of two at a time one guest
    /// would get the other's, and its own would be lost.
    pub(super) async fn lock_notices(&self) -> Result<LockGuard> {
        self.locks
            .acquire(&format!("notices-{}-{}", self.server, self.host))
            .await
    }

    /// One operation at a time on a volume, in either half.
    pub(super) async fn lock_volume(&self, tag: Option<&Tag>) -> Result<Option<LockGuard>> {
        match tag {
            Some(tag) => self.locks.acquire(&format!("object-{tag}")).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the management node is known to find no row by a list of WWPNs.
    pub(super) fn finds_single_wwpns_only(&self) -> bool {
        self.single_wwpn.load(Ordering::Relaxed)
    }

    pub(super) fn note_single_wwpns_only(&self) {
        self.single_wwpn.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_sent(&self, id: u64) {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }

    /// Whether this process has sent the notices of a step; asked once.
    pub(super) fn was_sent(&self, id: u64) -> bool {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }

    /// RB2, RB6: the directory entry, now. `None` when the node is not defined.
    pub(super) async fn directory(&self, node: &NodeName) -> Result<Option<Directory>> {
        match self.call(Call::DirectoryEntry { node: node.clone() }).await {
            Ok(done) => Ok(Some(Directory::parse(node.as_str(), done.answer.output()))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the directory entry gives the guest the device; a guest that is gone has none.
    pub(super) async fn is_dedicated(&self, node: &NodeName, device: DeviceNumber) -> Result<bool> {
        let entry = self.directory(node).await?;
        Ok(entry.is_some_and(|entry| entry.has(device)))
    }

    /// Whether the directory entry names the device at all, so that it is not taken back yet.
    pub(super) async fn is_named(&self, node: &NodeName, device: DeviceNumber) -> Result<bool> {
        let entry = self.directory(node).await?;
        Ok(entry.is_some_and(|entry| entry.names(device)))
    }

    /// RB3, X10: the FCP devices of the system, now.
    pub async fn inventory(&self) -> Result<Inventory> {
        let mut inventory = Inventory::default();
        for state in [FcpQuery::Free, FcpQuery::Active] {
            let call = Call::ListFcp {
                host: self.host.clone(),
                state,
            };
            let done = self.call(call).await?;
            inventory.merge(Inventory::parse(self.host.as_str(), done.answer.output()));
        }
        Ok(inventory)
    }

    /// Gives withheld devices free that z/VM is seen to have taken back (RB2 and RB3).
    pub(super) async fn release_withheld(&self, inventory: &Inventory) -> Result<()> {
        if self.engine.is_rehearsing() {
            return Ok(());
        }
        let withheld: Vec<(DeviceNumber, NodeName)> = {
            let ledger = self.ledger.read().await?;
            let free = |device: DeviceNumber| {
                inventory
                    .get(device)
                    .is_some_and(|known: &FcpDevice| known.status == FcpStatus::Free)
            };
            ledger
                .withheld()
                .filter(|(device, _)| free(*device))
                .map(|(device, why)| (device, why.node.clone()))
                .collect()
        };
        for (device, node) in withheld {
            if !self.is_named(&node, device).await? {
                self.ledger
                    .update(move |ledger| {
                        ledger.release(device);
                        Ok(())
                    })
                    .await?;
            }
        }
        Ok(())
    }

    /// RB1 for an attachment's row.
    pub(super) async fn row_of(&self, attachment: &crate::fcp::Attachment) -> Result<Option<Row>> {
        let listing = self.listing(&attachment.pool).await?;
        Ok(listing.find(&attachment.wwpns, attachment.lun).cloned())
    }

    /// X9. An answer without a line is not believed before the MN has shown that it reaches the zHCP: it says nothing as
    /// well when it could not read the file (Q41), and what is taken for absent is not taken back. A pool whose rows come
    /// and go with attachments may be missing, though.
    pub(super) async fn listing(&self, name: &PoolName) -> Result<Listing> {
        let listing = self.pool(name).list().await?;
        let is_empty =
            listing.rows.is_empty() && listing.malformed.is_empty() && !listing.has_header;
        if !is_empty {
            return Ok(listing);
        }
        let missing = || {
            Error::Backend(format!(
                "the management node lists nothing of pool {name} on {}, and it does not tell whether it can",
                self.host
            ))
        };
        // With a filter the same command complains, but in the same words when the file is missing; SMAPI's level is asked of
        // the zHCP as well, and a failure of that is told.
        let level = Call::SmapiLevel {
            host: self.host.clone(),
        };
        let level = self.call(level).await.map_err(|_| missing())?;
        if !level.answer.says("functional level") {
            return Err(missing());
        }
        self.pool(name).list().await
    }
}

impl From<FcpError> for Error {
    fn from(error: FcpError) -> Self {
        let text = error.to_string();
        match error {
            FcpError::NoList => Self::Config(text),
            FcpError::NoneAvailable(_) => Self::NoFcpAvailable(text),
            FcpError::OtherList { .. }
            | FcpError::Taken { .. }
            | FcpError::Unusable { .. }
            | FcpError::StillAttached { .. } => Self::FcpConflict(text),
            FcpError::AttachedElsewhere { volume, node } => Self::Busy {
                what: format!("volume {volume}"),
                by: format!("attached to {node}"),
            },
        }
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Refused(error) => error.into(),
            StateError::Locked { path, seconds } => Self::Lock {
                name: path.display().to_string(),
                seconds,
            },
            StateError::Io {
                action,
                path,
                source,
            } => Self::State {
                what: format!("cannot {action} {}", path.display()),
                source,
            },
            other => Self::State {
                what: other.to_string(),
                source: std::io::Error::other(other),
            },
        }
    }
}
