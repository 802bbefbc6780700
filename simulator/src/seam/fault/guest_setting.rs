//! The settings of a guest that rules change, one by one: so that two rules on one guest do not undo each other.

use serde::{Deserialize, Serialize};

use crate::world::DeviceNumber;
use crate::world::zfcp::{GuestFaults, LinkForm};

/// One of the faults of a guest ([`GuestFaults`]), down to the device or map that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GuestSetting {
    Boxed(DeviceNumber),
    Busy(DeviceNumber),
    NoZfcp,
    UdevStalled,
    UdevDelay,
    NoMultipathd,
    NoSg,
    Late,
    VanishLate,
    LinkForm,
    NamesShuffled,
    HalfRegistered,
    RportLate,
    MapLate,
    Blacklisted(String),
    OpenMap(String),
    MapsReturn,
    EtcFull,
}

/// What a setting is set to, or was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Former {
    /// On or off.
    On(bool),
    /// A delay in virtual milliseconds.
    Ms(u64),
    /// So many more times; `None`: not at all.
    Count(Option<u32>),
    /// Form of links.
    Form(LinkForm),
}

impl GuestSetting {
    /// Sets it; gives what it was. A value of another kind than the setting's changes nothing.
    pub(super) fn set(&self, faults: &mut GuestFaults, to: Former) -> Former {
        let flag = match self {
            Self::NoZfcp => &mut faults.no_zfcp,
            Self::UdevStalled => &mut faults.udev_stalled,
            Self::NoMultipathd => &mut faults.no_multipathd,
            Self::NoSg => &mut faults.no_sg,
            Self::NamesShuffled => &mut faults.names_shuffled,
            Self::MapsReturn => &mut faults.maps_return,
            Self::EtcFull => &mut faults.etc_full,
            _ => return self.set_other(faults, to),
        };
        match to {
            Former::On(on) => Former::On(std::mem::replace(flag, on)),
            to => to,
        }
    }

    fn set_other(&self, faults: &mut GuestFaults, to: Former) -> Former {
        let delay = match self {
            Self::UdevDelay => Some(&mut faults.udev_delay_ms),
            Self::Late => Some(&mut faults.late_ms),
            Self::VanishLate => Some(&mut faults.vanish_late_ms),
            Self::HalfRegistered => Some(&mut faults.half_registered_ms),
            Self::RportLate => Some(&mut faults.rport_late_ms),
            Self::MapLate => Some(&mut faults.map_late_ms),
            _ => None,
        };
        match (self, delay, to) {
            (_, Some(delay), Former::Ms(ms)) => Former::Ms(std::mem::replace(delay, ms)),
            (Self::LinkForm, _, Former::Form(form)) => {
                Former::Form(std::mem::replace(&mut faults.link_form, form))
            }
            (Self::Busy(device), _, Former::Count(count)) => Former::Count(match count {
                Some(count) => faults.busy.insert(*device, count),
                None => faults.busy.remove(device),
            }),
            (Self::Boxed(device), _, Former::On(on)) => {
                Former::On(member(&mut faults.boxed, device, on))
            }
            (Self::Blacklisted(wwid), _, Former::On(on)) => {
                Former::On(member(&mut faults.blacklisted, wwid, on))
            }
            (Self::OpenMap(wwid), _, Former::On(on)) => {
                Former::On(member(&mut faults.open_maps, wwid, on))
            }
            _ => to,
        }
    }
}

/// Puts something into a set or takes it out; says whether it was in.
fn member<T: Ord + Clone>(set: &mut std::collections::BTreeSet<T>, item: &T, is_in: bool) -> bool {
    if is_in {
        !set.insert(item.clone())
    } else {
        set.remove(item)
    }
}
