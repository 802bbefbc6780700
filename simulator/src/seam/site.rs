//! A running site: the world behind its lock, the far end that answers remote commands, the journal, the settings.

use parking_lot::Mutex;

use super::{Journal, Outcome, Playback, RemoteCommand, Settings};
use crate::world::{PoolText, World};

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
    /// Whose turn it is to change pools, where races are repaired (Q1).
    pub pools: tokio::sync::Mutex<()>,
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
                // Of a port scan the recorder keeps no output at all.
                let is_scan = matches!(command, RemoteCommand::Nmap { .. });
                if is_scan || recorded.stdout.contains(Playback::CUT) {
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

    /// Carries a remote command that prints pool files across the seam: as [`Self::remote`], but what the files say
    /// comes back by rows, shared with them, and standard output is then empty. `None` for the rows: it was answered as
    /// text.
    pub async fn fetch_pools(
        &self,
        request: u64,
        command: RemoteCommand,
    ) -> (Outcome, Option<Vec<PoolText>>) {
        if matches!(self.far_end, FarEnd::World)
            && let Some(pools) = crate::hosts::zhcp::pools(&self.world.lock(), &command)
        {
            self.journal.lock().record_pools(request, &command, &pools);
            return (Outcome::default(), Some(pools));
        }
        (self.remote(request, command).await, None)
    }
}
