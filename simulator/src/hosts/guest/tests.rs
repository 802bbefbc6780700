//! Whole sessions in a guest: what each command answers, per distribution.

use crate::hosts::guest;
use crate::hosts::shell;
use crate::world::san::Medium;
use crate::world::zfcp::tests::{DEV, LUN, PHYSICAL, PORT, host, world};
use crate::world::{Distribution, LinuxRole, UserId, World};

/// Runs commands as root on the guest; the text is what a terminal shows, with exit statuses that are not 0.
fn session(world: &mut World, commands: &[&str]) -> String {
    let mut text = String::new();
    for command in commands {
        guest::settle(world, &host());
        let outcome = shell::run(world, &host(), "root", command);
        text.push_str(&format!("# {command}\n{}", outcome.stdout));
        for line in outcome.stderr.lines() {
            text.push_str(&format!("E: {line}\n"));
        }
        if outcome.rc != 0 {
            text.push_str(&format!("rc {}\n", outcome.rc));
        }
    }
    text
}

fn manual(distribution: Distribution) -> World {
    let mut world = world(distribution);
    let zfcp = &mut world.linuxes.get_mut(&host()).unwrap().zfcp;
    zfcp.no_lun_scan = true;
    world
}

/// Replaces the names of the test world by their values.
fn line(text: &str) -> String {
    text.replace("{d}", &format!("0.0.{DEV}"))
        .replace("{w}", &format!("0x{PORT}"))
        .replace("{l}", &format!("0x{LUN}"))
}

fn run(world: &mut World, commands: &[&str]) -> String {
    let commands: Vec<String> = commands.iter().map(|c| line(c)).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    session(world, &commands)
}

const LOOK: [&str; 14] = [
    "lszfcp",
    "lszfcp -P",
    "lszfcp -D",
    "lsscsi",
    "lsluns -c {d}",
    "lsluns -a",
    "ls /dev/disk/by-path /dev/disk/by-id",
    "sg_readcap /dev/sda",
    "sg_inq /dev/sda",
    "sg_luns /dev/sg0",
    "udevadm info --query=all --name=/dev/sda",
    "lsblk",
    "multipath -ll",
    "lscss -t 1732/03",
];

/// spec: zfcp-and-san 6.1, 4, 6.7.
#[test]
fn red_hat_attaches_and_detaches() {
    let mut world = manual(Distribution::Rhel7);
    let mut text = run(
        &mut world,
        &[
            "lszfcp",
            "cio_ignore -r B805",
            "chccwdev -e 0.0.B805",
            "chccwdev -e b805",
            "lszfcp -D",
            "echo {l} > /sys/bus/ccw/drivers/zfcp/{d}/{w}/unit_add",
            "echo {l} > /sys/bus/ccw/drivers/zfcp/{d}/{w}/unit_add",
            "echo \"{d} {w} {l}\" >> /etc/zfcp.conf",
            "echo add > /sys/bus/ccw/devices/{d}/uevent",
        ],
    );
    text.push_str(&run(&mut world, &LOOK));
    text.push_str(&run(
        &mut world,
        &[
            "echo 1 > /sys/block/sda/device/delete",
            "echo {l} > /sys/bus/ccw/drivers/zfcp/{d}/{w}/unit_remove",
            "echo {l} > /sys/bus/ccw/drivers/zfcp/{d}/{w}/unit_remove",
            "chccwdev -d {d}",
            "chccwdev -d {d}",
            "lszfcp -D",
            "lszfcp -H -e",
        ],
    ));
    insta::assert_snapshot!(text);
}

/// spec: zfcp-and-san 5.1.
#[test]
fn suse_configures_with_its_scripts() {
    let mut world = manual(Distribution::Sles12);
    let text = run(
        &mut world,
        &[
            "zfcp_host_configure 0.0.ffff 1",
            "zfcp_host_configure {d} 2",
            "zfcp_disk_configure {d} {w} {l} 1",
            "zfcp_host_configure {d} 1",
            "zfcp_disk_configure {d} 0x1 {l} 1",
            "zfcp_disk_configure {d} 0x5005076801109999 {l} 1",
            "zfcp_disk_configure {d} {w} 0x0099000000000000 1",
            "zfcp_disk_configure {d} {w} {l} 1",
            "zfcp_disk_configure {d} {w} {l} 1",
            "cat /etc/udev/rules.d/51-zfcp-{d}.rules",
            "zfcp_san_disc -W -b {d}",
            "zfcp_san_disc -L -b {d} -p {w}",
            "zfcp_host_configure {d} 0",
            "zfcp_disk_configure {d} {w} {l} 0",
            "zfcp_disk_configure {d} {w} {l} 0",
            "zfcp_host_configure {d} 0",
            "ls /etc/udev/rules.d",
        ],
    );
    insta::assert_snapshot!(text);
}

/// spec: zfcp-and-san 4.6, 4.7, 5.4.
#[test]
fn ubuntu_configures_with_chzdev() {
    let mut world = manual(Distribution::Ubuntu20);
    let text = run(
        &mut world,
        &[
            "chzdev -e zfcp-lun 0.0.1b00:{w}:{l}",
            "chzdev -e zfcp-lun {d}:0x5005076801109999:{l}",
            "chzdev -e zfcp-lun {d}:{w}:0x0099000000000000",
            "/sbin/chzdev zfcp-lun {d}:{w}:4 -e",
            "chzdev zfcp-lun {d}:{w}:{l} -e",
            "chzdev zfcp-lun {d}:{w}:{l} -e",
            "lszdev zfcp",
            "lszdev zfcp-lun {d}:{w}:{l} -i",
            "lszdev zfcp-lun 0.0.1b00:{w}:{l}",
            "cat /etc/udev/rules.d/41-zfcp-host-{d}.rules",
            "cat /etc/udev/rules.d/41-zfcp-lun-{d}:{w}:{l}.rules",
            "mkfs.ext4 /dev/sda >/dev/null; mkdir /srv; mount /dev/sda /srv",
            "chzdev -d zfcp-lun {d}:{w}:{l}",
            "echo yes | chzdev -d zfcp-lun {d}:{w}:{l}",
            "chzdev -d zfcp-lun {d}:{w}:{l}",
            "chzdev -d zfcp-host {d}",
            "chzdev -d zfcp-host 0.0.1b00",
            "chzdev -x",
        ],
    );
    insta::assert_snapshot!(text);
}

/// What each missing link of the chain shows to the commands of an attach (spec: zfcp-and-san 3.8).
#[test]
fn outcome_matrix() {
    type Break = fn(&mut World);
    let breaks: [(&str, Break); 9] = [
        ("P3 not attached", |w| {
            w.systems
                .values_mut()
                .for_each(|s| s.running.values_mut().for_each(|v| v.devices.clear()));
        }),
        ("P4 ignored", |w| {
            let zfcp = &mut w.linuxes.get_mut(&host()).unwrap().zfcp;
            zfcp.ignore(DEV, DEV);
        }),
        ("P5 no driver", |w| {
            w.linuxes.get_mut(&host()).unwrap().zfcp.faults.no_zfcp = true;
        }),
        ("P6 link", |w| {
            w.san.links_down.insert(PHYSICAL);
        }),
        ("P7 target offline", |w| {
            w.san.ports.values_mut().for_each(|p| p.online = false);
        }),
        ("P8 not zoned", |w| w.san.zones.clear()),
        ("P10 masked", |w| w.san.masks.clear()),
        ("P13 silent", |w| {
            w.san.volumes.values_mut().for_each(|v| v.silent = true);
        }),
        ("P14 reserved", |w| {
            w.san
                .volumes
                .values_mut()
                .for_each(|v| v.medium = Medium::Reserved);
        }),
    ];
    let mut text = String::new();
    for (name, make) in breaks {
        let mut world = manual(Distribution::Ubuntu20);
        make(&mut world);
        text.push_str(&format!("=== {name}\n"));
        text.push_str(&run(
            &mut world,
            &[
                "chccwdev -e {d}",
                "lszfcp -H -e",
                "lszfcp -P",
                "echo {l} > /sys/bus/ccw/drivers/zfcp/{d}/{w}/unit_add",
                "cat /sys/bus/ccw/drivers/zfcp/{d}/{w}/{l}/failed",
                "lszfcp -D -e",
                "chzdev -e zfcp-lun {d}:{w}:{l}",
                "head -1 /dev/disk/by-path/ccw-{d}-fc-{w}-lun-4",
                "dmesg | sed 's/^[^]]*] //'",
            ],
        ));
    }
    insta::assert_snapshot!(text);
}

fn relog(world: &mut World) {
    guest::stopped(world, &host());
    guest::boot(world, &host());
}

/// What the next boot makes of each distribution's configuration (spec: zfcp-and-san 5.5).
#[test]
fn the_next_boot_reads_the_configuration_back() {
    for (distribution, configure) in [
        (
            Distribution::Rhel6,
            &["echo '{d} {w} {l}' > /etc/zfcp.conf"][..],
        ),
        (
            Distribution::Rhel7,
            &["echo '{d} {w} {l}' > /etc/zfcp.conf"][..],
        ),
        (
            Distribution::Sles11,
            &[
                "zfcp_host_configure {d} 1",
                "zfcp_disk_configure {d} {w} {l} 1",
            ],
        ),
        (
            Distribution::Sles12,
            &[
                "zfcp_host_configure {d} 1",
                "zfcp_disk_configure {d} {w} {l} 1",
            ],
        ),
        (Distribution::Ubuntu16, &["chzdev -e zfcp-lun {d}:{w}:{l}"]),
        (Distribution::Ubuntu20, &["chzdev -e zfcp-lun {d}:{w}:{l}"]),
    ] {
        let mut world = manual(distribution);
        world.linuxes.get_mut(&host()).unwrap().kernel_parameters =
            "zfcp.allow_lun_scan=0".to_owned();
        run(&mut world, configure);
        relog(&mut world);
        let zfcp = &world.linuxes[&host()].zfcp;
        assert_eq!(zfcp.disks().count(), 1, "{distribution:?}");
        assert_eq!(zfcp.disk("sda").unwrap().2, LUN);
        // Without a configuration nothing is online after a boot.
        let mut world = manual(distribution);
        relog(&mut world);
        let zfcp = &world.linuxes[&host()].zfcp;
        assert!(zfcp.recognised.contains(&DEV) && zfcp.adapters.is_empty());
    }
}

/// GQ13: of the rules that xCAT appends, the second lacks a blank, so they alone never bring the device online.
#[test]
fn gq13_rules_of_xcat_alone_do_not_boot() {
    let mut world = manual(Distribution::Sles12);
    let rules = "echo 'ACTION==\"add\", SUBSYSTEM==\"ccw\", KERNEL==\"{d}\", IMPORT{program}=\"collect {d} %k {d} zfcp\"\n\
        ACTION==\"add\", SUBSYSTEM==\"drivers\", KERNEL==\"zfcp\", IMPORT{program}=\"collect {d} %k {d}zfcp\"\n\
        ACTION==\"add\", ENV{COLLECT_{d}}==\"0\", ATTR{[ccw/{d}]online}=\"1\"' > /etc/udev/rules.d/51-zfcp-{d}.rules";
    run(&mut world, &[rules]);
    relog(&mut world);
    assert!(world.linuxes[&host()].zfcp.adapters.is_empty());
}

/// A file of the same name replaces the vendor's rule: xCAT's then applies the configuration at boot only.
#[test]
fn a_replaced_rule_still_boots() {
    let mut world = manual(Distribution::Rhel7);
    run(
        &mut world,
        &[
            "echo 'KERNEL==\"zfcp\", RUN+=\"/sbin/zfcpconf.sh\"' > /etc/udev/rules.d/56-zfcp.rules",
            "echo '{d} {w} {l}' > /etc/zfcp.conf",
            "echo add > /sys/bus/ccw/devices/{d}/uevent",
        ],
    );
    assert_eq!(world.linuxes[&host()].zfcp.disks().count(), 0);
    relog(&mut world);
    assert_eq!(world.linuxes[&host()].zfcp.disks().count(), 1);
}

/// spec: zfcp-and-san 4.8, 6.3, 6.10, F61, F62.
#[test]
fn maps_are_made_shown_and_removed() {
    let mut world = manual(Distribution::Rhel7);
    let second = crate::world::Wwpn(PORT.0 + 0x10_0000);
    let port = world.san.ports[&PORT].clone();
    world.san.ports.insert(second, port);
    let luns = world.san.luns[&PORT].clone();
    world.san.luns.insert(second, luns);
    for zone in world.san.zones.values_mut() {
        zone.insert(second);
    }
    let other = format!("0x{second}");
    let add = format!("echo {{l}} > /sys/bus/ccw/devices/{{d}}/{other}/unit_add");
    let mut text = run(
        &mut world,
        &[
            "chccwdev -e {d}",
            "echo {l} > /sys/bus/ccw/devices/{d}/{w}/unit_add",
            "multipath -ll",
            &add,
            "multipath -ll",
            "multipath -r",
            "multipathd show paths",
            "multipathd show maps",
            "ls -l /dev/mapper",
            "cat /etc/multipath/wwids | grep -v '#'",
            "multipath -l $(ls /dev/mapper) -v 1",
            "mkfs.xfs /dev/mapper/$(ls /dev/mapper) > /dev/null; mkdir /data; mount /dev/mapper/$(ls /dev/mapper) /data",
            "multipath -f $(ls /dev/mapper) | sed 's/^[^|]*| //'",
            "umount /data",
        ],
    );
    world.san.ports.get_mut(&second).unwrap().online = false;
    text.push_str(&run(&mut world, &["multipath -ll"]));
    world.now_ms += 10_000;
    text.push_str(&run(&mut world, &["multipath -ll"]));
    world.san.ports.get_mut(&second).unwrap().online = true;
    text.push_str(&run(
        &mut world,
        &[
            "multipath -ll",
            "multipath -f $(ls /dev/mapper)",
            "multipath -ll",
            "multipath -W",
        ],
    ));
    insta::assert_snapshot!(text);
}

/// A copy carries the identity of the content; a reservation and write protection are seen by reads and writes.
#[test]
fn contents_are_read_and_copied() {
    let mut world = world(Distribution::Rhel7);
    let name = "v5".to_owned();
    let volume = crate::world::san::Volume {
        wwid: "360050768011029910005000000000000".into(),
        content: "blank-v5".into(),
        ..world.san.volumes["v4"].clone()
    };
    world.san.volumes.insert(name.clone(), volume);
    let lun = crate::world::Lun(0x0005_0000_0000_0000);
    world
        .san
        .luns
        .get_mut(&PORT)
        .unwrap()
        .insert(lun, name.clone());
    let mask = world.san.masks["v4"].clone();
    world.san.masks.insert(name, mask);
    world.san.volumes.get_mut("v4").unwrap().content = "image-rhel7".into();
    let mut text = run(
        &mut world,
        &[
            "chccwdev -e {d}",
            "cat /dev/sda /dev/disk/by-path/ccw-{d}-fc-{w}-lun-5",
            "dd if=/dev/sda of=/dev/sdb bs=1M status=none; cat /dev/sdb",
            "dd if=/dev/zero of=/dev/sdb bs=1M count=3",
            "dd if=/dev/zero of=/dev/sdb bs=1G seek=9",
            "dd if=/dev/sda of=/dev/sdb bs=3M",
            "printf 0123456789 | dd bs=4 count=2 skip=1",
            "cat /proc/partitions /proc/mounts",
            "blkid",
            "mkfs.ext4 /dev/sdb; blkid /dev/sdb",
        ],
    );
    for medium in [Medium::Reserved, Medium::ReadOnly, Medium::Offline] {
        world.san.volumes.get_mut("v5").unwrap().medium = medium;
        text.push_str(&run(
            &mut world,
            &[
                "cat /dev/sdb",
                "dd if=/dev/sda of=/dev/sdb",
                "sg_readcap /dev/sdb",
            ],
        ));
    }
    world.san.volumes.get_mut("v5").unwrap().medium = Medium::Good;
    world.san.masks.remove("v5");
    text.push_str(&run(
        &mut world,
        &["cat /dev/sdb", "lszfcp -D", "sg_inq /dev/sdb | head -2"],
    ));
    insta::assert_snapshot!(text);
    assert_eq!(world.san.volumes["v4"].content, "image-rhel7");
}

/// spec: zfcp-and-san 6.9: detached under Linux, the device is defunct and goes when it is set offline.
#[test]
fn a_detached_device_is_defunct() {
    let mut world = manual(Distribution::Sles12);
    run(
        &mut world,
        &[
            "chccwdev -e {d}",
            "echo {l} > /sys/bus/ccw/devices/{d}/{w}/unit_add",
        ],
    );
    for system in world.systems.values_mut() {
        let vm = system.running.get_mut(&UserId::new("LNX1")).unwrap();
        vm.devices.clear();
    }
    let text = run(
        &mut world,
        &[
            "lszfcp -H -e",
            "cat /sys/bus/ccw/devices/{d}/availability",
            "cat /sys/block/sda/device/state",
            "lscss -t 1732/03",
            "dmesg | tail -1 | sed 's/^[^]]*] //'",
            "chccwdev -d {d}",
            "chccwdev -d {d}",
        ],
    );
    insta::assert_snapshot!(text);
}

/// Puts the notice of a volume into the guest's reader.
fn punch(world: &mut World) {
    let invoke = format!(
        "#!/bin/bash\n/bin/bash setupDisk action=addScsiVolume fcpAddr={DEV} wwpn={PORT} lun={LUN}\n"
    );
    let mut archive = format!("{:\0<124}", "invokeScript.sh");
    archive.push_str(&format!("{:011o}\0", invoke.len()));
    archive = format!("{archive:\0<512}{invoke}");
    let length = archive.len().next_multiple_of(512) + 1024;
    let file = crate::world::zvm::SpoolFile {
        id: 1,
        class: 'X',
        name: "aemod.doscript".into(),
        text: format!("{archive:\0<length$}"),
        ..crate::world::zvm::SpoolFile::default()
    };
    let system = world.systems.values_mut().next().unwrap();
    system.readers.insert(UserId::new("LNX1"), vec![file]);
}

/// The zHCP and the management node have no activation service: what lies in a reader of theirs when they start, on its way to
/// a guest, stays there.
#[test]
fn a_zhcp_does_not_run_what_waits_in_its_reader() {
    for (role, ran) in [
        (LinuxRole::Guest, true),
        (LinuxRole::Zhcp, false),
        (LinuxRole::Mn, false),
    ] {
        let mut world = manual(Distribution::Rhel7);
        world.linuxes.get_mut(&host()).unwrap().role = role;
        punch(&mut world);
        relog(&mut world);
        let left = &world.systems.values().next().unwrap().readers[&UserId::new("LNX1")];
        assert_eq!(left.is_empty(), ran, "{role:?}");
        let configured = world.linuxes[&host()].fs.read("/etc/zfcp.conf");
        assert_eq!(configured.is_some(), ran, "{role:?}: {configured:?}");
    }
}

/// The files of class X that wait in the reader run at the start (spec: guests 6.11).
#[test]
fn punched_scripts_run_at_the_start() {
    for distribution in [
        Distribution::Rhel7,
        Distribution::Sles12,
        Distribution::Ubuntu20,
    ] {
        let mut world = manual(distribution);
        world.linuxes.get_mut(&host()).unwrap().kernel_parameters =
            "zfcp.allow_lun_scan=0".to_owned();
        punch(&mut world);
        relog(&mut world);
        assert_eq!(
            world.linuxes[&host()].zfcp.disks().count(),
            1,
            "{distribution:?}"
        );
        assert!(
            world
                .systems
                .values()
                .all(|s| s.readers[&UserId::new("LNX1")].is_empty())
        );
        // And the next start finds it configured.
        relog(&mut world);
        assert_eq!(world.linuxes[&host()].zfcp.disks().count(), 1);
    }
}

/// spec: zfcp-and-san appendix A 2, 3, 5, 11, 15: after any history, units, disks, links and maps agree, and the commands
/// that only list succeed.
mod invariants {
    use proptest::prelude::*;

    use super::*;
    use crate::hosts::sysfs;
    use crate::world::Wwpn;

    const SECOND: Wwpn = Wwpn(PORT.0 + 0x10_0000);

    #[derive(Clone, Debug)]
    enum Step {
        Run(String),
        Port(bool),
        Mask(bool),
        Link(bool),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Step> {
        let commands = prop::sample::select(vec![
            "chccwdev -e {d}",
            "chccwdev -d {d}",
            "echo {l} > /sys/bus/ccw/devices/{d}/{w}/unit_add",
            "echo {l} > /sys/bus/ccw/devices/{d}/{w}/unit_remove",
            "echo {l} > /sys/bus/ccw/devices/{d}/{v}/unit_add",
            "echo {l} > /sys/bus/ccw/devices/{d}/{v}/unit_remove",
            "echo 0x0099000000000000 > /sys/bus/ccw/devices/{d}/{w}/unit_add",
            "echo 1 > /sys/block/sda/device/delete",
            "echo '- - -' > /sys/class/scsi_host/host0/scan",
            "echo 1 > /sys/bus/ccw/devices/{d}/port_rescan",
            "echo 0 > /sys/bus/ccw/devices/{d}/failed",
            "udevadm trigger",
            "multipath -F",
            "multipath -r",
            "multipath -W",
        ]);
        prop_oneof![
            8 => commands.prop_map(|c| Step::Run(
                line(c).replace("{v}", &format!("0x{SECOND}"))
            )),
            1 => any::<bool>().prop_map(Step::Port),
            1 => any::<bool>().prop_map(Step::Mask),
            1 => any::<bool>().prop_map(Step::Link),
            1 => prop::sample::select(vec![1_000, 10_000, 70_000]).prop_map(Step::Wait),
        ]
    }

    fn two_ports(distribution: Distribution, scan: bool) -> World {
        let mut world = super::world(distribution);
        let port = world.san.ports[&PORT].clone();
        world.san.ports.insert(SECOND, port);
        world.san.map(SECOND, LUN, "v4").unwrap();
        world.san.set_zoned("z", SECOND, true).unwrap();
        world.linuxes.get_mut(&host()).unwrap().zfcp.no_lun_scan = !scan;
        world
    }

    fn check(world: &World) -> Result<(), TestCaseError> {
        let zfcp = &world.linuxes[&host()].zfcp;
        for (device, adapter) in &zfcp.adapters {
            for (wwpn, port) in &adapter.ports {
                for lun in &port.units {
                    let path = format!("/sys/bus/ccw/devices/0.0.{device}/0x{wwpn}/0x{lun}/failed");
                    let failed = sysfs::read(world, &host(), &path).unwrap().unwrap();
                    prop_assert_eq!(failed.trim() == "0", port.devices.contains_key(lun));
                }
            }
        }
        for kernel in zfcp.symlinks.keys() {
            let there = zfcp.disk(kernel).is_some()
                || zfcp
                    .maps
                    .values()
                    .any(|m| format!("dm-{}", m.dm) == *kernel);
            prop_assert!(there, "links of {} without it", kernel);
        }
        for wwid in zfcp.maps.keys() {
            prop_assert!(zfcp.disks().any(|(.., d)| d.wwid == *wwid));
        }
        // What is looked up is what is listed.
        let name = host();
        let view = sysfs::tree::View::of(world, &name).unwrap();
        for folder in [
            vec!["dev"],
            vec!["dev", "mapper"],
            vec!["dev", "disk", "by-id"],
        ] {
            for (name, node) in view.entries(&folder).unwrap_or_default() {
                prop_assert_eq!(
                    view.find(&format!("/{}/{name}", folder.join("/")), false)
                        .map(|f| f.node),
                    Some(node)
                );
            }
            prop_assert_eq!(
                view.find(&format!("/{}/nope", folder.join("/")), false),
                None
            );
        }
        let mut dms: Vec<u32> = zfcp.maps.values().map(|m| m.dm).collect();
        dms.dedup();
        prop_assert_eq!(dms.len(), zfcp.maps.len());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn hold(
            history in prop::collection::vec(steps(), 1..25),
            distribution in prop::sample::select(vec![
                Distribution::Rhel6, Distribution::Rhel7, Distribution::Sles11, Distribution::Sles12,
                Distribution::Ubuntu16, Distribution::Ubuntu20,
            ]),
            scan in any::<bool>(),
        ) {
            let mut world = two_ports(distribution, scan);
            for step in history {
                match step {
                    Step::Run(command) => drop(session(&mut world, &[&command])),
                    Step::Port(up) => world.san.port_mut(SECOND).unwrap().online = up,
                    Step::Mask(shown) => {
                        let npiv = crate::world::zfcp::tests::NPIV;
                        world.san.set_shown("v4", npiv, shown).unwrap();
                    }
                    Step::Link(up) => {
                        world.san.set_link(PHYSICAL, up);
                    }
                    Step::Wait(ms) => world.now_ms += ms,
                }
                guest::settle(&mut world, &host());
                check(&world)?;
            }
            for command in ["lszfcp -P", "lszfcp -D", "lsluns", "lsluns -a", "lsscsi", "lscss", "multipath -ll", "lsblk"] {
                let outcome = shell::run(&mut world, &host(), "root", command);
                let nothing = outcome.stdout.starts_with("Error: No fcp devices found.");
                prop_assert!(outcome.rc == 0 || nothing, "{} {:?}", command, outcome);
            }
        }
    }
}
