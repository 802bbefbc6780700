//! Making a driver.

use std::sync::{Arc, Mutex};

use super::driver::{Shared, ZvmDriver};
use crate::client::Client;
use crate::config::Backend;
use crate::error::Result;
use crate::images::{FileMover, ThisMachine};
use crate::steps::{Engine, Journal, Known, Locks, Records};

/// Makes a driver out of more than a configuration.
pub struct DriverBuilder<'a> {
    backend: &'a Backend,
    client: Option<Client>,
    mover: Option<Arc<dyn FileMover>>,
    records: Arc<dyn Records>,
    journal: Option<Journal>,
    durable: bool,
}

impl std::fmt::Debug for DriverBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DriverBuilder").finish_non_exhaustive()
    }
}

impl<'a> DriverBuilder<'a> {
    /// As configured.
    pub(super) fn new(backend: &'a Backend) -> Self {
        Self {
            backend,
            client: None,
            mover: None,
            records: Arc::new(Known::Unknown),
            journal: None,
            durable: true,
        }
    }

    /// A client of the caller's: another transport, clock, or with observers.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Another way for bundles than the driver's own machine.
    #[must_use]
    pub fn mover(mut self, mover: Arc<dyn FileMover>) -> Self {
        self.mover = Some(mover);
        self
    }

    /// Cinder's records, which decide what becomes of an interrupted create. Without them its rows are kept for an hour.
    #[must_use]
    pub fn records(mut self, records: Arc<dyn Records>) -> Self {
        self.records = records;
        self
    }

    /// Another journal than that of the state folder, or one that is watched.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Does not wait for the disk when it writes the journal: for simulations.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        self.durable = false;
        self
    }

    /// Makes the driver; opens journal and locks below the state folder. Nothing is sent.
    pub fn build(self) -> Result<ZvmDriver> {
        let backend = self.backend.clone();
        let client = match self.client {
            Some(client) => client,
            None => Client::new(&backend)?,
        };
        let mut journal = match self.journal {
            Some(journal) => journal,
            None => Journal::open(&backend.state_dir.join("journal"))?,
        };
        if !self.durable {
            journal = journal.not_durable();
        }
        let locks = Locks::open(&backend.state_dir.join("locks"), backend.lock_timeout)?;
        let mover = self.mover.unwrap_or_else(|| {
            Arc::new(ThisMachine {
                remote: backend.copying.remote.clone(),
            })
        });
        Ok(ZvmDriver {
            shared: Arc::new(Shared {
                engine: Engine::with_clock(journal, Arc::clone(client.clock()))
                    .rehearsing(client.rehearsal().cloned()),
                locks,
                mover,
                records: self.records,
                version: Mutex::new(None),
                ready: Mutex::new(None),
                stats: Mutex::default(),
                backend,
            }),
            client,
        })
    }
}
