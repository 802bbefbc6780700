//! A running site: the world behind its lock, the far end that answers remote commands, the journal, the settings.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Journal, Outcome, Playback, RemoteCommand};
use crate::world::World;

/// Code line of the simulated release (spec: rest-and-xcatd 0 and 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Release {
    /// 2.8.3.x, the z/VM appliance.
    E,
    /// The current code line.
    #[default]
    M,
    /// M with the z/VM modules of February 2017.
    P,
}

/// Whether quirks that are defects are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Behaviour {
    /// As the real programs execute.
    #[default]
    Executed,
    /// Quirks that are defects are repaired.
    Intended,
}

/// How the site behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Code line.
    pub release: Release,
    /// Whether defects are there.
    pub behaviour: Behaviour,
    /// Quirks that are repaired one by one, by id (`Q12`, `GQ3`).
    pub repaired: Vec<String>,
}

impl Settings {
    /// Whether a quirk that is a defect is to be shown.
    pub fn quirk(&self, id: &str) -> bool {
        self.behaviour == Behaviour::Executed && !self.repaired.iter().any(|r| r == id)
    }
}

/// Who answers remote commands.
#[derive(Debug, Default)]
pub enum FarEnd {
    /// The simulated hosts.
    #[default]
    World,
    /// A recording.
    Playback(Mutex<Playback>),
}

/// A running site.
#[derive(Debug, Default)]
pub struct Site {
    /// The world; locked for one remote command or one table access at a time.
    pub world: Mutex<World>,
    /// Who answers remote commands.
    pub far_end: FarEnd,
    /// Requests and their remote commands.
    pub journal: Mutex<Journal>,
    /// How it behaves.
    pub settings: Settings,
}

impl Site {
    /// A site on this world, answered by the simulated hosts.
    pub fn new(world: World, settings: Settings) -> Self {
        Self {
            world: Mutex::new(world),
            settings,
            ..Self::default()
        }
    }

    /// Carries one remote command across the seam for a request.
    #[expect(
        clippy::unused_async,
        reason = "latency, faults and break points will suspend here"
    )]
    pub async fn remote(&self, request: u64, command: RemoteCommand) -> Outcome {
        let outcome = match &self.far_end {
            FarEnd::World => crate::hosts::execute(&mut self.world.lock(), &command),
            FarEnd::Playback(playback) => {
                // The hosts carry it out as well: where the recorder kept only the head of an output, theirs is given.
                let simulated = crate::hosts::execute(&mut self.world.lock(), &command);
                let recorded = playback.lock().answer(&command);
                if recorded.stdout.contains(Playback::CUT) {
                    Outcome {
                        stdout: simulated.stdout,
                        ..recorded
                    }
                } else {
                    recorded
                }
            }
        };
        self.journal.lock().record(request, &command, &outcome);
        outcome
    }
}
