//! How time passes: virtual, scaled to real time, or not at all.
//!
//! The time itself is the world's ([`World::now_ms`]). By default it moves only when the site does something that takes
//! time (a sleep of the management node, a latency), and that takes no real time. With a scale, every virtual second takes
//! that many real seconds. While it is frozen, whoever waits stays waiting until the clock is stepped beyond the end.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::AdaptiveMutex;
use crate::world::World;

/// Settings of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// Whether time stands still.
    pub frozen: bool,
    /// Real seconds per virtual second; 0: no real time.
    pub scale: f64,
}

/// Where scaled time is counted from.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    real: Instant,
    virtual_ms: u64,
}

/// The clock of a site.
#[derive(Debug, Default)]
pub struct Clock {
    state: Mutex<(ClockSettings, Option<Anchor>)>,
    moved: Notify,
}

/// What someone who waits does next.
enum Next {
    Over,
    Sleep(Duration),
    Stand,
}

impl Clock {
    /// How time passes now.
    pub fn settings(&self) -> ClockSettings {
        self.state.lock().0
    }

    /// Whether waiting takes anything but a sum.
    pub fn is_virtual(&self) -> bool {
        let settings = self.settings();
        !settings.frozen && settings.scale <= 0.0
    }

    /// Changes how time passes from now on; the time itself stays.
    pub fn set(&self, settings: ClockSettings, world: &mut World) {
        self.tick(world);
        *self.state.lock() = (
            settings,
            Some(Anchor {
                real: Instant::now(),
                virtual_ms: world.now_ms,
            }),
        );
        self.moved.notify_waiters();
    }

    /// Moves the clock forward.
    pub fn step(&self, world: &mut World, ms: u64) {
        self.tick(world);
        world.now_ms = world.now_ms.saturating_add(ms);
        let mut state = self.state.lock();
        if let Some(anchor) = &mut state.1 {
            *anchor = Anchor {
                real: Instant::now(),
                virtual_ms: world.now_ms,
            };
        }
        drop(state);
        self.moved.notify_waiters();
    }

    /// Lets scaled time catch up with the real one.
    pub fn tick(&self, world: &mut World) {
        let (settings, anchor) = *self.state.lock();
        if settings.frozen || settings.scale <= 0.0 {
            return;
        }
        if let Some(anchor) = anchor {
            let passed = anchor.real.elapsed().as_secs_f64() * 1_000.0 / settings.scale;
            world.now_ms = world.now_ms.max(anchor.virtual_ms + passed as u64);
        }
    }

    /// Waits for virtual milliseconds to pass.
    pub async fn pass(&self, world: &AdaptiveMutex<World>, ms: u64) {
        let deadline = {
            let mut world = world.lock();
            self.tick(&mut world);
            world.now_ms.saturating_add(ms)
        };
        loop {
            // Taken before the look at the time: no step in between is missed.
            let moved = self.moved.notified();
            let mut moved = std::pin::pin!(moved);
            moved.as_mut().enable();
            let next = self.next(&mut world.lock(), deadline);
            match next {
                Next::Over => return,
                Next::Stand => moved.await,
                Next::Sleep(time) => {
                    tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        () = moved => {}
                    }
                }
            }
        }
    }

    fn next(&self, world: &mut World, deadline: u64) -> Next {
        self.tick(world);
        let left = deadline.saturating_sub(world.now_ms);
        let settings = self.settings();
        if left == 0 {
            Next::Over
        } else if settings.frozen {
            Next::Stand
        } else if settings.scale <= 0.0 {
            world.now_ms = deadline;
            Next::Over
        } else {
            Next::Sleep(Duration::from_secs_f64(
                left as f64 / 1_000.0 * settings.scale,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn virtual_time_takes_no_time() {
        let (clock, world) = (Clock::default(), AdaptiveMutex::new(World::default()));
        clock.pass(&world, 15_000).now_or_never().unwrap();
        assert_eq!(world.lock().now_ms, 15_000);
    }

    #[tokio::test]
    async fn frozen_time_passes_by_steps_only() {
        let (clock, world) = (Clock::default(), AdaptiveMutex::new(World::default()));
        let frozen = ClockSettings {
            frozen: true,
            scale: 0.0,
        };
        clock.set(frozen, &mut world.lock());
        let mut waiting = std::pin::pin!(clock.pass(&world, 100));
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.step(&mut world.lock(), 99);
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.step(&mut world.lock(), 1);
        waiting.await;
        assert_eq!(world.lock().now_ms, 100);
    }
}
