//! The seam: one remote command at a time goes from the management node to a host and comes back as exit status and
//! output. The world is locked for one remote command, never for a whole request, so the races of the real system
//! are there for the same reason as in the real system. Journal, playback, faults, break points, latency and time live
//! here and only here.

mod adaptive_mutex;
mod breakpoint;
mod changes;
mod clock;
mod command;
mod daemon;
mod fault;
mod hang;
mod journal;
mod latency;
mod overlap;
mod places;
mod playback;
mod random;
mod settings;
mod site;
mod target;
mod verbs;

pub use adaptive_mutex::AdaptiveMutex;
pub use breakpoint::{
    BreakCount, BreakPoint, BreakPointState, BreakPoints, BreakPointsState, SavedBreak, When,
};
pub use clock::{Clock, ClockSettings};
pub use command::{Outcome, RemoteCommand};
pub use daemon::DaemonFault;
pub use fault::{
    CLIENT_MISTAKES, ClientMistake, Condition, ConditionError, Effect, FaultBook, FaultBookState,
    FaultRequest, FaultRule, Layer, NamedFault, RuleError, catalogue, named, page as faults_page,
};
pub use journal::{
    HttpFacts, Journal, JournalEntry, JournalRequest, JournalState, Kept, RequestFacts,
};
pub use latency::{Distribution, Latency, LatencyProfile, LatencyState};
pub use overlap::Reading;
pub use places::{GuestState, LineEdit, PlaceError};
pub use playback::Playback;
pub use random::next as random_number;
pub use settings::{Behaviour, RACES, Release, RepairError, Settings};
pub use site::{FarEnd, Site, WorldEdit, WorldView};
pub use target::{BadTarget, Matcher, Place, Target, pools};
pub(crate) use verbs::Verbs;
