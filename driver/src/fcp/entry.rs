//! What the ledger keeps of a guest and of a device.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use crate::types::{DeviceNumber, NodeName};

/// What a guest's devices are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A connector was handed out; nothing is attached yet. The timer runs.
    Reserved,
    /// Volumes are attached.
    InUse,
    /// The last volume is gone, the devices are not yet proven to be undedicated.
    UndedicatePending,
}

/// The devices and volumes of one guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The devices, in the order of allocation, for the whole life of the guest's volumes (I13).
    pub fcp: Vec<DeviceNumber>,
    /// What they are there for.
    pub phase: Phase,
    /// When the phase began, in milliseconds since 1970.
    pub since: i64,
    /// The volumes by id; their number is the reference count (I15).
    #[serde(default)]
    pub attachments: BTreeMap<String, Attachment>,
    /// Devices that this driver has dedicated to the guest: only these does it take away again (I9).
    #[serde(default)]
    pub dedicated: BTreeSet<DeviceNumber>,
    /// Whether the records of the guest's volumes contradict each other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
}

/// A device that is not given out although no guest of the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The guest that had it.
    pub node: NodeName,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// Why.
    pub reason: String,
}
