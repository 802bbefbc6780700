//! CP commands as vmcp shows them, on the `lab` site.

use crate::hosts::shell;
use crate::seam::Outcome;
use crate::site;
use crate::world::{HostName, World};

/// The first zHCP of the `lab` site.
struct Zhcp(World);

impl Zhcp {
    fn new() -> Self {
        Self(site::lab())
    }

    fn run(&mut self, line: &str) -> Outcome {
        shell::run(&mut self.0, &HostName::new("zhcp1"), "root", line)
    }

    fn vmcp(&mut self, command: &str) -> Outcome {
        self.run(&format!("/sbin/vmcp {command}"))
    }

    /// Commands and what each says; a text that ends in `…` is how the answer begins.
    fn says(&mut self, commands: &[(&str, &str)]) {
        for (command, expected) in commands {
            let told = self.vmcp(command).stdout;
            match expected.strip_suffix('…') {
                Some(head) => assert!(told.starts_with(head), "{command}: {told}"),
                None => assert_eq!(told, format!("{expected}\n"), "{command}"),
            }
        }
    }
}

#[test]
fn an_error_goes_to_both_streams() {
    let mut zhcp = Zhcp::new();
    assert_eq!(
        zhcp.vmcp("q user nobody"),
        Outcome {
            rc: 1,
            stdout: "HCPCQU045E NOBODY not logged on\n".to_owned(),
            stderr: "Error: non-zero CP response for command 'Q USER NOBODY': #45\n".to_owned(),
        }
    );
    zhcp.says(&[
        ("q userid", "ZHCP1    AT ZVM1"),
        (
            "q user toolonguserid",
            "HCPCQU003E Invalid option - TOOLONGUSERID",
        ),
        ("frobnicate", "HCPCMD001E Unknown CP command: FROBNICATE"),
    ]);
    assert_eq!(zhcp.vmcp("").rc, 4);
    assert_eq!(zhcp.vmcp("-b 10 q vmlan").rc, 2, "the answer does not fit");
}

#[test]
fn minidisks_are_linked_in_the_mode_that_is_to_be_had() {
    let mut zhcp = Zhcp::new();
    zhcp.says(&[("q v 1234", "HCPQVD040E Device 1234 does not exist")]);
    assert_eq!(zhcp.vmcp("link lnx1 0100 as 1234 rr"), Outcome::ok(""));
    zhcp.says(&[
        (
            "q v 1234",
            "DASD 1234 3390 LAB001 R/O      10016 CYL ON DASD …",
        ),
        (
            "link lnx1 0100 1234 rr",
            "HCPLNM110E LNX1 0100 not linked; …",
        ),
        (
            "link lnx1 0100 1235 m",
            "HCPLNM104E LNX1 0100 not linked; R/W by LNX1",
        ),
        (
            "link lnx1 0100 1235 mr",
            "HCPLNM101E DASD 1235 forced R/O; R/W by LNX1",
        ),
        (
            "link nobody 0100 1236 rr",
            "HCPLNM053E NOBODY not in CP directory…",
        ),
        (
            "link lnx1 0999 1236 rr",
            "HCPLNM107E LNX1 0999 not linked; …",
        ),
        ("detach 1234", "DASD 1234 DETACHED"),
        ("detach 1234", "HCPDTV040E Device 1234 does not exist"),
    ]);
}

#[test]
fn spool_files_are_punched_changed_and_transferred() {
    let mut zhcp = Zhcp::new();
    let punched = zhcp.run("echo hello > /tmp/parm.txt; vmur punch -r /tmp/parm.txt -N parm.txt");
    assert_eq!(punched.stdout, "Reader file with spoolid 0001 created.\n");
    zhcp.says(&[
        ("change rdr 1 class x", "0000001 FILE  CHANGED"),
        (
            "transfer rdr 1 to nobody",
            "HCPTRA053E NOBODY not in CP directory",
        ),
        ("transfer rdr 1 to lnx1", "0000001 FILE  TRANSFERRED"),
        ("purge reader 1", "NO FILES PURGED"),
    ]);
    let file = &zhcp.0.systems["ZVM1"].readers["LNX1"][0];
    assert_eq!((file.class, file.text.as_str()), ('X', "hello\n"));
}

#[test]
fn a_minidisk_is_brought_online_and_released() {
    let mut zhcp = Zhcp::new();
    let linked = zhcp.run("/opt/zhcp/bin/linkdiskandbringonline lnx1 0100 RR");
    assert_eq!(linked.rc, 0, "{}", linked.stdout);
    let success = linked.stdout.lines().nth(1).unwrap_or_default();
    assert!(
        success.starts_with("Success: Userid lnx1 vdev 0100 linked at "),
        "{success}"
    );
    let word = success.split(' ').nth(10);
    assert_eq!(word, Some("dasdb"), "the word that xCAT takes");
    let released = zhcp
        .run("/opt/zhcp/bin/offlinediskanddetach lnx1 0100")
        .stdout;
    assert!(
        released.contains("Success: Userid lnx1 vdev 0100 unlinked\n"),
        "{released}"
    );
    let again = zhcp.run("/opt/zhcp/bin/linkdiskandbringonline nobody 0100");
    assert_eq!(again.rc, 2);
    let refused = "ERROR: Unable to link nobody 0100 disk. HCPLNM053E NOBODY not in CP directory";
    assert!(again.stdout.contains(refused), "{}", again.stdout);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(150))]

    /// Whatever is typed, CP answers.
    #[test]
    fn any_command_is_answered(
        verb in "(q|query|link|detach|attach|define|couple|force|xautolog|purge|transfer|change|flashcopy|ind|vary|send)",
        words in proptest::collection::vec("(v|virtual|user|rdr|nic|lan|fcp|all|lnx1|0100|1a00|to|\\*|[a-z0-9]{1,9}|é)", 0..7),
    ) {
        let outcome = Zhcp::new().vmcp(&format!("{verb} '{}'", words.join(" ")));
        proptest::prop_assert!((0..=4).contains(&outcome.rc));
    }
}
