//! A lock for what everybody wants often and nobody keeps long.

use parking_lot::{Mutex, MutexGuard};

/// How often somebody looks again before it goes to sleep. A turn is a few microseconds, as long as these looks.
const SPINS: u32 = 300;

/// A value that is used in turns of a few microseconds. Who finds it taken looks again for about as long before its
/// thread gives way: to stop a thread and start it again costs more than a turn.
#[derive(Debug, Default)]
pub struct AdaptiveMutex<T>(Mutex<T>);

impl<T> AdaptiveMutex<T> {
    /// This value.
    #[cfg(test)]
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// A turn.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        for _ in 0..SPINS {
            if !self.0.is_locked()
                && let Some(turn) = self.0.try_lock()
            {
                return turn;
            }
            std::hint::spin_loop();
        }
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_follow_each_other_also_after_a_long_one() {
        let turns = AdaptiveMutex::new(Vec::new());
        let first = turns.lock();
        let (ready, begun) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (turns, ready) = (&turns, ready.clone());
                scope.spawn(move || {
                    ready.send(()).unwrap();
                    for _ in 0..1_000 {
                        turns.lock().push(number);
                    }
                });
            }
            // All of them have begun to wait, or are about to.
            begun.iter().take(4).for_each(|()| ());
            drop(first);
        });
        let mut all = turns.lock().clone();
        all.sort_unstable();
        let wanted: Vec<i32> = (0..4).flat_map(|n| [n; 1_000]).collect();
        assert_eq!(all, wanted);
    }
}
