//! Device ids of chzdev: FCP devices and zFCP LUNs, with the messages for what is wrong with one.

use std::fmt;

use crate::hosts::guest::tool::device_number;
use crate::world::zfcp::names::bus_id;
use crate::world::{DeviceNumber, Lun, Wwpn};

/// Exit statuses of chzdev and lszdev (spec: zfcp-and-san 4.6).
pub mod exit {
    pub const USAGE: i32 = 1;
    pub const UNKNOWN_TYPE: i32 = 2;
    pub const DEVICE_NOT_FOUND: i32 = 3;
    pub const EMPTY_SELECTION: i32 = 8;
    pub const INVALID_CONFIG: i32 = 9;
    pub const INVALID_ID: i32 = 10;
    pub const RUN_TIME: i32 = 15;
    pub const ABORTED: i32 = 16;
    pub const SETTING_FAILED: i32 = 17;
    pub const LOAD_FAILED: i32 = 21;
    pub const FCP_NOT_FOUND: i32 = 23;
    pub const INVALID_WWPN: i32 = 24;
    pub const WWPN_NOT_FOUND: i32 = 25;
    pub const INVALID_LUN: i32 = 26;
    pub const SCSI_NOT_FOUND: i32 = 27;
}

/// A device that chzdev configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceId {
    /// Type `zfcp-host`.
    Host(DeviceNumber),
    /// Type `zfcp-lun`.
    Lun(DeviceNumber, Wwpn, Lun),
}

impl DeviceId {
    /// How messages name its type.
    pub fn shown_type(self) -> &'static str {
        match self {
            Self::Host(_) => "FCP device",
            Self::Lun(..) => "zFCP LUN",
        }
    }

    /// Name of its type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Host(_) => "zfcp-host",
            Self::Lun(..) => "zfcp-lun",
        }
    }

    /// The FCP device it is or belongs to.
    pub fn fcp(self) -> DeviceNumber {
        match self {
            Self::Host(device) | Self::Lun(device, ..) => device,
        }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(device) => f.write_str(&bus_id(*device)),
            Self::Lun(device, wwpn, lun) => write!(f, "{}:0x{wwpn}:0x{lun}", bus_id(*device)),
        }
    }
}

/// A message about an id with the exit status that goes with it.
pub type IdError = (String, i32);

/// Reads an id of a FCP device.
pub fn host(text: &str) -> Result<DeviceNumber, IdError> {
    device_number(text).ok_or_else(|| {
        (
            format!("Error in CCW device ID format: Invalid format: {text}"),
            exit::INVALID_ID,
        )
    })
}

/// Reads an id of a zFCP LUN: `{device}:{WWPN}:{LUN}`; `0x` may be left out.
pub fn lun(text: &str) -> Result<DeviceId, IdError> {
    let wrong = |what: &str, part: &str, rc: i32| {
        Err((format!("Error in zFCP LUN ID format: {what}: {part}"), rc))
    };
    let Some((device, rest)) = text.split_once(':') else {
        return wrong("Missing colon (':')", text, exit::INVALID_ID);
    };
    let Some((wwpn, lun)) = rest.split_once(':') else {
        return wrong("Missing second colon (':')", text, exit::INVALID_ID);
    };
    if lun.contains('-') {
        return Err((
            format!("Ranges not supported on zFCP LUN device ID: {text}"),
            exit::INVALID_ID,
        ));
    }
    let device = host(device)?;
    let number = |part: &str| {
        let digits = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
        let digits = digits.unwrap_or(part);
        if digits.len() != 16 {
            return Err("not in 16 digit format");
        }
        u64::from_str_radix(digits, 16).map_err(|_| "not a valid hex number")
    };
    match (number(wwpn), number(lun)) {
        (Err(what), _) => wrong(&format!("WWPN {what}"), wwpn, exit::INVALID_WWPN),
        (_, Err(what)) => wrong(&format!("LUN {what}"), lun, exit::INVALID_LUN),
        (Ok(wwpn), Ok(lun)) => Ok(DeviceId::Lun(device, Wwpn(wwpn), Lun(lun))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec: zfcp-and-san 4.6, id errors.
    #[test]
    fn ids_are_checked_part_by_part() {
        let good = lun("B805:5005076801102991:0x0004000000000000").unwrap();
        assert_eq!(
            good.to_string(),
            "0.0.b805:0x5005076801102991:0x0004000000000000"
        );
        for (text, message, rc) in [
            ("b805", "Missing colon (':'): b805", 10),
            ("b805:1", "Missing second colon (':'): b805:1", 10),
            ("b805:1:2", "WWPN not in 16 digit format: 1", 24),
            (
                "b805:5005076801102991:2",
                "LUN not in 16 digit format: 2",
                26,
            ),
            (
                "b805:500507680110299x:0004000000000000",
                "WWPN not a valid hex number: 500507680110299x",
                24,
            ),
        ] {
            let (found, status) = lun(text).unwrap_err();
            assert_eq!(found, format!("Error in zFCP LUN ID format: {message}"));
            assert_eq!(status, rc);
        }
    }
}
