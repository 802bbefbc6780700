//! What rules can ask about the device of an event.

use std::collections::BTreeMap;

use crate::hosts::sysfs::css::{hctl, inquiry, rport};
use crate::hosts::sysfs::dev::map_name;
use crate::hosts::sysfs::tree::View;
use crate::world::zfcp::event::Subject;
use crate::world::zfcp::names::{bus_id, fc_link};
use crate::world::{DeviceNumber, Lun, Wwpn};

/// One device of the chain from the event's device to its farthest parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Kernel name.
    pub kernel: String,
    /// Subsystem.
    pub subsystem: &'static str,
    /// Driver, if bound.
    pub driver: &'static str,
    /// Path of its directory in sysfs.
    pub path: String,
}

/// The device of an event with its parents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The device first, then its parents.
    pub chain: Vec<Link>,
    /// Its properties.
    pub env: BTreeMap<String, String>,
}

impl Device {
    /// The device of an event; `None` when it is gone.
    pub fn of(view: &View<'_>, subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Ccw(device) => view.zfcp.recognised.contains(device).then(|| Self {
                chain: vec![ccw(*device)],
                env: BTreeMap::new(),
            }),
            Subject::Driver => Some(Self {
                chain: vec![link("zfcp", "drivers", "", "/sys/bus/ccw/drivers/zfcp")],
                env: BTreeMap::new(),
            }),
            Subject::Rport(device, wwpn) => Some(Self {
                chain: vec![rport_link(view, *device, *wwpn)?, ccw(*device)],
                env: BTreeMap::new(),
            }),
            Subject::Scsi(device, wwpn, lun) => Some(Self {
                chain: scsi_chain(view, *device, *wwpn, *lun)?,
                env: BTreeMap::from([("DEVTYPE".to_owned(), "scsi_device".to_owned())]),
            }),
            Subject::Disk(device, wwpn, lun, name) => {
                let disk = view
                    .zfcp
                    .adapters
                    .get(device)?
                    .ports
                    .get(wwpn)?
                    .devices
                    .get(lun)
                    .filter(|d| d.disk == *name)?;
                let mut chain = vec![link(name, "block", "", format!("/sys/block/{name}"))];
                chain.extend(scsi_chain(view, *device, *wwpn, *lun)?);
                let (vendor, product) = inquiry(view, disk);
                let naa = disk.wwid.get(1..).unwrap_or_default();
                let env = [
                    ("DEVTYPE", "disk".to_owned()),
                    ("ID_BUS", "scsi".to_owned()),
                    ("ID_MODEL", product),
                    ("ID_PATH", fc_link(*device, *wwpn, *lun)),
                    ("ID_SCSI", "1".to_owned()),
                    ("ID_SERIAL", disk.wwid.clone()),
                    ("ID_SERIAL_SHORT", naa.to_owned()),
                    ("ID_TYPE", "disk".to_owned()),
                    ("ID_VENDOR", vendor),
                    ("ID_WWN", format!("0x{}", naa.get(..16).unwrap_or(naa))),
                    ("ID_WWN_WITH_EXTENSION", format!("0x{naa}")),
                ];
                Some(Self {
                    chain,
                    env: env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
                })
            }
            Subject::Map(wwid, dm) => {
                view.zfcp.maps.get(wwid).filter(|m| m.dm == *dm)?;
                let name = format!("dm-{dm}");
                let env = [
                    ("DEVTYPE", "disk".to_owned()),
                    ("DM_NAME", map_name(view, wwid)),
                    ("DM_SUSPENDED", "0".to_owned()),
                    ("DM_UUID", format!("mpath-{wwid}")),
                ];
                Some(Self {
                    chain: vec![link(&name, "block", "", format!("/sys/block/{name}"))],
                    env: env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
                })
            }
        }
    }

    /// The event's device itself.
    pub fn own(&self) -> Link {
        self.chain.first().cloned().unwrap_or_default()
    }
}

fn link(
    kernel: impl Into<String>,
    subsystem: &'static str,
    driver: &'static str,
    path: impl Into<String>,
) -> Link {
    Link {
        kernel: kernel.into(),
        subsystem,
        driver,
        path: path.into(),
    }
}

fn ccw(device: DeviceNumber) -> Link {
    let id = bus_id(device);
    let path = format!("/sys/bus/ccw/devices/{id}");
    link(id, "ccw", "zfcp", path)
}

fn rport_link(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn) -> Option<Link> {
    let adapter = view.zfcp.adapters.get(&device)?;
    let name = rport(adapter, adapter.ports.get(&wwpn)?)?;
    let path = format!("/sys/class/fc_remote_ports/{name}");
    Some(link(name, "fc_remote_ports", "", path))
}

fn scsi_chain(view: &View<'_>, device: DeviceNumber, wwpn: Wwpn, lun: Lun) -> Option<Vec<Link>> {
    let scsi = hctl(view, device, wwpn, lun)?;
    let path = format!("/sys/bus/scsi/devices/{scsi}");
    Some(vec![
        link(scsi, "scsi", "sd", path),
        rport_link(view, device, wwpn)?,
        ccw(device),
    ])
}

/// The lines of `udevadm info --query=all` for a disk or a map, by kernel name; `None` when there is no such device.
pub fn properties(view: &View<'_>, kernel: &str) -> Option<Vec<String>> {
    let subject = subject(view, kernel)?;
    let device = Device::of(view, &subject)?;
    let sys = view.find(&device.own().path, true)?.path[1..].join("/");
    let dev = view.text(&format!("{}/dev", device.own().path))?;
    let (major, minor) = dev.split_once(':')?;
    let links: Vec<&str> = view
        .zfcp
        .symlinks
        .get(kernel)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut env = device.env;
    let devlinks: Vec<String> = links.iter().map(|l| format!("/dev/{l}")).collect();
    env.insert("DEVLINKS".into(), devlinks.join(" "));
    env.insert("DEVNAME".into(), format!("/dev/{kernel}"));
    env.insert("DEVPATH".into(), format!("/{sys}"));
    env.insert("MAJOR".into(), major.into());
    env.insert("MINOR".into(), minor.into());
    env.insert("SUBSYSTEM".into(), "block".into());
    let mut lines = vec![format!("P: /{sys}"), format!("N: {kernel}")];
    lines.extend(links.iter().map(|l| format!("S: {l}")));
    lines.extend(env.iter().map(|(k, v)| format!("E: {k}={v}")));
    Some(lines)
}

/// The device of a kernel name of a disk or a map.
pub fn subject(view: &View<'_>, kernel: &str) -> Option<Subject> {
    if let Some((device, wwpn, lun, _)) = view.zfcp.disk(kernel) {
        return Some(Subject::Disk(device, wwpn, lun, kernel.to_owned()));
    }
    view.zfcp
        .maps
        .iter()
        .find(|(_, m)| format!("dm-{}", m.dm) == kernel)
        .map(|(wwid, m)| Subject::Map(wwid.clone(), m.dm))
}
