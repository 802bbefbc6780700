//! Files that a kernel makes up: `/sys`, `/proc`, `/dev`. A hook that answers `None` leaves the path to the Linux's own
//! files.

pub mod classes;
pub mod css;
pub mod dasd;
pub mod dev;
mod hooks;
mod proc;
mod store;

#[cfg(test)]
mod tests;
pub mod tree;

pub use crate::world::zfcp::Errno;
pub use hooks::{canonical, exists, is_device, is_directory, list, read, readlink, write};
pub use store::store;
