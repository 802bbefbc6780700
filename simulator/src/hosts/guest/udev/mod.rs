//! udev: rules, links, and what else follows a kernel event (spec: zfcp-and-san 2.7, 4.9, 5).

mod device;
mod process;
mod rules;
#[cfg(test)]
mod tests;
mod trigger;

pub use device::properties;
pub use process::{WWIDS_HEAD, has_new_paths, has_waiting, last_due, process, remember_wwid};
pub use trigger::{Filter, trigger};
