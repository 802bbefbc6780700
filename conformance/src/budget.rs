//! A bound on requests per minute, so that a production management node is not flooded (spec: driver 6.5, practice 6).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_mins(1);

/// At most this many requests in any minute; clones share the budget.
#[derive(Clone, Debug)]
pub struct Budget {
    per_minute: usize,
    sent: Arc<Mutex<VecDeque<Instant>>>,
}

impl Budget {
    /// A budget; zero is taken as one.
    pub fn new(per_minute: usize) -> Self {
        Self {
            per_minute: per_minute.max(1),
            sent: Arc::default(),
        }
    }

    /// Waits until one more request fits. Requests are served in the order in which they ask.
    pub async fn spend(&self) {
        let mut sent = self.sent.lock().await;
        if sent.len() >= self.per_minute
            && let Some(oldest) = sent.pop_front()
        {
            tokio::time::sleep_until(oldest + WINDOW).await;
        }
        sent.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn never_more_than_the_budget_in_a_minute() {
        let budget = Budget::new(3);
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..7 {
            budget.spend().await;
            times.push(start.elapsed());
        }
        assert_eq!(times[2], Duration::ZERO);
        assert_eq!(times[3], WINDOW);
        assert_eq!(times[6], WINDOW * 2);
        for window in times.windows(4) {
            assert!(window[3] - window[0] >= WINDOW);
        }
    }
}
