//! What random work needs, in one process or in several: choices that a seed repeats, a count of calls, and which errors a busy
//! site may answer.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use zvm_volume::Error;
use zvm_volume::client::{Call, Observer};

/// Counts calls.
#[derive(Debug, Default)]
pub struct Counter(pub AtomicU64);

impl Observer for Counter {
    fn before<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, ()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::future::ready(()).boxed()
    }
}

/// A linear congruential generator: the order is the tasks', the choices are the seed's.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides as u64).unwrap_or(0)
    }
}

/// A refusal that a busy site may give: no LUN, no device, somebody else was first. Waiting in vain for a lock is none.
pub fn fair(error: &Error) -> Option<&'static str> {
    match error.root() {
        Error::NoSpace { .. } => Some("no LUN"),
        Error::NoFcpAvailable(_) => Some("no FCP device"),
        Error::FcpConflict(_) => Some("FCP device taken"),
        Error::Busy { .. } => Some("busy"),
        _ => None,
    }
}
