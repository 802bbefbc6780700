//! The driver against the SAN: each missing link, and invariants over random histories.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::event::{Action, Subject};
use super::{DEV_LOSS_MS, Errno, LinkState, Machine, PORT_SCAN_MS, PortState, Uevent, Zfcp, act};
use crate::world::san::{TargetPort, Volume};
use crate::world::zvm::{FcpDevice, VirtualMachine, ZvmSystem};
use crate::world::{
    DeviceNumber, Distribution, HostName, Linux, Lun, SystemName, UserId, World, Wwpn,
};

pub(crate) const DEV: DeviceNumber = DeviceNumber(0xb805);
pub(crate) const DEV2: DeviceNumber = DeviceNumber(0xb806);
pub(crate) const NPIV: Wwpn = Wwpn(0xc050_76de_3300_0005);
pub(crate) const PHYSICAL: Wwpn = Wwpn(0x2007_6d85_0000_5181);
pub(crate) const PORT: Wwpn = Wwpn(0x5005_0768_0110_2991);
pub(crate) const LUN: Lun = Lun(0x0004_0000_0000_0000);

/// One guest with one FCP device in a SAN with one port and one volume, everything in order.
pub(crate) fn world(distribution: Distribution) -> World {
    let mut world = World {
        now_ms: 1_000_000,
        ..World::default()
    };
    let mut system = ZvmSystem::default();
    for (device, npiv) in [(DEV, NPIV), (DEV2, Wwpn(NPIV.0 + 1))] {
        system.fcp.insert(
            device,
            FcpDevice {
                chpid: "59".into(),
                npiv_wwpn: Some(npiv),
                physical_wwpn: PHYSICAL,
                online: true,
                attached_to: Some(UserId::new("LNX1")),
                ..FcpDevice::default()
            },
        );
    }
    system.running.insert(
        UserId::new("LNX1"),
        VirtualMachine {
            devices: BTreeMap::from([(DEV, DEV)]),
            ..VirtualMachine::default()
        },
    );
    world.systems.insert(SystemName::new("ZVM1"), system);
    world.linuxes.insert(
        host(),
        Linux {
            userid: UserId::new("LNX1"),
            system: SystemName::new("ZVM1"),
            distribution,
            ssh: true,
            ..Linux::default()
        },
    );
    world.san.ports.insert(
        PORT,
        TargetPort {
            online: true,
            ..TargetPort::default()
        },
    );
    world.san.volumes.insert(
        "v4".into(),
        Volume {
            bytes: 10 << 30,
            wwid: "360050768011029910004000000000000".into(),
            ..Volume::default()
        },
    );
    world
        .san
        .luns
        .entry(PORT)
        .or_default()
        .insert(LUN, "v4".into());
    world
        .san
        .zones
        .insert("z".into(), BTreeSet::from([NPIV, Wwpn(NPIV.0 + 1), PORT]));
    world
        .san
        .masks
        .insert("v4".into(), BTreeSet::from([NPIV, Wwpn(NPIV.0 + 1)]));
    world
}

pub(crate) fn host() -> HostName {
    HostName::new("lnx1")
}

fn run<R>(
    world: &mut World,
    what: impl FnOnce(&Machine<'_>, &mut Zfcp, &mut Vec<Uevent>) -> R,
) -> (R, Vec<Uevent>) {
    act(world, &host(), what).unwrap()
}

fn online(world: &mut World) -> Result<(), Errno> {
    run(world, |m, z, e| z.set_online(m, DEV, true, e)).0
}

fn unit_add(world: &mut World) -> Result<(), Errno> {
    run(world, |m, z, e| z.unit_add(m, DEV, PORT, LUN, e)).0
}

fn state(world: &World) -> &Zfcp {
    &world.linuxes[&host()].zfcp
}

fn no_scan(mut world: World) -> World {
    world.linuxes.get_mut(&host()).unwrap().zfcp.no_lun_scan = true;
    world
}

#[test]
fn manual_attach_and_detach() {
    let mut world = no_scan(world(Distribution::Rhel7));
    online(&mut world).unwrap();
    assert_eq!(state(&world).disks().count(), 0);
    unit_add(&mut world).unwrap();
    assert_eq!(unit_add(&mut world), Err(Errno::Exists));
    assert_eq!(state(&world).disk("sda").unwrap().2, LUN);
    let (result, events) = run(&mut world, |m, z, e| z.unit_remove(m, DEV, PORT, LUN, e));
    assert_eq!(result, Ok(()));
    assert_eq!(
        events[0],
        Uevent::new(Action::Remove, Subject::Disk(DEV, PORT, LUN, "sda".into()))
    );
    assert_eq!(state(&world).disks().count(), 0);
    assert_eq!(
        run(&mut world, |m, z, e| z.unit_remove(m, DEV, PORT, LUN, e)).0,
        Err(Errno::Invalid)
    );
}

#[test]
fn npiv_scans_by_itself_and_keeps_what_no_unit_made() {
    let mut world = world(Distribution::Sles12);
    online(&mut world).unwrap();
    assert_eq!(state(&world).disks().count(), 1);
    assert_eq!(
        run(&mut world, |m, z, e| z.unit_remove(m, DEV, PORT, LUN, e)).0,
        Err(Errno::Invalid)
    );
    unit_add(&mut world).unwrap();
    run(&mut world, |m, z, e| z.unit_remove(m, DEV, PORT, LUN, e))
        .0
        .unwrap();
    assert_eq!(state(&world).disks().count(), 0);
    run(&mut world, |m, z, e| z.scan_host(m, DEV, e));
    assert_eq!(state(&world).disks().count(), 1);
}

/// P1 to P3: without an attached device there is no CCW device.
#[test]
fn not_attached() {
    let mut world = world(Distribution::Rhel7);
    world
        .systems
        .values_mut()
        .for_each(|s| s.running.values_mut().for_each(|v| v.devices.clear()));
    assert_eq!(online(&mut world), Err(Errno::NoEntry));
}

/// P4: an ignored device is as absent as one that is not attached, until it is freed.
#[test]
fn ignored() {
    let mut world = world(Distribution::Rhel7);
    let zfcp = &mut world.linuxes.get_mut(&host()).unwrap().zfcp;
    zfcp.ignore(DeviceNumber(0), DeviceNumber(0xffff));
    assert_eq!(online(&mut world), Err(Errno::NoEntry));
    let ((), events) = run(&mut world, |m, z, e| z.free(m, DEV, DEV, e));
    assert_eq!(events, [Uevent::new(Action::Add, Subject::Ccw(DEV))]);
    online(&mut world).unwrap();
}

/// P5: online twice, busy, boxed, no driver.
#[test]
fn online_refused() {
    let mut world = world(Distribution::Rhel7);
    let faults = |w: &mut World, set: &dyn Fn(&mut super::GuestFaults)| {
        set(&mut w.linuxes.get_mut(&host()).unwrap().zfcp.faults);
    };
    faults(&mut world, &|f| {
        f.boxed.insert(DEV);
    });
    assert_eq!(online(&mut world), Err(Errno::NoDevice));
    faults(&mut world, &|f| {
        f.boxed.clear();
        f.busy.insert(DEV, 1);
    });
    assert_eq!(online(&mut world), Err(Errno::Again));
    faults(&mut world, &|f| f.no_zfcp = true);
    assert_eq!(online(&mut world), Err(Errno::Invalid));
    faults(&mut world, &|f| f.no_zfcp = false);
    assert_eq!(online(&mut world), Ok(()));
    assert_eq!(online(&mut world), Err(Errno::Invalid));
}

/// P6: link down or login refused: online, but nothing behind it.
#[test]
fn no_link() {
    let mut world = world(Distribution::Rhel7);
    world.san.links_down.insert(PHYSICAL);
    online(&mut world).unwrap();
    assert_eq!(state(&world).adapters[&DEV].link, LinkState::LinkDown);
    assert_eq!(unit_add(&mut world), Err(Errno::NoEntry));
    world.san.links_down.clear();
    run(&mut world, |_, _, _| ());
    assert_eq!(state(&world).disks().count(), 1, "recovers by itself");

    let mut world = self::world(Distribution::Rhel7);
    world.san.logins_refused.insert(NPIV);
    online(&mut world).unwrap();
    world.san.logins_refused.clear();
    run(&mut world, |_, _, _| ());
    assert_eq!(state(&world).adapters[&DEV].link, LinkState::Failed);
    run(&mut world, |m, z, e| z.recover_adapter(m, DEV, e));
    assert_eq!(state(&world).disks().count(), 1, "recovers when told");
}

/// P7 to P9: no port directory, so `unit_add` cannot even be opened.
#[test]
fn no_port() {
    for hide in [
        (|w: &mut World| w.san.zones.clear()) as fn(&mut World),
        |w| w.san.ports.clear(),
        |w| {
            w.san.ports.values_mut().for_each(|p| p.online = false);
        },
        |w| {
            w.san
                .ports
                .values_mut()
                .for_each(|p| p.refuses_login = true);
        },
    ] {
        let mut world = world(Distribution::Rhel7);
        hide(&mut world);
        online(&mut world).unwrap();
        assert!(state(&world).adapters[&DEV].ports.is_empty());
        assert_eq!(unit_add(&mut world), Err(Errno::NoEntry));
    }
}

/// P10 and P13: `unit_add` succeeds and no disk appears.
#[test]
fn no_lun() {
    for hide in [
        (|w: &mut World| w.san.masks.clear()) as fn(&mut World),
        |w| w.san.luns.clear(),
        |w| {
            w.san.volumes.values_mut().for_each(|v| v.silent = true);
        },
    ] {
        let mut world = world(Distribution::Rhel7);
        hide(&mut world);
        online(&mut world).unwrap();
        assert_eq!(unit_add(&mut world), Ok(()));
        assert_eq!(state(&world).disks().count(), 0);
        assert!(
            state(&world).adapters[&DEV].ports[&PORT]
                .units
                .contains(&LUN)
        );
    }
}

/// P12: without NPIV the channel refuses the second opener.
#[test]
fn shared_without_npiv() {
    let mut world = world(Distribution::Rhel7);
    for fcp in world.systems.values_mut().flat_map(|s| s.fcp.values_mut()) {
        fcp.npiv_wwpn = None;
    }
    world.san.open_zoning = true;
    world.san.open_masking = true;
    let mut second = world.linuxes[&host()].clone();
    second.userid = UserId::new("LNX2");
    world.linuxes.insert(HostName::new("lnx2"), second);
    world.systems.values_mut().for_each(|s| {
        s.running.insert(
            UserId::new("LNX2"),
            VirtualMachine {
                devices: BTreeMap::from([(DEV2, DEV2)]),
                ..VirtualMachine::default()
            },
        );
    });
    online(&mut world).unwrap();
    unit_add(&mut world).unwrap();
    assert_eq!(state(&world).disks().count(), 1);
    let other = HostName::new("lnx2");
    act(&mut world, &other, |m, z, e| {
        z.set_online(m, DEV2, true, e).unwrap();
        z.unit_add(m, DEV2, PORT, LUN, e).unwrap();
        assert_eq!(z.disks().count(), 0);
    });
}

/// spec: zfcp-and-san 6.9.
#[test]
fn surprise_removal_and_return() {
    let mut world = world(Distribution::Rhel7);
    online(&mut world).unwrap();
    let detach = |w: &mut World| {
        let vm = w.systems.values_mut().next().unwrap();
        vm.running
            .get_mut(&UserId::new("LNX1"))
            .unwrap()
            .devices
            .clear();
    };
    detach(&mut world);
    run(&mut world, |_, _, _| ());
    assert_eq!(state(&world).adapters[&DEV].link, LinkState::Gone);
    assert_eq!(state(&world).disks().count(), 1, "blocked, not removed");
    world.now_ms += DEV_LOSS_MS;
    run(&mut world, |_, _, _| ());
    assert_eq!(state(&world).disks().count(), 0);
    assert_eq!(
        state(&world).adapters[&DEV].ports[&PORT].state,
        PortState::NotPresent
    );
    world
        .systems
        .values_mut()
        .next()
        .unwrap()
        .running
        .get_mut(&UserId::new("LNX1"))
        .unwrap()
        .devices
        .insert(DEV, DEV);
    run(&mut world, |_, _, _| ());
    assert_eq!(state(&world).disks().count(), 1);
    detach(&mut world);
    run(&mut world, |m, z, e| z.set_online(m, DEV, false, e))
        .0
        .unwrap();
    assert!(state(&world).recognised.is_empty());
    assert!(state(&world).adapters.is_empty());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Online(bool),
    Add(u8),
    Remove(u8),
    Delete(u8),
    Scan,
    Rescan,
    Zone(bool),
    Mask(bool),
    Link(bool),
    Attach(bool),
    Wait,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Online),
        4 => (0..3u8).prop_map(Step::Add),
        3 => (0..3u8).prop_map(Step::Remove),
        1 => (0..3u8).prop_map(Step::Delete),
        1 => Just(Step::Scan),
        1 => Just(Step::Rescan),
        1 => any::<bool>().prop_map(Step::Zone),
        1 => any::<bool>().prop_map(Step::Mask),
        1 => any::<bool>().prop_map(Step::Link),
        1 => any::<bool>().prop_map(Step::Attach),
        1 => Just(Step::Wait),
    ]
}

fn lun(n: u8) -> Lun {
    Lun(LUN.0 + (u64::from(n) << 48))
}

/// Carries out one step and checks what appendix A says about its result.
fn take(world: &mut World, step: Step) {
    match step {
        Step::Online(on) => {
            let before = state(world).is_online(DEV);
            let (result, _) = run(world, |m, z, e| z.set_online(m, DEV, on, e));
            if result.is_ok() {
                assert_eq!(state(world).is_online(DEV), on);
                assert_ne!(before, on);
            }
        }
        Step::Add(n) => {
            let (result, _) = run(world, |m, z, e| z.unit_add(m, DEV, PORT, lun(n), e));
            if result.is_ok() {
                assert!(
                    state(world).adapters[&DEV].ports[&PORT]
                        .units
                        .contains(&lun(n))
                );
            }
        }
        Step::Remove(n) => {
            let (result, _) = run(world, |m, z, e| z.unit_remove(m, DEV, PORT, lun(n), e));
            if result.is_ok() {
                let port = &state(world).adapters[&DEV].ports[&PORT];
                assert!(!port.units.contains(&lun(n)) && !port.devices.contains_key(&lun(n)));
            }
        }
        Step::Delete(n) => {
            run(world, |_, z, e| z.remove_device(DEV, PORT, lun(n), e));
        }
        Step::Scan => {
            run(world, |m, z, e| z.scan_host(m, DEV, e));
        }
        Step::Rescan => {
            run(world, |m, z, e| z.scan_ports(m, DEV, e));
        }
        Step::Zone(on) => world.san.open_zoning = on,
        Step::Mask(on) => world.san.open_masking = on,
        Step::Link(up) => {
            if up {
                world.san.links_down.clear();
            } else {
                world.san.links_down.insert(PHYSICAL);
            }
        }
        Step::Attach(on) => {
            let system = world.systems.values_mut().next().unwrap();
            let vm = system.running.get_mut(&UserId::new("LNX1")).unwrap();
            if on {
                vm.devices.insert(DEV, DEV);
            } else {
                vm.devices.remove(&DEV);
            }
        }
        Step::Wait => world.now_ms += DEV_LOSS_MS,
    }
    run(world, |_, _, _| ());
}

proptest! {
    /// spec: zfcp-and-san appendix A, 1, 4, 6, 8, 9.
    #[test]
    fn invariants(history in proptest::collection::vec(steps(), 1..60), scan in any::<bool>()) {
        let mut world = world(Distribution::Rhel7);
        world.san.zones.clear();
        world.san.masks.clear();
        world.san.open_zoning = true;
        world.san.open_masking = true;
        world.san.luns.entry(PORT).or_default().insert(lun(1), "v4".into());
        world.linuxes.get_mut(&host()).unwrap().zfcp.no_lun_scan = !scan;
        for step in history {
            let targets = state(&world).adapters.get(&DEV).map(|a| (a.host, a.targets.clone()));
            take(&mut world, step);
            let name = host();
            let machine = Machine::new(&world, &name).unwrap();
            if machine.linux.zfcp.is_settled(&machine) {
                let mut copy = machine.linux.zfcp.clone();
                let mut events = Vec::new();
                copy.settle(&machine, &mut events);
                prop_assert_eq!(&copy, &machine.linux.zfcp);
                prop_assert!(events.is_empty());
            }
            let zfcp = state(&world);
            let mut names = BTreeSet::new();
            for (device, wwpn, lun, disk) in zfcp.disks() {
                let adapter = &zfcp.adapters[&device];
                let port = &adapter.ports[&wwpn];
                prop_assert!(port.rport.is_some());
                prop_assert!(adapter.targets.contains_key(&wwpn));
                prop_assert!(port.state != PortState::NotPresent);
                prop_assert!(scan || port.units.contains(&lun));
                prop_assert!(names.insert(disk.disk.clone()), "two disks share a name");
            }
            for (device, adapter) in &zfcp.adapters {
                prop_assert!(zfcp.recognised.contains(device));
                prop_assert_eq!(adapter.online, adapter.link != LinkState::Shut);
                for port in adapter.ports.values() {
                    prop_assert!(port.state != PortState::Online || adapter.link == LinkState::Open);
                }
            }
            if let (Some((number, before)), Some(now)) = (targets, zfcp.adapters.get(&DEV))
                && number == now.host
            {
                prop_assert!(before.iter().all(|(w, t)| now.targets.get(w) == Some(t)));
            }
            prop_assert!(zfcp.recognised.is_empty() || zfcp.is_online(DEV) || Machine::new(&world, &host()).unwrap().fcp_device(DEV).is_some());
        }
    }
}

/// spec: zfcp-and-san 8.1 F26: a target that is zoned later shows when the scans are not limited any more, or when asked.
#[test]
fn f26_zoned_later() {
    for ask in [false, true] {
        let mut world = world(Distribution::Rhel7);
        let second = Wwpn(PORT.0 + 1);
        world.san.add_port(second);
        online(&mut world).unwrap();
        world.san.set_zoned("z", second, true).unwrap();
        world.now_ms += 1_000;
        run(&mut world, |_, _, _| ());
        assert_eq!(state(&world).adapters[&DEV].ports.len(), 1);
        if ask {
            run(&mut world, |m, z, e| z.scan_ports(m, DEV, e));
        } else {
            world.now_ms += PORT_SCAN_MS;
            run(&mut world, |_, _, _| ());
        }
        assert_eq!(state(&world).adapters[&DEV].ports.len(), 2);
    }
}

/// spec: zfcp-and-san 8.1 F8: the device appears some time after CP has attached it.
#[test]
fn f8_late_recognition() {
    let mut world = world(Distribution::Rhel7);
    world.linuxes.get_mut(&host()).unwrap().zfcp.faults.late_ms = 5_000;
    assert_eq!(online(&mut world), Err(Errno::NoEntry));
    world.now_ms += 4_000;
    assert_eq!(online(&mut world), Err(Errno::NoEntry));
    world.now_ms += 1_000;
    assert_eq!(online(&mut world), Ok(()));
    assert!(state(&world).noticed.is_empty());
}

/// spec: zfcp-and-san appendix A 7, 12: who is logged in, and to whom a device belongs.
#[test]
fn logins_follow_the_adapters() {
    let mut world = world(Distribution::Rhel7);
    let npiv = |w: &World| w.logins().iter().any(|l| l.wwpn == NPIV);
    assert!(!npiv(&world), "offline: not in the name server");
    online(&mut world).unwrap();
    assert!(npiv(&world));
    let login = world.logins().into_iter().find(|l| l.wwpn == NPIV).unwrap();
    assert_eq!(login.device, Some(DEV));
    assert_eq!(login.userid, Some(UserId::new("LNX1")));
    world.san.links_down.insert(PHYSICAL);
    assert!(world.logins().is_empty());
    world.san.links_down.clear();
    run(&mut world, |m, z, e| z.set_online(m, DEV, false, e))
        .0
        .unwrap();
    assert!(!npiv(&world));
}

/// spec: zfcp-and-san appendix A 14: after an orderly detach a second attach gives what the first gave, apart from
/// counters.
#[test]
fn attached_again_is_the_same() {
    let mut world = no_scan(world(Distribution::Rhel7));
    let mut attach = || {
        online(&mut world).unwrap();
        unit_add(&mut world).unwrap();
        let mut zfcp = state(&world).clone();
        zfcp.log.clear();
        run(&mut world, |m, z, e| z.unit_remove(m, DEV, PORT, LUN, e))
            .0
            .unwrap();
        run(&mut world, |m, z, e| z.set_online(m, DEV, false, e))
            .0
            .unwrap();
        zfcp
    };
    let first = attach();
    assert_eq!(first, attach());
}
