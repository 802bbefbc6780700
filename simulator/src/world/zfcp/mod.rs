//! The zfcp driver of a Linux, as functions on the world (spec: zfcp-and-san 2 and 3).

mod errno;
mod state;

pub use errno::Errno;
pub use state::{Adapter, GuestFaults, LinkState, MultipathMap, Port, PortState, ScsiDevice, Zfcp};
