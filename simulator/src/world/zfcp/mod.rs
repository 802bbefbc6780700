//! The zfcp driver of a Linux, as functions on the world (spec: zfcp-and-san 2 and 3).

mod adapter;
mod cio;
mod errno;
pub mod event;
mod machine;
mod maps;
pub mod names;
mod scsi;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use adapter::{DEV_LOSS_MS, PORT_SCAN_MS};
pub use errno::Errno;
pub use event::Uevent;
pub use machine::{Answer, Machine, act, observe};
pub use maps::MultipathConfig;
pub use state::{
    Adapter, GuestFaults, LOG_LINES, LinkForm, LinkState, MultipathMap, Port, PortState,
    ScsiDevice, Zfcp,
};
