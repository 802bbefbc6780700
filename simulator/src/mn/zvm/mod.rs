//! Routines that the z/VM commands share.

pub mod remote;
pub mod text;

pub use remote::{Zhcp, check_ssh_rc};
