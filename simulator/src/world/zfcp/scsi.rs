//! Units and SCSI devices: `unit_add`, scans, names, removal (spec: zfcp-and-san 2.5, 2.6).

use std::collections::BTreeSet;

use crate::world::linux::Era;
use crate::world::san::Medium;
use crate::world::{DeviceNumber, Lun, Wwpn};

use super::event::{Action, Subject};
use super::names::{bus_id, disk_index, disk_name, scsi_lun};
use super::{Errno, LinkState, Machine, Port, PortState, ScsiDevice, Uevent, Zfcp};

/// Most LUNs that a scan takes from one REPORT LUNS answer in kernels before 4.18 (`max_report_luns`).
const REPORT_LIMIT: usize = 511;

/// Most LUNs that storage maps to one host (spec: zfcp-and-san 3.4).
const MAPPED_LIMIT: usize = 2_048;

impl Zfcp {
    fn port(&self, device: DeviceNumber, wwpn: Wwpn) -> Option<&Port> {
        self.adapters.get(&device)?.ports.get(&wwpn)
    }

    fn port_mut(&mut self, device: DeviceNumber, wwpn: Wwpn) -> Option<&mut Port> {
        self.adapters.get_mut(&device)?.ports.get_mut(&wwpn)
    }

    /// A write to `unit_add` of a port (spec: zfcp-and-san 2.5).
    ///
    /// # Errors
    /// As the kernel's; success says nothing about the LUN.
    pub fn unit_add(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        lun: Lun,
        events: &mut Vec<Uevent>,
    ) -> Result<(), Errno> {
        let old = machine.linux.distribution.era() == Era::K2;
        let port = self.port_mut(device, wwpn).ok_or(Errno::NoEntry)?;
        if !port.units.insert(lun) {
            return Err(if old { Errno::Invalid } else { Errno::Exists });
        }
        if port.state == PortState::Online {
            self.scan_lun(machine, device, wwpn, lun, events);
        }
        Ok(())
    }

    /// A write to `unit_remove` of a port (spec: zfcp-and-san 2.5). The SCSI device goes with the unit, in use or not.
    ///
    /// # Errors
    /// As the kernel's.
    pub fn unit_remove(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        lun: Lun,
        events: &mut Vec<Uevent>,
    ) -> Result<(), Errno> {
        let old = machine.linux.distribution.era() == Era::K2;
        let port = self.port_mut(device, wwpn).ok_or(Errno::NoEntry)?;
        if !port.units.contains(&lun) {
            return Err(if old {
                Errno::NoDeviceOrAddress
            } else {
                Errno::Invalid
            });
        }
        if old && port.devices.contains_key(&lun) {
            return Err(Errno::NoDeviceOrAddress);
        }
        port.units.remove(&lun);
        self.remove_device(device, wwpn, lun, events);
        Ok(())
    }

    /// Scans one LUN: a SCSI device appears if the LUN is admissible and the volume answers. Says whether there is one
    /// afterwards; nothing else tells (spec: zfcp-and-san 3.8, "silence").
    pub fn scan_lun(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        lun: Lun,
        events: &mut Vec<Uevent>,
    ) -> bool {
        let Some(port) = self.port(device, wwpn) else {
            return false;
        };
        if port.devices.contains_key(&lun) {
            return true;
        }
        let manual = port.units.contains(&lun);
        let open = self
            .adapters
            .get(&device)
            .is_some_and(|a| a.link == LinkState::Open);
        // Old kernels print and keep 32 bits of a LUN.
        let too_long = machine.linux.distribution.era() == Era::K2 && lun.0 & 0xffff_ffff != 0;
        if !open
            || port.state != PortState::Online
            || too_long
            || !(manual || self.scans_automatically(machine, device))
        {
            return false;
        }
        let now = machine.world.now_ms;
        if machine.is_shared_illegally(self, device, wwpn, lun) {
            let id = bus_id(device);
            self.note(
                now,
                format!(
                    "zfcp {id}: LUN 0x{lun} on port 0x{wwpn} is already in use by CSS0, MIF Image ID 1"
                ),
            );
            return false;
        }
        let Some(initiator) = machine.initiator(device) else {
            return false;
        };
        if machine.fcp_device(device).is_some_and(|f| f.no_handles) {
            let id = bus_id(device);
            self.note(
                now,
                format!("zfcp {id}: No handle is available for LUN 0x{lun} on port 0x{wwpn}"),
            );
            return false;
        }
        let Ok((name, volume)) = machine.world.san.lun(initiator, wwpn, lun) else {
            return false;
        };
        let readable = matches!(volume.medium, Medium::Good | Medium::ReadOnly);
        let (medium, vendor, product) = (volume.medium, volume.vendor(), volume.product());
        let found = ScsiDevice {
            disk: self.free_disk(),
            sg: self.free_generic(),
            volume: name.to_owned(),
            wwid: volume.wwid.clone(),
            bytes: if readable { volume.bytes } else { 0 },
            offline: false,
            since_ms: machine.world.now_ms,
        };
        self.flushed.remove(&found.wwid);
        let (disk, sg, bytes) = (found.disk.clone(), found.sg, found.bytes);
        if let Some(port) = self.port_mut(device, wwpn) {
            port.devices.insert(lun, found);
        }
        if let Some(address) = self.address(device, wwpn, lun) {
            self.note(
                now,
                format!(
                    "scsi {address}: Direct-Access     {vendor:<8} {product:<16} 0000 PQ: 0 ANSI: 6"
                ),
            );
            self.note(
                now,
                format!("sd {address}: Attached scsi generic sg{sg} type 0"),
            );
            for text in medium_messages(medium, bytes) {
                self.note(now, format!("sd {address}: {}", text.replace("{}", &disk)));
            }
        }
        events.push(Uevent::new(Action::Add, Subject::Scsi(device, wwpn, lun)));
        events.push(Uevent::new(
            Action::Add,
            Subject::Disk(device, wwpn, lun, disk),
        ));
        true
    }

    /// H:C:T:L of a LUN behind a port that was opened.
    pub fn address(&self, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> Option<String> {
        let adapter = self.adapters.get(&device)?;
        let target = adapter.targets.get(&wwpn)?;
        Some(format!("{}:0:{target}:{}", adapter.host, scsi_lun(lun)))
    }

    /// Whether a text is the H:C:T:L of a LUN behind a port that was opened.
    pub fn is_address(&self, device: DeviceNumber, wwpn: Wwpn, lun: Lun, text: &str) -> bool {
        // Most are told apart by the number of the host.
        let host = text.split(':').next().and_then(|host| host.parse().ok());
        self.adapters
            .get(&device)
            .is_some_and(|a| Some(a.host) == host)
            && self.address(device, wwpn, lun).as_deref() == Some(text)
    }

    /// Scans a port: its units, and with NPIV everything that the target reports (spec: zfcp-and-san 6.2).
    pub fn scan_port(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        wwpn: Wwpn,
        events: &mut Vec<Uevent>,
    ) {
        let mut wanted: BTreeSet<Lun> = self
            .port(device, wwpn)
            .into_iter()
            .flat_map(|p| p.units.iter().copied())
            .collect();
        if self.scans_automatically(machine, device)
            && let Some(initiator) = machine.initiator(device)
        {
            let limit = if machine.linux.distribution.era() >= Era::K4 {
                MAPPED_LIMIT
            } else {
                REPORT_LIMIT
            };
            wanted.extend(
                machine
                    .world
                    .san
                    .reported_luns(initiator, wwpn)
                    .take(limit)
                    .map(|seen| seen.lun),
            );
        }
        for lun in wanted {
            self.scan_lun(machine, device, wwpn, lun, events);
        }
    }

    /// A write to `scan` of a SCSI host.
    pub fn scan_host(
        &mut self,
        machine: &Machine<'_>,
        device: DeviceNumber,
        events: &mut Vec<Uevent>,
    ) {
        let ports: Vec<Wwpn> = self
            .adapters
            .get(&device)
            .into_iter()
            .flat_map(|a| a.ports.keys().copied())
            .collect();
        for wwpn in ports {
            self.scan_port(machine, device, wwpn, events);
        }
    }

    /// Whether LUNs of this device appear without `unit_add`: NPIV, a kernel that can, and `allow_lun_scan`.
    pub fn scans_automatically(&self, machine: &Machine<'_>, device: DeviceNumber) -> bool {
        !self.no_lun_scan && machine.linux.distribution.era() >= Era::K3 && machine.has_npiv(device)
    }

    /// Removes a SCSI device (a write to its `delete`); says whether there was one. The unit stays.
    pub fn remove_device(
        &mut self,
        device: DeviceNumber,
        wwpn: Wwpn,
        lun: Lun,
        events: &mut Vec<Uevent>,
    ) -> bool {
        let Some(gone) = self
            .port_mut(device, wwpn)
            .and_then(|p| p.devices.remove(&lun))
        else {
            return false;
        };
        self.symlinks.remove(&gone.disk);
        events.push(Uevent::new(
            Action::Remove,
            Subject::Disk(device, wwpn, lun, gone.disk),
        ));
        events.push(Uevent::new(
            Action::Remove,
            Subject::Scsi(device, wwpn, lun),
        ));
        true
    }

    pub(super) fn remove_devices(
        &mut self,
        device: DeviceNumber,
        wwpn: Wwpn,
        events: &mut Vec<Uevent>,
    ) {
        let luns: Vec<Lun> = self
            .port(device, wwpn)
            .into_iter()
            .flat_map(|p| p.devices.keys().copied())
            .collect();
        for lun in luns {
            self.remove_device(device, wwpn, lun, events);
        }
    }

    /// Every SCSI device with its place, in order of device number, port and LUN.
    pub fn disks(&self) -> impl Iterator<Item = (DeviceNumber, Wwpn, Lun, &ScsiDevice)> {
        self.adapters.iter().flat_map(|(device, adapter)| {
            adapter.ports.iter().flat_map(move |(wwpn, port)| {
                port.devices
                    .iter()
                    .map(move |(lun, disk)| (*device, *wwpn, *lun, disk))
            })
        })
    }

    /// The SCSI device with this block device name.
    pub fn disk(&self, name: &str) -> Option<(DeviceNumber, Wwpn, Lun, &ScsiDevice)> {
        self.disks().find(|(_, _, _, disk)| disk.disk == name)
    }

    /// Gives the disks each other's names, as a start in which they are found in another order does: each gets the
    /// next one's, the last the first one's; a disk that is alone gets one that is free (spec: zfcp-and-san 8.1 F55).
    pub fn shuffle_names(&mut self) {
        let mut names: Vec<(String, u32)> =
            self.disks().map(|(.., d)| (d.disk.clone(), d.sg)).collect();
        match names.len() {
            0 => return,
            1 => names[0] = (self.free_disk(), self.free_generic()),
            _ => names.rotate_left(1),
        }
        let mut symlinks = std::mem::take(&mut self.symlinks);
        let mut next = names.into_iter();
        let mut moved = Vec::new();
        for adapter in self.adapters.values_mut() {
            for port in adapter.ports.values_mut() {
                for device in port.devices.values_mut() {
                    if let Some((disk, sg)) = next.next() {
                        if let Some(links) = symlinks.remove(&device.disk) {
                            moved.push((disk.clone(), links));
                        }
                        (device.disk, device.sg) = (disk, sg);
                    }
                }
            }
        }
        symlinks.extend(moved);
        self.symlinks = symlinks;
    }

    fn free_disk(&self) -> String {
        let used = self.disks().filter_map(|(.., d)| disk_index(&d.disk));
        disk_name(first_free(used))
    }

    fn free_generic(&self) -> u32 {
        let used = self
            .disks()
            .filter_map(|(.., d)| usize::try_from(d.sg).ok());
        u32::try_from(first_free(used)).unwrap_or(u32::MAX)
    }
}

/// What the disk driver says of a new disk (spec: zfcp-and-san 2.6); `{}` stands for its name.
fn medium_messages(medium: Medium, bytes: u64) -> Vec<String> {
    let attached = "[{}] Attached SCSI disk".to_owned();
    let size = format!(
        "[{{}}] {} 512-byte logical blocks: ({:.1} GB/{:.1} GiB)",
        bytes / 512,
        bytes as f64 / 1e9,
        bytes as f64 / 1_073_741_824.0
    );
    match medium {
        Medium::Good => vec![size, "[{}] Write Protect is off".to_owned(), attached],
        Medium::ReadOnly => vec![size, "[{}] Write Protect is on".to_owned(), attached],
        Medium::Reserved => vec!["reservation conflict".to_owned(), attached],
        Medium::Offline => vec![
            "[{}] READ CAPACITY failed".to_owned(),
            "[{}] Sense Key : Not Ready [current]".to_owned(),
            "[{}] Add. Sense: Logical unit not ready, cause not reportable".to_owned(),
            attached,
        ],
    }
}

/// The lowest number that is not used: at most as many are below it as are used.
pub(super) fn first_free(used: impl Iterator<Item = usize>) -> usize {
    let used: Vec<usize> = used.collect();
    let mut taken = vec![false; used.len()];
    for number in used {
        if let Some(taken) = taken.get_mut(number) {
            *taken = true;
        }
    }
    let free = taken.iter().position(|taken| !taken);
    free.unwrap_or(taken.len())
}
