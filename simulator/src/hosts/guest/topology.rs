//! How multipath tools show maps and paths (spec: zfcp-and-san 2.8, 4.8).

use std::collections::BTreeMap;

use super::disk;
use crate::hosts::sysfs::css::{hctl, inquiry, scsi_state};
use crate::hosts::sysfs::dev::{map_name, numbers};
use crate::hosts::sysfs::tree::View;
use crate::world::san::Medium;
use crate::world::zfcp::{PortState, ScsiDevice};
use crate::world::{DeviceNumber, Lun, Wwpn};

/// One path of a map.
#[derive(Clone, Debug)]
pub struct Path {
    /// H:C:T:L.
    pub address: String,
    /// `sda`.
    pub disk: String,
    /// `8:0`.
    pub numbers: String,
    /// Whether the checker finds it usable.
    pub good: bool,
    /// State of the SCSI device in multipath's words.
    pub scsi: &'static str,
}

impl Path {
    /// State in the device mapper.
    pub fn mapper(&self) -> &'static str {
        if self.good { "active" } else { "failed" }
    }

    /// What the checker says.
    pub fn checker(&self) -> &'static str {
        if self.good { "ready" } else { "faulty" }
    }
}

/// The disks of a Linux, gathered once for a tool that goes through many of them.
pub struct Topology<'a> {
    view: &'a View<'a>,
    by_wwid: BTreeMap<&'a str, Vec<Disk<'a>>>,
}

/// A disk and where it is.
struct Disk<'a> {
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
    scsi: &'a ScsiDevice,
}

impl<'a> Topology<'a> {
    /// Those of a view.
    pub fn of(view: &'a View<'a>) -> Self {
        let mut by_wwid: BTreeMap<&str, Vec<Disk<'_>>> = BTreeMap::new();
        for (device, wwpn, lun, scsi) in view.zfcp.disks() {
            by_wwid.entry(&scsi.wwid).or_default().push(Disk {
                device,
                wwpn,
                lun,
                scsi,
            });
        }
        Self { view, by_wwid }
    }

    fn disks(&self, wwid: &str) -> &[Disk<'a>] {
        self.by_wwid.get(wwid).map_or(&[], Vec::as_slice)
    }

    /// The paths with a WWID, in order of H:C:T:L.
    pub fn paths(&self, wwid: &str) -> Vec<Path> {
        let paths = self.disks(wwid).iter().filter_map(|d| path(self.view, d));
        let mut paths: Vec<Path> = paths.collect();
        paths.sort_by_cached_key(|p| order(&p.address));
        paths
    }

    /// The paths of all maps, in order of H:C:T:L.
    pub fn paths_of_maps(&self) -> Vec<Path> {
        let maps = &self.view.zfcp.maps;
        let disks = self
            .by_wwid
            .iter()
            .filter(|(wwid, _)| maps.contains_key(**wwid))
            .flat_map(|(_, disks)| disks);
        let mut paths: Vec<Path> = disks.filter_map(|d| path(self.view, d)).collect();
        paths.sort_by_cached_key(|p| order(&p.address));
        paths
    }
}

fn order(address: &str) -> Vec<u64> {
    address
        .split(':')
        .map(|n| n.parse().unwrap_or_default())
        .collect()
}

fn path(view: &View<'_>, disk: &Disk<'_>) -> Option<Path> {
    let Disk {
        device,
        wwpn,
        lun,
        scsi,
    } = *disk;
    let address = hctl(view, device, wwpn, lun)?;
    let port = view.zfcp.adapters.get(&device)?.ports.get(&wwpn)?;
    // multipath shows a path whose I/O fails at once as offline.
    let state = match scsi_state(view, port, scsi) {
        "transport-offline" => "offline",
        other => other,
    };
    let online = port.state == PortState::Online && !scsi.offline;
    Some(Path {
        address,
        disk: scsi.disk.clone(),
        numbers: numbers(&scsi.disk),
        good: online && disk::path_condition(view, device, wwpn, lun, scsi).is_ok(),
        scsi: state,
    })
}

/// How the text of a map begins: what happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is only shown.
    Show,
    /// It is made now.
    Create,
    /// Its table is loaded again.
    Reload,
}

/// Size as multipath prints it.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("T", 1 << 40),
        ("G", 1 << 30),
        ("M", 1 << 20),
        ("K", 1 << 10),
    ];
    let (unit, factor) = UNITS
        .into_iter()
        .find(|(_, factor)| bytes >= *factor)
        .unwrap_or(("", 1));
    let tenths = bytes * 10 / factor;
    if tenths >= 100 || tenths.is_multiple_of(10) {
        format!("{}{unit}", tenths / 10)
    } else {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    }
}

/// A map with its paths, in the format of `multipath -ll`.
pub fn map(topology: &Topology<'_>, wwid: &str, verb: Verb) -> String {
    let view = topology.view;
    let Some(map) = view.zfcp.maps.get(wwid) else {
        return String::new();
    };
    let name = map_name(view, wwid);
    let disks = topology.disks(wwid);
    let first = disks.first().map(|d| d.scsi);
    let (vendor, product) = first.map_or_else(Default::default, |d| inquiry(view, d));
    let bytes = first.map_or(0, |d| d.bytes);
    let shown = if name == wwid {
        name
    } else {
        format!("{name} ({wwid})")
    };
    let (prefix, device) = match verb {
        Verb::Show => ("", format!("dm-{}", map.dm)),
        Verb::Create => ("create: ", "undef".to_owned()),
        Verb::Reload => ("reload: ", "undef".to_owned()),
    };
    let paths = topology.paths(wwid);
    let volumes = &view.machine.world.san.volumes;
    let read_only = disks.iter().any(|d| {
        volumes
            .get(&d.scsi.volume)
            .is_some_and(|v| v.medium == Medium::ReadOnly)
    });
    let undefined = verb != Verb::Show;
    let protection = match (undefined, read_only) {
        (true, _) => "undef",
        (false, true) => "ro",
        (false, false) => "rw",
    };
    let alua = product == "2145";
    let handler = if alua { "1 alua" } else { "0" };
    let queues = if map.no_queue {
        "0"
    } else {
        "1 queue_if_no_path"
    };
    let mut text = format!("{prefix}{shown} {device} {vendor:<8},{product}\n");
    text.push_str(&format!(
        "size={} features='{queues}' hwhandler='{handler}' wp={protection}\n",
        size(bytes)
    ));
    // Storage with a preferred node gives two groups: its ports alternate between the nodes.
    let groups: Vec<Vec<&Path>> = if alua {
        let mut groups: [Vec<&Path>; 2] = Default::default();
        for path in &paths {
            let target = order(&path.address).get(2).copied().unwrap_or_default();
            groups[usize::from(target % 2 != 0)].push(path);
        }
        groups.into_iter().filter(|g| !g.is_empty()).collect()
    } else {
        vec![paths.iter().collect()]
    };
    let width = paths.iter().map(|p| p.address.len()).max().unwrap_or(0);
    let names = paths.iter().map(|p| p.disk.len()).max().unwrap_or(0);
    let active = groups.iter().position(|g| g.iter().any(|p| p.good));
    for (index, group) in groups.iter().enumerate() {
        let last = index + 1 == groups.len();
        let usable = group.iter().any(|p| p.good);
        let priority = match (usable, index) {
            (false, _) => 0,
            (true, 0) => 50,
            (true, _) => 10,
        };
        let status = if undefined {
            "undef"
        } else if Some(index) == active {
            "active"
        } else {
            "enabled"
        };
        let head = if last { "`-+-" } else { "|-+-" };
        text.push_str(&format!(
            "{head} policy='service-time 0' prio={priority} status={status}\n"
        ));
        let bar = if last { "  " } else { "| " };
        for (number, path) in group.iter().enumerate() {
            let branch = if number + 1 == group.len() {
                "`-"
            } else {
                "|-"
            };
            let mapper = if undefined { "undef" } else { path.mapper() };
            text.push_str(&format!(
                "{bar}{branch} {:<width$} {:<names$} {:<5} {mapper} {} {}\n",
                path.address,
                path.disk,
                path.numbers,
                path.checker(),
                path.scsi
            ));
        }
    }
    text
}
