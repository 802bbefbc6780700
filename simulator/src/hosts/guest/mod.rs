//! Programs of a guest Linux that deal with FCP devices and disks.

mod life;
mod lookup;
pub mod udev;

pub use life::settle;
pub use lookup::lookup;
