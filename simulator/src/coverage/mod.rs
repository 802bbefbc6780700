//! What of a management node is there: every REST resource, method and sub-resource, every command and option that
//! the specifications name, each with its state. The page of documentation and the data at the control door are both
//! made from these lists; a test holds them against a list taken from the specifications, and against the simulator.

mod commands;
mod entry;
mod native;
mod page;
mod rest;

pub use entry::{Area, Entry, State};
pub use page::{Coverage, coverage, markdown};
