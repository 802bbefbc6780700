//! The Nova half: giving a volume to a Linux guest and taking it back (spec: driver 2.8).
//!
//! [`Attachments`] is the contract and [`Nova`] fulfils it. Each operation reads first, then makes a plan of
//! [`NovaStep`]s, and the engine of [`crate::steps`] runs it: so a crash between any two calls can be resolved.
//!
//! It refuses to guess: the lifecycle comes from the connection data, the path from the guest's power and network, and
//! nothing is undone that a read-back does not show to be there.

mod api;
mod attach;
mod boot;
mod boot_steps;
mod connection;
mod detach;
mod devices;
mod directory;
mod exchange;
mod guest;
mod host;
mod node_steps;
mod nova;
mod operations;
mod paths;
mod prepare;
mod reconcile;
mod rows;
mod step;
mod swept;
mod unit_steps;
mod units;

pub use api::{
    AttachOptions, Attached, Attachments, BootVolume, Detached, GuestPath, Instance, ScriptPlace,
    SourceRecord, VolumeRef,
};
pub use boot::{BootError, BootMetadata, SCPDATA_LIMIT};
pub use connection::{Connection, ConnectionError};
pub use directory::Directory;
pub use nova::{Nova, Patience};
pub use paths::{
    WORKER, create_node_notice, next_mount_point, remove_node_notice, scsi_notice, source_path,
};
pub use reconcile::{Finding, NovaReport};
pub use step::{Direction, NovaStep, Target};
pub use units::{Unit, Units};
