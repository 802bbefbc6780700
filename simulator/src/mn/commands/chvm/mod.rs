//! `chvm`: changes of a virtual machine, one file per group of options (spec: guests 4 to 6).

mod activation;
mod attach;
mod boot;
mod device;
mod directory;
mod disk;
mod disk_copy;
mod disk_format;
mod file_system_node;
mod guest;
mod network;
mod options;
mod persistence;
mod processor;
mod punch;

pub use options::run;
