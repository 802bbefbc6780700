//! What can go wrong between guests and their FCP devices.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::device::Chpid;
use crate::types::{DeviceNumber, NodeName};

/// No FCP devices can be given to a guest, with the figures that say why (D12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFcpAvailable {
    /// How many devices on different channel paths were wanted.
    pub wanted: usize,
    /// Free devices by channel path.
    pub free: BTreeMap<Chpid, usize>,
    /// Devices of the list that guests have, or that are reserved for one.
    pub taken: usize,
    /// Devices of the list that the z/VM system does not report, or reports as not usable.
    pub missing: Vec<DeviceNumber>,
}

impl fmt::Display for NoFcpAvailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wanted {
            1 => f.write_str("no FCP device is free")?,
            wanted => write!(
                f,
                "no {wanted} FCP devices on different channel paths are free"
            )?,
        }
        if self.free.is_empty() {
            f.write_str(" (free: none")?;
        } else {
            f.write_str(" (free:")?;
            for (chpid, count) in &self.free {
                write!(f, " {count} on CHPID {chpid}")?;
            }
        }
        write!(f, "; in use or reserved: {}", self.taken)?;
        if !self.missing.is_empty() {
            let missing: Vec<String> = self.missing.iter().map(ToString::to_string).collect();
            write!(f, "; configured but not usable: {}", missing.join(";"))?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for NoFcpAvailable {}

/// Why the ledger refuses a change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FcpError {
    /// `zvm_fcp_list` is empty.
    #[error("at least one FCP list should be given (zvm_fcp_list is empty)")]
    NoList,
    /// Nothing to give.
    #[error(transparent)]
    NoneAvailable(#[from] NoFcpAvailable),
    /// The guest's volumes already use other devices (I13).
    #[error("{node} has the FCP devices {has}, the request names {wants}")]
    OtherList {
        /// The guest.
        node: NodeName,
        /// Its list.
        has: String,
        /// The list of the request.
        wants: String,
    },
    /// A device belongs to another guest (I12).
    #[error("FCP device {device} belongs to {owner}")]
    Taken {
        /// The device.
        device: DeviceNumber,
        /// Who has it.
        owner: String,
    },
    /// A device without a WWPN cannot be zoned (D13).
    #[error("FCP device {device} {reason}")]
    Unusable {
        /// The device.
        device: DeviceNumber,
        /// Why not.
        reason: &'static str,
    },
    /// The guest still has volumes.
    #[error("{node} still has {count} volumes attached")]
    StillAttached {
        /// The guest.
        node: NodeName,
        /// How many.
        count: usize,
    },
    /// A volume is recorded for another guest.
    #[error("volume {volume} is attached to {node}")]
    AttachedElsewhere {
        /// The volume.
        volume: String,
        /// The guest that has it.
        node: NodeName,
    },
}

/// Why the state file cannot be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// The file, its lock or its folder.
    #[error("failed to {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The text is not a state file.
    #[error("{path} is not a state file of this driver")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A newer driver wrote the file.
    #[error("{path} has schema {found}; this driver reads up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest that this driver knows.
        known: u32,
    },
    /// Another process keeps the lock.
    #[error("the lock of {path} was not free within {seconds} s")]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// The ledger refused the change.
    #[error(transparent)]
    Refused(#[from] FcpError),
}
