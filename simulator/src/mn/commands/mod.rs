//! One module per xCAT command.

pub mod chhypervisor;
pub mod chvm;
pub mod lsvm;
pub mod rinv;
pub mod rpower;
