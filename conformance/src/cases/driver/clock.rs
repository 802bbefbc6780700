//! The driver's clock. It is the kit's to move on every target, since the driver runs here: what waits for time to pass
//! need not wait. Where the target's time is simulated the driver's waits end at once; elsewhere they are real, because
//! what is waited for is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use zvm_volume::client::{Clock, ManualClock, SystemClock};

/// A clock that can be moved forward.
#[derive(Debug)]
pub enum DriverClock {
    /// Moves only when told to, and by each wait.
    Simulated(ManualClock),
    /// The machine's, so much ahead.
    Ahead(Mutex<Duration>),
}

impl DriverClock {
    /// Time that is simulated, or the machine's.
    pub fn new(simulated: bool) -> Self {
        if simulated {
            Self::Simulated(ManualClock::at(Timestamp::UNIX_EPOCH))
        } else {
            Self::Ahead(Mutex::default())
        }
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        match self {
            Self::Simulated(clock) => clock.advance(by),
            Self::Ahead(lead) => {
                *lead.lock().unwrap_or_else(PoisonError::into_inner) += by;
            }
        }
    }

    /// Moves it to where `time` is not over yet: to the very end of it where time stands still, somewhat before it where
    /// it runs on meanwhile. Gives what is left of it.
    pub fn advance_within(&self, time: Duration) -> Duration {
        let left = match self {
            Self::Simulated(_) => Duration::ZERO,
            Self::Ahead(_) => time / 4,
        };
        self.advance(time.saturating_sub(left));
        left
    }
}

impl Clock for DriverClock {
    fn now(&self) -> Timestamp {
        match self {
            Self::Simulated(clock) => clock.now(),
            Self::Ahead(lead) => {
                let now = SystemClock.now();
                let lead = *lead.lock().unwrap_or_else(PoisonError::into_inner);
                now.saturating_add(lead).unwrap_or(now)
            }
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        match self {
            Self::Simulated(clock) => clock.sleep(duration),
            Self::Ahead(_) => SystemClock.sleep(duration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_forward_when_told_to() {
        for simulated in [true, false] {
            let clock = DriverClock::new(simulated);
            let start = clock.now();
            clock.advance(Duration::from_secs(31));
            assert!(clock.now().duration_since(start).as_secs() >= 31);
            let left = clock.advance_within(Duration::from_secs(40));
            assert_eq!(left.is_zero(), simulated);
        }
    }
}
