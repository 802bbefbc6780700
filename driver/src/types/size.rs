//! Sizes of LUNs as pool rows and commands write them.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// A size in MiB; a pool row writes `8g`, `20G` or `2048M` (spec: driver 1.4 G4; 1 G = 1024 M).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    mib: u64,
}

impl Size {
    /// A size of so many MiB.
    pub fn from_mib(mib: u64) -> Self {
        Self { mib }
    }

    /// A size of so many GiB; saturates instead of overflowing.
    pub fn from_gib(gib: u64) -> Self {
        Self {
            mib: gib.saturating_mul(1024),
        }
    }

    /// The size in MiB.
    pub fn mib(self) -> u64 {
        self.mib
    }

    /// The size in GiB, rounded down.
    pub fn gib_floor(self) -> u64 {
        self.mib / 1024
    }

    /// The size in GiB, rounded up.
    pub fn gib_ceil(self) -> u64 {
        self.mib.div_ceil(1024)
    }
}

impl FromStr for Size {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError::new(text, "a size such as 10G or 2048M");
        let text = text.trim();
        let number = text.strip_suffix(['g', 'G', 'm', 'M']).ok_or_else(error)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error());
        }
        let number: u64 = number.parse().map_err(|_| error())?;
        let unit = if text.ends_with(['g', 'G']) { 1024 } else { 1 };
        number
            .checked_mul(unit)
            .map(Self::from_mib)
            .ok_or_else(error)
    }
}

impl fmt::Display for Size {
    /// Whole GiB as `10G`, anything else as `2500M`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mib.is_multiple_of(1024) {
            write!(f, "{}G", self.mib / 1024)
        } else {
            write!(f, "{}M", self.mib)
        }
    }
}

serde_as_text!(Size);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_either_unit_in_either_case() {
        assert_eq!("8g".parse::<Size>().unwrap().mib(), 8192);
        assert_eq!("2500M".parse::<Size>().unwrap().to_string(), "2500M");
        assert_eq!("2048m".parse::<Size>().unwrap().to_string(), "2G");
    }

    #[test]
    fn d59_a_bare_letter_is_no_size() {
        for bad in [
            "M",
            "G",
            "",
            "10",
            "+1G",
            "1.5G",
            "10 G",
            "99999999999999999999G",
            "18446744073709551615G",
        ] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
