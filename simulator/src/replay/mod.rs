//! Recordings of the real programs, and their comparison with the simulator. It refuses to know what the right answer
//! is beyond what a recording says, and to forgive differences that its README does not allow.

mod compare;
mod model;
mod run;

pub use compare::Report;
pub use model::{
    Change, Fault, RecordedCommand, RecordedRequest, RecordedResponse, Recording, Step,
};
pub use run::{ReplayError, at_seam, in_world};
