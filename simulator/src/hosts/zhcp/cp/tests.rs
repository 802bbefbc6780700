//! CP commands as vmcp shows them, on the `lab` site.

use crate::hosts::shell;
use crate::seam::Outcome;
use crate::site;
use crate::world::{HostName, World};

fn vmcp(world: &mut World, command: &str) -> Outcome {
    shell::run(
        world,
        &HostName::new("zhcp1"),
        "root",
        &format!("/sbin/vmcp {command}"),
    )
}

#[test]
fn an_error_goes_to_both_streams() {
    let mut world = site::lab();
    assert_eq!(vmcp(&mut world, "q userid").stdout, "ZHCP1    AT ZVM1\n");
    assert_eq!(
        vmcp(&mut world, "q user nobody"),
        Outcome {
            rc: 1,
            stdout: "HCPCQU045E NOBODY not logged on\n".to_owned(),
            stderr: "Error: non-zero CP response for command 'Q USER NOBODY': #45\n".to_owned(),
        }
    );
    assert_eq!(
        vmcp(&mut world, "q user toolonguserid").stdout,
        "HCPCQU003E Invalid option - TOOLONGUSERID\n"
    );
    assert_eq!(
        vmcp(&mut world, "frobnicate").stdout,
        "HCPCMD001E Unknown CP command: FROBNICATE\n"
    );
    assert_eq!(vmcp(&mut world, "").rc, 4);
    assert_eq!(
        vmcp(&mut world, "-b 10 q vmlan").rc,
        2,
        "the answer does not fit"
    );
}

#[test]
fn minidisks_are_linked_in_the_mode_that_is_to_be_had() {
    let mut world = site::lab();
    assert_eq!(
        vmcp(&mut world, "q v 1234").stdout,
        "HCPQVD040E Device 1234 does not exist\n"
    );
    assert_eq!(
        vmcp(&mut world, "link lnx1 0100 as 1234 rr"),
        Outcome::ok("")
    );
    assert!(
        vmcp(&mut world, "q v 1234")
            .stdout
            .starts_with("DASD 1234 3390 LAB001 R/O      10016 CYL ON DASD ")
    );
    assert!(
        vmcp(&mut world, "link lnx1 0100 1234 rr")
            .stdout
            .starts_with("HCPLNM110E LNX1 0100 not linked; ")
    );
    assert_eq!(
        vmcp(&mut world, "link lnx1 0100 1235 m").stdout,
        "HCPLNM104E LNX1 0100 not linked; R/W by LNX1\n"
    );
    assert_eq!(
        vmcp(&mut world, "link lnx1 0100 1235 mr").stdout,
        "HCPLNM101E DASD 1235 forced R/O; R/W by LNX1\n"
    );
    assert!(
        vmcp(&mut world, "link nobody 0100 1236 rr")
            .stdout
            .starts_with("HCPLNM053E NOBODY not in CP directory")
    );
    assert!(
        vmcp(&mut world, "link lnx1 0999 1236 rr")
            .stdout
            .starts_with("HCPLNM107E LNX1 0999 not linked; ")
    );
    assert_eq!(
        vmcp(&mut world, "detach 1234").stdout,
        "DASD 1234 DETACHED\n"
    );
    assert_eq!(
        vmcp(&mut world, "detach 1234").stdout,
        "HCPDTV040E Device 1234 does not exist\n"
    );
}

#[test]
fn spool_files_are_punched_changed_and_transferred() {
    let mut world = site::lab();
    let zhcp = HostName::new("zhcp1");
    let punched = shell::run(
        &mut world,
        &zhcp,
        "root",
        "echo hello > /tmp/parm.txt; vmur punch -r /tmp/parm.txt -N parm.txt",
    );
    assert_eq!(punched.stdout, "Reader file with spoolid 0001 created.\n");
    assert_eq!(
        vmcp(&mut world, "change rdr 1 class x").stdout,
        "0000001 FILE  CHANGED\n"
    );
    assert_eq!(
        vmcp(&mut world, "transfer rdr 1 to nobody").stdout,
        "HCPTRA053E NOBODY not in CP directory\n"
    );
    assert_eq!(
        vmcp(&mut world, "transfer rdr 1 to lnx1").stdout,
        "0000001 FILE  TRANSFERRED\n"
    );
    assert_eq!(
        vmcp(&mut world, "purge reader 1").stdout,
        "NO FILES PURGED\n"
    );
    let file = &world.systems["ZVM1"].readers["LNX1"][0];
    assert_eq!((file.class, file.text.as_str()), ('X', "hello\n"));
}

#[test]
fn a_minidisk_is_brought_online_and_released() {
    let mut world = site::lab();
    let zhcp = HostName::new("zhcp1");
    let linked = shell::run(
        &mut world,
        &zhcp,
        "root",
        "/opt/zhcp/bin/linkdiskandbringonline lnx1 0100 RR",
    );
    assert_eq!(linked.rc, 0, "{}", linked.stdout);
    let success = linked.stdout.lines().nth(1).unwrap_or_default();
    assert!(
        success.starts_with("Success: Userid lnx1 vdev 0100 linked at "),
        "{success}"
    );
    assert_eq!(
        success.split(' ').nth(10),
        Some("dasdb"),
        "the word that xCAT takes"
    );
    let released = shell::run(
        &mut world,
        &zhcp,
        "root",
        "/opt/zhcp/bin/offlinediskanddetach lnx1 0100",
    );
    assert!(
        released
            .stdout
            .contains("Success: Userid lnx1 vdev 0100 unlinked\n"),
        "{}",
        released.stdout
    );
    let again = shell::run(
        &mut world,
        &zhcp,
        "root",
        "/opt/zhcp/bin/linkdiskandbringonline nobody 0100",
    );
    assert_eq!(again.rc, 2);
    assert!(
        again.stdout.contains(
            "ERROR: Unable to link nobody 0100 disk. HCPLNM053E NOBODY not in CP directory"
        )
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(150))]

    /// Whatever is typed, CP answers.
    #[test]
    fn any_command_is_answered(
        verb in "(q|query|link|detach|attach|define|couple|force|xautolog|purge|transfer|change|flashcopy|ind|vary|send)",
        words in proptest::collection::vec("(v|virtual|user|rdr|nic|lan|fcp|all|lnx1|0100|1a00|to|\\*|[a-z0-9]{1,9}|é)", 0..7),
    ) {
        let mut world = site::lab();
        let outcome = vmcp(&mut world, &format!("{verb} '{}'", words.join(" ")));
        proptest::prop_assert!((0..=4).contains(&outcome.rc));
    }
}
