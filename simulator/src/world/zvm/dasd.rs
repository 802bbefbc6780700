//! Real disks: DASD volumes and emulated SCSI disks (spec: zhcp-and-smapi 2.9.9, 2.9.12).

use serde::{Deserialize, Serialize};

use super::{DiskUnit, Smapi, ZvmSystem, code};
use crate::world::{DeviceNumber, Lun, UserId, Wwpn};

/// A DASD volume of the I/O configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DasdVolume {
    /// Volume serial number.
    pub label: String,
    /// Device type, such as `3390`.
    pub kind: String,
    /// Size in the unit of its type.
    pub size: u64,
    /// Whether CP has it online.
    pub online: bool,
    /// Whether CP owns it (paging, spooling, system residence).
    #[serde(default)]
    pub cp_owned: bool,
    /// Whether it is attached to the system for minidisks.
    #[serde(default)]
    pub system: bool,
    /// Whether it is shared as a full pack.
    #[serde(default)]
    pub shared: bool,
    /// Guest to which it is attached.
    #[serde(default)]
    pub attached_to: Option<UserId>,
    /// Page slots, and how many are in use, when it is a paging volume.
    #[serde(default)]
    pub paging: Option<(u64, u64)>,
    /// Spool slots, and how many are in use, when it is a spool volume.
    #[serde(default)]
    pub spooling: Option<(u64, u64)>,
}

impl DasdVolume {
    /// Whether it can be attached or added.
    pub fn is_free(&self) -> bool {
        self.online && !self.cp_owned && !self.system && self.attached_to.is_none()
    }

    /// Status word of `System_Disk_Query`.
    pub fn status(&self) -> &'static str {
        if !self.online {
            "OFFLINE"
        } else if self.cp_owned {
            "CPOWNED"
        } else if self.system {
            "SYSTEM"
        } else if self.attached_to.is_some() {
            "ATTACHED"
        } else {
            "FREE"
        }
    }

    /// Unit of its size.
    pub fn unit(&self) -> DiskUnit {
        if self.kind.starts_with("33") {
            DiskUnit::Cylinders
        } else {
            DiskUnit::Blocks
        }
    }
}

/// A SCSI LUN that CP presents as a DASD (EDEV).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScsiDisk {
    /// Device type.
    pub kind: String,
    /// Attribute: the kind of storage, such as `2145` or `SCSI`.
    pub attribute: String,
    /// Size in 512-byte blocks.
    pub blocks: u64,
    /// Paths to the LUN.
    pub paths: Vec<ScsiPath>,
}

/// A path of an EDEV.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScsiPath {
    /// FCP device.
    pub device: DeviceNumber,
    /// Target port.
    pub wwpn: Wwpn,
    /// LUN behind it.
    pub lun: Lun,
}

impl ZvmSystem {
    /// A DASD volume by device number.
    ///
    /// # Errors
    /// 8/8.
    pub fn volume(&self, device: DeviceNumber) -> Smapi<&DasdVolume> {
        self.volumes.get(&device).ok_or(code(8, 8))
    }

    /// Adds a volume to the user volume list of SYSTEM CONFIG and attaches it (`Image_Volume_Add`). A device number that
    /// the site does not describe is taken to exist: sites list the disks that matter.
    ///
    /// # Errors
    /// 300/20 the label is in the configuration already.
    pub fn add_volume(&mut self, device: DeviceNumber, label: &str) -> Smapi<()> {
        if !self.user_volumes.insert(label.to_owned()) {
            return Err(code(300, 20));
        }
        if let Some(volume) = self.volumes.get_mut(&device) {
            volume.system = true;
        }
        Ok(())
    }

    /// Removes a volume from the user volume list (`Image_Volume_Delete`).
    ///
    /// # Errors
    /// 300/18 the label is not in the configuration.
    pub fn delete_volume(&mut self, device: DeviceNumber, label: &str) -> Smapi<()> {
        let known = self.user_volumes.remove(label)
            || self
                .volumes
                .get(&device)
                .is_some_and(|v| v.label == label && v.system);
        if !known {
            return Err(code(300, 18));
        }
        if let Some(volume) = self.volumes.get_mut(&device) {
            volume.system = false;
        }
        Ok(())
    }

    /// Adds an EDEV (`System_SCSI_Disk_Add`).
    ///
    /// # Errors
    /// 8/8 an FCP device of a path does not exist, 8/10 it is attached to a guest or the number is in use.
    pub fn add_scsi_disk(&mut self, device: DeviceNumber, disk: ScsiDisk) -> Smapi<()> {
        if self.scsi_disks.contains_key(&device) || self.volumes.contains_key(&device) {
            return Err(code(8, 10));
        }
        for path in &disk.paths {
            let fcp = self.fcp.get(&path.device).ok_or(code(8, 8))?;
            let taken = fcp
                .attached_to
                .as_ref()
                .is_some_and(|u| u.as_str() != "SYSTEM");
            if !fcp.online || taken {
                return Err(code(8, 10));
            }
        }
        for path in &disk.paths {
            if let Some(fcp) = self.fcp.get_mut(&path.device) {
                fcp.attached_to = Some(UserId::new("SYSTEM"));
            }
        }
        self.scsi_disks.insert(device, disk);
        Ok(())
    }

    /// Removes an EDEV and frees FCP devices that no other EDEV uses.
    ///
    /// # Errors
    /// 8/8.
    pub fn delete_scsi_disk(&mut self, device: DeviceNumber) -> Smapi<()> {
        let disk = self.scsi_disks.remove(&device).ok_or(code(8, 8))?;
        for path in disk.paths {
            let used = self
                .scsi_disks
                .values()
                .any(|d| d.paths.iter().any(|p| p.device == path.device));
            if !used {
                self.release_real(path.device);
            }
        }
        Ok(())
    }
}
