//! Programs of a zHCP on z/VM, and vmcp, which every Linux on z/VM has (spec: zhcp-and-smapi 1, 2, 4).
//!
//! A zHCP's privilege is that its CP commands and SMAPI calls are carried out for the whole system. What they do is in
//! [`crate::world::zvm`]; nothing here keeps state of its own.

pub mod clock;
pub mod cp;
mod dasd;
mod disks;
mod helpers;
mod image;
mod iucv;
mod lookup;
mod pools;
pub mod power;
mod script;
mod scsi_ipl;
pub mod smcli;
mod vmcp;
mod vmur;

pub use lookup::lookup;
pub use pools::pools;
