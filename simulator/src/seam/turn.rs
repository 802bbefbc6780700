//! A lock for what everybody wants often and nobody keeps long.

use parking_lot::{Mutex, MutexGuard};

/// How often somebody looks again before it goes to sleep. A turn is a few microseconds, as long as these looks.
const LOOKS: u32 = 300;

/// A value that is used in turns of a few microseconds. Who finds it taken looks again for about as long before its
/// thread gives way: to stop a thread and start it again costs more than a turn.
#[derive(Debug, Default)]
pub struct Turns<T>(Mutex<T>);

impl<T> Turns<T> {
    /// A turn.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        for _ in 0..LOOKS {
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
