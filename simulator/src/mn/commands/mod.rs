//! One module per xCAT command.

pub mod chhypervisor;
pub mod chvm;
pub mod defs;
mod dsh;
pub mod gettab;
pub mod global;
pub mod lsvm;
pub mod lsxcatd;
pub mod makedns;
pub mod makehosts;
mod mn_files;
pub mod monitors;
pub mod nodech;
pub mod nodels;
pub mod nodestat;
pub mod notif;
mod options;
pub mod rinv;
pub mod rmimage;
pub mod rnoderange;
pub mod rpower;
pub mod tabch;
pub mod tabdump;
pub mod tabprune;
pub mod xdcp;
pub mod xdsh;
