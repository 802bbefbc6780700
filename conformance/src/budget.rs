//! A bound on requests per minute, so that a production management node is not flooded (spec: driver 6.5, practice 6).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_mins(1);

/// Shortest wait that is told of: shorter ones are how a budget works.
const TOLD: Duration = Duration::from_secs(1);

/// At most this many requests in any minute; clones share the budget.
#[derive(Clone, Debug)]
pub struct Budget {
    window: Arc<Mutex<Window>>,
    tell: Option<fn(Duration)>,
}

/// When the latest requests were, or will be, sent.
#[derive(Debug)]
struct Window {
    per_minute: usize,
    sent: VecDeque<Instant>,
    /// Sum of all waits that requests were given.
    waits: Duration,
}

impl Budget {
    /// A budget; zero is taken as one.
    pub fn new(per_minute: usize) -> Self {
        Self {
            window: Arc::new(Mutex::new(Window::new(per_minute))),
            tell: None,
        }
    }

    /// The same budget, which tells of every wait of a second or more before it begins.
    #[must_use]
    pub fn telling(self, tell: fn(Duration)) -> Self {
        Self {
            tell: Some(tell),
            ..self
        }
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more request fits. Requests are served in the order in which they ask.
    pub async fn spend(&self) {
        let now = Instant::now();
        let at = self.window().reserve(now);
        if let Some(tell) = self.tell.filter(|_| at - now >= TOLD) {
            tell(at - now);
        }
        tokio::time::sleep_until(at.into()).await;
    }
}

/// Waits for `work` for as long as `bound`, not counting what its requests wait for the budget: a target is not slow because
/// the kit asks it slowly. `None` when it did not end.
pub async fn within<T>(
    bound: Duration,
    budget: Option<&Budget>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let waits = || budget.map_or(Duration::ZERO, |b| b.window().waits);
    let mut work = std::pin::pin!(work);
    let (mut left, mut seen) = (bound, waits());
    loop {
        if let Ok(done) = tokio::time::timeout(left, &mut work).await {
            return Some(done);
        }
        left = waits().saturating_sub(seen);
        if left.is_zero() {
            return None;
        }
        seen += left;
    }
}

impl Window {
    fn new(per_minute: usize) -> Self {
        Self {
            per_minute: per_minute.max(1),
            sent: VecDeque::new(),
            waits: Duration::ZERO,
        }
    }

    /// The moment at which a request that asks now may go.
    fn reserve(&mut self, now: Instant) -> Instant {
        let mut at = now.max(self.sent.back().copied().unwrap_or(now));
        if self.sent.len() >= self.per_minute
            && let Some(oldest) = self.sent.pop_front()
        {
            at = at.max(oldest + WINDOW);
        }
        self.sent.push_back(at);
        self.waits += at - now;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_budget_in_a_minute() {
        let mut window = Window::new(3);
        let start = Instant::now();
        let times: Vec<_> = (0..7).map(|_| window.reserve(start) - start).collect();
        assert_eq!(times[2], Duration::ZERO);
        assert_eq!(times[3], WINDOW);
        assert_eq!(times[6], WINDOW * 2);
        for slice in times.windows(4) {
            assert!(slice[3] >= slice[0] + WINDOW);
        }
        assert_eq!(window.waits, WINDOW * (3 + 2));
    }

    #[tokio::test]
    async fn the_wait_for_the_budget_is_no_time_of_the_case() {
        // The time is over at once each time; what is waited for is added to it, once.
        let budget = Budget::new(1);
        let wait = Duration::from_millis(2);
        let mut rounds = 0;
        let work = std::future::poll_fn(|context| {
            rounds += 1;
            if rounds == 4 {
                return std::task::Poll::Ready(rounds);
            }
            budget.window().waits += wait;
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        assert_eq!(within(Duration::ZERO, Some(&budget), work).await, Some(4));
        let never = within(Duration::ZERO, Some(&budget), std::future::pending::<()>());
        assert_eq!(never.await, None);
        assert_eq!(
            within(Duration::ZERO, None, std::future::pending::<()>()).await,
            None
        );
    }
}
