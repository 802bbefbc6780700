//! `mkvm`: a virtual machine is defined, from options, from an entry or as the copy of another (spec: guests 10).

mod clone;
mod clone_disks;
mod clone_target;
mod define;
mod options;
mod run;
mod special_clone;

pub(in crate::mn::commands) use clone::subnet_of;
pub use run::run;
