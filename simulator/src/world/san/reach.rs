//! What an initiator sees and reaches (spec: zfcp-and-san 3.1).

use super::{San, Volume};
use crate::world::{Lun, Wwpn};

/// Why an initiator does not reach a port or a LUN. Each is one link of the chain (spec: zfcp-and-san 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// P7: no storage port of this name is known to the fabric.
    #[error("no such target port")]
    NoSuchPort,
    /// P7: the storage port is not logged in.
    #[error("target port offline")]
    PortOffline,
    /// P8: no zone holds initiator and target.
    #[error("not zoned")]
    NotZoned,
    /// P9: the port refuses the login.
    #[error("login refused")]
    LoginRefused,
    /// P10: the storage has no such LUN behind this port.
    #[error("no such LUN")]
    NoSuchLun,
    /// P10: the LUN exists but is not mapped to this initiator.
    #[error("LUN masked")]
    Masked,
    /// P13: the volume does not answer INQUIRY as a disk.
    #[error("volume does not answer")]
    Silent,
}

impl Unreachable {
    /// Whether the port's WWPN is absent from the name server's answer to the initiator, so that no port directory
    /// appears (spec: zfcp-and-san 3.8, rows P7 and P8).
    pub fn hides_port(self) -> bool {
        matches!(self, Self::NoSuchPort | Self::PortOffline | Self::NotZoned)
    }
}

/// One LUN that an initiator sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisibleLun<'a> {
    /// Target port.
    pub target: Wwpn,
    /// LUN behind it.
    pub lun: Lun,
    /// Name of the volume that answers.
    pub name: &'a str,
    /// The volume.
    pub volume: &'a Volume,
}

impl San {
    /// Whether `initiator` can log in to `target`.
    pub fn port(&self, initiator: Wwpn, target: Wwpn) -> Result<(), Unreachable> {
        let port = self.ports.get(&target).ok_or(Unreachable::NoSuchPort)?;
        if !port.online {
            return Err(Unreachable::PortOffline);
        }
        if !self.zoned(initiator, target) {
            return Err(Unreachable::NotZoned);
        }
        if port.refuses_login {
            return Err(Unreachable::LoginRefused);
        }
        Ok(())
    }

    /// The volume that answers `initiator` under `lun` of `target`, with its name.
    pub fn lun(
        &self,
        initiator: Wwpn,
        target: Wwpn,
        lun: Lun,
    ) -> Result<(&str, &Volume), Unreachable> {
        self.port(initiator, target)?;
        let name = self
            .luns
            .get(&target)
            .and_then(|luns| luns.get(&lun))
            .ok_or(Unreachable::NoSuchLun)?;
        let volume = self.volumes.get(name).ok_or(Unreachable::NoSuchLun)?;
        if !self.shown(name, initiator) {
            return Err(Unreachable::Masked);
        }
        if volume.silent {
            return Err(Unreachable::Silent);
        }
        Ok((name, volume))
    }

    /// Target ports that the fabric's name server shows to `initiator`, in order of WWPN: those it can log in to and
    /// those that would refuse (spec: zfcp-and-san 3.1 `ports_seen`).
    pub fn visible_ports(&self, initiator: Wwpn) -> impl Iterator<Item = Wwpn> {
        self.ports.keys().copied().filter(move |target| {
            !self
                .port(initiator, *target)
                .is_err_and(Unreachable::hides_port)
        })
    }

    /// What REPORT LUNS of `target` tells `initiator`, in order of LUN (spec: zfcp-and-san 3.6).
    pub fn reported_luns(
        &self,
        initiator: Wwpn,
        target: Wwpn,
    ) -> impl Iterator<Item = VisibleLun<'_>> {
        let open = self.port(initiator, target).is_ok() && !self.reports_fail(target);
        let luns = self.luns.get(&target).filter(|_| open);
        let likely = luns.and_then(|_| self.likely_luns(initiator, target));
        let all = luns.filter(|_| likely.is_none()).into_iter().flatten();
        let some = likely.into_iter().flatten();
        all.chain(some.filter_map(move |lun| luns?.get_key_value(&lun)))
            .filter(move |(_, name)| self.shown(name, initiator))
            .filter_map(move |(lun, name)| {
                Some(VisibleLun {
                    target,
                    lun: *lun,
                    name,
                    volume: self.volumes.get(name)?,
                })
            })
            .filter(|seen| !seen.volume.silent)
    }

    /// Every LUN that `initiator` sees, by target port and LUN (`System_FCP_Free_Query`).
    pub fn visible_luns(&self, initiator: Wwpn) -> impl Iterator<Item = VisibleLun<'_>> {
        self.visible_ports(initiator)
            .flat_map(move |target| self.reported_luns(initiator, target))
    }

    /// Whether a zone holds initiator and target.
    pub fn zoned(&self, initiator: Wwpn, target: Wwpn) -> bool {
        let target = self.crossed.get(&target).copied().unwrap_or(target);
        self.open_zoning
            || self
                .zones
                .values()
                .any(|zone| zone.contains(&initiator) && zone.contains(&target))
    }

    /// Whether a target port fails to answer REPORT LUNS.
    pub fn reports_fail(&self, target: Wwpn) -> bool {
        self.reports_failing.contains(&target)
    }

    /// Whether the storage behind a target port has the REPORT LUNS well-known LUN: that of the SVC kind has not
    /// (spec: zfcp-and-san 3.4).
    pub fn has_well_known_lun(&self, target: Wwpn) -> bool {
        self.luns
            .get(&target)
            .and_then(|luns| luns.values().next())
            .and_then(|name| self.volumes.get(name))
            .is_some_and(|volume| volume.product() != "2145")
    }

    fn shown(&self, volume: &str, initiator: Wwpn) -> bool {
        self.open_masking
            || self
                .masks
                .get(volume)
                .is_some_and(|initiators| initiators.contains(&initiator))
    }
}
