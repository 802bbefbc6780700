//! The field's nouns as types: parsed once at the door, so that no other room has to ask whether a text is a WWPN.

mod device;
mod distribution;
mod lifecycle;
mod lun;
mod mount;
mod name;
mod parse;
mod size;
mod tag;
mod wwpn;

pub use device::{DeviceNumber, FcpList};
pub use distribution::{Distribution, Family};
pub use lifecycle::Lifecycle;
pub use lun::Lun;
pub use mount::MountPoint;
pub use name::{NodeName, PoolName};
pub use parse::ParseError;
pub use size::Size;
pub use tag::{Tag, TagKind};
pub use wwpn::{Wwpn, WwpnSet};

pub(crate) use parse::{hex_digits, serde_as_text};
