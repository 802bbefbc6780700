//! The safety fence: the one place that decides whether a request may leave the kit, what must be undone after it, and
//! the one way by which it leaves.

mod check;
mod gate;
mod implied;
mod shell;

pub use check::{Fence, INVENTED_LUN, PREFIX, Permit, operand};
pub use gate::{Gate, Refused, boot_settings};
pub use shell::DROP_EMPTY_LIST;
