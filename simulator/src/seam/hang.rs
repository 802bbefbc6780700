//! Remote commands that hang because a program of theirs touches a multipath map that has lost all its paths and queues
//! (spec: zfcp-and-san 2.8, 8.1 F63): until a path returns, queueing is switched off, or the guest is gone. No side has a
//! time-out for it (spec: rest-and-xcatd 1.2), only the client.
//!
//! Virtual time does not wait for others: there the command waits for a rule that ends within the two minutes after which
//! the program itself gives up.

use std::time::Duration;

use super::{RemoteCommand, Site};
use crate::hosts;
use crate::world::World;

/// How often it is looked again when nothing is heard of, in real time: virtual time may have passed.
const LOOK: Duration = Duration::from_millis(50);

/// Whether a remote command would hang now. It is tried on a copy of the world, and only where a map queues.
fn hangs(world: &World, command: &RemoteCommand) -> bool {
    let host = command.host().and_then(|host| world.resolve(host));
    if !host.is_some_and(|host| hosts::guest::has_queueing_map(world, host)) {
        return false;
    }
    let mut trial = world.clone();
    hosts::execute(&mut trial, command);
    trial.scratch.hangs
}

impl Site {
    /// Holds a remote command for as long as it would hang.
    pub(super) async fn while_it_hangs(&self, command: &RemoteCommand) {
        let mut events = self.events.0.subscribe();
        let mut latest = None;
        loop {
            events.borrow_and_update();
            {
                let mut world = self.world.lock();
                self.clock.tick(&mut world);
                self.faults.expire(&mut world);
                if self.breaks.is_closed() || !hangs(&world, command) {
                    return;
                }
                if self.clock.is_virtual() {
                    let now = world.now_ms;
                    let latest = *latest.get_or_insert(now + hosts::guest::QUEUE_MS);
                    match self.faults.next_end(now).filter(|end| *end <= latest) {
                        Some(end) => world.now_ms = end,
                        None => return,
                    }
                    continue;
                }
            }
            tokio::select! {
                _ = events.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}
