//! What the zfcp driver of one Linux knows (spec: zfcp-and-san 2). Plain data; the driver's actions are in the
//! neighbouring files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::Uevent;
use crate::world::{DeviceNumber, Lun, Wwpn};

/// Most lines that the kernel's log keeps.
pub const LOG_LINES: usize = 256;

/// State of the common I/O layer, the zfcp driver and what hangs below it. Lost at IPL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zfcp {
    /// `cio_ignore`'s list: ranges of device numbers, both ends included, ascending and not adjacent.
    pub ignored: Vec<(DeviceNumber, DeviceNumber)>,
    /// CCW devices of FCP type that were recognised and not yet unregistered.
    pub recognised: BTreeSet<DeviceNumber>,
    /// Adapters by device number in the guest; one exists from its first `online` on.
    pub adapters: BTreeMap<DeviceNumber, Adapter>,
    /// Number of the next SCSI host.
    pub next_host: u32,
    /// Attached devices that are not recognised yet, with the time at which they were first seen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub noticed: BTreeMap<DeviceNumber, u64>,
    /// Whether `allow_lun_scan` was switched off.
    pub no_lun_scan: bool,
    /// udev's extra symbolic links (below `/dev/`) by kernel name of the block device.
    pub symlinks: BTreeMap<String, BTreeSet<String>>,
    /// Multipath maps by WWID.
    pub maps: BTreeMap<String, MultipathMap>,
    /// WWIDs whose map was removed by hand: it is made again when a path appears or someone asks for it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub flushed: BTreeSet<String>,
    /// The kernel's log: times in virtual milliseconds and texts, the newest last, at most [`LOG_LINES`].
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub log: VecDeque<(u64, String)>,
    /// Devices that CP has detached and the kernel has not noticed yet, with the time of the detach.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vanishing: BTreeMap<DeviceNumber, u64>,
    /// What udev's `collect` has seen: ids by checkpoint.
    pub collected: BTreeMap<String, BTreeSet<String>>,
    /// Faults of this guest.
    pub faults: GuestFaults,
    /// Events that udev has not processed; empty between commands.
    #[serde(skip)]
    pub pending: VecDeque<Uevent>,
    /// Whether udev is at work; never between commands.
    #[serde(skip)]
    pub udev_busy: bool,
}

/// Faults of one guest that a test sets (spec: zfcp-and-san 8.1).
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestFaults {
    /// F6: devices whose control unit does not answer.
    pub boxed: BTreeSet<DeviceNumber>,
    /// F14: how many more writes to `online` of a device get EAGAIN.
    pub busy: BTreeMap<DeviceNumber, u32>,
    /// F13: the zfcp module cannot be loaded.
    pub no_zfcp: bool,
    /// F51: udev does not process events of disks.
    pub udev_stalled: bool,
    /// F51: udev makes the links of a disk this much later, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub udev_delay_ms: u64,
    /// F58: multipathd does not run.
    pub no_multipathd: bool,
    /// F69: there is no generic SCSI driver.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_sg: bool,
    /// F8: a device that CP attaches is recognised this much later, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub late_ms: u64,
    /// F9: that CP has detached a device is noticed this much later, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub vanish_late_ms: u64,
    /// F52: which form of by-path links the udev rules make.
    #[serde(skip_serializing_if = "LinkForm::is_both")]
    pub link_form: LinkForm,
    /// F55: names of disks are given in another order at the next start.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub names_shuffled: bool,
    /// F56: attributes of a new SCSI device cannot be read for this long, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub half_registered_ms: u64,
    /// F57: `lszfcp -P` does not see a port for this long after it was opened, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub rport_late_ms: u64,
    /// F59: multipathd takes this long from a path to its map, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub map_late_ms: u64,
    /// F60: WWIDs that get no map.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub blacklisted: BTreeSet<String>,
    /// F61: WWIDs whose maps a process holds open.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub open_maps: BTreeSet<String>,
    /// F62: a map that was flushed comes back at once, and one without paths stays.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub maps_return: bool,
    /// F65: the file system of `/etc` is full.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub etc_full: bool,
}

/// Which by-path links udev's rules make (spec: zfcp-and-san 2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkForm {
    /// Those of the distribution.
    #[default]
    Both,
    /// Only `ccw-…-fc-…-lun-…`.
    Fc,
    /// Only `ccw-…-zfcp-…`.
    Zfcp,
}

impl LinkForm {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

/// One FCP device as the guest sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adapter {
    /// Whether `online` reads 1.
    pub online: bool,
    /// Number of its SCSI host.
    pub host: u32,
    /// Whether queues, link and login are good.
    pub link: LinkState,
    /// Remote ports by WWPN.
    pub ports: BTreeMap<Wwpn, Port>,
    /// SCSI target ids given, by WWPN; kept as long as the host exists.
    pub targets: BTreeMap<Wwpn, u32>,
    /// Number of the next rport.
    pub next_rport: u32,
    /// When the fabric was last asked for ports, in virtual milliseconds.
    pub scanned_ms: u64,
    /// Whether the name server did not answer the last scan. That it answers again is notified to nobody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unscanned: bool,
    /// Ports that the last scan would have found, had the name server answered: only when there are others has a state
    /// change been notified.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub missed: BTreeSet<Wwpn>,
}

/// How an adapter stands to the fabric (spec: zfcp-and-san 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Offline by command.
    #[default]
    Shut,
    /// Logged in.
    Open,
    /// No usable link; recovers by itself.
    LinkDown,
    /// Out of use because of excessive bit errors, until it is set offline and online.
    Disused,
    /// Recovery gave up, for instance because the login was refused.
    Failed,
    /// The device vanished under the driver.
    Gone,
}

/// One remote port: the zfcp port and its rport.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// The rport's number, once it was opened as a target.
    pub rport: Option<u32>,
    /// State of the rport.
    pub state: PortState,
    /// Since when it is blocked, in virtual milliseconds.
    pub blocked_ms: u64,
    /// Since when the rport is registered, in virtual milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub registered_ms: u64,
    /// Whether recovery gave up (`failed` reads 1).
    pub failed: bool,
    /// LUNs configured by `unit_add`.
    pub units: BTreeSet<Lun>,
    /// LUNs with a SCSI device.
    pub devices: BTreeMap<Lun, ScsiDevice>,
}

/// State of an rport (spec: zfcp-and-san 2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// Usable.
    Online,
    /// Lost a moment ago.
    #[default]
    Blocked,
    /// Lost for longer than `dev_loss_tmo`: no SCSI devices.
    NotPresent,
}

/// A SCSI disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScsiDevice {
    /// Block device name (`sda`).
    pub disk: String,
    /// Number of the generic device.
    pub sg: u32,
    /// Name of the volume that answered the scan.
    pub volume: String,
    /// WWID read at the scan.
    pub wwid: String,
    /// Size read at the scan, in bytes.
    pub bytes: u64,
    /// Whether someone or error handling set it offline.
    pub offline: bool,
    /// When it appeared, in virtual milliseconds.
    pub since_ms: u64,
}

/// A multipath map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultipathMap {
    /// Number of its `dm-N`.
    pub dm: u32,
    /// Whether queueing without paths was switched off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_queue: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Zfcp {
    /// Adds a line to the kernel's log.
    pub fn note(&mut self, now_ms: u64, text: impl Into<String>) {
        if self.log.len() >= LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back((now_ms, text.into()));
    }
}
