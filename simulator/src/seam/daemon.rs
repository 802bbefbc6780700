//! How xCAT's daemon fails towards a front door.

use std::time::Duration;

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
    /// It stalls for so many real milliseconds and then goes on; `None`: it never does.
    Stall(Option<u64>),
    /// So many bytes of the answer come.
    Truncated(usize),
    /// The answer is no XML.
    Garbage,
}

/// How long a daemon stalls when no time is given.
const FOREVER: Duration = Duration::from_hours(1);

impl DaemonFault {
    /// Waits out a stall; gives what fails for good.
    pub async fn settled(self) -> Option<Self> {
        let Self::Stall(ms) = self else {
            return Some(self);
        };
        tokio::time::sleep(ms.map_or(FOREVER, Duration::from_millis)).await;
        ms.is_none().then_some(Self::Closed)
    }
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
            Effect::XcatdStall { ms } => Some(DaemonFault::Stall(ms)),
            Effect::XcatdTruncate { bytes } => Some(DaemonFault::Truncated(
                usize::try_from(bytes).unwrap_or(usize::MAX),
            )),
            Effect::XcatdGarbage => Some(DaemonFault::Garbage),
            _ => None,
        }
    }

    /// The fault that a request meets at the daemon after it was carried out, by its number in the journal.
    pub fn daemon_fault_after(&self, request: u64) -> Option<DaemonFault> {
        if !self.is_armed() {
            return None;
        }
        // A rule may have been set while the request ran.
        let facts = {
            let journal = self.journal.lock();
            journal
                .get(request)
                .map_or_else(Default::default, |request| request.facts.clone())
        };
        self.daemon_fault(&facts, When::After)
    }

    /// Whether nobody listens at the native door: a rule that says so and asks for no particular request.
    pub fn is_daemon_down(&self) -> bool {
        if !self.is_armed() {
            return false;
        }
        let now = self.now_ms();
        self.faults.meet_connection(now)
    }
}

#[cfg(test)]
mod tests {
    use crate::seam::{DaemonFault, RequestFacts, Settings, Site};
    use crate::site;

    #[test]
    fn a_rule_that_is_set_while_a_request_runs_is_met_after_it() {
        let site = Site::new(site::lab(), Settings::default());
        let facts = |command| RequestFacts::new(Some(command), None, &[], None);
        let (one, other) = (
            site.open(None, facts("lsdef")),
            site.open(None, facts("chdef")),
        );
        assert_eq!(site.daemon_fault_after(one), None);
        let rule = r#"{"name":"xcatd-closed","when":"after","target":{"operation":"lsdef"}}"#;
        site.add_fault(serde_json::from_str(rule).unwrap()).unwrap();
        assert_eq!(site.daemon_fault_after(other), None);
        assert_eq!(site.daemon_fault_after(one), Some(DaemonFault::Closed));
    }
}
