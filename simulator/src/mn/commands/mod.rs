//! One module per xCAT command.

pub mod chhypervisor;
pub mod chvm;
pub mod defs;
mod dsh;
pub mod gettab;
pub mod global;
pub mod lsvm;
pub mod lsxcatd;
pub mod nodels;
mod options;
pub mod rinv;
pub mod rpower;
pub mod tabch;
pub mod tabdump;
pub mod xdcp;
pub mod xdsh;
