//! What surrounds a driver: the virtual machine it runs in, the FCP devices CP gave it, the SAN behind them.

use std::borrow::Cow;

use crate::world::zvm::{FcpDevice, VirtualMachine, ZvmSystem};
use crate::world::{DeviceNumber, HostName, Linux, Lun, World, Wwpn};

use super::{LinkState, Uevent, Zfcp};

/// How long a port that is no target stays in sight after a scan, in milliseconds.
const STRANGER_MS: u64 = 1_000;

/// How a target port answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It accepts logins.
    Good,
    /// The driver tests the link and holds I/O back.
    UnderTest,
    /// Not at all.
    None,
}

/// The surroundings of one Linux's driver, to look at only.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The whole world; the driver's own state is taken out of it while the driver acts.
    pub world: &'a World,
    /// Which Linux.
    pub host: &'a HostName,
    /// The Linux.
    pub linux: &'a Linux,
}

impl<'a> Machine<'a> {
    /// The surroundings of the driver on `host`.
    pub fn new(world: &'a World, host: &'a HostName) -> Option<Self> {
        Some(Self {
            world,
            host,
            linux: world.linuxes.get(host)?,
        })
    }

    fn system(&self) -> Option<&'a ZvmSystem> {
        self.world.systems.get(&self.linux.system)
    }

    /// The virtual machine, when it is logged on.
    pub fn virtual_machine(&self) -> Option<&'a VirtualMachine> {
        self.system()?.running.get(&self.linux.userid)
    }

    /// FCP devices that CP has attached to the virtual machine, by virtual device number.
    pub fn fcp_devices(&self) -> impl Iterator<Item = (DeviceNumber, &'a FcpDevice)> + use<'a> {
        let fcp = self.system().map(|s| &s.fcp);
        self.virtual_machine()
            .into_iter()
            .flat_map(|vm| &vm.devices)
            .filter_map(move |(vdev, rdev)| Some((*vdev, fcp?.get(rdev)?)))
    }

    /// The real FCP device behind a virtual device number.
    pub fn fcp_device(&self, device: DeviceNumber) -> Option<&'a FcpDevice> {
        let rdev = self.virtual_machine()?.devices.get(&device)?;
        self.system()?.fcp.get(rdev)
    }

    /// The WWPN with which a device logs in to the fabric: its NPIV WWPN, or the physical one of its channel.
    pub fn initiator(&self, device: DeviceNumber) -> Option<Wwpn> {
        let fcp = self.fcp_device(device)?;
        Some(fcp.npiv_wwpn.unwrap_or(fcp.physical_wwpn))
    }

    /// Whether a device logs in under a WWPN of its own.
    pub fn has_npiv(&self, device: DeviceNumber) -> bool {
        self.fcp_device(device)
            .is_some_and(|fcp| fcp.npiv_wwpn.is_some())
    }

    /// How a device would come up if it were set online now (spec: zfcp-and-san 3.1 P1, P3, P6).
    pub fn link(&self, device: DeviceNumber) -> LinkState {
        let Some(fcp) = self.fcp_device(device) else {
            return LinkState::Gone;
        };
        let san = &self.world.san;
        let is_refused = |w| san.logins_refused.contains(&w);
        if !fcp.online || san.links_down.contains(&fcp.physical_wwpn) {
            LinkState::LinkDown
        } else if fcp.mute_ms > 0
            || fcp.npiv_wwpn.is_some_and(is_refused)
            || san.duplicates.contains(&fcp.initiator())
        {
            LinkState::Failed
        } else {
            LinkState::Open
        }
    }

    /// How a target port answers a device now.
    pub fn answer_of(&self, device: DeviceNumber, port: Wwpn) -> Answer {
        let san = &self.world.san;
        if self
            .initiator(device)
            .is_none_or(|i| san.port(i, port).is_err())
        {
            return Answer::None;
        }
        match san.storms.get(&port) {
            Some(period) if self.world.now_ms % (*period).max(2) < (*period).max(2) / 2 => {
                Answer::UnderTest
            }
            _ => Answer::Good,
        }
    }

    /// Initiators that the last scan of a device has brought in among the targets and that are not yet dropped again
    /// (spec: zfcp-and-san 8.1 F35).
    pub fn strangers(&self, zfcp: &Zfcp, device: DeviceNumber) -> Vec<Wwpn> {
        let san = &self.world.san;
        let just_scanned = zfcp.adapters.get(&device).is_some_and(|a| {
            a.link == LinkState::Open
                && self.world.now_ms.saturating_sub(a.scanned_ms) < STRANGER_MS
        });
        let own = self.initiator(device).filter(|_| just_scanned);
        own.into_iter()
            .flat_map(|own| {
                let seen = san.strangers.iter().copied();
                seen.filter(move |w| *w != own && san.zoned(own, *w))
            })
            .collect()
    }

    /// Whether another image, or another device of this one, has the LUN open through the same channel without NPIV
    /// (spec: zfcp-and-san 3.1 P12). `own` is the driver's own state.
    pub fn is_shared_illegally(
        &self,
        own: &Zfcp,
        device: DeviceNumber,
        port: Wwpn,
        lun: Lun,
    ) -> bool {
        let Some(fcp) = self.fcp_device(device).filter(|f| f.npiv_wwpn.is_none()) else {
            return false;
        };
        let elsewhere = self.world.san.opened_elsewhere.get(&fcp.physical_wwpn);
        if elsewhere.is_some_and(|luns| luns.contains(&lun)) {
            return true;
        }
        let opens = |machine: &Machine<'_>, zfcp: &Zfcp, but: Option<DeviceNumber>| {
            zfcp.adapters.iter().any(|(other, adapter)| {
                Some(*other) != but
                    && adapter
                        .ports
                        .get(&port)
                        .is_some_and(|p| p.devices.contains_key(&lun))
                    && machine.fcp_device(*other).is_some_and(|f| {
                        f.npiv_wwpn.is_none() && f.physical_wwpn == fcp.physical_wwpn
                    })
            })
        };
        opens(self, own, Some(device))
            || self
                .world
                .linuxes
                .keys()
                .filter(|host| *host != self.host)
                .filter_map(|host| Machine::new(self.world, host))
                .any(|other| opens(&other, &other.linux.zfcp, None))
    }
}

/// Lets the driver of `host` act: first it notices what changed around it, then `act` runs. Returns what `act` says and
/// the events for udev, in order; `None` when there is no such Linux.
pub fn act<R>(
    world: &mut World,
    host: &HostName,
    act: impl FnOnce(&Machine<'_>, &mut Zfcp, &mut Vec<Uevent>) -> R,
) -> Option<(R, Vec<Uevent>)> {
    let mut zfcp = std::mem::take(&mut world.linuxes.get_mut(host)?.zfcp);
    let mut events = Vec::new();
    let result = Machine::new(world, host).map(|machine| {
        zfcp.settle(&machine, &mut events);
        act(&machine, &mut zfcp, &mut events)
    });
    if let Some(linux) = world.linuxes.get_mut(host) {
        linux.zfcp = zfcp;
    }
    Some((result?, events))
}

/// What the driver of `host` knows now, having noticed what changed around it, without changing the world.
///
/// Looking costs a copy only when there is something to notice.
pub fn observe<'a>(world: &'a World, host: &'a HostName) -> Option<(Machine<'a>, Cow<'a, Zfcp>)> {
    let machine = Machine::new(world, host)?;
    let zfcp = &machine.linux.zfcp;
    if zfcp.is_settled(&machine) {
        return Some((machine, Cow::Borrowed(zfcp)));
    }
    let mut zfcp = Zfcp::clone(zfcp);
    zfcp.settle(&machine, &mut Vec::new());
    Some((machine, Cow::Owned(zfcp)))
}
