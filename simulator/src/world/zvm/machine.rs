//! A logged-on virtual machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Coupling, DiskUnit, Processor};
use crate::world::{DeviceNumber, UserId};

/// A logged-on virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VirtualMachine {
    /// Real devices attached to it, by virtual device number.
    pub devices: BTreeMap<DeviceNumber, DeviceNumber>,
    /// Whether CP has been told to log it off and has not finished.
    #[serde(default)]
    pub logoff_pending: bool,
    /// Whether it is paused.
    #[serde(default)]
    pub paused: bool,
    /// Whether it is logged on in a disabled wait, because nothing could be loaded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub halted: bool,
    /// When it was logged on, in virtual milliseconds.
    #[serde(default)]
    pub logged_on_ms: u64,
    /// Minidisks of its own and links to those of others, by virtual device number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disks: BTreeMap<DeviceNumber, VirtualDisk>,
    /// Virtual network adapters, by base device number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adapters: BTreeMap<DeviceNumber, VirtualAdapter>,
    /// Virtual processors by address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processors: BTreeMap<u8, Processor>,
    /// Virtual storage, as in the USER statement (`2G`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub storage: String,
    /// What it was loaded from: a device number or a system name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ipl: String,
    /// What its console has said since the spool file was last taken.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub console: String,
    /// Processor time used before `cpu_since_ms`, in microseconds: what a site gives a guest that runs already.
    #[serde(default)]
    pub cpu_us: u64,
    /// From when on processor time is counted, in virtual milliseconds.
    #[serde(default)]
    pub cpu_since_ms: u64,
}

/// A minidisk as a running guest has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VirtualDisk {
    /// Device type, `3390` or `9336`.
    pub kind: String,
    /// Volume, or `(VDSK)` for a disk in storage.
    pub volume: String,
    /// Size in the unit of its type.
    pub size: u64,
    /// Unit of the size.
    pub unit: DiskUnit,
    /// Whether it may only be read.
    pub read_only: bool,
    /// Whose minidisk it is.
    pub owner: UserId,
    /// Its device number with that owner.
    pub owner_device: DeviceNumber,
}

/// A virtual network adapter of a running guest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VirtualAdapter {
    /// Whether it is a HiperSockets adapter; otherwise QDIO.
    pub hipersockets: bool,
    /// How many devices it has.
    pub devices: u16,
    /// Its MAC address, with `-`.
    pub mac: String,
    /// What it is coupled to.
    pub coupled: Option<Coupling>,
}

impl VirtualMachine {
    /// Whether a virtual device number is in use.
    pub fn has_device(&self, device: DeviceNumber) -> bool {
        self.devices.contains_key(&device)
            || self.disks.contains_key(&device)
            || self.adapter_at(device).is_some()
    }

    /// The adapter to which a device number belongs, with its base.
    pub fn adapter_at(&self, device: DeviceNumber) -> Option<(DeviceNumber, &VirtualAdapter)> {
        let (base, adapter) = self.adapters.range(..=device).next_back()?;
        (device.0 - base.0 < adapter.devices.max(1)).then_some((*base, adapter))
    }

    /// Processor time used until `now_ms`, in microseconds: one hundredth of the time it has been logged on.
    pub fn used_cpu_us(&self, now_ms: u64) -> u64 {
        self.cpu_us + now_ms.saturating_sub(self.cpu_since_ms) * 10
    }
}
