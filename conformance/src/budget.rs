//! A bound on requests per minute, so that a production management node is not flooded (spec: driver 6.5, practice 6).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);

/// At most this many requests in any minute; clones share the budget.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Mutex<Window>>);

/// When the latest requests were, or will be, sent.
#[derive(Debug)]
struct Window {
    per_minute: usize,
    sent: VecDeque<Instant>,
}

impl Budget {
    /// A budget; zero is taken as one.
    pub fn new(per_minute: usize) -> Self {
        Self(Arc::new(Mutex::new(Window {
            per_minute: per_minute.max(1),
            sent: VecDeque::new(),
        })))
    }

    /// Waits until one more request fits. Requests are served in the order in which they ask.
    pub async fn spend(&self) {
        let at = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reserve(Instant::now());
        tokio::time::sleep_until(at.into()).await;
    }
}

impl Window {
    /// The moment at which a request that asks now may go.
    fn reserve(&mut self, now: Instant) -> Instant {
        let mut at = now.max(self.sent.back().copied().unwrap_or(now));
        if self.sent.len() >= self.per_minute
            && let Some(oldest) = self.sent.pop_front()
        {
            at = at.max(oldest + WINDOW);
        }
        self.sent.push_back(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_budget_in_a_minute() {
        let mut window = Window {
            per_minute: 3,
            sent: VecDeque::new(),
        };
        let start = Instant::now();
        let times: Vec<_> = (0..7).map(|_| window.reserve(start) - start).collect();
        assert_eq!(times[2], Duration::ZERO);
        assert_eq!(times[3], WINDOW);
        assert_eq!(times[6], WINDOW * 2);
        for slice in times.windows(4) {
            assert!(slice[3] >= slice[0] + WINDOW);
        }
    }
}
