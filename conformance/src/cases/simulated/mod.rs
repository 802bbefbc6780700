//! What only a simulator can be asked: that a layer fails, that a request is held between two of its remote commands, that
//! time passes. The cases say what a release must answer then. On a real management node they are skipped, never passed.

mod bench;
mod faults;
mod races;

pub use faults::CASES as FAULTS;
pub use races::CASES as RACES;
