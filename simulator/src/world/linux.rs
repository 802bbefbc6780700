//! A Linux of the site: the MN, a zHCP or a guest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeviceNumber, Lun, SimFs, SystemName, UserId, Wwpn};

/// What a Linux is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinuxRole {
    /// The xCAT management node.
    Mn,
    /// A zHCP, with `/opt/zhcp` and the pool files.
    Zhcp,
    /// An ordinary guest.
    #[default]
    Guest,
}

/// Distribution and version, as the personality of a Linux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    Rhel6,
    #[default]
    Rhel7,
    Sles11,
    Sles12,
    Ubuntu16,
    Ubuntu20,
}

/// One Linux.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linux {
    /// What it is there for.
    pub role: LinuxRole,
    /// The virtual machine it runs in.
    pub userid: UserId,
    /// The z/VM system of that virtual machine.
    pub system: SystemName,
    /// Its address.
    pub ip: String,
    /// Its personality.
    pub distribution: Distribution,
    /// Whether ssh (and ping) answers while it is up.
    pub ssh: bool,
    /// Whether its IUCV server answers while it is up.
    pub iucv: bool,
    /// Persistent files (everything that is not sysfs, procfs or udev's).
    pub fs: SimFs,
    /// The zfcp driver's state; empty while the guest is down.
    #[serde(default)]
    pub zfcp: Zfcp,
}

/// State of the zfcp driver and what hangs below it (spec: zfcp-and-san 2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Zfcp {
    /// Adapters by device number of the CCW device in the guest.
    pub adapters: BTreeMap<DeviceNumber, Adapter>,
    /// Number of the next SCSI host, SCSI device letter and so on.
    pub next_host: u32,
    /// Index of the next `sd` name.
    pub next_disk: u32,
    /// Whether device numbers are still on `cio_ignore`'s list (absent: visible).
    #[serde(default)]
    pub ignored: Vec<DeviceNumber>,
}

/// One FCP device as the guest sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Adapter {
    /// Whether it is online.
    pub online: bool,
    /// Number of its SCSI host while online.
    pub host: u32,
    /// LUNs registered by hand, or found, below each remote port.
    pub ports: BTreeMap<Wwpn, BTreeMap<Lun, Unit>>,
}

/// One LUN below an adapter and a port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Whether the LUN answered and a SCSI device exists.
    pub attached: bool,
    /// SCSI name (`sda`), when a SCSI device exists.
    pub disk: String,
    /// Why there is no SCSI device, in the spec's words.
    pub failure: String,
}
