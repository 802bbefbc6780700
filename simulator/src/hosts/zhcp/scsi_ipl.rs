//! Starting from a SCSI disk: what the machine loader needs, and what stops it (spec: zfcp-and-san 7.3).

use crate::world::zvm::DirectoryEntry;
use crate::world::{DeviceNumber, Lun, SystemName, UserId, World, Wwpn};

/// CP does not load from a place that is not given.
const NO_PLACE: &str =
    "HCPLDI2813E The load was unsuccessful because the LOADDEV parameters are not set.";
/// The loader does not reach port or LUN.
const NO_LUN: &str = "MLOEVL012I: Machine loader up and running (version 0.13).\nMLOPDM010E: The boot device could not be accessed.";

/// What stops a guest that is logged on now from starting from a SCSI disk; `None` when it starts, or from elsewhere.
///
/// The loader logs in to the fabric as Linux does, through one path, and knows nothing of `cio_ignore`.
pub fn problem(world: &World, system: &SystemName, user: &UserId) -> Option<&'static str> {
    let zvm = world.systems.get(system)?;
    let machine = zvm.running.get(user)?;
    let entry = zvm.effective(user)?;
    let ipl = entry.find("IPL").and_then(|s| s.word(1))?.to_owned();
    let device = device(&entry, &ipl)?;
    let (port, lun) = match (number(&entry, "PORTNAME"), number(&entry, "LUN")) {
        (Some(port), Some(lun)) => (Wwpn(port), Lun(lun)),
        _ => return Some(NO_PLACE),
    };
    let reached = machine
        .devices
        .get(&device)
        .and_then(|real| zvm.fcp.get(real))
        .filter(|fcp| fcp.online && !world.san.links_down.contains(&fcp.physical_wwpn))
        .is_some_and(|fcp| world.san.lun(fcp.initiator(), port, lun).is_ok());
    (!reached).then_some(NO_LUN)
}

/// The FCP device from which an entry starts: named by IPL, by LOADDEV, or the first that is dedicated. `None`: it does
/// not start from SCSI.
fn device(entry: &DirectoryEntry, ipl: &str) -> Option<DeviceNumber> {
    let dedicated = || {
        entry
            .parsed()
            .filter(|s| s.is("DEDICATE"))
            .filter_map(|s| s.device())
    };
    if ipl.eq_ignore_ascii_case("LOADDEV") {
        return loaddev(entry, "DEVICE")
            .and_then(|w| DeviceNumber::parse(&w).ok())
            .or_else(|| dedicated().next());
    }
    let device = DeviceNumber::parse(ipl).ok()?;
    let is_fcp = dedicated().any(|d| d == device) && entry.parsed().any(|s| s.is("LOADDEV"));
    is_fcp.then_some(device)
}

/// The value of a LOADDEV statement.
fn loaddev(entry: &DirectoryEntry, what: &str) -> Option<String> {
    entry
        .parsed()
        .find(|s| s.is("LOADDEV") && s.word(1).is_some_and(|w| w.eq_ignore_ascii_case(what)))
        .and_then(|s| s.word(2).map(str::to_owned))
}

fn number(entry: &DirectoryEntry, what: &str) -> Option<u64> {
    u64::from_str_radix(&loaddev(entry, what)?, 16)
        .ok()
        .filter(|n| *n != 0)
}
