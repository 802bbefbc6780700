//! Events that the kernel sends to udev.

use crate::world::{DeviceNumber, Lun, Wwpn};

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It appeared, or someone asked to announce it again.
    Add,
    /// Something about it changed.
    Change,
    /// It is gone.
    Remove,
}

impl Action {
    /// The word of udev's rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
        }
    }
}

/// The device of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A CCW device of FCP type.
    Ccw(DeviceNumber),
    /// The zfcp driver itself.
    Driver,
    /// A remote port.
    Rport(DeviceNumber, Wwpn),
    /// A SCSI device.
    Scsi(DeviceNumber, Wwpn, Lun),
    /// The block device of a SCSI device, by name.
    Disk(DeviceNumber, Wwpn, Lun, String),
    /// A device-mapper device, by WWID and number.
    Map(String, u32),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uevent {
    /// What happened.
    pub action: Action,
    /// To what.
    pub subject: Subject,
}

impl Uevent {
    /// An event.
    pub fn new(action: Action, subject: Subject) -> Self {
        Self { action, subject }
    }
}
