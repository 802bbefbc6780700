//! The whole state of a site as one document with a schema version.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::seam::{ClockSettings, FaultBookState, LatencyState, RuleError, Settings, Site};
use crate::world::World;

/// The schema version that this program reads and writes.
pub const SCHEMA: u32 = 1;

/// Everything that a site is: the world with its counters, clock and random state, the rules of the control door with
/// theirs, and the number of the last request. Break points are not part of it: they belong to requests under way.
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
}

/// Why a state cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A newer program wrote it.
    #[error("schema {0} is newer than {SCHEMA}, which this program reads; use a newer program")]
    Newer(u64),
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

impl SavedState {
    /// Reads a state; the schema version is looked at before anything else.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn from_value(value: Value) -> Result<Self, LoadError> {
        match value.get("schema").and_then(Value::as_u64) {
            None => Err(LoadError::NoSchema),
            Some(schema) if schema > u64::from(SCHEMA) => Err(LoadError::Newer(schema)),
            Some(_) => Ok(serde_json::from_value(value)?),
        }
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
        match serde_json::from_slice::<Version>(text)?.schema {
            None => Err(LoadError::NoSchema),
            Some(schema) if schema > u64::from(SCHEMA) => Err(LoadError::Newer(schema)),
            Some(_) => Ok(serde_json::from_slice(text)?),
        }
    }
}

impl Site {
    /// The state at this moment; nothing happens in the world meanwhile.
    pub fn save(&self) -> SavedState {
        let world = self.world.lock();
        self.state_of(&world)
    }

    /// The state with a world that is locked already.
    pub(crate) fn state_of(&self, world: &World) -> SavedState {
        SavedState {
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.settings.clone(),
            world: world.clone(),
            faults: self.faults.state(),
            latency: self.latency.state(),
            clock: self.clock.settings(),
            last_request: self.journal.lock().last_id(),
        }
    }

    /// Goes on from a saved state. The journal starts empty, break points are gone.
    ///
    /// # Errors
    /// [`LoadError`]; nothing has changed then.
    pub fn restore(&self, state: SavedState) -> Result<(), LoadError> {
        if state.settings != self.settings {
            return Err(LoadError::Settings(state.settings.release));
        }
        self.clear_breaks();
        {
            let mut world = self.world.lock();
            self.faults.restore(state.faults, &state.world)?;
            self.latency.set(state.latency)?;
            *world = state.world;
            self.clock.set(state.clock, &mut world);
            self.journal.lock().resume(state.last_request);
        }
        self.rearm();
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
    fn a_newer_state_is_refused() {
        let newer = serde_json::json!({"schema": 2, "whatever": true});
        let error = SavedState::from_value(newer).unwrap_err();
        assert!(error.to_string().starts_with("schema 2 is newer than 1"));
    }
}
