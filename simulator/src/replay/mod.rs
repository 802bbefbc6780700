//! Recordings of the real programs, and their comparison with the simulator. It refuses to know what the right answer
//! is beyond what a recording says, and to forgive differences that its README and a reviewed list do not allow.

mod compare;
mod exceptions;
mod folder;
mod model;
mod run;
mod state;

pub use compare::Report;
pub use exceptions::{Exception, Exceptions, ExceptionsError};
pub use folder::{Folder, FolderError, Place};
pub use model::{
    AttachedDevice, Change, Fault, RecordedCommand, RecordedRequest, RecordedResponse,
    RecordedState, Recording, Step,
};
pub use run::{ReplayError, at_door, at_seam, in_world, with_outputs};
