//! The state of a site: saved and loaded whole, compared, and kept in a folder so that every acknowledged change
//! survives the end of the process.

mod diff;
mod dir;
mod log;
mod origin;
mod pool_files;
mod record;
mod saved;

pub use diff::{Difference, diff, diff_states, is_lasting};
pub use dir::{StateDir, StateError};
pub use log::{ChangeLog, Durability};
pub use origin::Origin;
pub(crate) use pool_files::replace;
pub use record::{FiredRecord, MnRecord, Record};
pub use saved::{LoadError, OLDEST_SCHEMA, SCHEMA, SavedState};
