//! Kernel files as a shell meets them.

use super::{Errno, exists, list, read, readlink, write};
use crate::world::zfcp::tests::{DEV, LUN, PORT, host, world};
use crate::world::{Distribution, World};

const CCW: &str = "/sys/bus/ccw/devices/0.0.b805";

fn put(world: &mut World, path: &str, data: &str) -> Result<(), Errno> {
    write(world, &host(), path, data).unwrap()
}

fn get(world: &World, path: &str) -> Result<String, Errno> {
    read(world, &host(), path).unwrap()
}

fn manual() -> World {
    let mut world = world(Distribution::Rhel7);
    put(
        &mut world,
        "/sys/module/zfcp/parameters/allow_lun_scan",
        "N\n",
    )
    .unwrap();
    world
}

/// spec: zfcp-and-san 2.2 and 2.5: errnos of missing directories, missing attributes, wrong values.
#[test]
fn errnos() {
    let mut world = manual();
    let unit_add = format!("/sys/bus/ccw/drivers/zfcp/0.0.{DEV}/0x{PORT}/unit_add");
    assert_eq!(
        put(&mut world, "/sys/bus/ccw/devices/0.0.ffff/online", "1"),
        Err(Errno::NoEntry)
    );
    assert_eq!(
        put(&mut world, &format!("{CCW}/port_rescan"), "1"),
        Err(Errno::Access),
        "never online: no such attribute"
    );
    assert_eq!(
        put(&mut world, &format!("{CCW}/online"), "2"),
        Err(Errno::Invalid)
    );
    assert_eq!(
        put(&mut world, &unit_add, &format!("0x{LUN}\n")),
        Err(Errno::NoEntry)
    );
    put(&mut world, &format!("{CCW}/online"), "1\n").unwrap();
    assert_eq!(
        put(&mut world, &format!("{CCW}/online"), "1\n"),
        Err(Errno::Invalid)
    );
    assert_eq!(get(&world, &unit_add), Err(Errno::Access));
    assert_eq!(put(&mut world, &unit_add, "4x"), Err(Errno::Invalid));
    put(&mut world, &unit_add, &format!("0x{LUN}\n")).unwrap();
    assert_eq!(
        put(&mut world, &unit_add, &format!("0x{LUN}\n")),
        Err(Errno::Exists)
    );
    put(&mut world, &unit_add, "0x99000000000000\n").unwrap();
    let failed = |lun: &str| get(&world, &format!("{CCW}/0x{PORT}/0x{lun}/failed")).unwrap();
    assert_eq!(failed(&LUN.to_string()), "0\n");
    assert_eq!(failed("0099000000000000"), "1\n");
    assert_eq!(get(&world, CCW), Err(Errno::IsDirectory));
}

#[test]
fn the_tree_hangs_together() {
    let mut world = world(Distribution::Rhel7);
    put(&mut world, &format!("{CCW}/online"), "1").unwrap();
    for (path, text) in [
        (format!("{CCW}/host0/fc_host/port_type"), "NPIV VPORT\n"),
        ("/sys/class/fc_host/host0/device/../online".into(), "1\n"),
        (
            "/sys/class/fc_remote_ports/rport-0:0-0/port_state".into(),
            "Online\n",
        ),
        (
            "/sys/block/sda/device/fcp_lun".into(),
            "0x0004000000000000\n",
        ),
        ("/sys/block/sda/size".into(), "20971520\n"),
        ("/sys/bus/scsi/devices/0:0:0:4/hba_id".into(), "0.0.b805\n"),
        (
            "/sys/class/scsi_generic/sg0/device/state".into(),
            "running\n",
        ),
        ("/proc/cio_ignore".into(), ""),
    ] {
        assert_eq!(get(&world, &path).as_deref(), Ok(text), "{path}");
    }
    assert_eq!(
        list(&world, &host(), "/sys/bus/ccw/drivers/zfcp"),
        Some(vec!["0.0.b805".to_owned()])
    );
    assert_eq!(
        readlink(&world, &host(), CCW).as_deref(),
        Some("../../../devices/css0/0.0.0004/0.0.b805")
    );
    assert!(exists(&world, &host(), "/dev/sda"));
    assert!(!exists(&world, &host(), "/dev/sdb"));
    assert_eq!(read(&world, &host(), "/etc/zfcp.conf"), None);
}

/// spec: zfcp-and-san 6.8: undedicated before it was set offline, the device is defunct until then.
#[test]
fn defunct() {
    let mut world = world(Distribution::Rhel7);
    put(&mut world, &format!("{CCW}/online"), "1").unwrap();
    for vm in world
        .systems
        .values_mut()
        .flat_map(|s| s.running.values_mut())
    {
        vm.devices.clear();
    }
    assert_eq!(
        get(&world, &format!("{CCW}/availability")).as_deref(),
        Ok("no device\n")
    );
    assert!(exists(
        &world,
        &host(),
        "/sys/devices/css0/defunct/0.0.b805"
    ));
    put(&mut world, &format!("{CCW}/online"), "0").unwrap();
    assert!(!exists(&world, &host(), CCW));
}

/// A site file can put any kernel file in place of a made-up one.
#[test]
fn own_files_come_first() {
    let mut world = world(Distribution::Rhel7);
    let path = "/sys/bus/ccw/drivers/vmur/0.0.000d/online";
    assert_eq!(get(&world, path).as_deref(), Ok("1\n"));
    let fs = &mut world.linuxes.get_mut(&host()).unwrap().fs;
    fs.write(path, "0\n", 0);
    assert_eq!(read(&world, &host(), path), None);
}
