//! Reading `cinder.conf`: the oslo grammar, the keys of both halves, and every fault of a file at once.
//!
//! It refuses nothing silently: a CA file that cannot be read is an error and never "no verification" (D41), an unknown
//! `zvm_` key is reported. It does not touch the network.

mod backend;
mod compute;
mod fields;
mod ini;
mod load;
mod options;
mod problem;
mod tls;
mod user;

pub(crate) use backend::user_at_address;
pub use backend::{
    AuthIn, Backend, CopyMethod, Copying, SnapshotMode, Timeouts, VerifyCopy, VolumeClear,
};
pub use compute::{Compute, ConnectorHost, UnreachablePolicy};
pub use ini::{Entry, IniFile, Section};
pub use load::{Config, ConfigError};
pub use options::{DriverOption, OPTIONS, OptionGroup, OptionType};
pub use problem::{Level, Problem};
pub use tls::{Tls, TlsVerify};
