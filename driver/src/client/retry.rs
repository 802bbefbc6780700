//! When a call is sent again without asking anybody (spec: driver 3.7).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::call::Call;
use super::error::{CallError, Executed, Reason};
use super::transport::TransportFault;

/// Waits before the second, third and fourth attempt.
const DELAYS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

/// Attempts of one call.
pub const ATTEMPTS: usize = 3;

/// Waits with a jitter of a quarter either way, from a seeded generator.
#[derive(Debug)]
pub struct Backoff(Mutex<ChaCha8Rng>);

impl Backoff {
    /// The same seed gives the same waits.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// The wait after so many failed attempts, counted from 1.
    pub fn delay(&self, failed: usize) -> Duration {
        let base = DELAYS[failed.clamp(1, DELAYS.len()) - 1];
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        base.mul_f64(rng.random_range(0.75..1.25))
    }
}

/// Whether the call may be sent again after this error, without a read-back.
pub fn may_repeat(call: &Call, error: &CallError) -> bool {
    if let Reason::Transport(transport) = &error.reason
        && transport.fault == TransportFault::Certificate
    {
        return false;
    }
    match error.executed {
        Executed::No => !matches!(error.reason, Reason::LockedOut | Reason::Malformed { .. }),
        Executed::Unknown => call.is_query() && !too_large(error),
        Executed::Rejected => error.is_busy() && call.is_repeatable(),
    }
}

fn too_large(error: &CallError) -> bool {
    matches!(&error.reason, Reason::Transport(t) if t.fault == TransportFault::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_waits_near_the_table() {
        let (a, b) = (Backoff::seeded(7), Backoff::seeded(7));
        for failed in 1..4 {
            let wait = a.delay(failed);
            assert_eq!(wait, b.delay(failed));
            let base = DELAYS[failed - 1].as_secs_f64();
            assert!((base * 0.75..=base * 1.25).contains(&wait.as_secs_f64()));
        }
    }
}
