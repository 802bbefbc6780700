//! How time passes beside a target: what a case or the driver waits for need not take real time where the target's clock
//! can be moved.

use std::time::Duration;

use crate::target::Control;

/// How time passes.
#[derive(Clone, Debug)]
pub(crate) enum Pace {
    /// Nothing on the target takes time: waits end at once.
    Free,
    /// The target's clock is moved through its control door.
    Door(Control),
    /// Real time, for the target as for everybody.
    Real,
}

impl Pace {
    /// Whether a wait takes real time.
    pub fn is_real(&self) -> bool {
        matches!(self, Self::Real)
    }

    /// Waits. A door that does not answer costs the wait: what was waited for has not come, and the case finds that.
    pub async fn wait(&self, time: Duration) {
        match self {
            Self::Free => tokio::task::yield_now().await,
            Self::Door(control) => drop(control.step(time).await),
            Self::Real => tokio::time::sleep(time).await,
        }
    }
}
