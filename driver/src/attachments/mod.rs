//! The Nova half: giving a volume to a Linux guest and taking it back (spec: driver 2.8).

mod boot;
mod connection;
mod directory;
mod paths;
mod units;

pub use boot::{BootError, BootMetadata, SCPDATA_LIMIT};
pub use connection::{Connection, ConnectionError};
pub use directory::Directory;
pub use paths::{
    WORKER, create_node_notice, next_mount_point, remove_node_notice, scsi_notice, source_path,
};
pub use units::{Unit, Units};
