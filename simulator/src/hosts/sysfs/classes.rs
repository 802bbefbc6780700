//! `/sys/class` and `/sys/block` (spec: zfcp-and-san 2.3, 2.4).

use crate::world::DeviceNumber;
use crate::world::zfcp::names::bus_id;
use crate::world::zfcp::{Adapter, LinkState, Port, PortState};

use super::css::{device_path, hctl, rport, scsi_path};
use super::dasd;
use super::tree::{Entries, View, directory, file, link, read_write, write_only};

/// Entries below `/sys` for `class` and `block`.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    match path {
        ["class", "fc_host" | "scsi_host"] => Some(
            view.zfcp
                .adapters
                .values()
                .map(|a| directory(format!("host{}", a.host)))
                .collect(),
        ),
        ["class", class @ ("fc_host" | "scsi_host"), name] => {
            let (device, adapter) = by_host(view, name)?;
            let mut list = if *class == "fc_host" {
                fc_host(view, device, adapter)
            } else {
                scsi_host(device)
            };
            list.push(link(
                "device",
                format!("../../../devices/{}/{name}", device_path(view, device)),
            ));
            Some(list)
        }
        ["class", "fc_remote_ports"] => {
            Some(rports(view).map(|(name, ..)| directory(name)).collect())
        }
        ["class", "fc_remote_ports", name] => {
            let (_, device, adapter, wwpn, port) = rports(view).find(|(n, ..)| n == name)?;
            let mut list = remote_port(wwpn.0, adapter.targets.get(&wwpn).copied(), port);
            list.push(link(
                "device",
                format!(
                    "../../../devices/{}/host{}/{name}",
                    device_path(view, device),
                    adapter.host
                ),
            ));
            Some(list)
        }
        ["class", "scsi_device"] => Some(
            view.zfcp
                .disks()
                .filter_map(|(d, w, l, _)| hctl(view, d, w, l))
                .map(directory)
                .collect(),
        ),
        ["class", "scsi_device", name] => {
            let (d, w, l, _) = view
                .zfcp
                .disks()
                .find(|(d, w, l, _)| view.zfcp.is_address(*d, *w, *l, name))?;
            Some(vec![link(
                "device",
                format!("../../../devices/{}", scsi_path(view, d, w, l)?),
            )])
        }
        ["class", "scsi_generic"] => Some(
            view.zfcp
                .disks()
                .filter_map(|(d, w, l, disk)| {
                    let path = scsi_path(view, d, w, l)?;
                    let sg = format!("sg{}", disk.sg);
                    let target = format!("../../devices/{path}/scsi_generic/{sg}");
                    Some(link(sg, target))
                })
                .collect(),
        ),
        ["class", "block"] => {
            Some([dasd::block_links(view, "../../"), blocks(view, "../../")].concat())
        }
        ["block"] => Some([dasd::block_links(view, "../"), blocks(view, "../")].concat()),
        ["block", name] | ["class", "block", name] if name.starts_with("dm-") => {
            let (wwid, map) = view
                .zfcp
                .maps
                .iter()
                .find(|(_, m)| format!("dm-{}", m.dm) == *name)?;
            let bytes = view
                .zfcp
                .disks()
                .find(|(.., d)| d.wwid == *wwid)
                .map_or(0, |(.., d)| d.bytes);
            Some(vec![
                file("dev", format!("253:{}", map.dm)),
                directory("dm"),
                file("size", bytes / 512),
                directory("slaves"),
            ])
        }
        ["block", name, "dm"] | ["class", "block", name, "dm"] => {
            let (wwid, _) = view
                .zfcp
                .maps
                .iter()
                .find(|(_, m)| format!("dm-{}", m.dm) == *name)?;
            Some(vec![
                file("name", super::dev::map_name(view, wwid)),
                file("uuid", format!("mpath-{wwid}")),
            ])
        }
        ["block", name, "slaves"] | ["class", "block", name, "slaves"] => {
            let (wwid, _) = view
                .zfcp
                .maps
                .iter()
                .find(|(_, m)| format!("dm-{}", m.dm) == *name)?;
            Some(
                view.zfcp
                    .disks()
                    .filter(|(.., d)| d.wwid == *wwid)
                    .map(|(.., d)| directory(d.disk.clone()))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn blocks(view: &View<'_>, up: &str) -> Entries {
    let mut list: Entries = view
        .zfcp
        .disks()
        .filter_map(|(d, w, l, disk)| {
            let path = scsi_path(view, d, w, l)?;
            let target = format!("{up}devices/{path}/block/{}", disk.disk);
            Some(link(disk.disk.clone(), target))
        })
        .collect();
    list.extend(
        view.zfcp
            .maps
            .values()
            .map(|m| directory(format!("dm-{}", m.dm))),
    );
    list
}

/// The adapter whose SCSI host has this name.
pub fn by_host<'a>(view: &'a View<'_>, name: &str) -> Option<(DeviceNumber, &'a Adapter)> {
    view.zfcp
        .adapters
        .iter()
        .find(|(_, a)| format!("host{}", a.host) == name)
        .map(|(d, a)| (*d, a))
}

/// Every rport: name, device number, adapter, WWPN, port.
pub fn rports<'a>(
    view: &'a View<'_>,
) -> impl Iterator<
    Item = (
        String,
        DeviceNumber,
        &'a Adapter,
        crate::world::Wwpn,
        &'a Port,
    ),
> {
    view.zfcp.adapters.iter().flat_map(|(device, adapter)| {
        adapter
            .ports
            .iter()
            .filter_map(move |(w, p)| Some((rport(adapter, p)?, *device, adapter, *w, p)))
    })
}

fn fc_host(view: &View<'_>, device: DeviceNumber, adapter: &Adapter) -> Entries {
    let fcp = view.machine.fcp_device(device);
    let physical = fcp.map_or(0, |f| f.physical_wwpn.0);
    let npiv = fcp.and_then(|f| f.npiv_wwpn);
    let open = adapter.link == LinkState::Open;
    let port_type = match (fcp, npiv) {
        (Some(_), Some(_)) => "NPIV VPORT",
        (Some(_), None) => "NPort (fabric via point-to-point)",
        _ => "Unknown",
    };
    let port_state = match adapter.link {
        LinkState::Open => "Online",
        LinkState::LinkDown | LinkState::Disused => "Linkdown",
        LinkState::Failed => "Error",
        LinkState::Shut | LinkState::Gone => "Unknown",
    };
    let speed = if open { "8 Gbit" } else { "unknown" };
    // The fabric gives an address per login; the device number makes it stable and distinct here.
    let port_id = if open {
        0x65_0000 | u32::from(device.0)
    } else {
        0
    };
    let bits = physical & 0xff_ffff_ffff;
    vec![
        read_write("dev_loss_tmo", 60),
        file("maxframe_size", "2112 bytes"),
        file("node_name", format!("0x5005076400{:06x}", bits & 0xff_ffff)),
        file("permanent_port_name", format!("0x{physical:016x}")),
        file("port_id", format!("0x{port_id:06x}")),
        file(
            "port_name",
            format!("0x{:016x}", npiv.map_or(physical, |w| w.0)),
        ),
        file("port_state", port_state),
        file("port_type", port_type),
        file(
            "serial_number",
            format!("IBM02000000{:06X}", bits & 0xff_ffff),
        ),
        file("speed", speed),
        file("supported_classes", "Class 2, Class 3"),
        file("supported_speeds", "2 Gbit, 4 Gbit, 8 Gbit"),
        file(
            "symbolic_name",
            format!(
                "IBM {} PCHID: 0000 NPIV UlpId: 0000 DEVNO: {} NAME: {}",
                "2827",
                bus_id(device),
                view.machine.linux.userid
            ),
        ),
        file("tgtid_bind_type", "wwpn (World Wide Port Name)"),
    ]
}

fn scsi_host(device: DeviceNumber) -> Entries {
    vec![
        file("active_mode", "Initiator"),
        file("can_queue", 4096),
        file("cmd_per_lun", 0),
        file("host_busy", 0),
        file("proc_name", "zfcp"),
        write_only("scan"),
        file("sg_tablesize", 538),
        read_write("state", "running"),
        file("supported_mode", "Initiator"),
        file("unique_id", device.0),
    ]
}

fn remote_port(wwpn: u64, target: Option<u32>, port: &Port) -> Entries {
    let state = match port.state {
        PortState::Online => "Online",
        PortState::Blocked => "Blocked",
        PortState::NotPresent => "Not Present",
    };
    let known = port.state != PortState::NotPresent;
    vec![
        read_write("dev_loss_tmo", 60),
        read_write("fast_io_fail_tmo", "off"),
        file("maxframe_size", "2048 bytes"),
        file("node_name", format!("0x{:016x}", wwpn & !0xff_ffff)),
        file("port_id", format!("0x{:06x}", wwpn & 0xff_ffff)),
        file("port_name", format!("0x{wwpn:016x}")),
        file("port_state", state),
        file("roles", if known { "FCP Target" } else { "unknown" }),
        file(
            "scsi_target_id",
            target.map_or_else(|| "-1".to_owned(), |t| t.to_string()),
        ),
        file("supported_classes", "Class 2, Class 3"),
    ]
}
