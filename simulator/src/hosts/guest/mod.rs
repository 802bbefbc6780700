//! Programs of a guest Linux that deal with FCP devices and disks, its boot and its end.

mod block;
mod chccwdev;
mod cio_ignore;
mod dasd;
mod dd;
pub mod disk;
pub mod iucvserv;
mod life;
mod lookup;
mod lscss;
mod lsluns;
mod lsscsi;
mod lszfcp;
mod mounts;
mod multipath;
mod network;
mod reader;
mod redhat;
mod setup_disk;
mod sg;
mod suse;
mod system;
#[cfg(test)]
mod tests;
mod tool;
mod topology;
pub mod udev;
mod udevadm;
mod zdev;

pub use disk::{QUEUE_MS, has_queueing_map};
pub use life::{apply_kernel_parameters, boot, reboot, settle, stopped};
pub use lookup::lookup;
