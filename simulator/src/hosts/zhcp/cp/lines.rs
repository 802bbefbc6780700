//! Lines in which CP describes devices (spec: zhcp-and-smapi 4.2).

use crate::world::DeviceNumber;
use crate::world::zvm::{DiskUnit, FcpDevice, VirtualAdapter, VirtualDisk, ZvmSystem};

/// A minidisk of a guest. `subchannel` is its place among the guest's devices.
pub fn dasd(
    system: &ZvmSystem,
    device: DeviceNumber,
    disk: &VirtualDisk,
    subchannel: usize,
) -> String {
    let access = if disk.read_only { "R/O" } else { "R/W" };
    let (unit, size) = match disk.unit {
        DiskUnit::Cylinders => ("CYL", format!("{:>10}", disk.size)),
        DiskUnit::Blocks => ("BLK", format!("{:>10}", disk.size)),
    };
    let real = match system.volume_device(&disk.volume) {
        Some(real) => format!(" {real:X}"),
        None if disk.volume.starts_with('(') => " VDSK".to_owned(),
        None => " 0000".to_owned(),
    };
    format!(
        "DASD {device:X} {} {:<6} {access} {size} {unit} ON DASD {real} SUBCHANNEL = {subchannel:04X}\n",
        disk.kind, disk.volume
    )
}

/// An FCP device of a guest, with its detail lines.
pub fn fcp(device: DeviceNumber, real: DeviceNumber, fcp: &FcpDevice, subchannel: usize) -> String {
    let chpid = &fcp.chpid;
    format!(
        "FCP  {device:X} ON FCP   {real:X} CHPID {chpid} SUBCHANNEL = {subchannel:04X}\n     \
         {device:X} DEVTYPE FCP         VIRTUAL CHPID {chpid} FCP REAL CHPID {chpid}\n     \
         {device:X} QDIO ACTIVE         QIOASSIST ACTIVE        QEBSM\n     WWPN {:X}\n",
        fcp.initiator()
    )
}

/// An adapter of a guest: two lines.
pub fn adapter(system: &ZvmSystem, device: DeviceNumber, adapter: &VirtualAdapter) -> String {
    let kind = if adapter.hipersockets {
        "HIPERS"
    } else {
        "QDIO"
    };
    let network = match &adapter.coupled {
        None => "LAN: * None".to_owned(),
        Some(c) if c.owner.as_str() == "SYSTEM" && system.vswitches.contains_key(&c.name) => {
            format!("VSWITCH: SYSTEM {}", c.name)
        }
        Some(c) => format!("LAN: {} {}", c.owner, c.name),
    };
    format!(
        "Adapter {device:X}.P00 Type: {kind:<9} Name: UNASSIGNED  Devices: {}\n  MAC: {}         {network}\n",
        adapter.devices, adapter.mac
    )
}

/// A real FCP device.
pub fn real_fcp(number: DeviceNumber, fcp: &FcpDevice) -> String {
    let chpid = &fcp.chpid;
    match (&fcp.attached_to, fcp.online) {
        (_, false) => format!("FCP  {number:X} OFFLINE\n"),
        (None, true) => format!("FCP  {number:X} FREE     CHPID {chpid}\n"),
        (Some(user), true) => format!(
            "FCP  {number:X} ATTACHED TO {:<8} {number:X} CHPID {chpid}\n     WWPN {:X}\n",
            user.as_str(),
            fcp.initiator()
        ),
    }
}
