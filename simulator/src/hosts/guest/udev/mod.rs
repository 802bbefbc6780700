//! udev: rules, links, and what else follows a kernel event (spec: zfcp-and-san 2.7, 4.9, 5).

mod device;
mod process;
mod rules;
#[cfg(test)]
mod tests;
mod trigger;

pub use device::properties;
pub use process::process;
pub use trigger::{Filter, trigger};
