//! How much a command line may do: a loop that never ends must not stop the site.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most commands and turns of loops of one command line, with all the shells that it starts.
const LIMIT: u64 = 100_000;

/// Longest text of a variable, in bytes.
pub(super) const LONGEST: usize = 4 << 20;

/// What is left; shells that a shell starts share it.
#[derive(Clone, Debug)]
pub struct Steps(Arc<AtomicU64>);

impl Default for Steps {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(LIMIT)))
    }
}

impl Steps {
    /// Takes one step; `false` when none is left.
    pub(super) fn take(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }
}
