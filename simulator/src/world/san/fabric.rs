//! The storage area network as data: target ports, zones, mappings, masks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Volume;
use super::index::Indexes;
use crate::world::{Lun, Tracked, Wwpn};

/// The SAN of a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct San {
    /// Target ports by WWPN.
    pub ports: BTreeMap<Wwpn, TargetPort>,
    /// Volumes by name.
    pub volumes: BTreeMap<String, Volume>,
    /// Which volume answers under a LUN of a target port.
    pub luns: Tracked<BTreeMap<Wwpn, BTreeMap<Lun, String>>>,
    /// Zones: sets of WWPNs that see each other.
    pub zones: BTreeMap<String, BTreeSet<Wwpn>>,
    /// When set, every initiator sees every target (no zoning configured).
    pub open_zoning: bool,
    /// Initiators to which a volume is shown; a volume without an entry is shown to nobody unless `open_masking`.
    pub masks: Tracked<BTreeMap<String, BTreeSet<Wwpn>>>,
    /// When set, every volume is shown to every initiator.
    pub open_masking: bool,
    /// Initiator ports, by physical WWPN, whose link to the fabric is down (spec: zfcp-and-san 8.1 F15).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub links_down: BTreeSet<Wwpn>,
    /// Target ports that do not answer REPORT LUNS (spec: zfcp-and-san 8.1 F48).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reports_failing: BTreeSet<Wwpn>,
    /// NPIV WWPNs whose fabric login the switch refuses (spec: zfcp-and-san 8.1 F17).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub logins_refused: BTreeSet<Wwpn>,
    /// WWPNs with which another port is logged in already (spec: zfcp-and-san 8.1 F18).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub duplicates: BTreeSet<Wwpn>,
    /// Whether the name server does not answer (spec: zfcp-and-san 8.1 F31).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub name_server_down: bool,
    /// Ports about which state changes are notified without end, with the period in virtual milliseconds: in the first
    /// half of each the port is under test (spec: zfcp-and-san 8.1 F34).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storms: BTreeMap<Wwpn, u64>,
    /// Initiators that a scan finds among the targets for a moment (spec: zfcp-and-san 8.1 F35).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub strangers: BTreeSet<Wwpn>,
    /// Target ports whose cables were exchanged: each stands in the zones of the other (spec: zfcp-and-san 8.1 F36).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crossed: BTreeMap<Wwpn, Wwpn>,
    /// LUNs that another image has open through a channel without NPIV, by the channel's WWPN
    /// (spec: zfcp-and-san 8.1 F45).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub opened_elsewhere: BTreeMap<Wwpn, BTreeSet<Lun>>,
    /// What the masks say, by initiator; made when needed and no part of the value.
    #[serde(skip)]
    pub indexes: Indexes,
}

/// A port of a storage controller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetPort {
    /// Whether the link is up.
    pub online: bool,
    /// Whether it refuses logins although it is in the fabric (spec: zfcp-and-san 3.1 P9).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses_login: bool,
}
