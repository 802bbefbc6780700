//! World wide port names, and the ordered list of them that one pool row carries.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, hex_digits, serde_as_text};

/// A world wide port name: 16 hex digits, with or without `0x` on input, lower case without it on output
/// (spec: driver 1.4 G5).
///
/// ```
/// let wwpn: zvm_volume::types::Wwpn = "0x5005076801102991".parse().unwrap();
/// assert_eq!(wwpn.to_string(), "5005076801102991");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wwpn(u64);

impl FromStr for Wwpn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        hex_digits(text, 16)
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a WWPN (16 hex digits)"))
    }
}

impl fmt::Display for Wwpn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

serde_as_text!(Wwpn);

/// The WWPNs of one LUN in the order of its pool row. Two sets are equal when they hold the same ports in any order
/// (spec: driver 1.4 G6): storage controllers do not keep to one order.
#[derive(Clone, Debug, Eq)]
pub struct WwpnSet(Vec<Wwpn>);

impl WwpnSet {
    /// Makes a set of at least one WWPN; `None` when the list is empty or names a port twice.
    pub fn new(ports: Vec<Wwpn>) -> Option<Self> {
        let distinct = ports
            .iter()
            .enumerate()
            .all(|(index, port)| !ports[..index].contains(port));
        (!ports.is_empty() && distinct).then_some(Self(ports))
    }

    /// The ports in row order.
    pub fn ports(&self) -> &[Wwpn] {
        &self.0
    }

    /// The one WWPN by which xCAT's commands can find the row: they search the text `{wwpn},{lun}`, so only the last of
    /// the row's list can match (spec: driver 2.2.3).
    pub fn primary(&self) -> Wwpn {
        self.0[self.0.len() - 1]
    }

    /// Whether the LUN is reached through more than one target port.
    pub fn is_multipath(&self) -> bool {
        self.0.len() > 1
    }

    /// Whether any port is in both sets.
    pub fn intersects(&self, other: &Self) -> bool {
        self.0.iter().any(|port| other.0.contains(port))
    }

    /// The list with another separator than `;` (notices use `,`).
    pub fn joined(&self, separator: &str) -> String {
        self.0
            .iter()
            .map(Wwpn::to_string)
            .collect::<Vec<_>>()
            .join(separator)
    }
}

impl PartialEq for WwpnSet {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|port| other.0.contains(port))
    }
}

impl From<Wwpn> for WwpnSet {
    fn from(port: Wwpn) -> Self {
        Self(vec![port])
    }
}

impl FromStr for WwpnSet {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let ports = text
            .split(';')
            .map(str::parse)
            .collect::<Result<Vec<Wwpn>, _>>()?;
        Self::new(ports).ok_or_else(|| ParseError::new(text, "a list of distinct WWPNs"))
    }
}

impl fmt::Display for WwpnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined(";"))
    }
}

serde_as_text!(WwpnSet);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_compare_without_order_but_print_with_it() {
        let a: WwpnSet = "5005076801102991;5005076801102992".parse().unwrap();
        let b: WwpnSet = "5005076801102992;0x5005076801102991".parse().unwrap();
        assert_eq!(a, b);
        assert_eq!(b.to_string(), "5005076801102992;5005076801102991");
        assert_eq!(a.primary().to_string(), "5005076801102992");
    }

    #[test]
    fn d56_refuses_short_long_and_doubled_ports() {
        assert!("500507680110299".parse::<Wwpn>().is_err());
        assert!("50050768011029911".parse::<Wwpn>().is_err());
        assert!(
            "5005076801102991;5005076801102991"
                .parse::<WwpnSet>()
                .is_err()
        );
        assert!("".parse::<WwpnSet>().is_err());
        assert!("é05076801102991".parse::<Wwpn>().is_err());
    }
}
