//! The quirk ledger: every numbered quirk of the specifications, what a client sees of it, whether it is a defect that
//! can be repaired, and the test that proves it.

mod guests;
mod page;
mod pools;
mod quirk;
mod rest;
mod smcli;
#[cfg(test)]
mod tests;

pub use page::page;
pub use quirk::{Kind, Quirk, Standing, find, quirks};
