//! The SMAPI server machines: whether a call is answered at all, and at which level (spec: zhcp-and-smapi 2.2, 4.4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ZvmSystem;
use crate::world::UserId;

/// Userids of the servers. The first starts the others.
const SERVERS: [&str; 5] = ["VSMWORK1", "VSMWORK2", "VSMWORK3", "VSMREQIN", "VSMREQIU"];
/// The guard of newer releases, which starts all others.
const GUARD: &str = "VSMGUARD";
/// The server to which smcli connects.
const REQUESTS: &str = "VSMREQIU";
/// How long a restart takes, in virtual milliseconds.
const RESTART_MS: u64 = 10_000;

/// The SMAPI server machines of a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmapiServer {
    /// Functional level: 630 is z/VM 6.3.
    pub level: u16,
    /// Servers that are logged on.
    pub servers: BTreeSet<UserId>,
    /// When the last restart is finished, in virtual milliseconds.
    pub ready_ms: u64,
    /// Id of the last request that was taken.
    pub last_request: u32,
}

impl Default for SmapiServer {
    fn default() -> Self {
        Self {
            level: 640,
            servers: SERVERS.iter().copied().map(UserId::new).collect(),
            ready_ms: 0,
            last_request: 0,
        }
    }
}

impl SmapiServer {
    /// Whether a userid is one of the servers, logged on or not.
    pub fn is_server(user: &UserId) -> bool {
        SERVERS.contains(&user.as_str()) || user.as_str() == GUARD
    }

    /// Whether a connection is accepted now.
    pub fn accepts(&self, now_ms: u64) -> bool {
        self.servers.contains(REQUESTS)
            && self.servers.contains(SERVERS[0])
            && now_ms >= self.ready_ms
    }

    /// Whether a connection will be accepted at some time without anybody's doing.
    pub fn is_starting(&self, now_ms: u64) -> bool {
        now_ms < self.ready_ms && self.accepts(self.ready_ms)
    }

    /// A server is forced off; says whether it was on.
    pub fn force(&mut self, user: &UserId) -> bool {
        let was_on = self.servers.remove(user);
        if was_on && user.as_str() == GUARD {
            self.servers.clear();
        }
        was_on
    }

    /// A server is logged on; the first worker and the guard start the others.
    pub fn start(&mut self, user: &UserId, now_ms: u64) {
        self.servers.insert(user.clone());
        if user.as_str() == SERVERS[0] || user.as_str() == GUARD {
            self.servers
                .extend(SERVERS.iter().copied().map(UserId::new));
            self.ready_ms = now_ms.saturating_add(RESTART_MS);
        }
    }
}

impl ZvmSystem {
    /// Whether a userid is logged on, server machines included.
    pub fn is_logged_on(&self, user: &UserId) -> bool {
        self.running.contains_key(user) || self.smapi.servers.contains(user)
    }
}
