//! Programs of a guest Linux that deal with FCP devices and disks.

mod lookup;

pub use lookup::lookup;
