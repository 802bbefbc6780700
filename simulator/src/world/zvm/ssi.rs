//! Single system image: the cluster, and relocations within it (spec: zhcp-and-smapi 2.9.15).

use serde::{Deserialize, Serialize};

use crate::world::{SystemName, UserId};

/// The cluster that a system is a member of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ssi {
    /// Name of the cluster.
    pub name: String,
    /// Mode: `Stable`, `Influx`, `Safe`.
    pub mode: String,
    /// Where the persistent data record is, such as `M01COM on 0200`.
    pub pdr: String,
    /// Whether cross-system timeouts are enabled.
    pub timeouts: bool,
    /// Members by slot.
    pub members: Vec<SsiMember>,
    /// Relocations that are going on.
    #[serde(default)]
    pub relocations: Vec<Relocation>,
}

/// A member of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SsiMember {
    /// Slot.
    pub slot: u8,
    /// System.
    pub system: SystemName,
    /// `Joined`, `Down`, `Available`.
    pub state: String,
}

/// A relocation that is going on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relocation {
    /// The guest.
    pub user: UserId,
    /// Where it comes from.
    pub from: SystemName,
    /// Where it goes.
    pub to: SystemName,
    /// Who asked for it.
    pub by: UserId,
    /// When it began, in virtual milliseconds.
    pub began_ms: u64,
    /// When it ends, in virtual milliseconds.
    pub ends_ms: u64,
}
