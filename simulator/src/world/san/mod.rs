//! The storage area network: fabric zones, target ports, LUNs, LUN masking (spec: zfcp-and-san 3).
//!
//! Everything an initiator can learn of a target goes through [`San::port`] and [`San::lun`]; both say why not with one
//! [`Unreachable`], so that each missing link of the chain has its own failure and no caller invents another rule.

mod change;
mod fabric;
mod index;
mod reach;
#[cfg(test)]
mod tests;
mod volume;

pub use change::{Login, SanError};
pub use fabric::{San, TargetPort};
pub use index::Indexes;
pub use reach::{Unreachable, VisibleLun};
pub use volume::{Medium, Volume};
