//! CP's minidisk links and real devices of running guests (spec: zhcp-and-smapi 4.2).

use super::logon::mdisk_mode;
use super::{Code, DiskUnit, Smapi, VirtualDisk, ZvmSystem};
use crate::world::{DeviceNumber, UserId};

/// Mode of a link: what is asked for, and what is taken when that is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMode {
    R,
    RR,
    W,
    WR,
    M,
    MR,
    MW,
}

impl LinkMode {
    /// Parses a mode; a `V` behind it (virtual reserve/release) changes nothing here.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        Some(match upper.strip_suffix('V').unwrap_or(&upper) {
            "R" => Self::R,
            "RR" => Self::RR,
            "W" => Self::W,
            "WR" => Self::WR,
            "M" => Self::M,
            "MR" => Self::MR,
            "MW" => Self::MW,
            _ => return None,
        })
    }
}

/// Why CP did not link a minidisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFailure {
    /// HCPLNM045E: the guest that links is not logged on.
    NotLoggedOn,
    /// HCPLNM053E: the owner is not in the directory.
    NoOwner,
    /// HCPLNM107E: the owner has no such minidisk.
    NoDisk,
    /// HCPLNM108E: the volume is not mounted.
    NotMounted(String),
    /// HCPLNM104E: somebody has it read-write.
    ReadWriteBy(UserId),
    /// HCPLNM105E: somebody has it read-only.
    ReadOnlyBy(UserId),
    /// HCPLNM110E: the address is in use.
    Defined,
}

impl ZvmSystem {
    /// CP LINK: `user` gets the minidisk `owner_device` of `owner` at `device`. Returns the userid because of which it is
    /// read-only although more was asked for.
    ///
    /// # Errors
    /// [`LinkFailure`], in the order in which CP looks.
    pub fn link(
        &mut self,
        user: &UserId,
        owner: &UserId,
        owner_device: DeviceNumber,
        device: DeviceNumber,
        mode: LinkMode,
    ) -> Result<Option<UserId>, LinkFailure> {
        if !self.running.contains_key(user) {
            return Err(LinkFailure::NotLoggedOn);
        }
        let mut disk = self.minidisk(owner, owner_device)?;
        if self.running[user].has_device(device) {
            return Err(LinkFailure::Defined);
        }
        let (writer, reader) = self.users_of(owner, owner_device);
        let read_only = match mode {
            LinkMode::RR => true,
            LinkMode::R => match writer {
                Some(writer) => return Err(LinkFailure::ReadWriteBy(writer)),
                None => true,
            },
            LinkMode::W | LinkMode::WR if writer.is_none() && reader.is_none() => false,
            LinkMode::M | LinkMode::MR if writer.is_none() => false,
            LinkMode::MW => false,
            LinkMode::W | LinkMode::M => {
                return Err(match (writer, reader) {
                    (Some(writer), _) => LinkFailure::ReadWriteBy(writer),
                    (None, Some(reader)) => LinkFailure::ReadOnlyBy(reader),
                    (None, None) => LinkFailure::NoDisk,
                });
            }
            LinkMode::WR | LinkMode::MR => true,
        };
        let forced = if read_only && matches!(mode, LinkMode::WR | LinkMode::MR) {
            let (writer, reader) = self.users_of(owner, owner_device);
            writer.or(reader)
        } else {
            None
        };
        disk.read_only = read_only;
        if let Some(machine) = self.running.get_mut(user) {
            machine.disks.insert(device, disk);
        }
        Ok(forced)
    }

    /// The minidisk that a statement of the directory defines.
    ///
    /// # Errors
    /// [`LinkFailure::NoOwner`], [`LinkFailure::NoDisk`].
    pub fn minidisk(
        &self,
        owner: &UserId,
        device: DeviceNumber,
    ) -> Result<VirtualDisk, LinkFailure> {
        let entry = self.directory.get(owner).ok_or(LinkFailure::NoOwner)?;
        let statement = entry
            .of_device("MDISK", device)
            .next()
            .ok_or(LinkFailure::NoDisk)?;
        let kind = statement.word(2).unwrap_or("3390").to_ascii_uppercase();
        let place = statement.word(3).unwrap_or_default().to_ascii_uppercase();
        let number = |at: usize| statement.word(at).and_then(|w| w.parse().ok()).unwrap_or(0);
        let (size, volume) = match place.as_str() {
            "V-DISK" => (number(4), "(VDSK)".to_owned()),
            "T-DISK" => (number(4), "(TEMP)".to_owned()),
            "DEVNO" => {
                let real = statement.word(4).and_then(|r| DeviceNumber::parse(r).ok());
                let volume = real.and_then(|r| self.volumes.get(&r));
                volume.map_or((0, String::new()), |v| (v.size, v.label.clone()))
            }
            _ => (number(4), statement.word(5).unwrap_or_default().to_owned()),
        };
        if let Some(real) = self.volumes.values().find(|v| v.label == volume)
            && !real.online
        {
            return Err(LinkFailure::NotMounted(volume));
        }
        let unit = if kind.starts_with("33") {
            DiskUnit::Cylinders
        } else {
            DiskUnit::Blocks
        };
        Ok(VirtualDisk {
            kind: if unit == DiskUnit::Blocks {
                "9336".to_owned()
            } else {
                kind
            },
            volume,
            size,
            unit,
            read_only: matches!(mdisk_mode(&statement), "R" | "RR"),
            owner: owner.clone(),
            owner_device: device,
        })
    }

    /// A running guest that has a minidisk read-write, and one that has it read-only.
    fn users_of(&self, owner: &UserId, device: DeviceNumber) -> (Option<UserId>, Option<UserId>) {
        let find = |read_only: bool| {
            self.running
                .iter()
                .find(|(_, m)| {
                    m.disks.values().any(|d| {
                        d.owner == *owner && d.owner_device == device && d.read_only == read_only
                    })
                })
                .map(|(user, _)| user.clone())
        };
        (find(false), find(true))
    }

    /// Running guests that have a minidisk linked, with the address and whether read-only.
    pub fn links_to(
        &self,
        owner: &UserId,
        device: DeviceNumber,
    ) -> Vec<(UserId, DeviceNumber, bool)> {
        self.running
            .iter()
            .flat_map(|(user, m)| m.disks.iter().map(move |(at, d)| (user, at, d)))
            .filter(|(_, _, d)| d.owner == *owner && d.owner_device == device)
            .map(|(user, at, d)| (user.clone(), *at, d.read_only))
            .collect()
    }

    /// Takes a minidisk or a link away from a running guest.
    ///
    /// # Errors
    /// 200/12, 204/8.
    pub fn unlink(&mut self, user: &UserId, device: DeviceNumber) -> Smapi<VirtualDisk> {
        let machine = self.running.get_mut(user).ok_or(Code::NOT_ACTIVE)?;
        machine.disks.remove(&device).ok_or(Code::NO_DEVICE)
    }

    /// Real device number of the volume with a label.
    pub fn volume_device(&self, label: &str) -> Option<DeviceNumber> {
        self.volumes
            .iter()
            .find(|(_, v)| v.label == label)
            .map(|(number, _)| *number)
    }
}
