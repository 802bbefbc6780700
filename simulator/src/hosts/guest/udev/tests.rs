//! Rules against the driver.

use super::rules::{Operator, matches, parse};
use super::{Filter, trigger};
use crate::hosts::sysfs;
use crate::world::zfcp::event::Action;
use crate::world::zfcp::tests::{DEV, LUN, PORT, host, world};
use crate::world::{Distribution, World};

fn write(world: &mut World, path: &str, data: &str) -> Result<(), sysfs::Errno> {
    sysfs::write(world, &host(), path, data).unwrap()
}

fn attached(distribution: Distribution) -> World {
    let mut world = world(distribution);
    write(&mut world, "/sys/bus/ccw/devices/0.0.b805/online", "1\n").unwrap();
    world
}

fn rule_file(world: &mut World, name: &str, text: &str) {
    let path = format!("/etc/udev/rules.d/{name}");
    let fs = &mut world.linuxes.get_mut(&host()).unwrap().fs;
    fs.write(&path, text, 0);
}

fn link(world: &World, path: &str) -> Option<String> {
    sysfs::readlink(world, &host(), path)
}

#[test]
fn rules_are_parsed_and_broken_lines_skipped() {
    let rules = parse(
        "x",
        "# comment\nKERNEL==\"sd*\", ATTRS{wwpn}==\"0x1\",SYMLINK+=\"vdc%n\"\nKERNEL==sd*\n\n",
    );
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].tokens[1].attribute.as_deref(), Some("wwpn"));
    assert_eq!(rules[0].tokens[2].operator, Operator::Add);
    assert_eq!(rules[0].tokens[2].value, "vdc%n");
    for (pattern, text, good) in [
        ("sd*", "sda", true),
        ("sd*", "dm-0", false),
        ("a|sd?", "sdb", true),
        ("sd[!a-c]", "sdb", false),
        ("*:1077100560", "0:0:0:1077100560", true),
        ("*a*b", "xaxxb", true),
        ("[", "[", false),
    ] {
        assert_eq!(matches(pattern, text), good, "{pattern} {text}");
    }
}

/// spec: zfcp-and-san 2.7, the table of link forms.
#[test]
fn links_by_path_follow_the_distribution() {
    let zfcp = format!("/dev/disk/by-path/ccw-0.0.{DEV}-zfcp-0x{PORT}:0x{LUN}");
    let fc = format!("/dev/disk/by-path/ccw-0.0.{DEV}-fc-0x{PORT}-lun-4");
    for (distribution, has_zfcp, has_fc) in [
        (Distribution::Rhel7, true, true),
        (Distribution::Sles11, true, false),
        (Distribution::Sles12, true, true),
        (Distribution::Ubuntu16, false, true),
    ] {
        let mut world = attached(distribution);
        if distribution == Distribution::Sles11 {
            assert!(sysfs::exists(&world, &host(), &zfcp));
        }
        assert_eq!(link(&world, &zfcp).is_some(), has_zfcp, "{distribution:?}");
        assert_eq!(link(&world, &fc).is_some(), has_fc, "{distribution:?}");
        write(&mut world, "/sys/block/sda/device/delete", "1").unwrap();
        assert_eq!(link(&world, &zfcp), None);
        assert!(!sysfs::exists(&world, &host(), "/dev/sda"));
    }
}

/// The link rule that `--createfilesysnode` writes takes effect at the trigger, and goes with the rule.
#[test]
fn a_symlink_rule_needs_a_trigger() {
    let mut world = attached(Distribution::Rhel7);
    rule_file(
        &mut world,
        "56-zfcp.rules",
        &format!(
            "KERNEL==\"sd*\", ATTRS{{wwpn}}==\"0x{PORT}\", ATTRS{{fcp_lun}}==\"0x{LUN}\", SYMLINK+=\"vdb%n\"\n"
        ),
    );
    let filter = Filter {
        names: vec!["sd*".into()],
        ..Filter::default()
    };
    assert_eq!(link(&world, "/dev/vdb"), None);
    trigger(&mut world, &host(), &filter, Action::Change);
    assert_eq!(link(&world, "/dev/vdb").as_deref(), Some("sda"));
    rule_file(&mut world, "56-zfcp.rules", "");
    assert!(link(&world, "/dev/vdb").is_some());
    trigger(&mut world, &host(), &filter, Action::Change);
    assert_eq!(link(&world, "/dev/vdb"), None);
}

/// GQ15: a rule with the decimal LUN, as written for Ubuntu, never matches the kernel's value.
#[test]
fn gq15_decimal_lun_never_matches() {
    let mut world = attached(Distribution::Ubuntu16);
    rule_file(
        &mut world,
        "56-zfcp.rules",
        &format!(
            "KERNEL==\"sd*\", ATTRS{{wwpn}}==\"0x{PORT}\", ATTRS{{fcp_lun}}==\"4\", SYMLINK+=\"vdb%n\"\n"
        ),
    );
    trigger(&mut world, &host(), &Filter::default(), Action::Change);
    assert_eq!(link(&world, "/dev/vdb"), None);
}

/// spec: zfcp-and-san 8.1 F51: the disk is there, its link comes when udev moves on.
#[test]
fn f51_stalled_udev() {
    let mut world = world(Distribution::Rhel7);
    world
        .linuxes
        .get_mut(&host())
        .unwrap()
        .zfcp
        .faults
        .udev_stalled = true;
    write(&mut world, "/sys/bus/ccw/devices/0.0.b805/online", "1").unwrap();
    assert!(sysfs::exists(&world, &host(), "/dev/sda"));
    assert!(!sysfs::exists(&world, &host(), "/dev/disk/by-path"));
    world
        .linuxes
        .get_mut(&host())
        .unwrap()
        .zfcp
        .faults
        .udev_stalled = false;
    trigger(&mut world, &host(), &Filter::default(), Action::Change);
    assert!(sysfs::exists(&world, &host(), "/dev/disk/by-path"));
}

/// A rule that announces its own device again comes to an end.
#[test]
fn rules_that_trigger_themselves_end() {
    let mut world = world(Distribution::Sles12);
    rule_file(
        &mut world,
        "10-loop.rules",
        "SUBSYSTEM==\"ccw\", ATTR{uevent}=\"add\"\n",
    );
    write(&mut world, "/sys/bus/ccw/devices/0.0.b805/uevent", "add").unwrap();
    assert!(!world.linuxes[&host()].zfcp.udev_busy);
}
