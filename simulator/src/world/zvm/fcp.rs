//! FCP devices as CP sees them (spec: zhcp-and-smapi 5, zfcp-and-san 2.1).

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::{Code, Smapi, ZvmSystem};
use crate::world::{DeviceNumber, UserId, Wwpn};

/// A real FCP device (spec: zfcp-and-san 2.1, zhcp-and-smapi 5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FcpDevice {
    /// Channel path, two hex digits.
    pub chpid: String,
    /// NPIV WWPN, if NPIV is on for the channel path.
    #[serde(default)]
    pub npiv_wwpn: Option<Wwpn>,
    /// WWPN of the physical port.
    pub physical_wwpn: Wwpn,
    /// Whether CP has it online.
    pub online: bool,
    /// Userid to which CP has it attached, also one that is not modelled otherwise.
    #[serde(default)]
    pub attached_to: Option<UserId>,
    /// The channel does not answer when the device is opened; so many virtual milliseconds pass until the driver gives
    /// up (spec: zfcp-and-san 8.1 F16). 0: it answers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mute_ms: u64,
    /// The channel has no handles left for ports and LUNs (spec: zfcp-and-san 8.1 F24).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_handles: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// State of an FCP device in `System_WWPN_Query` (spec: zhcp-and-smapi 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FcpState {
    /// Attached to a guest or to the system.
    Active,
    /// Online and not attached.
    Free,
    /// Varied off.
    Offline,
}

impl FcpState {
    /// The word that smcli prints.
    pub fn text(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Free => "Free",
            Self::Offline => "Offline",
        }
    }
}

impl FcpDevice {
    /// Its state. A device that is varied off is offline whoever had it.
    pub fn state(&self) -> FcpState {
        if !self.online {
            FcpState::Offline
        } else if self.attached_to.is_some() {
            FcpState::Active
        } else {
            FcpState::Free
        }
    }

    /// The WWPN with which it logs in to the fabric.
    pub fn initiator(&self) -> Wwpn {
        self.npiv_wwpn.unwrap_or(self.physical_wwpn)
    }
}

impl ZvmSystem {
    /// The real device that a userid gets when it asks for one.
    fn given(&self, user: &UserId, real: DeviceNumber) -> DeviceNumber {
        let after = (Bound::Excluded(real), Bound::Unbounded);
        let next = || self.fcp.range(after).next().map(|(device, _)| *device);
        match self.fcp.get(&real).filter(|_| self.shifted.contains(user)) {
            Some(_) => next().unwrap_or(real),
            None => real,
        }
    }

    /// CP ATTACH: gives a free real device to a running guest (`Image_Device_Dedicate`).
    ///
    /// # Errors
    /// 200/12; 204/8 no such real device; 204/16 attached elsewhere or offline; 204/4 the virtual address is in use.
    pub fn attach(
        &mut self,
        user: &UserId,
        virtual_device: DeviceNumber,
        real: DeviceNumber,
    ) -> Smapi<()> {
        let real = self.given(user, real);
        let machine = self.running.get(user).ok_or(Code::NOT_ACTIVE)?;
        if machine.has_device(virtual_device) {
            return Err(Code::DEVICE_EXISTS);
        }
        self.take_real(user, real)?;
        if let Some(machine) = self.running.get_mut(user) {
            machine.devices.insert(virtual_device, real);
        }
        Ok(())
    }

    fn take_real(&mut self, user: &UserId, real: DeviceNumber) -> Smapi<()> {
        if let Some(fcp) = self.fcp.get_mut(&real) {
            if fcp.state() != FcpState::Free {
                return Err(Code::DEVICE_UNAVAILABLE);
            }
            fcp.attached_to = Some(user.clone());
            return Ok(());
        }
        if let Some(volume) = self.volumes.get_mut(&real) {
            if !volume.is_free() {
                return Err(Code::DEVICE_UNAVAILABLE);
            }
            volume.attached_to = Some(user.clone());
            return Ok(());
        }
        Err(Code::NO_DEVICE)
    }

    /// Gives a real device back to the system.
    pub(super) fn release_real(&mut self, real: DeviceNumber) {
        if let Some(fcp) = self.fcp.get_mut(&real) {
            fcp.attached_to = None;
        }
        if let Some(volume) = self.volumes.get_mut(&real) {
            volume.attached_to = None;
        }
    }

    /// CP DETACH of a device that was attached or dedicated (`Image_Device_Undedicate`).
    ///
    /// # Errors
    /// 200/12, 204/8.
    pub fn detach(&mut self, user: &UserId, virtual_device: DeviceNumber) -> Smapi<DeviceNumber> {
        let machine = self.running.get_mut(user).ok_or(Code::NOT_ACTIVE)?;
        let real = machine
            .devices
            .remove(&virtual_device)
            .ok_or(Code::NO_DEVICE)?;
        self.release_real(real);
        Ok(real)
    }

    /// Adds a DEDICATE statement (`Image_Device_Dedicate_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 404/4 when any statement of the entry defines the virtual device.
    pub fn dedicate(
        &mut self,
        user: &UserId,
        virtual_device: DeviceNumber,
        real: DeviceNumber,
        read_only: bool,
        by: &UserId,
    ) -> Smapi<()> {
        let given = self.given(user, real);
        let entry = self.entry_for(user, by)?;
        if entry.defines(virtual_device) {
            return Err(Code::DEVICE_DEFINED);
        }
        let suffix = if read_only { " R/O" } else { "" };
        entry.add_device(format!("DEDICATE {virtual_device:X} {given:X}{suffix}"));
        Ok(())
    }

    /// Removes a DEDICATE statement (`Image_Device_Undedicate_DM`).
    ///
    /// # Errors
    /// 400/4, 400/12, 404/8, 404/12.
    pub fn undedicate(
        &mut self,
        user: &UserId,
        virtual_device: DeviceNumber,
        by: &UserId,
    ) -> Smapi<()> {
        let entry = self.entry_for(user, by)?;
        if entry.of_device("DEDICATE", virtual_device).next().is_none() {
            return Err(Code::DEVICE_NOT_DEFINED);
        }
        if entry.is_device_locked_for(virtual_device, by) {
            return Err(super::code(404, 12));
        }
        entry.remove_device("DEDICATE", virtual_device);
        entry.device_locks.remove(&virtual_device);
        Ok(())
    }
}
