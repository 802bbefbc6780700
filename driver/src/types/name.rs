//! Names that end up in paths and shell commands on the far side, and are therefore narrow.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// A SCSI pool: `[a-z0-9_][a-z0-9_-]{0,31}`, lower-cased once here because one xCAT command does not do it itself
/// (spec: driver 1.4 G2, D23).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolName(String);

impl PoolName {
    /// The name, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PoolName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let name = text.to_ascii_lowercase();
        let inner = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        };
        let fits =
            (1..=32).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(inner);
        fits.then_some(Self(name)).ok_or_else(|| {
            ParseError::new(text, "a pool name (letters, digits, _ and -, at most 32)")
        })
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(PoolName);

/// An xCAT node: a guest, a z/VM system, the zHCP or the MN. Case is kept, as xCAT's tables do (spec: driver 1.4 G3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a guest's or a z/VM system's name: at most 8 characters, without a domain.
    pub fn guest(text: &str) -> Result<Self, ParseError> {
        let fits = text.len() <= 8 && !text.contains('.');
        fits.then(|| text.parse().ok()).flatten().ok_or_else(|| {
            ParseError::new(text, "a node name of at most 8 letters, digits, _ and -")
        })
    }
}

impl FromStr for NodeName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let first = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let fits = first && text.len() <= 64 && text.bytes().all(inner);
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| ParseError::new(text, "a node name"))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(NodeName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d23_pools_are_lower_cased_once() {
        assert_eq!("ScsiPol1".parse::<PoolName>().unwrap().as_str(), "scsipol1");
    }

    #[test]
    fn d54_nothing_a_shell_would_read_is_a_name() {
        for bad in ["", "a/b", "a b", "-x", "a;b", "a$b", "../x"] {
            assert!(bad.parse::<PoolName>().is_err(), "{bad}");
            assert!(NodeName::guest(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lim_02_eight_characters_and_no_more() {
        assert!(NodeName::guest("opnstk10").is_ok());
        assert!(NodeName::guest("opnstk100").is_err());
    }
}
