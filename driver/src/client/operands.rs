//! Operands of calls, and the classes of calls that share a time-out.

use std::fmt;

use crate::types::DeviceNumber;

/// The FCP devices of an operand: a list, or the MN's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The MN chooses (only for `used`), or no channel at all (for `reserved`).
    Auto,
    /// These, in path order.
    Devices(Vec<DeviceNumber>),
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Devices(devices) => {
                let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
                f.write_str(&devices.join(";"))
            }
        }
    }
}

/// What a row is reserved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveAs {
    /// Given to a guest.
    Used,
    /// Held.
    Reserved,
}

/// State of FCP devices that a listing asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FcpQuery {
    /// In use.
    Active,
    /// Nobody's.
    Free,
    /// Not usable now.
    Offline,
}

/// Power words that change a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Start.
    On,
    /// Stop at once.
    Off,
    /// Shut down.
    SoftOff,
    /// Start anew.
    Reset,
}

impl PowerAction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::SoftOff => "softoff",
            Self::Reset => "reset",
        }
    }
}

/// Time-limit class (spec: driver 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallClass {
    /// Reads.
    Query,
    /// Changes of a pool row.
    Row,
    /// Changes of a guest.
    Guest,
    /// Copies and images of so many GiB.
    Image(u64),
}
