//! The 64-bit FCP LUN.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, hex_digits, serde_as_text};

/// A FCP LUN: 16 hex digits, with or without `0x` on input, lower case without it on output (spec: driver 1.4 G5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lun(u64);

impl Lun {
    /// The LUN that Nova's connection data means by an integer: the first four hex digits, twelve zeros after them
    /// (spec: driver 2.8.6). `None` above 0xffff, which that convention cannot express (D21).
    pub fn from_target_lun(target_lun: u64) -> Option<Self> {
        (target_lun <= 0xffff).then_some(Self(target_lun << 48))
    }

    /// The integer of Nova's convention: the first four hex digits.
    pub fn target_lun(self) -> u64 {
        self.0 >> 48
    }

    /// Whether [`Self::target_lun`] says everything about this LUN.
    pub fn fits_target_lun(self) -> bool {
        self.0.trailing_zeros() >= 48
    }
}

impl FromStr for Lun {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        hex_digits(text, 16)
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a LUN (16 hex digits)"))
    }
}

impl fmt::Display for Lun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

serde_as_text!(Lun);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_lun_is_the_first_four_digits() {
        assert_eq!(
            Lun::from_target_lun(33).unwrap().to_string(),
            "0021000000000000"
        );
        assert_eq!("0021000000000000".parse::<Lun>().unwrap().target_lun(), 33);
    }

    #[test]
    fn d21_integers_above_four_digits_are_refused() {
        assert_eq!(Lun::from_target_lun(0x1_0000), None);
        assert!(!"4010402000000000".parse::<Lun>().unwrap().fits_target_lun());
    }
}
