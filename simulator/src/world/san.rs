//! The storage area network: fabric zones, target ports, LUNs, LUN masking (spec: zfcp-and-san 3).
//!
//! Everything an initiator can learn of a target goes through [`San::port`] and [`San::lun`]; both say why not with one
//! [`Unreachable`], so that each missing link of the chain has its own failure and no caller invents another rule.

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
    /// Initiator ports, by physical WWPN, whose link to the fabric is down (spec: zfcp-and-san 8.1 F15).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub links_down: BTreeSet<Wwpn>,
    /// Target ports that do not answer REPORT LUNS (spec: zfcp-and-san 8.1 F48).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reports_failing: BTreeSet<Wwpn>,
    /// NPIV WWPNs whose fabric login the switch refuses (spec: zfcp-and-san 8.1 F17).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub logins_refused: BTreeSet<Wwpn>,
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

/// A logical unit behind one or more target ports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Size in bytes.
    pub bytes: u64,
    /// Identity of the content: travels with a copy.
    pub content: String,
    /// World wide identifier (`ID_SERIAL`), as multipath shows it.
    pub wwid: String,
    /// Vendor of the INQUIRY data; `IBM` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Product of the INQUIRY data; `2145` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Why INQUIRY is answered but the medium is not (spec: zfcp-and-san 3.1 P14).
    #[serde(default, skip_serializing_if = "Medium::is_good")]
    pub medium: Medium,
    /// Whether INQUIRY itself is answered with "not there" (spec: zfcp-and-san 3.1 P13).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// Access to the medium of a volume whose INQUIRY is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Reads and writes work.
    #[default]
    Good,
    /// Reserved by a system outside the site: RESERVATION CONFLICT.
    Reserved,
    /// The storage has the volume offline: NOT READY.
    Offline,
    /// A copy target: WRITE PROTECT.
    ReadOnly,
}

impl Medium {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_good(&self) -> bool {
        *self == Self::Good
    }
}

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
        let open = self.port(initiator, target).is_ok();
        self.luns
            .get(&target)
            .filter(|_| open)
            .into_iter()
            .flatten()
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

    fn zoned(&self, initiator: Wwpn, target: Wwpn) -> bool {
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

impl Volume {
    /// Vendor as INQUIRY gives it, not padded.
    pub fn vendor(&self) -> &str {
        if self.vendor.is_empty() {
            "IBM"
        } else {
            &self.vendor
        }
    }

    /// Product as INQUIRY gives it, not padded.
    pub fn product(&self) -> &str {
        if self.product.is_empty() {
            "2145"
        } else {
            &self.product
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Wwpn = Wwpn(0xc050_76de_3300_0005);
    const OTHER: Wwpn = Wwpn(0xc050_76de_3300_0006);
    const PORT: Wwpn = Wwpn(0x5005_0768_0110_2991);
    const LUN: Lun = Lun(0x0004_0000_0000_0000);

    fn san() -> San {
        San {
            ports: BTreeMap::from([(
                PORT,
                TargetPort {
                    online: true,
                    ..TargetPort::default()
                },
            )]),
            volumes: BTreeMap::from([("v4".to_owned(), Volume::default())]),
            luns: BTreeMap::from([(PORT, BTreeMap::from([(LUN, "v4".to_owned())]))]),
            zones: BTreeMap::from([("z".to_owned(), BTreeSet::from([ME, PORT]))]),
            masks: BTreeMap::from([("v4".to_owned(), BTreeSet::from([ME]))]),
            ..San::default()
        }
    }

    /// Breaks one link and says what the initiator then gets.
    fn broken(change: impl FnOnce(&mut San)) -> Unreachable {
        let mut san = san();
        change(&mut san);
        san.lun(ME, PORT, LUN).unwrap_err()
    }

    #[test]
    fn every_missing_link_has_its_own_failure() {
        assert_eq!(san().lun(ME, PORT, LUN).unwrap().0, "v4");
        assert_eq!(broken(|s| s.ports.clear()), Unreachable::NoSuchPort);
        assert_eq!(
            broken(|s| s.ports.values_mut().for_each(|p| p.online = false)),
            Unreachable::PortOffline
        );
        assert_eq!(broken(|s| s.zones.clear()), Unreachable::NotZoned);
        assert_eq!(
            broken(|s| s.ports.values_mut().for_each(|p| p.refuses_login = true)),
            Unreachable::LoginRefused
        );
        assert_eq!(broken(|s| s.luns.clear()), Unreachable::NoSuchLun);
        assert_eq!(broken(|s| s.masks.clear()), Unreachable::Masked);
        assert_eq!(
            broken(|s| s.volumes.values_mut().for_each(|v| v.silent = true)),
            Unreachable::Silent
        );
    }

    #[test]
    fn only_what_is_zoned_and_masked_is_visible() {
        let mut san = san();
        assert_eq!(san.visible_luns(ME).count(), 1);
        assert_eq!(san.visible_luns(OTHER).count(), 0);
        assert_eq!(san.visible_ports(OTHER).count(), 0);
        san.open_zoning = true;
        assert_eq!(san.visible_ports(OTHER).collect::<Vec<_>>(), [PORT]);
        assert_eq!(san.visible_luns(OTHER).count(), 0);
        san.open_masking = true;
        assert_eq!(san.visible_luns(OTHER).count(), 1);
    }
}
