//! `/proc`: files of the common I/O layer (spec: zfcp-and-san 4.1), and those that tell of the whole Linux.

use crate::world::LinuxRole;
use crate::world::zfcp::Zfcp;
use crate::world::zfcp::names::bus_id;

use super::tree::{Entries, Node, View};
use super::{dasd, dev};

/// Entries of `/proc`, as far as this kernel makes them.
pub fn entries(view: &View<'_>, path: &[&str]) -> Option<Entries> {
    if path == ["dasd"] && view.machine.linux.role == LinuxRole::Guest {
        return Some(vec![(
            "devices".to_owned(),
            Node::File(dasd::proc_devices(view)),
        )]);
    }
    path.is_empty().then(|| {
        let linux = view.machine.linux;
        let machine = view.machine.virtual_machine();
        let cpus = machine.map_or(1, |vm| vm.processors.len().max(1));
        let mut entries: Entries = vec![
            (
                "cio_ignore".to_owned(),
                Node::ReadWrite(ignore_list(&view.zfcp)),
            ),
            ("cio_settle".to_owned(), Node::WriteOnly),
            ("mounts".to_owned(), Node::File(mounts(view))),
            ("partitions".to_owned(), Node::File(partitions(view))),
        ];
        if linux.role == LinuxRole::Guest {
            entries.push(("dasd".to_owned(), Node::Directory));
        }
        if let Some(system) = view.machine.world.systems.get(&linux.system) {
            let text = system.hardware.sysinfo(&linux.userid, cpus);
            entries.push(("sysinfo".to_owned(), Node::File(text)));
            let text = cpuinfo(&system.hardware.cpu_id, cpus);
            entries.push(("cpuinfo".to_owned(), Node::File(text)));
        }
        if let Some(vm) = machine {
            let now = view.machine.world.now_ms;
            let up = now.saturating_sub(vm.logged_on_ms);
            let text = format!("{0}.{1:02} {0}.{1:02}\n", up / 1_000, up % 1_000 / 10);
            entries.push(("uptime".to_owned(), Node::File(text)));
            entries.extend(
                storage_kib(&vm.storage)
                    .map(|kib| ("meminfo".to_owned(), Node::File(meminfo(kib)))),
            );
        }
        entries
    })
}

/// The root file system, and what `mount` has kept since the boot.
fn mounts(view: &View<'_>) -> String {
    let table = view.machine.linux.fs.read("/etc/mtab");
    format!(
        "/dev/dasda1 / ext4 rw,relatime,data=ordered 0 0\n{}",
        table.unwrap_or_default()
    )
}

/// DASDs, SCSI disks and maps with their sizes in KiB.
fn partitions(view: &View<'_>) -> String {
    let mut text = "major minor  #blocks  name\n\n".to_owned();
    let mut line = |numbers: &str, bytes: u64, name: &str| {
        let (major, minor) = numbers.split_once(':').unwrap_or((numbers, "0"));
        text.push_str(&format!(
            "{major:>4} {minor:>8} {:>10} {name}\n",
            bytes / 1024
        ));
    };
    for disk in dasd::all(view) {
        line(&format!("94:{}", disk.minor), disk.bytes(), &disk.name);
        let first = format!("{}1", disk.name);
        line(&format!("94:{}", disk.minor + 1), disk.bytes(), &first);
    }
    for (.., disk) in view.zfcp.disks() {
        line(&dev::numbers(&disk.disk), disk.bytes, &disk.disk);
    }
    for (wwid, map) in &view.zfcp.maps {
        let bytes = view.zfcp.disks().find(|(.., d)| d.wwid == *wwid);
        let name = format!("dm-{}", map.dm);
        line(
            &format!("253:{}", map.dm),
            bytes.map_or(0, |(.., d)| d.bytes),
            &name,
        );
    }
    text
}

/// One line for each processor, as a kernel on z writes it. `id` is CP's processor identification, which begins with
/// the version; the machine type follows the processor's number.
fn cpuinfo(id: &str, cpus: usize) -> String {
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    let mut text = format!(
        "vendor_id       : IBM/S390\n# processors    : {cpus}\nbogomips per cpu: 3033.00\n"
    );
    for number in 0..cpus {
        text.push_str(&format!(
            "processor {number}: version = {},  identification = {},  machine = {}\n",
            part(0, 2),
            part(2, 8),
            part(8, 12)
        ));
    }
    text
}

fn meminfo(kib: u64) -> String {
    // A little more than the half is free on a guest that does nothing.
    let free = kib / 8 * 5;
    format!("MemTotal:       {kib:>8} kB\nMemFree:        {free:>8} kB\n")
}

/// Virtual storage of a USER statement (`2G`, `512M`) in KiB.
fn storage_kib(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "K" => 1,
        "M" => 1 << 10,
        "G" => 1 << 20,
        "T" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The text of `/proc/cio_ignore`.
pub fn ignore_list(zfcp: &Zfcp) -> String {
    zfcp.ignored
        .iter()
        .map(|(low, high)| {
            if low == high {
                format!("{}\n", bus_id(*low))
            } else {
                format!("{}-{}\n", bus_id(*low), bus_id(*high))
            }
        })
        .collect()
}
