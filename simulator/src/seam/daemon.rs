//! How xCAT's daemon fails towards a front door.

use super::{Effect, RequestFacts, Site, When};

/// What a front door meets instead of the daemon's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DaemonFault {
    /// Nobody listens.
    Down,
    /// The connection ends before the answer is complete.
    Closed,
    /// This error comes instead of the answer.
    Error(String),
}

impl Site {
    /// The effect of layer HTTP that a request meets, before or after it was carried out.
    pub fn http_fault(&self, path: &str, when: When) -> Option<Effect> {
        if !self.is_armed() {
            return None;
        }
        let now = self.now_ms();
        let fired = self.faults.meet_http(path, when, now)?;
        // No request's end follows that would keep it.
        self.keep_counts();
        Some(fired.effect)
    }

    /// The fault that a request meets at the daemon, before or after it was carried out.
    pub fn daemon_fault(&self, facts: &RequestFacts, when: When) -> Option<DaemonFault> {
        if !self.is_armed() {
            return None;
        }
        let now = self.now_ms();
        match self.faults.meet_daemon(facts, when, now)?.effect {
            Effect::XcatdDown => Some(DaemonFault::Down),
            Effect::XcatdClosed => Some(DaemonFault::Closed),
            Effect::XcatdError { text } => Some(DaemonFault::Error(text)),
            _ => None,
        }
    }
}
