//! Block devices as programs name them: from `/dev/sda`, a link of udev's or a map to the volume behind it, and what a
//! command to that volume meets (spec: zfcp-and-san 2.6, 3.7).

use std::collections::BTreeSet;

use super::tool::view;
use crate::hosts::sysfs::dev::map_name;
use crate::hosts::sysfs::tree::View;
use crate::hosts::{ProgramEnv, sysfs};
use crate::world::fs::absolute;
use crate::world::san::{Medium, Volume};
use crate::world::zfcp::{Errno, LinkState, PortState, ScsiDevice};
use crate::world::{DeviceNumber, HostName, Lun, World, Wwpn};

/// What an open of a device node found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A SCSI disk, by kernel name.
    Disk(String),
    /// A generic SCSI device, by the kernel name of its disk.
    Generic(String),
    /// A multipath map, by WWID.
    Map(String),
}

/// What a command to a logical unit meets. `Display` is what `sg_*` tools say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Condition {
    /// Another system holds a reservation.
    #[error("SCSI status: Reservation Conflict")]
    Reserved,
    /// The storage has the volume offline.
    #[error(
        "Fixed format, current; Sense key: Not Ready\n Additional sense: Logical unit not ready, cause not reportable"
    )]
    NotReady,
    /// The LUN is not mapped any more.
    #[error(
        "Fixed format, current; Sense key: Illegal Request\n Additional sense: Logical unit not supported"
    )]
    Unmapped,
    /// The path is gone.
    #[error("transport: Host_status=0x0f [DID_TRANSPORT_FAILFAST]")]
    NoPath,
    /// Writing is not allowed.
    #[error("Fixed format, current; Sense key: Data Protect\n Additional sense: Write protected")]
    ReadOnly,
}

impl Condition {
    /// What `read()` or `write()` says.
    pub fn errno(self) -> Errno {
        match self {
            Self::Reserved => Errno::BadExchange,
            Self::NotReady | Self::Unmapped | Self::NoPath => Errno::Io,
            Self::ReadOnly => Errno::ReadOnly,
        }
    }

    /// Exit status of the `sg_*` tools.
    pub fn sg_status(self) -> i32 {
        match self {
            Self::Reserved => 24,
            Self::NotReady => 2,
            Self::Unmapped => 5,
            Self::NoPath => 99,
            Self::ReadOnly => 7,
        }
    }
}

/// What stands behind a device node; `None` when there is no such node, or it is not a disk.
pub fn open(view: &View<'_>, path: &str) -> Option<Opened> {
    let found = view.find(path, true)?;
    let [dev, rest @ ..] = found.path.as_slice() else {
        return None;
    };
    if dev != "dev" || rest.len() != 1 {
        return None;
    }
    let name = rest.first()?;
    if let Some(number) = name.strip_prefix("sg").and_then(|n| n.parse::<u32>().ok()) {
        let (.., disk) = view.zfcp.disks().find(|(.., d)| d.sg == number)?;
        return Some(Opened::Generic(disk.disk.clone()));
    }
    if let Some(number) = name.strip_prefix("dm-").and_then(|n| n.parse::<u32>().ok()) {
        let (wwid, _) = view.zfcp.maps.iter().find(|(_, m)| m.dm == number)?;
        return Some(Opened::Map(wwid.clone()));
    }
    view.zfcp.disk(name)?;
    Some(Opened::Disk(name.clone()))
}

/// Kernel name of an opened device.
pub fn kernel_name(view: &View<'_>, opened: &Opened) -> String {
    match opened {
        Opened::Disk(name) | Opened::Generic(name) => name.clone(),
        Opened::Map(wwid) => view
            .zfcp
            .maps
            .get(wwid)
            .map_or_else(String::new, |m| format!("dm-{}", m.dm)),
    }
}

/// Name that a person uses: `sda`, or the name of the map.
pub fn shown_name(view: &View<'_>, opened: &Opened) -> String {
    match opened {
        Opened::Disk(name) | Opened::Generic(name) => name.clone(),
        Opened::Map(wwid) => map_name(view, wwid),
    }
}

/// The disks through which an opened device reaches its volume.
fn paths<'a>(view: &'a View<'_>, opened: &Opened) -> Vec<(Wwpn, &'a ScsiDevice, PathState<'a>)> {
    view.zfcp
        .disks()
        .filter(|(.., d)| match opened {
            Opened::Disk(name) | Opened::Generic(name) => d.disk == *name,
            Opened::Map(wwid) => d.wwid == *wwid,
        })
        .map(|(device, wwpn, lun, disk)| (wwpn, disk, path_state(view, device, wwpn, lun, disk)))
        .collect()
}

fn path_state<'a>(
    view: &'a View<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
    disk: &ScsiDevice,
) -> PathState<'a> {
    let up = is_up(view, device, wwpn, disk);
    let volume = view
        .machine
        .initiator(device)
        .filter(|_| up)
        .and_then(|i| view.machine.world.san.lun(i, wwpn, lun).ok());
    PathState { up, volume }
}

/// Whether a path works, as the driver knows it.
fn is_up(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, disk: &ScsiDevice) -> bool {
    let adapter = view.zfcp.adapters.get(&device);
    adapter.is_some_and(|a| {
        a.link == LinkState::Open
            && a.ports
                .get(&wwpn)
                .is_some_and(|p| p.state == PortState::Online)
    }) && !disk.offline
}

/// How a path stands.
struct PathState<'a> {
    up: bool,
    volume: Option<(&'a str, &'a Volume)>,
}

/// What answers to a command of one path.
pub fn path_condition(
    view: &View<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
    disk: &ScsiDevice,
) -> Result<(), Condition> {
    first_answer([path_state(view, device, wwpn, lun, disk)], false).map(|_| ())
}

/// The volume that answers a read, or a write if `write`, through the first path that works. What answers is what the
/// storage has under the LUN *now*: a LUN id that was used again leads to other data (spec: zfcp-and-san 3.4).
pub fn volume<'a>(
    view: &'a View<'_>,
    opened: &Opened,
    write: bool,
) -> Result<(&'a str, &'a Volume), Condition> {
    let paths = paths(view, opened).into_iter().map(|(.., path)| path);
    first_answer(paths, write)
}

fn first_answer<'a>(
    paths: impl IntoIterator<Item = PathState<'a>>,
    write: bool,
) -> Result<(&'a str, &'a Volume), Condition> {
    let mut last = Condition::NoPath;
    for path in paths {
        match path.volume {
            None if path.up => last = Condition::Unmapped,
            None => {}
            Some((name, volume)) => match volume.medium {
                Medium::Good => return Ok((name, volume)),
                Medium::ReadOnly if !write => return Ok((name, volume)),
                Medium::ReadOnly => return Err(Condition::ReadOnly),
                Medium::Reserved => return Err(Condition::Reserved),
                Medium::Offline => last = Condition::NotReady,
            },
        }
    }
    Err(last)
}

/// How long I/O to a map without paths is queued, in milliseconds: as with `no_path_retry` 24 at a checker interval of
/// five seconds.
pub const QUEUE_MS: u64 = 120_000;

/// Whether I/O to an opened device is queued because all paths of a map are lost (spec: zfcp-and-san 8.1 F63).
pub fn is_queueing(view: &View<'_>, opened: &Opened) -> bool {
    let Opened::Map(wwid) = opened else {
        return false;
    };
    view.zfcp.maps.get(wwid).is_some_and(|map| !map.no_queue)
        && paths(view, opened).iter().all(|(.., path)| !path.up)
}

/// Whether there is a map on which I/O is queued because all its paths are lost.
fn has_queueing(view: &View<'_>) -> bool {
    let maps = view.zfcp.maps.iter().filter(|(_, map)| !map.no_queue);
    let mut without: BTreeSet<&str> = maps.map(|(wwid, _)| wwid.as_str()).collect();
    for (device, wwpn, _, disk) in view.zfcp.disks() {
        if without.is_empty() {
            break;
        }
        if without.contains(disk.wwid.as_str()) && is_up(view, device, wwpn, disk) {
            without.remove(disk.wwid.as_str());
        }
    }
    !without.is_empty()
}

/// Whether a Linux has a map on which I/O is queued because all its paths are lost.
pub fn has_queueing_map(world: &World, host: &HostName) -> bool {
    world
        .linuxes
        .get(host)
        .is_some_and(|linux| !linux.zfcp.maps.is_empty())
        && View::of(world, host).is_some_and(|view| has_queueing(&view))
}

/// Waits as a command does that touches maps which queue: until their paths are given up. `named`: the devices that the
/// command touches; without any it touches all maps.
pub fn wait_for_queues(env: &mut ProgramEnv<'_>, named: &[String]) {
    let hangs = view(env).is_some_and(|view| {
        if named.is_empty() {
            return has_queueing(&view);
        }
        named.iter().any(|name| {
            let path = canonical(env.world, &env.host, &env.directory, name);
            open(&view, &path).is_some_and(|opened| is_queueing(&view, &opened))
        })
    });
    if hangs {
        env.world.scratch.hangs = true;
        env.world.now_ms = env.world.now_ms.saturating_add(QUEUE_MS);
    }
}

/// Size that the kernel keeps, in bytes.
pub fn bytes(view: &View<'_>, opened: &Opened) -> u64 {
    paths(view, opened).first().map_or(0, |(_, d, _)| d.bytes)
}

/// Text of a block device: the identity of its content.
pub fn read(world: &World, host: &HostName, path: &str) -> Result<String, Errno> {
    let view = View::of(world, host).ok_or(Errno::NoEntry)?;
    let Some(opened) = open(&view, path) else {
        return Ok(String::new());
    };
    match volume(&view, &opened, false) {
        Ok((_, volume)) => Ok(format!("{}\n", volume.content)),
        Err(condition) => Err(condition.errno()),
    }
}

/// Replaces the content of the volume behind a block device: its identity is the first line of what is written.
pub fn write(world: &mut World, host: &HostName, path: &str, text: &str) -> Result<(), Errno> {
    let view = View::of(world, host).ok_or(Errno::NoEntry)?;
    let Some(opened) = open(&view, path) else {
        return Ok(());
    };
    let name = match volume(&view, &opened, true) {
        Ok((name, _)) => name.to_owned(),
        Err(condition) => return Err(condition.errno()),
    };
    let first = text.lines().next().unwrap_or_default();
    if let Some(volume) = world.san.volumes.get_mut(&name)
        && !first.is_empty()
    {
        first.clone_into(&mut volume.content);
    }
    Ok(())
}

/// Path of a device as a program was given it, made absolute and free of links where it is the kernel's.
pub fn canonical(world: &World, host: &HostName, directory: &str, path: &str) -> String {
    let path = absolute(directory, path);
    sysfs::canonical(world, host, &path).unwrap_or(path)
}
