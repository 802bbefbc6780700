//! A z/VM system: user directory, CP's view of running guests and devices, disk pools, virtual networks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeviceNumber, UserId, Wwpn};

/// One z/VM system (LPAR).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZvmSystem {
    /// The three lines of `q cplevel`.
    pub cp_level: Vec<String>,
    /// User directory: entry text by userid.
    pub directory: BTreeMap<UserId, DirectoryEntry>,
    /// Profiles of the directory: text by name.
    pub profiles: BTreeMap<UserId, Vec<String>>,
    /// Virtual machines that are logged on.
    pub running: BTreeMap<UserId, VirtualMachine>,
    /// FCP devices of the I/O configuration.
    pub fcp: BTreeMap<DeviceNumber, FcpDevice>,
    /// Disk pools: extents by pool name.
    pub disk_pools: BTreeMap<String, DiskPool>,
    /// Virtual switches by name, each with the userids that are granted access.
    pub vswitches: BTreeMap<String, Vec<UserId>>,
    /// Reader files by userid.
    pub readers: BTreeMap<UserId, Vec<SpoolFile>>,
    /// Last spool file id given.
    pub last_spool_id: u16,
}

/// One user's directory entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// Statements in order, without the trailing `*DVHOPT` line.
    pub statements: Vec<String>,
    /// Userid that holds a lock, if any.
    #[serde(default)]
    pub locked_by: Option<UserId>,
}

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
    /// When it was logged on, in virtual milliseconds.
    #[serde(default)]
    pub logged_on_ms: u64,
}

/// A real FCP device (spec: zfcp-and-san 2.1, zhcp-and-smapi 5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FcpDevice {
    /// Channel path, two hex digits.
    pub chpid: String,
    /// NPIV WWPN, if NPIV is on for the channel path.
    #[serde(default)]
    pub npiv_wwpn: Option<Wwpn>,
    /// WWPN of the physical port.
    pub physical_wwpn: Wwpn,
    /// Whether CP has it online.
    pub online: bool,
    /// Userid to which CP has it attached, also one that is not modelled otherwise.
    #[serde(default)]
    pub attached_to: Option<UserId>,
}

/// A pool of the directory manager.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskPool {
    /// Free extents, each a line of the directory manager's answer.
    pub free: Vec<String>,
    /// Used extents.
    pub used: Vec<String>,
}

/// A file in a virtual reader.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpoolFile {
    /// Spool id.
    pub id: u16,
    /// Spool class.
    pub class: char,
    /// File name.
    pub name: String,
    /// Content.
    pub text: String,
}
