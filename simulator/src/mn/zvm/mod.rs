//! Routines that the z/VM commands share.

pub mod fcp;
pub mod filter;
pub mod lookup;
pub mod pool;
pub mod remote;
pub mod size;
pub mod text;

pub use remote::{Zhcp, check_ssh_rc};
