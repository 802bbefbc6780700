//! The whole state of a site as one document with a schema version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::seam::{
    BreakPoints, BreakPointsState, ClockSettings, FaultBookState, JournalState, Latency,
    LatencyState, RuleError, Settings, Site, Verbs,
};
use crate::world::World;

/// The schema version that this program writes.
pub const SCHEMA: u32 = 2;
/// The oldest one that it reads: 1 has no journal, break points and snapshots.
pub const OLDEST_SCHEMA: u32 = 1;

/// Everything that a site is: the world with its counters, clock and random state, rules, break points and latencies with
/// theirs, the journal, and the named snapshots. Requests under way are not part of it: they belong to their connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedState {
    /// Schema version.
    pub schema: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// Release, behaviour, repairs.
    pub settings: Settings,
    /// The world.
    pub world: World,
    /// Fault rules with their counts and what they put aside.
    #[serde(default)]
    pub faults: FaultBookState,
    /// Latency profiles and their generator.
    #[serde(default)]
    pub latency: LatencyState,
    /// How time passes.
    #[serde(default)]
    pub clock: ClockSettings,
    /// Number of the last request.
    #[serde(default)]
    pub last_request: u64,
    /// Break points with their counts.
    #[serde(default)]
    pub breaks: BreakPointsState,
    /// The latest requests.
    #[serde(default)]
    pub journal: JournalState,
    /// Named snapshots; nothing in a snapshot itself: going back to one leaves them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<BTreeMap<String, SavedState>>,
}

/// Why a state cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A newer program wrote it.
    #[error("schema {0} is newer than {SCHEMA}, which this program reads; use a newer program")]
    Newer(u64),
    /// No program wrote it.
    #[error("schema {0} is not known; this program reads {OLDEST_SCHEMA} to {SCHEMA}")]
    Unknown(u64),
    /// A folder was begun by an older program, whose log means something else.
    #[error(
        "schema {0} is older than {SCHEMA}: a folder goes on with the version that began it; take its state over with \
         'state save' there and 'state load' here"
    )]
    Older(u32),
    /// A break point does not fit the world.
    #[error("a break point does not fit the world")]
    Break(#[source] crate::seam::BadTarget),
    /// It has no schema version.
    #[error("no schema version: this is no saved state")]
    NoSchema,
    /// It is no state.
    #[error("not a saved state")]
    Format(#[from] serde_json::Error),
    /// A rule does not fit the world.
    #[error("a fault rule does not fit the world")]
    Fault(#[from] RuleError),
    /// A latency profile cannot be used.
    #[error("a latency profile cannot be used")]
    Latency(#[from] crate::seam::BadTarget),
    /// It was saved with other settings, which a running site cannot change.
    #[error("the state belongs to release {0} with other settings; start a site with those")]
    Settings(crate::seam::Release),
}

fn known(schema: Option<u64>) -> Result<(), LoadError> {
    match schema {
        None => Err(LoadError::NoSchema),
        Some(schema) if schema > u64::from(SCHEMA) => Err(LoadError::Newer(schema)),
        Some(schema) if schema < u64::from(OLDEST_SCHEMA) => Err(LoadError::Unknown(schema)),
        Some(_) => Ok(()),
    }
}

impl SavedState {
    /// Reads a state; the schema version is looked at before anything else.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn from_value(value: Value) -> Result<Self, LoadError> {
        known(value.get("schema").and_then(Value::as_u64))?;
        Ok(serde_json::from_value(value)?)
    }

    /// Reads a state from its text.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn from_slice(text: &[u8]) -> Result<Self, LoadError> {
        #[derive(Deserialize)]
        struct Version {
            schema: Option<u64>,
        }
        known(serde_json::from_slice::<Version>(text)?.schema)?;
        Ok(serde_json::from_slice(text)?)
    }

    /// A site as it is when nothing has happened in this world yet.
    pub fn first(world: World, settings: Settings) -> Self {
        Self {
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            settings,
            faults: FaultBookState {
                seed: world.random_state,
                ..FaultBookState::default()
            },
            world,
            latency: LatencyState::default(),
            clock: ClockSettings::default(),
            last_request: 0,
            breaks: BreakPointsState::default(),
            journal: JournalState::default(),
            snapshots: None,
        }
    }
}

impl Site {
    /// The state at this moment; nothing happens in the world meanwhile.
    pub fn save(&self) -> SavedState {
        self.state_of(&self.world.lock())
    }

    /// The state with a world that is locked already.
    pub(crate) fn state_of(&self, world: &World) -> SavedState {
        SavedState {
            snapshots: Some(self.snapshots.lock().clone()),
            ..self.snapshot_of(world)
        }
    }

    /// The state without the named snapshots, to become one of them.
    pub(crate) fn snapshot_of(&self, world: &World) -> SavedState {
        let journal = self.journal.lock();
        SavedState {
            world: world.clone(),
            faults: self.faults.state(),
            latency: self.latency.state(),
            clock: self.clock.settings(),
            last_request: journal.last_id(),
            breaks: self.breaks.state(),
            journal: journal.state(),
            ..SavedState::first(World::default(), self.settings.clone())
        }
    }

    /// Keeps the state under a name.
    pub fn take_snapshot(&self, name: &str) {
        self.by_library(|verbs| verbs.take_snapshot(name));
    }

    /// The state that is kept under a name.
    pub fn snapshot(&self, name: &str) -> Option<SavedState> {
        self.snapshots.lock().get(name).cloned()
    }

    /// Names of the states that are kept.
    pub fn snapshot_names(&self) -> Vec<String> {
        self.snapshots.lock().keys().cloned().collect()
    }

    /// Forgets a snapshot; whether there was one.
    pub fn forget_snapshot(&self, name: &str) -> bool {
        self.by_library(|verbs| verbs.forget_snapshot(name))
    }

    /// Goes on from a saved state. What break points hold is let go.
    ///
    /// # Errors
    /// [`LoadError`]; nothing has changed then.
    pub fn restore(&self, state: SavedState) -> Result<(), LoadError> {
        self.by_library(|verbs| verbs.restore(state))
    }
}

impl Verbs<'_> {
    pub(crate) fn take_snapshot(self, name: &str) {
        let state = self.site().snapshot_of(&self.site().world.lock());
        let mut snapshots = self.site().snapshots.lock();
        snapshots.insert(name.to_owned(), state);
    }

    pub(crate) fn forget_snapshot(self, name: &str) -> bool {
        self.site().snapshots.lock().remove(name).is_some()
    }

    pub(crate) fn restore(self, state: SavedState) -> Result<(), LoadError> {
        let site = self.site();
        if state.settings != site.settings {
            return Err(LoadError::Settings(state.settings.release));
        }
        {
            let mut world = site.world.lock();
            // What can be refused comes first; the last of it changes nothing before it succeeds either.
            let latency = Latency::default();
            latency.set(state.latency.clone())?;
            BreakPoints::default()
                .restore(state.breaks.clone(), &state.world)
                .map_err(LoadError::Break)?;
            site.faults.restore(state.faults, &state.world)?;
            site.latency.set(state.latency)?;
            site.breaks
                .restore(state.breaks, &state.world)
                .map_err(LoadError::Break)?;
            *world = state.world;
            site.clock.set(state.clock, &mut world);
            site.journal
                .lock()
                .restore(state.journal, state.last_request);
            if let Some(snapshots) = state.snapshots {
                *site.snapshots.lock() = snapshots;
            }
        }
        site.rearm();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site;

    #[test]
    fn a_state_survives_being_saved_and_loaded() {
        let site = Site::new(site::lab(), Settings::default());
        site.add_fault(
            serde_json::from_str(r#"{"name":"F30","target":{"wwpn":"500507630300c562"}}"#).unwrap(),
        )
        .unwrap();
        let text = serde_json::to_vec(&site.save()).unwrap();
        let other = Site::new(site::lab(), Settings::default());
        other
            .restore(SavedState::from_slice(&text).unwrap())
            .unwrap();
        assert_eq!(serde_json::to_vec(&other.save()).unwrap(), text);
        // What the rule put aside was saved with it.
        other.remove_fault("f1").unwrap();
        assert_eq!(*other.world.lock(), site::lab());
    }

    #[test]
    fn everything_beside_the_world_is_saved_too() {
        let site = Site::new(site::lab(), Settings::default());
        let point = r#"{"target":{"command":"sed"},"nth":2,"when":"during","times":3}"#;
        site.add_break(serde_json::from_str(point).unwrap())
            .unwrap();
        let id = site.open(None, crate::seam::RequestFacts::default());
        site.close(id, None, Some("failed".to_owned()));
        site.take_snapshot("one");
        site.step_clock(5);
        let text = serde_json::to_vec(&site.save()).unwrap();
        let other = Site::new(site::lab(), Settings::default());
        other
            .restore(SavedState::from_slice(&text).unwrap())
            .unwrap();
        assert_eq!(serde_json::to_vec(&other.save()).unwrap(), text);
        // A snapshot is the same state there, and going back to it leaves it on the shelf.
        let shown = |site: &Site| serde_json::to_string(&site.snapshot("one")).unwrap();
        assert_eq!(shown(&other), shown(&site));
        other.restore(other.snapshot("one").unwrap()).unwrap();
        assert_eq!(other.snapshot_names(), ["one"]);
        assert_eq!(other.look().now_ms + 5, site.look().now_ms);
        // Ids go on counting.
        let next = serde_json::from_str("{}").unwrap();
        assert_eq!(other.add_break(next).unwrap(), "b2");
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let site = Site::new(site::lab(), Settings::default());
        let before = site.save();
        let mut state = before.clone();
        state.world.now_ms += 1;
        state.breaks.points.push(crate::seam::SavedBreak {
            point: serde_json::from_str(r#"{"id":"b","target":{"zhcp":"nowhere"}}"#).unwrap(),
            hits: 0,
            over: false,
        });
        let error = site.restore(state).unwrap_err();
        assert!(matches!(error, LoadError::Break(_)), "{error}");
        assert_eq!(site.save(), before);
    }

    #[test]
    fn other_schemas_are_refused_and_the_first_is_read() {
        let read = |schema: Value| SavedState::from_value(serde_json::json!({"schema": schema}));
        for (schema, message) in [
            (
                Value::from(SCHEMA + 1),
                "schema 3 is newer than 2, which this program reads; use a newer program",
            ),
            (
                Value::from(0),
                "schema 0 is not known; this program reads 1 to 2",
            ),
            (
                Value::from("2"),
                "no schema version: this is no saved state",
            ),
        ] {
            assert_eq!(read(schema).unwrap_err().to_string(), message);
        }
        let mut old =
            serde_json::to_value(Site::new(site::lab(), Settings::default()).save()).unwrap();
        let fields = old.as_object_mut().unwrap();
        fields.insert("schema".to_owned(), 1.into());
        for later in ["breaks", "journal", "snapshots"] {
            fields.remove(later).expect(later);
        }
        let state = SavedState::from_value(old).unwrap();
        Site::new(site::lab(), Settings::default())
            .restore(state)
            .unwrap();
    }
}
