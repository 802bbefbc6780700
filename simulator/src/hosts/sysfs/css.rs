//! `/sys/devices/css0`, `/sys/bus`, `/sys/module`: CCW devices, zfcp ports and units, SCSI devices
//! (spec: zfcp-and-san 2.2 to 2.6).

use crate::world::linux::Era;
use crate::world::zfcp::names::{bus_id, parse_bus_id};
use crate::world::zfcp::{Adapter, LinkState, Port, PortState, ScsiDevice};
use crate::world::{DeviceNumber, Lun, Wwpn};

use super::dasd;
use super::tree::{
    Entries, Node, View, directories, directory, file, link, read_write, write_only,
};

/// Subchannels of the virtual console, reader, punch and printer, which come before those of FCP devices.
const UNIT_RECORD: [(&str, &str, &str); 4] = [
    ("0.0.0009", "0.0.0000", "3215/00"),
    ("0.0.000c", "0.0.0001", "2540/00"),
    ("0.0.000d", "0.0.0002", "2540/00"),
    ("0.0.000e", "0.0.0003", "1403/00"),
];

/// Milliseconds after which I/O to a lost path of a map fails (`fast_io_fail_tmo` 5 s, set by multipathd).
pub const FAST_IO_FAIL_MS: u64 = 5_000;

/// Entries below `/sys` for `bus`, `devices` and `module`.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    let loaded = !view.zfcp.faults.no_zfcp;
    match path {
        ["bus", "ccw", "devices"] => Some(
            UNIT_RECORD
                .iter()
                .map(|(id, sub, _)| link(*id, format!("../../../devices/css0/{sub}/{id}")))
                .chain(dasd::links(view, None))
                .chain(
                    view.zfcp
                        .recognised
                        .iter()
                        .map(|d| ccw_link(view, *d, "../../../")),
                )
                .collect(),
        ),
        ["bus", "ccw", "drivers"] => Some(if loaded {
            directories(&["dasd-eckd", "dasd-fba", "vmur", "zfcp"])
        } else {
            directories(&["dasd-eckd", "dasd-fba", "vmur"])
        }),
        ["bus", "ccw", "drivers", driver @ ("dasd-eckd" | "dasd-fba")] => {
            Some(dasd::links(view, Some(driver)))
        }
        ["bus", "ccw", "drivers", "vmur"] => Some(
            UNIT_RECORD[1..]
                .iter()
                .map(|(id, sub, _)| link(*id, format!("../../../../devices/css0/{sub}/{id}")))
                .collect(),
        ),
        ["bus", "ccw", "drivers", "zfcp"] if loaded => Some(
            view.zfcp
                .recognised
                .iter()
                .map(|d| ccw_link(view, *d, "../../../../"))
                .collect(),
        ),
        ["bus", "scsi", "devices"] => Some(
            view.zfcp
                .disks()
                .filter_map(|(d, w, l, _)| scsi_link(view, d, w, l))
                .collect(),
        ),
        ["module"] => Some(if loaded {
            directories(&["zfcp"])
        } else {
            Vec::new()
        }),
        ["module", "zfcp"] if loaded => Some(directories(&["parameters"])),
        ["module", "zfcp", "parameters"] if loaded => Some(parameters(view)),
        ["devices", "css0"] => Some(subchannels(view)),
        ["devices", "css0", sub, rest @ ..] => subchannel_entries(view, sub, rest),
        _ => None,
    }
}

/// One entry of a directory below `/sys` for `bus` and `devices`, as [`entries`] would list it. One of many is looked up.
pub fn entry(view: &View<'_>, path: &[&str], name: &str) -> Option<Node> {
    let known = || {
        let device = parse_bus_id(name)?;
        (view.zfcp.recognised.contains(&device) && bus_id(device) == name).then_some(device)
    };
    let listed = || {
        let entries = entries(view, path)?;
        entries.into_iter().find(|(n, _)| n == name)
    };
    let entry = match path {
        ["bus", "ccw", "devices"] => known()
            .map(|device| ccw_link(view, device, "../../../"))
            .or_else(listed),
        ["bus", "ccw", "drivers", "zfcp"] if !view.zfcp.faults.no_zfcp => {
            known().map(|device| ccw_link(view, device, "../../../../"))
        }
        ["bus", "scsi", "devices"] => {
            let (d, w, l, _) = view
                .zfcp
                .disks()
                .find(|(d, w, l, _)| view.zfcp.is_address(*d, *w, *l, name))?;
            scsi_link(view, d, w, l)
        }
        // A device that has the port or the SCSI host; what was found by a scan only is rare, and listed.
        ["devices", "css0", sub, id] if name.starts_with("0x") || name.starts_with("host") => {
            let device = parse_bus_id(id).filter(|d| bus_id(*d) == *id);
            let device = device.filter(|d| devices_of(view, sub).any(|known| known == *d));
            let adapter = device.and_then(|d| view.zfcp.adapters.get(&d));
            let has = adapter.is_some_and(|a| match name.strip_prefix("host") {
                Some(_) => name == format!("host{}", a.host),
                None => Wwpn::parse(name)
                    .is_ok_and(|w| a.ports.contains_key(&w) && name == format!("0x{w}")),
            });
            if has { Some(directory(name)) } else { listed() }
        }
        _ => listed(),
    };
    entry.map(|(_, node)| node)
}

/// The link to a CCW device.
fn ccw_link(view: &View<'_>, device: DeviceNumber, up: &str) -> (String, Node) {
    link(
        bus_id(device),
        format!("{up}devices/{}", device_path(view, device)),
    )
}

/// The link to a SCSI device in `/sys/bus/scsi/devices`.
fn scsi_link(
    view: &View<'_>,
    device: DeviceNumber,
    wwpn: Wwpn,
    lun: Lun,
) -> Option<(String, Node)> {
    let path = scsi_path(view, device, wwpn, lun)?;
    Some(link(
        hctl(view, device, wwpn, lun)?,
        format!("../../../devices/{path}"),
    ))
}

fn parameters(view: &View<'_>) -> Entries {
    let mut list = Vec::new();
    if view.machine.linux.distribution.era() >= Era::K3 {
        let value = if view.zfcp.no_lun_scan { "N" } else { "Y" };
        list.push(read_write("allow_lun_scan", value));
        list.push(file("datarouter", "Y"));
    }
    for (name, value) in [
        ("dbfsize", "4"),
        ("dif", "N"),
        ("no_auto_port_rescan", "N"),
        ("port_scan_backoff", "500"),
        ("port_scan_ratelimit", "60000"),
        ("queue_depth", "32"),
    ] {
        list.push(file(name, value));
    }
    list
}

/// The subchannel of an FCP device: numbers follow the order of appearance, which here is the device number's.
pub fn subchannel(view: &View<'_>, device: DeviceNumber) -> String {
    if is_defunct(view, device) {
        return "defunct".to_owned();
    }
    let before = view.zfcp.recognised.range(..device).count();
    format!("0.0.{:04x}", UNIT_RECORD.len() + before)
}

/// Whether the device vanished while Linux had it online.
pub fn is_defunct(view: &View<'_>, device: DeviceNumber) -> bool {
    view.zfcp
        .adapters
        .get(&device)
        .is_some_and(|a| a.link == LinkState::Gone)
}

/// Path of an FCP device below `/sys/devices/`.
pub fn device_path(view: &View<'_>, device: DeviceNumber) -> String {
    format!("css0/{}/{}", subchannel(view, device), bus_id(device))
}

/// H:C:T:L of a SCSI device; `None` when there is no such port.
pub fn hctl(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> Option<String> {
    view.zfcp.address(device, wwpn, lun)
}

/// Name of a port's rport.
pub fn rport(adapter: &Adapter, port: &Port) -> Option<String> {
    Some(format!("rport-{}:0-{}", adapter.host, port.rport?))
}

/// Path of a SCSI device below `/sys/devices/`.
pub fn scsi_path(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> Option<String> {
    let adapter = view.zfcp.adapters.get(&device)?;
    let port = adapter.ports.get(&wwpn)?;
    Some(format!(
        "{}/host{}/{}/target{}:0:{}/{}",
        device_path(view, device),
        adapter.host,
        rport(adapter, port)?,
        adapter.host,
        adapter.targets.get(&wwpn)?,
        hctl(view, device, wwpn, lun)?
    ))
}

fn subchannels(view: &View<'_>) -> Entries {
    let mut list: Entries = UNIT_RECORD
        .iter()
        .map(|(_, sub, _)| directory(*sub))
        .collect();
    list.extend(dasd::all(view).into_iter().map(|d| directory(d.subchannel)));
    let mut defunct = false;
    for device in &view.zfcp.recognised {
        if is_defunct(view, *device) {
            defunct = true;
        } else {
            list.push(directory(subchannel(view, *device)));
        }
    }
    if defunct {
        list.push(directory("defunct"));
    }
    list
}

/// The FCP devices of a subchannel: one; of `defunct` all that vanished.
fn devices_of<'a>(view: &'a View<'_>, sub: &'a str) -> impl Iterator<Item = DeviceNumber> {
    let defunct = sub == "defunct";
    let number = sub
        .strip_prefix("0.0.")
        .filter(|digits| digits.len() == 4)
        .and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let index = number.and_then(|number| number.checked_sub(UNIT_RECORD.len()));
    let (skip, take) = match index {
        _ if defunct => (0, usize::MAX),
        Some(index) => (index, 1),
        None => (0, 0),
    };
    let devices = view.zfcp.recognised.iter().copied().skip(skip).take(take);
    devices.filter(move |d| subchannel(view, *d) == sub)
}

fn subchannel_entries(view: &View<'_>, sub: &str, rest: &[&str]) -> Option<Entries> {
    if let Some((id, _, cu)) = UNIT_RECORD.iter().find(|(_, s, _)| *s == sub) {
        return match rest {
            [] => Some(vec![directory(*id), file("type", 0)]),
            [name] if name == id => Some(vec![
                file("availability", "good"),
                file("cutype", cu),
                file("devtype", "0000/00"),
                file("online", 1),
            ]),
            _ => None,
        };
    }
    if let Some(entries) = dasd::subchannel_entries(view, sub, rest) {
        return Some(entries);
    }
    let mut devices = devices_of(view, sub).peekable();
    let first = *devices.peek()?;
    match rest {
        [] if sub == "defunct" => Some(devices.map(|d| directory(bus_id(d))).collect()),
        [] => {
            let chpid = view
                .machine
                .fcp_device(first)
                .map_or_else(|| "00".to_owned(), |f| f.chpid.to_ascii_lowercase());
            Some(vec![
                directory(bus_id(first)),
                file("chpids", format!("{chpid} 00 00 00 00 00 00 00 ")),
                file("pimpampom", "80 80 ff"),
                file("type", 0),
            ])
        }
        [id, rest @ ..] => {
            let device = parse_bus_id(id)?;
            devices
                .any(|d| d == device)
                .then(|| device_entries(view, device, rest))?
        }
    }
}

fn device_entries(view: &View<'_>, device: DeviceNumber, rest: &[&str]) -> Option<Entries> {
    let adapter = view.zfcp.adapters.get(&device);
    match rest {
        [] => Some(ccw_entries(view, device, adapter)),
        [wwpn] if wwpn.starts_with("0x") => {
            let wwpn = Wwpn::parse(wwpn).ok()?;
            match adapter?.ports.get(&wwpn) {
                Some(port) => Some(port_entries(view, adapter?.link, port)),
                // Found by a scan, and not yet dropped because it is no target.
                None => view
                    .machine
                    .strangers(&view.zfcp, device)
                    .contains(&wwpn)
                    .then(|| port_entries(view, LinkState::Open, &Port::default())),
            }
        }
        [wwpn, lun] if wwpn.starts_with("0x") => {
            let port = adapter?.ports.get(&Wwpn::parse(wwpn).ok()?)?;
            let lun = Lun::parse(lun).ok()?;
            port.units
                .contains(&lun)
                .then(|| unit_entries(port.devices.get(&lun)))
        }
        [host, rest @ ..] => {
            let adapter = adapter?;
            if *host != format!("host{}", adapter.host) {
                return None;
            }
            host_entries(view, device, adapter, rest)
        }
    }
}

fn ccw_entries(view: &View<'_>, device: DeviceNumber, adapter: Option<&Adapter>) -> Entries {
    let bound = !view.zfcp.faults.no_zfcp;
    let mut list = vec![
        file("availability", availability(view, device)),
        read_write("cmb_enable", 0),
        file("cutype", "1731/03"),
        file("devtype", "1732/03"),
        file("modalias", "ccw:t1731m03dt1732dm03"),
        read_write("online", u8::from(view.zfcp.is_online(device))),
        read_write("uevent", if bound { "DRIVER=zfcp" } else { "" }),
    ];
    if bound {
        list.push(link("driver", "../../../../bus/ccw/drivers/zfcp"));
    }
    let Some(adapter) = adapter else {
        return list;
    };
    list.extend([
        file("card_version", "0x0007"),
        read_write("failed", u8::from(is_failed(adapter))),
        file("hardware_version", "0x00000000"),
        file("in_recovery", 0),
        file("lic_version", "0x00000c28"),
        file("peer_d_id", "0x000000"),
        file("peer_wwnn", "0x0000000000000000"),
        file("peer_wwpn", "0x0000000000000000"),
        write_only("port_remove"),
        write_only("port_rescan"),
        file("status", adapter_status(adapter)),
        directory(format!("host{}", adapter.host)),
    ]);
    if view.machine.linux.distribution.era() >= Era::K4 {
        list.push(file("fc_security", "unsupported"));
    }
    list.extend(adapter.ports.keys().map(|w| directory(format!("0x{w}"))));
    list.extend(
        view.machine
            .strangers(&view.zfcp, device)
            .into_iter()
            .filter(|w| !adapter.ports.contains_key(w))
            .map(|w| directory(format!("0x{w}"))),
    );
    list
}

fn availability(view: &View<'_>, device: DeviceNumber) -> &'static str {
    if view.zfcp.faults.boxed.contains(&device) {
        return "boxed";
    }
    match view.machine.fcp_device(device) {
        None if view.zfcp.is_unnoticed(device, view.machine.world.now_ms) => "good",
        None => "no device",
        Some(fcp) if !fcp.online => "no path",
        Some(_) => "good",
    }
}

/// Whether the adapter's `failed` reads 1.
pub fn is_failed(adapter: &Adapter) -> bool {
    matches!(
        adapter.link,
        LinkState::LinkDown | LinkState::Disused | LinkState::Failed
    )
}

fn adapter_status(adapter: &Adapter) -> &'static str {
    match adapter.link {
        LinkState::Open => "0x5400000b",
        LinkState::LinkDown | LinkState::Disused => "0x6400020b",
        LinkState::Failed => "0x60000000",
        LinkState::Shut | LinkState::Gone => "0x00000000",
    }
}

fn port_entries(view: &View<'_>, link: LinkState, port: &Port) -> Entries {
    let status = match port.state {
        PortState::Online => "0x54000001",
        _ if port.failed => "0x60000000",
        _ => "0x40000000",
    };
    let mut list = vec![
        file("access_denied", 0),
        read_write("failed", u8::from(port.failed)),
        file(
            "in_recovery",
            u8::from(
                link == LinkState::Open
                    && port.state == PortState::Blocked
                    && !port.failed
                    && port.rport.is_some(),
            ),
        ),
        file("status", status),
        write_only("unit_add"),
        write_only("unit_remove"),
    ];
    if view.machine.linux.distribution.era() >= Era::K4 {
        list.push(file("fc_security", "unsupported"));
    }
    list.extend(port.units.iter().map(|l| directory(format!("0x{l}"))));
    list
}

fn unit_entries(disk: Option<&ScsiDevice>) -> Entries {
    let status = if disk.is_some() {
        "0x54000000"
    } else {
        "0x00000000"
    };
    vec![
        file("access_denied", 0),
        file("access_readonly", 0),
        file("access_shared", 0),
        read_write("failed", u8::from(disk.is_none())),
        file("in_recovery", 0),
        file("status", status),
    ]
}

fn host_entries(
    view: &View<'_>,
    device: DeviceNumber,
    adapter: &Adapter,
    rest: &[&str],
) -> Option<Entries> {
    let number = adapter.host;
    let [rport_name, rest @ ..] = rest else {
        return Some(
            adapter
                .ports
                .values()
                .filter_map(|p| rport(adapter, p))
                .map(directory)
                .chain([
                    link(
                        "fc_host",
                        format!("../../../../../class/fc_host/host{number}"),
                    ),
                    link(
                        "scsi_host",
                        format!("../../../../../class/scsi_host/host{number}"),
                    ),
                ])
                .collect(),
        );
    };
    let (wwpn, port) = adapter
        .ports
        .iter()
        .find(|(_, p)| rport(adapter, p).as_deref() == Some(rport_name))?;
    let target = format!("target{number}:0:{}", adapter.targets.get(wwpn)?);
    match rest {
        [] => Some(if port.devices.is_empty() {
            Vec::new()
        } else {
            vec![directory(target)]
        }),
        [name, ..] if *name != target => None,
        [_] => Some(
            port.devices
                .keys()
                .filter_map(|l| hctl(view, device, *wwpn, *l))
                .map(directory)
                .collect(),
        ),
        [_, scsi, rest @ ..] => {
            let (lun, disk) = port
                .devices
                .iter()
                .find(|(l, _)| view.zfcp.is_address(device, *wwpn, **l, scsi))?;
            scsi_entries(view, (device, *wwpn, *lun), port, disk, rest)
        }
    }
}

/// The `state` of a SCSI device (spec: zfcp-and-san 2.6).
pub fn scsi_state(view: &View<'_>, port: &Port, disk: &ScsiDevice) -> &'static str {
    let now = view.machine.world.now_ms;
    if disk.offline {
        "offline"
    } else if port.state == PortState::Online {
        "running"
    } else if view.zfcp.maps.contains_key(&disk.wwid)
        && now.saturating_sub(port.blocked_ms) >= FAST_IO_FAIL_MS
    {
        "transport-offline"
    } else {
        "blocked"
    }
}

fn scsi_entries(
    view: &View<'_>,
    (device, wwpn, lun): (DeviceNumber, Wwpn, Lun),
    port: &Port,
    disk: &ScsiDevice,
    rest: &[&str],
) -> Option<Entries> {
    match rest {
        [] => {
            let (vendor, product) = inquiry(view, disk);
            let rev = if product == "2145" { "0000" } else { ".450" };
            Some(vec![
                write_only("delete"),
                file("device_blocked", 0),
                file("eh_timeout", 10),
                file("fcp_lun", format!("0x{lun}")),
                file("hba_id", bus_id(device)),
                file("model", format!("{product:<16}")),
                read_write("queue_depth", 32),
                write_only("rescan"),
                file("rev", rev),
                file("scsi_level", 6),
                read_write("state", scsi_state(view, port, disk)),
                read_write("timeout", 30),
                file("type", 0),
                file("vendor", format!("{vendor:<8}")),
                file(
                    "wwid",
                    format!("naa.{}", disk.wwid.get(1..).unwrap_or_default()),
                ),
                file("wwpn", format!("0x{wwpn}")),
                file("zfcp_access_denied", 0),
                read_write("zfcp_failed", 0),
                file("zfcp_in_recovery", 0),
                file("zfcp_status", "0x54000000"),
                directory("block"),
                directory("scsi_generic"),
            ])
        }
        ["block"] => Some(vec![directory(disk.disk.clone())]),
        ["block", name] if *name == disk.disk => Some(vec![
            file("dev", super::dev::numbers(&disk.disk)),
            link("device", "../.."),
            file("removable", 0),
            file("ro", u8::from(is_read_only(view, disk))),
            file("size", disk.bytes / 512),
            read_write("uevent", "DEVTYPE=disk"),
        ]),
        ["scsi_generic"] => Some(vec![directory(format!("sg{}", disk.sg))]),
        ["scsi_generic", name] if *name == format!("sg{}", disk.sg) => Some(vec![
            file("dev", format!("21:{}", disk.sg)),
            link("device", "../.."),
        ]),
        _ => None,
    }
}

fn is_read_only(view: &View<'_>, disk: &ScsiDevice) -> bool {
    view.machine
        .world
        .san
        .volumes
        .get(&disk.volume)
        .is_some_and(|v| v.medium == crate::world::san::Medium::ReadOnly)
}

/// Vendor and product of a SCSI device, not padded.
pub fn inquiry(view: &View<'_>, disk: &ScsiDevice) -> (String, String) {
    let volume = view.machine.world.san.volumes.get(&disk.volume);
    volume.map_or_else(
        || ("IBM".to_owned(), "2145".to_owned()),
        |v| (v.vendor().to_owned(), v.product().to_owned()),
    )
}
