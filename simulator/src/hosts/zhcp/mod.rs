//! Programs of a zHCP on z/VM, and vmcp, which every Linux on z/VM has.

mod lookup;
mod pools;

pub use lookup::lookup;
pub use pools::pools;
