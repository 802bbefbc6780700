//! What the two sides of a run say to each other: the settings at the start, an order for each stretch, a report after it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zvm_volume::types::Lifecycle;

/// Everything that a worker has to know; one line of JSON on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Number of the worker.
    pub number: usize,
    /// Base address of the management node.
    pub url: String,
    /// Lines of its back end's section.
    pub backend: String,
    /// Who writes the pool rows.
    pub lifecycle: Lifecycle,
    /// Guests that it works with, and their operating systems.
    pub guests: Vec<(String, String)>,
    /// LUNs of a controller, one for each task; for [`Lifecycle::AttachOwned`].
    pub luns: Vec<String>,
    /// Target ports of those LUNs.
    pub ports: Vec<String>,
    /// Tasks.
    pub tasks: usize,
    /// Seed of the choices.
    pub seed: u64,
    /// Folder of the claims.
    pub claims: PathBuf,
    /// Whether the journal waits for the disk.
    pub durable: bool,
}

/// What a worker is to do next; it reports when it has done it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Work, then give everything back.
    Work {
        /// Calls after which the tasks come to rest.
        calls: u64,
        /// Seconds after which they do.
        seconds: u64,
    },
    /// Look at journal and ledger, when all processes are at rest.
    Check,
}

/// What a worker did since its start, said at rest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Calls to the management node.
    pub calls: u64,
    /// Volumes made.
    pub created: u64,
    /// Attachments made.
    pub attached: u64,
    /// Attaches repeated while the volume was attached.
    pub repeated: u64,
    /// Refusals that a busy site may give, by their kind.
    pub refused: std::collections::BTreeMap<String, u64>,
    /// What is wrong: nothing, in a good run.
    pub wrong: Vec<String>,
}
