//! Who writes the pool row of a volume.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// The two lifecycles of a volume (spec: driver 0.5). They are told apart by the connection data, never guessed from an
/// error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// An administrator made the row; it is `reserved` for the volume while detached, `used` while attached.
    PoolOwned,
    /// A storage controller owns the LUN; the row exists only while the volume is attached.
    AttachOwned,
}

impl FromStr for Lifecycle {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "pool" => Ok(Self::PoolOwned),
            "attach" => Ok(Self::AttachOwned),
            _ => Err(ParseError::new(text, "a lifecycle (pool or attach)")),
        }
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PoolOwned => "pool",
            Self::AttachOwned => "attach",
        })
    }
}

serde_as_text!(Lifecycle);
