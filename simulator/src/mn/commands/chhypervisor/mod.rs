//! `chhypervisor`: SCSI pools, disks and networks of a z/VM system (spec: scsi-pools 2).

mod add_to_pool;
mod copy;
mod image;
mod remove_from_pool;
mod reserve;
mod run;
mod system;

pub use run::run;
