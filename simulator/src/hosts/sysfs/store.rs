//! What a write to a kernel file does (spec: zfcp-and-san 2).

use crate::world::zfcp::event::{Action, Subject};
use crate::world::zfcp::names::{parse_bus_id, parse_number};
use crate::world::zfcp::{
    DEV_LOSS_MS, Errno, LinkState, Machine, Port, PortState, Uevent, Zfcp, act,
};
use crate::world::{DeviceNumber, HostName, Lun, World, Wwpn};

use super::css::{FAST_IO_FAIL_MS, hctl};
use super::tree::View;

/// How long the driver tries to get an answer from the name server: three times a second.
const NAME_SERVER_MS: u64 = 3_000;

/// Carries out a write to the file at a path without links; returns the events for udev.
///
/// # Errors
/// As the kernel's `write()`.
pub fn store(
    world: &mut World,
    host: &HostName,
    path: &[String],
    data: &str,
) -> Result<Vec<Uevent>, Errno> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let target = find_target(world, host, &path)?;
    let waits = wait_before(world, host, &target);
    world.now_ms = world.now_ms.saturating_add(waits);
    let (result, events) =
        act(world, host, |m, z, e| apply(m, z, e, &target, data)).ok_or(Errno::NoEntry)?;
    if result.is_ok() {
        let waits = wait_after(world, host, &target);
        world.now_ms = world.now_ms.saturating_add(waits);
    }
    result.map(|()| events)
}

/// How long a write hangs before it has an effect, in milliseconds: a unit behind a blocked port goes only when I/O to it
/// fails (spec: zfcp-and-san 2.5, 8.1 F64).
fn wait_before(world: &World, host: &HostName, target: &Target) -> u64 {
    let Target::Port(device, wwpn, attribute) = target else {
        return 0;
    };
    let Some(zfcp) = world.linuxes.get(host).map(|l| &l.zfcp) else {
        return 0;
    };
    let port = zfcp.adapters.get(device).and_then(|a| a.ports.get(wwpn));
    let blocked = |p: &&Port| p.state == PortState::Blocked && !p.devices.is_empty();
    let Some(port) = port.filter(blocked).filter(|_| attribute == "unit_remove") else {
        return 0;
    };
    let has_map = port
        .devices
        .values()
        .any(|d| zfcp.maps.contains_key(&d.wwid));
    let limit = if has_map {
        FAST_IO_FAIL_MS
    } else {
        DEV_LOSS_MS
    };
    port.blocked_ms
        .saturating_add(limit)
        .saturating_sub(world.now_ms)
}

/// How long a write waits for what it has started, in milliseconds: for a channel that does not answer, and for a name
/// server that is asked again (spec: zfcp-and-san 6.5, 8.1 F16, F31).
fn wait_after(world: &World, host: &HostName, target: &Target) -> u64 {
    let Target::Ccw(device, attribute) = target else {
        return 0;
    };
    if !matches!(attribute.as_str(), "online" | "failed" | "port_rescan") {
        return 0;
    }
    let Some(machine) = Machine::new(world, host) else {
        return 0;
    };
    let Some(adapter) = machine.linux.zfcp.adapters.get(device) else {
        return 0;
    };
    match adapter.link {
        LinkState::Failed => machine.fcp_device(*device).map_or(0, |f| f.mute_ms),
        LinkState::Open if adapter.unscanned => NAME_SERVER_MS,
        _ => 0,
    }
}

/// A file that can be written, by what it belongs to.
enum Target {
    Ccw(DeviceNumber, String),
    Port(DeviceNumber, Wwpn, String),
    Unit(DeviceNumber, Wwpn, Lun),
    Scsi(DeviceNumber, Wwpn, Lun, String),
    Block(DeviceNumber, Wwpn, Lun, String),
    HostScan(DeviceNumber),
    LunScan,
    Ignore,
    /// Accepted without effect on anything that is modelled.
    Nothing,
}

fn find_target(world: &World, host: &HostName, path: &[&str]) -> Result<Target, Errno> {
    let none = Errno::NoEntry;
    let view = View::of(world, host).ok_or(none)?;
    let wwpn = |text: &str| Wwpn::parse(text).map_err(|_| none);
    match path {
        ["sys", "devices", "css0", _, id, rest @ ..] => {
            let device = parse_bus_id(id).ok_or(none)?;
            match rest {
                [attribute] => Ok(Target::Ccw(device, (*attribute).to_owned())),
                [port, attribute] => Ok(Target::Port(device, wwpn(port)?, (*attribute).to_owned())),
                [port, lun, _] if port.starts_with("0x") => Ok(Target::Unit(
                    device,
                    wwpn(port)?,
                    Lun::parse(lun).map_err(|_| none)?,
                )),
                [_, _, _, scsi, rest @ ..] => {
                    let (device, port, lun, _) = view
                        .zfcp
                        .disks()
                        .find(|(d, w, l, _)| hctl(&view, *d, *w, *l).as_deref() == Some(scsi))
                        .ok_or(none)?;
                    match rest {
                        ["block", name, "uevent"] => {
                            Ok(Target::Block(device, port, lun, (*name).to_owned()))
                        }
                        [attribute] => Ok(Target::Scsi(device, port, lun, (*attribute).to_owned())),
                        _ => Err(Errno::Access),
                    }
                }
                _ => Err(Errno::Access),
            }
        }
        ["sys", "class", "scsi_host", name, "scan"] => super::classes::by_host(&view, name)
            .map(|(device, _)| Target::HostScan(device))
            .ok_or(none),
        ["sys", "module", "zfcp", "parameters", "allow_lun_scan"] => Ok(Target::LunScan),
        ["proc", "cio_ignore"] => Ok(Target::Ignore),
        _ => Ok(Target::Nothing),
    }
}

fn apply(
    machine: &Machine<'_>,
    zfcp: &mut Zfcp,
    events: &mut Vec<Uevent>,
    target: &Target,
    data: &str,
) -> Result<(), Errno> {
    let word = data.trim_end_matches('\n');
    match target {
        Target::Ccw(device, attribute) => ccw(machine, zfcp, events, *device, attribute, word),
        Target::Port(device, wwpn, attribute) => match attribute.as_str() {
            "unit_add" => {
                let lun = parse_number(data).ok_or(Errno::Invalid)?;
                zfcp.unit_add(machine, *device, *wwpn, Lun(lun), events)
            }
            "unit_remove" => {
                let lun = parse_number(data).ok_or(Errno::Invalid)?;
                zfcp.unit_remove(machine, *device, *wwpn, Lun(lun), events)
            }
            _ => {
                zero(data)?;
                zfcp.open_port(machine, *device, *wwpn, events);
                Ok(())
            }
        },
        Target::Unit(device, wwpn, lun) => {
            zero(data)?;
            zfcp.scan_lun(machine, *device, *wwpn, *lun, events);
            Ok(())
        }
        Target::Scsi(device, wwpn, lun, attribute) => match (attribute.as_str(), word) {
            ("delete", _) => {
                zfcp.remove_device(*device, *wwpn, *lun, events);
                Ok(())
            }
            ("state", "running" | "offline") => {
                if let Some(disk) = disk_mut(zfcp, *device, *wwpn, *lun) {
                    disk.offline = word == "offline";
                }
                Ok(())
            }
            ("state", _) => Err(Errno::Invalid),
            ("rescan", _) => {
                let bytes = machine
                    .initiator(*device)
                    .and_then(|i| machine.world.san.lun(i, *wwpn, *lun).ok())
                    .map(|(_, volume)| volume.bytes);
                if let (Some(bytes), Some(disk)) = (bytes, disk_mut(zfcp, *device, *wwpn, *lun)) {
                    disk.bytes = bytes;
                }
                Ok(())
            }
            _ => Ok(()),
        },
        Target::Block(device, wwpn, lun, name) => {
            events.push(Uevent::new(
                action(word)?,
                Subject::Disk(*device, *wwpn, *lun, name.clone()),
            ));
            Ok(())
        }
        Target::HostScan(device) => {
            if word.split_whitespace().count() != 3 {
                return Err(Errno::Invalid);
            }
            zfcp.scan_host(machine, *device, events);
            Ok(())
        }
        Target::LunScan => {
            zfcp.no_lun_scan = match word {
                "Y" | "y" | "1" => false,
                "N" | "n" | "0" => true,
                _ => return Err(Errno::Invalid),
            };
            Ok(())
        }
        Target::Ignore => ignore(machine, zfcp, events, word),
        Target::Nothing => Ok(()),
    }
}

fn disk_mut(
    zfcp: &mut Zfcp,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
) -> Option<&mut crate::world::zfcp::ScsiDevice> {
    zfcp.adapters
        .get_mut(&device)?
        .ports
        .get_mut(&wwpn)?
        .devices
        .get_mut(&lun)
}

fn ccw(
    machine: &Machine<'_>,
    zfcp: &mut Zfcp,
    events: &mut Vec<Uevent>,
    device: DeviceNumber,
    attribute: &str,
    word: &str,
) -> Result<(), Errno> {
    match attribute {
        "online" => {
            let on = match word {
                "0" => false,
                "1" | "force" => true,
                _ => return Err(Errno::Invalid),
            };
            zfcp.set_online(machine, device, on, events)
        }
        "uevent" => {
            events.push(Uevent::new(action(word)?, Subject::Ccw(device)));
            Ok(())
        }
        "failed" => {
            zero(word)?;
            zfcp.recover_adapter(machine, device, events);
            Ok(())
        }
        "port_rescan" => {
            if zfcp
                .adapters
                .get(&device)
                .is_some_and(|a| a.link == LinkState::Open)
            {
                zfcp.scan_ports(machine, device, events);
            }
            Ok(())
        }
        "port_remove" => {
            let wwpn = parse_number(word).ok_or(Errno::Invalid)?;
            zfcp.port_remove(machine, device, Wwpn(wwpn), events)
        }
        _ => Ok(()),
    }
}

/// `failed` takes 0 only.
fn zero(data: &str) -> Result<(), Errno> {
    match parse_number(data) {
        Some(0) => Ok(()),
        _ => Err(Errno::Invalid),
    }
}

fn action(word: &str) -> Result<Action, Errno> {
    match word {
        "add" => Ok(Action::Add),
        "change" => Ok(Action::Change),
        "remove" => Ok(Action::Remove),
        _ => Err(Errno::Invalid),
    }
}

/// A write to `/proc/cio_ignore`: `free`, `add` with lists of ids and ranges, `purge`.
fn ignore(
    machine: &Machine<'_>,
    zfcp: &mut Zfcp,
    events: &mut Vec<Uevent>,
    word: &str,
) -> Result<(), Errno> {
    let (verb, list) = word.split_once(' ').unwrap_or((word, ""));
    if verb == "purge" {
        zfcp.purge(events);
        return Ok(());
    }
    if !matches!(verb, "free" | "add") {
        return Err(Errno::Invalid);
    }
    for item in list.split(',').map(str::trim) {
        let (item, free) = match item.strip_prefix('!') {
            Some(rest) => (rest, verb == "add"),
            None => (item, verb == "free"),
        };
        let (low, high) = if item == "all" {
            (DeviceNumber(0), DeviceNumber(u16::MAX))
        } else {
            let (low, high) = item.split_once('-').unwrap_or((item, item));
            (id(low)?, id(high)?)
        };
        if low > high {
            return Err(Errno::Invalid);
        }
        if free {
            zfcp.free(machine, low, high, events);
        } else {
            zfcp.ignore(low, high);
        }
    }
    Ok(())
}

/// A device number, alone or in a full bus id, any case.
fn id(text: &str) -> Result<DeviceNumber, Errno> {
    let digits = text.strip_prefix("0.0.").unwrap_or(text);
    DeviceNumber::parse(digits).map_err(|_| Errno::Invalid)
}
