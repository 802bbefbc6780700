//! FCP device numbers and the configured lists of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// A device number: up to four hex digits on input, four lower-case ones on output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber(u16);

impl DeviceNumber {
    /// The bus-ID by which Linux knows the device, `0.0.1faa`.
    pub fn bus_id(self) -> String {
        format!("0.0.{self}")
    }
}

impl FromStr for DeviceNumber {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let fits =
            (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| u16::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a device number (1 to 4 hex digits)"))
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

serde_as_text!(DeviceNumber);

/// A set of FCP devices as the configuration writes it: `1f0e;2f02-2f1f;3f00` (spec: driver 1.4 G1).
///
/// ```
/// let list: zvm_volume::types::FcpList = "1f0e;2f02-2f04".parse().unwrap();
/// assert_eq!(list.to_string(), "1f0e;2f02;2f03;2f04");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FcpList(BTreeSet<DeviceNumber>);

impl FcpList {
    /// The devices, ascending.
    pub fn devices(&self) -> impl Iterator<Item = DeviceNumber> + '_ {
        self.0.iter().copied()
    }

    /// Whether the list names the device.
    pub fn contains(&self, device: DeviceNumber) -> bool {
        self.0.contains(&device)
    }

    /// Whether the list is empty, as an unset key is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for FcpList {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: &str = "an FCP list such as 1f0e;2f02-2f1f;3f00";
        let mut devices = BTreeSet::new();
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        for item in text.trim().split(';') {
            let error = || ParseError::new(item, EXPECTED);
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let first: DeviceNumber = first.parse().map_err(|_| error())?;
            let last: DeviceNumber = last.parse().map_err(|_| error())?;
            if first > last {
                return Err(ParseError::new(
                    item,
                    "a range from the lower to the higher device number",
                ));
            }
            devices.extend((first.0..=last.0).map(DeviceNumber));
        }
        Ok(Self(devices))
    }
}

impl fmt::Display for FcpList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, device) in self.0.iter().enumerate() {
            write!(f, "{}{device}", if index == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

serde_as_text!(FcpList);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lim_10_grammar_of_fcp_lists() {
        for good in ["1f0e;2f02-2f1f;3f00", "0-f", ""] {
            assert!(good.parse::<FcpList>().is_ok(), "{good}");
        }
        for bad in ["3-1", ";", "12345", "1f0e;", "1f0e,2f02", "x", "1-2-3"] {
            assert!(bad.parse::<FcpList>().is_err(), "{bad}");
        }
    }

    #[test]
    fn whole_address_range_neither_overflows_nor_loops() {
        assert_eq!(
            "0-ffff".parse::<FcpList>().unwrap().devices().count(),
            0x1_0000
        );
    }
}
