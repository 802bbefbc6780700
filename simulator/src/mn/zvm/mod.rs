//! Routines that the z/VM commands share.

pub mod contents;
pub mod dasd;
pub mod fcp;
pub mod filter;
pub mod guest;
pub mod iucv;
pub mod local;
pub mod lookup;
pub mod mac;
pub mod mount;
pub mod nested;
pub mod os_version;
pub mod pool;
pub mod pool_file;
pub mod power;
pub mod reader;
pub mod remote;
pub mod size;
pub mod target;
pub mod text;
pub mod vswitch;

pub use remote::{Zhcp, check_ssh_rc};
