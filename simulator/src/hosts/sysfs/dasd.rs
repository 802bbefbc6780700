//! DASDs of a guest, as its kernel has them: minidisks and links of its virtual machine, in order of their numbers. Their
//! subchannels stand apart from those of FCP devices, so that devices that come and go do not renumber them.

use crate::world::LinuxRole;
use crate::world::zfcp::names::{bus_id, disk_name};
use crate::world::zvm::DiskUnit;

use super::tree::{Entries, View, directory, file, link, read_write};

/// Number of the first DASD's subchannel.
const FIRST_SUBCHANNEL: usize = 0x0100;

/// One DASD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dasd {
    /// Bus id.
    pub id: String,
    /// Subchannel.
    pub subchannel: String,
    /// Kernel name, `dasda` first.
    pub name: String,
    /// Minor number; that of its first partition is one more.
    pub minor: usize,
    /// Whether it is count-key-data; else a fixed-block disk.
    pub eckd: bool,
    /// Blocks of [`Self::block_size`].
    pub blocks: u64,
    /// Size of a block in bytes.
    pub block_size: u64,
    /// Whether it may only be read.
    pub read_only: bool,
}

impl Dasd {
    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.blocks * self.block_size
    }

    /// Name of its driver, and what the kernel calls its kind.
    pub fn kind(&self) -> (&'static str, &'static str) {
        if self.eckd {
            ("dasd-eckd", "ECKD")
        } else {
            ("dasd-fba", "FBA ")
        }
    }

    fn path(&self) -> String {
        format!("css0/{}/{}", self.subchannel, self.id)
    }
}

/// The DASDs of a guest. Those of the other systems are what their own scripts bring online.
pub fn all(view: &View<'_>) -> Vec<Dasd> {
    if view.machine.linux.role != LinuxRole::Guest {
        return Vec::new();
    }
    let disks = view.machine.virtual_machine().map(|vm| &vm.disks);
    let numbered = disks.into_iter().flatten().enumerate();
    numbered
        .map(|(index, (device, disk))| {
            let eckd = disk.unit == DiskUnit::Cylinders;
            Dasd {
                id: bus_id(*device),
                subchannel: format!("0.0.{:04x}", FIRST_SUBCHANNEL + index),
                name: format!("dasd{}", &disk_name(index)[2..]),
                minor: index * 4,
                eckd,
                // Fifteen tracks of twelve blocks.
                blocks: if eckd { disk.size * 180 } else { disk.size },
                block_size: if eckd { 4096 } else { 512 },
                read_only: disk.read_only,
            }
        })
        .collect()
}

/// Links of `/sys/bus/ccw/devices`, or of the directory of a driver.
pub fn links(view: &View<'_>, driver: Option<&str>) -> Entries {
    let up = if driver.is_some() { "../" } else { "" };
    all(view)
        .iter()
        .filter(|d| driver.is_none_or(|driver| driver == d.kind().0))
        .map(|d| link(d.id.as_str(), format!("../../../{up}devices/{}", d.path())))
        .collect()
}

/// Entries of a DASD's subchannel in `/sys/devices/css0`; `None` when it is none.
pub fn subchannel_entries(view: &View<'_>, subchannel: &str, rest: &[&str]) -> Option<Entries> {
    let dasd = all(view).into_iter().find(|d| d.subchannel == subchannel)?;
    let (driver, kind) = dasd.kind();
    match rest {
        [] => Some(vec![
            directory(dasd.id.as_str()),
            file("chpids", "00 00 00 00 00 00 00 00 "),
            file("pimpampom", "80 80 ff"),
            file("type", 0),
        ]),
        [id] if *id == dasd.id => {
            let (unit, device) = if dasd.eckd {
                ("3990/e9", "3390/0c")
            } else {
                ("6310/80", "9336/10")
            };
            Some(vec![
                file("alias", 0),
                file("availability", "good"),
                directory("block"),
                file("cutype", unit),
                file("devtype", device),
                file("discipline", kind.trim_end()),
                link("driver", format!("../../../../bus/ccw/drivers/{driver}")),
                file("online", 1),
                file("readonly", u8::from(dasd.read_only)),
                file("status", "online"),
                read_write("uevent", format!("DRIVER={driver}")),
            ])
        }
        [id, "block"] if *id == dasd.id => Some(vec![directory(dasd.name.as_str())]),
        [id, "block", name] if *id == dasd.id && *name == dasd.name => {
            Some(block_entries(&dasd, false))
        }
        [id, "block", name, part] if *id == dasd.id && *name == dasd.name => {
            (*part == format!("{name}1")).then(|| block_entries(&dasd, true))
        }
        _ => None,
    }
}

fn block_entries(dasd: &Dasd, part: bool) -> Entries {
    let minor = dasd.minor + usize::from(part);
    let mut list = vec![
        file("dev", format!("94:{minor}")),
        file("ro", u8::from(dasd.read_only)),
        // In sectors of 512 bytes, whatever the disk's own blocks are.
        file("size", dasd.bytes() / 512),
    ];
    if part {
        list.push(file("partition", 1));
    } else {
        list.push(directory(format!("{}1", dasd.name)));
        list.push(file("removable", 0));
    }
    list
}

/// Links of `/sys/block`, which stands `up` directories below `/sys`.
pub fn block_links(view: &View<'_>, up: &str) -> Entries {
    all(view)
        .iter()
        .map(|d| {
            link(
                d.name.as_str(),
                format!("{up}devices/{}/block/{}", d.path(), d.name),
            )
        })
        .collect()
}

/// Text of `/proc/dasd/devices`.
pub fn proc_devices(view: &View<'_>) -> String {
    all(view)
        .iter()
        .map(|d| {
            format!(
                "{}({}) at ({:3}:{:6}) is {:<7}: active at blocksize: {}, {} blocks, {} MB\n",
                d.id,
                d.kind().1,
                94,
                d.minor,
                d.name,
                d.block_size,
                d.blocks,
                d.bytes() >> 20
            )
        })
        .collect()
}
