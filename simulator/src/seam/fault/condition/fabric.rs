//! Switches, target ports and logins.

use super::place::devices;
use super::{Condition, ConditionError};
use crate::seam::Place;
use crate::seam::fault::undo::{Step, Undo};
use crate::world::{San, World, Wwpn};

impl Condition {
    pub(super) fn port(self, world: &mut World, place: &Place, undo: &mut Undo) {
        let Some(wwpn) = place.wwpn else { return };
        match self {
            Self::ZoneMissing => {
                let initiators: Vec<Wwpn> = devices(world, place)
                    .into_iter()
                    .map(|(_, _, fcp)| fcp.npiv_wwpn.unwrap_or(fcp.physical_wwpn))
                    .collect();
                if world.san.open_zoning {
                    world.san.open_zoning = false;
                    undo.push(Step::OpenZoning);
                }
                let out = if initiators.is_empty() {
                    vec![wwpn]
                } else {
                    initiators
                };
                for (name, members) in &mut world.san.zones {
                    if !members.contains(&wwpn) {
                        continue;
                    }
                    for leaving in &out {
                        if members.remove(leaving) {
                            undo.push(Step::Zoned {
                                zone: name.clone(),
                                wwpn: *leaving,
                            });
                        }
                    }
                }
            }
            Self::PortOffline => {
                if let Some(port) = world.san.ports.get_mut(&wwpn).filter(|p| p.online) {
                    port.online = false;
                    undo.push(Step::PortOnline { wwpn });
                }
            }
            _ => {
                if let Some(port) = world.san.ports.get_mut(&wwpn).filter(|p| !p.refuses_login) {
                    port.refuses_login = true;
                    undo.push(Step::PortAccepts { wwpn });
                }
            }
        }
    }

    /// What is wrong with the WWPN of an FCP device.
    pub(super) fn initiator(
        self,
        world: &mut World,
        place: &Place,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        for (_, device, fcp) in devices(world, place) {
            let wwpn = fcp.initiator();
            match self {
                Self::LoginRefused => {
                    if let Some(npiv) = fcp.npiv_wwpn
                        && world.san.logins_refused.insert(npiv)
                    {
                        undo.push(Step::LoginAllowed { npiv });
                    }
                }
                Self::DuplicateWwpn => {
                    if world.san.duplicates.insert(wwpn) {
                        undo.push(Step::Unique { wwpn });
                    }
                }
                Self::Stranger => {
                    if world.san.strangers.insert(wwpn) {
                        undo.push(Step::NoStranger { wwpn });
                    }
                }
                _ => {
                    if fcp.npiv_wwpn.is_some() {
                        return Err(ConditionError::Impossible(format!(
                            "FCP device {device:X} is in NPIV mode, in which images share LUNs"
                        )));
                    }
                    let lun = place.lun.unwrap_or_default();
                    let opened = world.san.opened_elsewhere.entry(wwpn).or_default();
                    if opened.insert(lun) {
                        undo.push(Step::Closed {
                            physical: wwpn,
                            lun,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// What is wrong with switches and storage ports.
    pub(super) fn fabric(
        self,
        world: &mut World,
        place: &Place,
        delay: u64,
        undo: &mut Undo,
    ) -> Result<(), ConditionError> {
        let wwpn = place.wwpn.unwrap_or_default();
        let san = &mut world.san;
        match self {
            Self::NameServerDown => {
                if !std::mem::replace(&mut san.name_server_down, true) {
                    undo.push(Step::NameServer);
                }
            }
            Self::StateChangeStorm => {
                if san.storms.insert(wwpn, delay).is_none() {
                    undo.push(Step::Calm { wwpn });
                }
            }
            Self::ReportLunsFails => {
                if san.reports_failing.insert(wwpn) {
                    undo.push(Step::Reports { wwpn });
                }
            }
            Self::TargetsCrossed => {
                let other = partner(san, wwpn).ok_or_else(|| {
                    ConditionError::Impossible(format!(
                        "no target port stands in other zones than {wwpn}"
                    ))
                })?;
                san.crossed.extend([(wwpn, other), (other, wwpn)]);
                undo.push(Step::Uncrossed {
                    ports: [wwpn, other],
                });
            }
            _ => {
                let lun = place.lun.unwrap_or_default();
                let leading: Vec<Wwpn> = san
                    .luns
                    .iter()
                    .filter(|(_, luns)| luns.contains_key(&lun))
                    .map(|(wwpn, _)| *wwpn)
                    .collect();
                for wwpn in leading {
                    if let Some(port) = san.ports.get_mut(&wwpn).filter(|p| p.online) {
                        port.online = false;
                        undo.push(Step::PortOnline { wwpn });
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first target port that stands in other zones than this one.
fn partner(san: &San, wwpn: Wwpn) -> Option<Wwpn> {
    let zones = |w: &Wwpn| -> Vec<&String> {
        let of = san.zones.iter().filter(|(_, members)| members.contains(w));
        of.map(|(name, _)| name).collect()
    };
    let own = zones(&wwpn);
    san.ports
        .keys()
        .find(|other| **other != wwpn && zones(other) != own)
        .copied()
}
