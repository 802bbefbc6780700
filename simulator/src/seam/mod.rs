//! The seam: one remote command at a time goes from the management node to a host and comes back as exit status and
//! output. The world is locked for one remote command, never for a whole request, so the races of the real system
//! are there for the same reason as in the real system. Journal and playback live here and only here.

mod command;
mod journal;
mod playback;
mod settings;
mod site;

pub use command::{Outcome, RemoteCommand};
pub use journal::{Journal, JournalEntry, JournalRequest};
pub use playback::Playback;
pub use settings::{Behaviour, RACES, Release, RepairError, Settings};
pub use site::{FarEnd, Site};
