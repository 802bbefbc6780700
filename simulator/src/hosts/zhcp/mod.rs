//! Programs of a zHCP on z/VM, and vmcp, which every Linux on z/VM has.

mod lookup;

pub use lookup::lookup;
