//! The simulated site as plain, serialisable data: no async, no I/O, no clock but its own, no randomness but its own.

pub mod fs;
pub(crate) mod hash;
pub mod ids;
pub mod linux;
mod node_value;
pub mod pool_text;
pub mod san;
pub mod scratch;
pub mod shared;
pub mod tables;
pub mod tracked;
pub mod zfcp;
pub mod zvm;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use fs::SimFs;
pub use ids::{DeviceNumber, HostName, Lun, SystemName, UserId, Wwpn};
pub use linux::{Distribution, Linux, LinuxRole};
pub use pool_text::PoolText;
pub use san::San;
pub use shared::Shared;
pub use tables::Database;
pub use tracked::Tracked;
pub use zvm::ZvmSystem;

/// Everything a site file describes and a snapshot saves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// Name of the site.
    pub name: String,
    /// Virtual time, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// State of the seeded generator (one step per number drawn, see [`World::next_random`]).
    pub random_state: u64,
    /// The management node: its tables and where it runs.
    pub mn: ManagementNode,
    /// z/VM systems (LPARs) by name.
    pub systems: BTreeMap<SystemName, ZvmSystem>,
    /// Every Linux of the site (MN, zHCPs, guests) by short host name.
    pub linuxes: BTreeMap<HostName, Linux>,
    /// The storage area network.
    pub san: San,
    /// What belongs to the remote command under way; no part of the state.
    #[serde(skip)]
    pub scratch: scratch::Scratch,
}

/// The xCAT management node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ManagementNode {
    /// Short host name; the key of its Linux in [`World::linuxes`], and `xcatdsource` of its answers.
    pub host: HostName,
    /// DNS domain of the site.
    pub domain: String,
    /// What `lsxcatd -v` says; empty: the text of the release that is simulated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// xCAT's tables.
    pub tables: Database,
    /// Whether xCAT's daemon is down: the REST program then cannot connect to it.
    #[serde(default)]
    pub daemon_stopped: bool,
}

impl World {
    /// The next number of the site's seeded generator (SplitMix64).
    pub fn next_random(&mut self) -> u64 {
        self.random_state = self.random_state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random_state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The Linux that answers to `name`: a short host name, a full one of the site's domain, an IP address, or a name
    /// or alias of xCAT's `hosts` table.
    pub fn resolve(&self, name: &str) -> Option<&HostName> {
        self.find(name).map(|(host, _)| host)
    }

    /// The same with the Linux itself.
    pub fn find(&self, name: &str) -> Option<(&HostName, &Linux)> {
        // Short names have no dot.
        match memchr::memchr(b'.', name.as_bytes()) {
            None => {
                if let Some(found) = self.linuxes.get_key_value(name) {
                    return Some(found);
                }
            }
            Some(dot) => {
                if name[dot + 1..] == self.mn.domain
                    && let Some(found) = self.linuxes.get_key_value(&name[..dot])
                {
                    return Some(found);
                }
            }
        }
        self.linuxes
            .iter()
            .find(|(_, l)| !l.ip.is_empty() && l.ip == name)
    }
}
