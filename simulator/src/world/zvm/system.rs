//! The z/VM system itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    DasdVolume, DirMaint, DirectoryEntry, DiskPool, Extent, FcpDevice, Hardware, Lan, OsaDevice,
    Registry, ScsiDisk, SmapiServer, SpoolFile, Ssi, VirtualMachine, Vswitch,
};
use crate::world::{DeviceNumber, UserId};

/// One z/VM system (LPAR).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZvmSystem {
    /// The three lines of `q cplevel`.
    pub cp_level: Vec<String>,
    /// User directory: entry by userid.
    pub directory: BTreeMap<UserId, DirectoryEntry>,
    /// Profiles of the directory: text by name.
    pub profiles: BTreeMap<UserId, Vec<String>>,
    /// Userids that hold locks on profiles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile_locks: BTreeMap<UserId, UserId>,
    /// Prototypes of the directory manager: text by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prototypes: BTreeMap<UserId, Vec<String>>,
    /// Virtual machines that are logged on.
    pub running: BTreeMap<UserId, VirtualMachine>,
    /// Guests that are shutting down, by the time at which they are logged off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub due_logoffs: BTreeMap<u64, Vec<UserId>>,
    /// Userids to which CP and the directory give the FCP device after the one that was asked for
    /// (spec: zfcp-and-san 8.1 F10).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shifted: BTreeSet<UserId>,
    /// FCP devices of the I/O configuration.
    pub fcp: BTreeMap<DeviceNumber, FcpDevice>,
    /// DASD volumes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<DeviceNumber, DasdVolume>,
    /// Labels of the user volume list of SYSTEM CONFIG.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub user_volumes: BTreeSet<String>,
    /// Emulated SCSI disks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scsi_disks: BTreeMap<DeviceNumber, ScsiDisk>,
    /// OSA devices of the I/O configuration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub osa: BTreeMap<DeviceNumber, OsaDevice>,
    /// Disk pools: extents by pool name.
    pub disk_pools: BTreeMap<String, DiskPool>,
    /// Regions of the directory manager by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<String, Extent>,
    /// Virtual switches by name.
    pub vswitches: BTreeMap<String, Vswitch>,
    /// Guest LANs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lans: Vec<Lan>,
    /// Reader files by userid.
    pub readers: BTreeMap<UserId, Vec<SpoolFile>>,
    /// Last spool file id given.
    pub last_spool_id: u16,
    /// The machine beneath.
    #[serde(default)]
    pub hardware: Hardware,
    /// The SMAPI servers.
    #[serde(default)]
    pub smapi: SmapiServer,
    /// The directory manager.
    #[serde(default)]
    pub dirmaint: DirMaint,
    /// What SMAPI keeps for its clients.
    #[serde(default)]
    pub registry: Registry,
    /// The cluster, when the system is a member of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssi: Option<Ssi>,
}
