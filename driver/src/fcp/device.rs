//! A FCP device as the z/VM system reports it.

use std::fmt;
use std::str::FromStr;

use crate::types::{DeviceNumber, ParseError, Wwpn, serde_as_text};

/// A channel path ID: two hex digits, upper case on output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chpid(u8);

impl FromStr for Chpid {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| u8::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a CHPID (2 hex digits)"))
    }
}

impl fmt::Display for Chpid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

serde_as_text!(Chpid);

/// What z/VM says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FcpStatus {
    /// Nobody has it.
    Free,
    /// A guest has it.
    Active,
    /// It is not usable at all.
    Offline,
}

/// A FCP device of the z/VM system.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FcpDevice {
    /// Its number.
    pub number: DeviceNumber,
    /// Who has it, as far as z/VM says.
    pub status: FcpStatus,
    /// The WWPN of its own, when the channel has NPIV.
    pub npiv: Option<Wwpn>,
    /// The WWPN of the channel.
    pub physical: Option<Wwpn>,
    /// The channel path.
    pub chpid: Option<Chpid>,
    /// The userid that has it, on systems that tell.
    pub owner: Option<String>,
}

impl FcpDevice {
    /// The WWPN under which the storage controller sees the device: its own if there is NPIV, else the channel's
    /// (spec: driver 2.8.4).
    pub fn wwpn(&self) -> Option<Wwpn> {
        self.npiv.or(self.physical)
    }

    /// Why the device cannot be given to a guest; `None` when it can.
    pub fn unusable(&self) -> Option<&'static str> {
        match (self.chpid, self.wwpn()) {
            (None, _) => Some("has no channel path ID"),
            (_, None) => Some("has no world wide port name"),
            _ => None,
        }
    }
}
