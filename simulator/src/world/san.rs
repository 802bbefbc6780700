//! The storage area network: fabric zones, target ports, LUNs, LUN masking (spec: zfcp-and-san 3).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Lun, Wwpn};

/// The SAN of a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct San {
    /// Target ports by WWPN.
    pub ports: BTreeMap<Wwpn, TargetPort>,
    /// Volumes by name.
    pub volumes: BTreeMap<String, Volume>,
    /// Which volume answers under a LUN of a target port.
    pub luns: BTreeMap<Wwpn, BTreeMap<Lun, String>>,
    /// Zones: sets of WWPNs that see each other.
    pub zones: BTreeMap<String, BTreeSet<Wwpn>>,
    /// When set, every initiator sees every target (no zoning configured).
    pub open_zoning: bool,
    /// Initiators to which a volume is shown; a volume without an entry is shown to nobody unless `open_masking`.
    pub masks: BTreeMap<String, BTreeSet<Wwpn>>,
    /// When set, every volume is shown to every initiator.
    pub open_masking: bool,
}

/// A port of a storage controller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetPort {
    /// Whether the link is up.
    pub online: bool,
}

/// A logical unit behind one or more target ports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Size in bytes.
    pub bytes: u64,
    /// Identity of the content: travels with a copy.
    pub content: String,
    /// World wide identifier (`ID_SERIAL`), as multipath shows it.
    pub wwid: String,
}
