//! The driver's clock. It is the kit's to move on every target, since the driver runs here: what waits for time to pass
//! need not wait. Where the target's time is simulated the driver's waits end at once; elsewhere they are real, because
//! what is waited for is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use zvm_volume::client::{Clock, SystemClock};

use crate::pace::Pace;

/// A clock that can be moved forward.
#[derive(Debug)]
pub struct DriverClock {
    pace: Pace,
    /// How far it was moved.
    ahead: Mutex<Duration>,
}

impl DriverClock {
    /// A clock that waits at this pace.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            ahead: Mutex::default(),
        }
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Moves it to where `time` is not over yet: to the very end of it where time stands still, somewhat before it where
    /// it runs on meanwhile. Gives what is left of it.
    pub fn advance_within(&self, time: Duration) -> Duration {
        let left = if self.pace.is_real() {
            time / 4
        } else {
            Duration::ZERO
        };
        self.advance(time.saturating_sub(left));
        left
    }
}

impl Clock for DriverClock {
    fn now(&self) -> Timestamp {
        let start = if self.pace.is_real() {
            SystemClock.now()
        } else {
            Timestamp::UNIX_EPOCH
        };
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        start.saturating_add(ahead).unwrap_or(start)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if !self.pace.is_real() {
            self.advance(duration);
        }
        let pace = self.pace.clone();
        async move { pace.wait(duration).await }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn goes_forward_when_told_to() {
        for pace in [Pace::Free, Pace::Real] {
            let clock = DriverClock::new(pace);
            let start = clock.now();
            clock.advance(Duration::from_secs(31));
            assert!(clock.now().duration_since(start).as_secs() >= 31);
            let left = clock.advance_within(Duration::from_secs(40));
            assert_eq!(left.is_zero(), !clock.pace.is_real());
        }
        let clock = DriverClock::new(Pace::Free);
        clock.sleep(Duration::from_hours(1)).await;
        let hour = clock.now().duration_since(Timestamp::UNIX_EPOCH);
        assert_eq!(
            hour.as_secs(),
            3600,
            "a wait is over at once, and its time with it"
        );
    }
}
