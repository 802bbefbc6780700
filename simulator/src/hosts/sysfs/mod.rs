//! Files that a kernel makes up: `/sys`, `/proc`, `/dev`. A hook that answers `None` leaves the path to the Linux's own
//! files.

mod hooks;

pub use crate::world::zfcp::Errno;
pub use hooks::{exists, list, read, readlink, write};
