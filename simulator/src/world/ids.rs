//! Typed identifiers of the field. Parsed once at the site file's door; where the real system keeps raw text (a pool
//! row), the world keeps raw text too and these types are not used.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $fold:expr) => {
        $(#[$doc])*
        ///
        /// Copies share the text.
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text, folded to the case in which this identifier is kept.
            pub fn new(text: &str) -> Self {
                let fold: fn(&str) -> String = $fold;
                Self(fold(text.trim()).into())
            }

            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::new(&String::deserialize(deserializer)?))
            }
        }
    };
}

text_id!(
    /// A z/VM userid, kept in upper case.
    UserId, str::to_ascii_uppercase
);
text_id!(
    /// Name of a z/VM system (LPAR), kept in upper case.
    SystemName, str::to_ascii_uppercase
);
text_id!(
    /// Short host name of a Linux, kept in lower case.
    HostName, str::to_ascii_lowercase
);

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $int:ty, $digits:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl $name {
            /// Parses hex digits with or without a leading `0x`; says what was wrong otherwise.
            pub fn parse(text: &str) -> Result<Self, String> {
                let digits = text.trim();
                let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
                if digits.is_empty() || digits.len() > $digits || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(format!("'{text}' is not {}: expected up to {} hex digits", $what, $digits));
                }
                <$int>::from_str_radix(digits, 16).map(Self).map_err(|e| e.to_string())
            }
        }

        impl fmt::Display for $name {
            /// Lower-case hex digits, zero-padded, without `0x`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:0width$x}", self.0, width = $digits)
            }
        }

        impl fmt::UpperHex for $name {
            /// Upper-case hex digits, zero-padded, without `0x`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:0width$X}", self.0, width = $digits)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id!(
    /// World wide port name of a target port or an FCP device: 64 bits, 16 hex digits.
    Wwpn, u64, 16, "a WWPN"
);
hex_id!(
    /// FCP LUN: 64 bits, 16 hex digits.
    Lun, u64, 16, "a LUN"
);
hex_id!(
    /// Device number of an FCP device or a virtual device: 4 hex digits.
    DeviceNumber, u16, 4, "a device number"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_fold_and_parse() {
        assert_eq!(UserId::new(" lnx1 ").as_str(), "LNX1");
        assert_eq!(
            Wwpn::parse("0x500507630300C562").unwrap().to_string(),
            "500507630300c562"
        );
        assert_eq!(
            format!("{:X}", DeviceNumber::parse("b80a").unwrap()),
            "B80A"
        );
        assert!(
            Lun::parse("40100000000000000")
                .unwrap_err()
                .contains("is not a LUN")
        );
    }
}
