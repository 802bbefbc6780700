//! smcli as a person sees it: command lines on a zHCP of the `lab` site, and what they print.

use crate::hosts::shell;
use crate::seam::Outcome;
use crate::site;
use crate::world::zvm::{Acceptance, Code, DirMaint, Ssi, SsiMember, ZvmSystem, code};
use crate::world::{HostName, SystemName, UserId, World};

const ZHCP: &str = "zhcp1";

/// The lab, and the zHCP of its first system.
struct Lab(World);

impl Lab {
    fn new() -> Self {
        Self(site::lab())
    }

    fn system(&mut self) -> &mut ZvmSystem {
        self.0.systems.get_mut("ZVM1").expect("the first system")
    }

    fn sh(&mut self, line: &str) -> Outcome {
        shell::run(&mut self.0, &HostName::new(ZHCP), "root", line)
    }

    /// Runs smcli; standard output.
    fn smcli(&mut self, words: &str) -> String {
        self.sh(&format!("/opt/zhcp/bin/smcli {words}")).stdout
    }

    /// Runs smcli; standard output and exit status.
    fn exits(&mut self, words: &str) -> (String, i32) {
        let outcome = self.sh(&format!("/opt/zhcp/bin/smcli {words}"));
        (outcome.stdout, outcome.rc)
    }
}

#[test]
fn a_failure_block_is_as_the_real_program_prints_it() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.exits("Image_Activate -T LNX1"),
        (
            "Activating LNX1... Failed\n  Return Code: 200\n  Reason Code: 8\n  Description: Image already active\n"
                .to_owned(),
            1
        )
    );
    assert_eq!(
        lab.exits("Image_Lock_DM -T LNX1 -v 0100"),
        (
            "Locking virtual image's device 0100... Done\n".to_owned(),
            0
        )
    );
    assert!(
        lab.smcli("Image_Lock_Query_DM -T LNX1")
            .starts_with("Locked type: DEVICE\nDevice address: 0100\n")
    );
    assert_eq!(
        lab.smcli("Image_Disk_Delete_DM -T LNX1 -v 0100 -e 0"),
        "Deleting a disk from LNX1's directory entry... Done\n",
        "the holder of a lock may change the device"
    );
}

#[test]
fn options_are_read_as_getopt_reads_them() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.exits("Image_Query_DM"),
        ("ERROR: Missing required options\n".to_owned(), 1)
    );
    assert_eq!(
        lab.exits("Image_Activate"),
        ("\nERROR: Missing required options\n".to_owned(), 1)
    );
    assert_eq!(
        lab.exits("image_activate -T X"),
        ("ERROR: Unsupported API function name\n".to_owned(), 1)
    );
    let unknown = lab.sh("smcli Image_Activate -q");
    assert_eq!(
        (unknown.stderr.as_str(), unknown.rc),
        ("smcli: invalid option -- 'q'\n", 1)
    );
    let bare = lab.sh("smcli Image_Activate -T");
    assert_eq!(bare.stderr, "smcli: option requires an argument -- 'T'\n");
    assert!(
        lab.smcli("Image_Status_Query junk -TLNX1")
            .starts_with("LNX1\n"),
        "junk is ignored"
    );
    assert_eq!(
        lab.exits("System_FCP_Free_Query -T X -k fcp_dev=1A00 -k fcp_dev=1A01"),
        ("ERROR: Too many -k values entered.\n".to_owned(), 254)
    );
    assert_eq!(
        lab.smcli("Image_Device_Dedicate -T LNX1 -v 1A00 -r 1A00 -R 2"),
        "ERROR: Missing required options\n"
    );
}

#[test]
fn the_level_decides_what_is_known_and_printed() {
    let mut lab = Lab::new();
    assert!(lab.smcli("Image_Console_Get -T LNX3").starts_with("Failed"));
    lab.sh("echo -n 630 > /var/opt/zhcp/smapi.level");
    assert_eq!(
        lab.smcli("Image_Console_Get -T LNX3"),
        "ERROR: Unsupported API function name\n"
    );
    lab.sh("rm /var/opt/zhcp/smapi.level");
    lab.system().smapi.level = 630;
    assert_eq!(
        lab.smcli("Query_API_Functional_Level -T X"),
        "The API functional level is z/VM V6.3\n"
    );
    assert_eq!(
        lab.sh("cat /var/opt/zhcp/smapi.level").stdout,
        "630",
        "it is kept for a day"
    );
}

#[test]
fn a_device_is_attached_and_seen_by_all() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.smcli("Image_Device_Dedicate -T LNX1 -v 1a01 -r 1A01"),
        "Dedicating device 1A01 to LNX1's active configuration... Done\n"
    );
    assert!(
        lab.smcli("System_WWPN_Query -T X -k OWNER=YES")
            .contains("FCP device number: 1A01\n  Status: Active\n")
    );
    assert!(
        lab.sh("vmcp q fcp 1a01")
            .stdout
            .starts_with("FCP  1A01 ATTACHED TO LNX1")
    );
    let guest = HostName::new("lnx1");
    let online = shell::run(
        &mut lab.0,
        &guest,
        "root",
        "cat /sys/bus/ccw/devices/0.0.1a01/online",
    );
    assert_eq!(online.stdout, "0\n", "the guest's kernel has it");
    for (words, code) in [
        ("-v 1A01 -r 1A02", "204/4"),
        ("-v 1A02 -r 1A01", "204/16"),
        ("-v 1A0F -r 1A0F", "204/16"),
        ("-v 9999 -r 9999", "204/8"),
    ] {
        let text = lab.smcli(&format!("Image_Device_Dedicate -T LNX1 {words}"));
        let (rc, rs) = code.split_once('/').expect("a pair");
        assert!(
            text.contains(&format!("Return Code: {rc}\n  Reason Code: {rs}\n")),
            "{words}: {text}"
        );
    }
    lab.smcli("Image_Device_Undedicate -T LNX1 -v 1A01");
    assert!(
        lab.sh("vmcp q fcp 1a01")
            .stdout
            .starts_with("FCP  1A01 FREE")
    );
    let gone = shell::run(&mut lab.0, &guest, "root", "ls /sys/bus/ccw/devices");
    assert!(!gone.stdout.contains("0.0.1a01"));
}

#[test]
fn the_free_query_shows_what_zones_and_masks_let_through() {
    let mut lab = Lab::new();
    let text = lab.smcli("System_FCP_Free_Query -T X -k fcp_dev=1a00");
    assert!(
        text.lines().count().is_multiple_of(12) && text.starts_with("FCP device number: 1A00\n"),
        "{text}"
    );
    lab.0.san.zones.clear();
    assert!(
        lab.smcli("System_FCP_Free_Query -T X -k fcp_dev=1a00")
            .contains("Return Code: 4\n  Reason Code: 28\n")
    );
    assert!(
        lab.smcli("System_FCP_Free_Query -T X -k fcp_dev=dead")
            .contains("Return Code: 8\n  Reason Code: 8\n")
    );
}

#[test]
fn guests_go_on_and_off() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.smcli("Image_Deactivate -T LNX1"),
        "Stopping LNX1... Done\n"
    );
    assert!(
        lab.smcli("Image_Deactivate -T LNX1")
            .contains("Reason Code: 16\n")
    );
    assert_eq!(
        lab.smcli("Image_Activate -T LNX1"),
        "Activating LNX1... Done\n",
        "smcli waits for the logoff"
    );
    assert_eq!(
        lab.smcli("Image_Deactivate -T LNX1 -f IMMED"),
        "Stopping LNX1... Done\n"
    );
    assert_eq!(
        lab.sh("vmcp q user lnx1").stdout,
        "HCPCQU045E LNX1 not logged on\n"
    );
    assert!(
        lab.smcli("Image_Activate -T NOBODY")
            .contains("Description: Image not found")
    );
}

#[test]
fn a_restart_of_smapi_is_waited_for_and_a_stop_is_refused() {
    let mut lab = Lab::new();
    for server in ["VSMWORK1", "VSMREQIU"] {
        lab.sh(&format!("vmcp force {server} logoff immediate"));
    }
    assert_eq!(
        lab.exits("Image_Query_DM -T LNX1"),
        (
            "Failed\n  Return Code: -101\n  Description: Socket connect refused error\n\nErrno value: 111\n".to_owned(),
            155
        )
    );
    lab.sh("vmcp xautolog VSMWORK1");
    let before = lab.0.now_ms;
    assert!(lab.smcli("Image_Query_DM -T LNX1").starts_with("USER LNX1"));
    assert!(lab.0.now_ms > before, "the connection was tried again");
}

#[test]
fn the_directory_manager_may_refuse_or_take_its_time() {
    let mut lab = Lab::new();
    lab.system().dirmaint.acceptance = Acceptance::NotAccepting;
    assert!(
        lab.smcli("Image_IPL_Set_DM -T LNX1 -s 0100")
            .contains("Return Code: 500\n  Reason Code: 4\n")
    );
    lab.system().dirmaint = DirMaint {
        asynchronous: true,
        ..DirMaint::default()
    };
    let before = lab.0.now_ms;
    assert_eq!(
        lab.smcli("Image_Disk_Delete_DM -T LNX1 -v 0100 -e 0"),
        "Deleting a disk from LNX1's directory entry... Done\n"
    );
    assert_eq!(lab.0.now_ms - before, 30_000, "two polls");
}

#[test]
fn an_injected_pair_is_printed_as_the_call_prints_it() {
    let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    let outcome = super::failure(
        &words("smcli Image_Delete_DM -T LNX1 -e 0"),
        596,
        3_543,
        &[],
    )
    .expect("a call");
    assert_eq!(
        outcome.stdout,
        "Deleting LNX1 from the directory... Failed\n  Return Code: 596\n  Reason Code: 3543\n  \
         Description: Internal directory manager error - product-specific return code : 3543\n"
    );
    assert_eq!(
        super::failure(&words("smcli Image_Delete_DM -T LNX1"), 596, 1, &[]),
        None,
        "never gets to SMAPI"
    );
    assert_eq!(
        super::describe("Image_Pause", code(0, 12)),
        "Image not active"
    );
    assert_eq!(
        super::describe("Image_Query_DM", code(400, 12)),
        "Image or profile definition is locked "
    );
    assert_eq!(
        super::describe("Image_Query_DM", code(24, 1_316)),
        "Syntax error in function parameter 13"
    );
    assert_eq!(
        super::describe("X", code(8, 2_800)),
        "The RS 2800 represents the HCP/DMS 2800 message number"
    );
    assert_eq!(super::describe("X", code(7, 7)), "Unknown");
}

#[test]
fn c1_a_success_with_a_reason_is_failed() {
    let mut lab = Lab::new();
    lab.system()
        .disk_pools
        .insert("EMPTY".to_owned(), crate::world::zvm::DiskPool::default());
    assert_eq!(
        lab.exits("Image_Volume_Space_Query_DM -q 2 -e 3 -n EMPTY -T X"),
        (
            "Failed\n  Return Code: 0\n  Reason Code: 28\n  Description: No matching entries found. Return buffer is empty\n"
                .to_owned(),
            1
        )
    );
}

#[test]
fn c2_a_started_operation_exits_1() {
    let words: Vec<String> = "smcli Image_Create_DM -T NEW -s"
        .split(' ')
        .map(str::to_owned)
        .collect();
    let outcome = super::failure(&words, 592, 7, &[]).expect("a call");
    assert_eq!(outcome.rc, 1);
    assert_eq!(
        outcome.stdout,
        "Defining NEW in the directory... Started\n  Return Code: 592\n  Reason Code: 7\n  \
         Description: Asynchronous operation started - product-specific asynchronous operation ID : 7\n"
    );
}

#[test]
fn c3_help_exits_1() {
    let mut lab = Lab::new();
    let (list, rc) = lab.exits("");
    assert_eq!(rc, 1);
    assert!(list.starts_with(
        "Command line interface to SMAPI socket APIs.\n\nUsage: smcli function_name\nThe API function names:\n  \
         Asynchronous_Notification_Disable_DM\n"
    ));
    let (help, rc) = lab.exits("Image_Activate -h");
    assert_eq!(rc, 1);
    assert!(
        help.starts_with("NAME\n  Image_Activate\n\nSYNOPSIS\n  smcli Image_Activate "),
        "{help}"
    );
    assert!(
        help.contains("  The following options are required:\n    -T    "),
        "{help}"
    );
}

#[test]
fn c4_every_call_asks_for_the_level_first() {
    let mut lab = Lab::new();
    lab.sh("rm /var/opt/zhcp/smapi.level; vmcp force VSMREQIU");
    for words in ["--help", "No_Such_Function", "Image_Activate -T LNX1"] {
        let (text, rc) = lab.exits(words);
        assert_eq!(rc, 1, "{words}");
        assert!(
            text.starts_with("Failed\n  Return Code: -101\n"),
            "{words}: {text}"
        );
        assert!(
            text.ends_with("\n\nERROR: Unable to determine SMAPI level.\n"),
            "{words}: {text}"
        );
    }
}

/// A lab whose LNX1 has an adapter that is coupled to a switch with one grant.
fn networked() -> Lab {
    let mut lab = Lab::new();
    let lnx1 = UserId::new("LNX1");
    let nic = crate::world::DeviceNumber(0x0600);
    let system = lab.system();
    system
        .add_adapter(&lnx1, nic, false, 3)
        .expect("an adapter");
    let switch = system.vswitch_mut("XCATVSW1").expect("a switch");
    switch.authorised.insert(lnx1.clone(), Vec::new());
    switch.devices = vec!["0A00".to_owned()];
    system
        .couple(&lnx1, nic, None, "XCATVSW1")
        .expect("a coupling");
    lab
}

#[test]
fn c6_an_adapters_status_is_its_type() {
    let mut lab = networked();
    assert_eq!(
        lab.smcli("Virtual_Network_Adapter_Query -T LNX1 -v 0600"),
        "Adapter:\n  Address: 0600\n  Device count: 3\n  Adapter type: QDIO\n  Adapter status: Coupled and active\n  \
         LAN owner: SYSTEM\n  LAN name: XCATVSW1\n"
    );
    let lnx1 = UserId::new("LNX1");
    if let Some(adapter) = lab
        .system()
        .running
        .get_mut(&lnx1)
        .and_then(|m| m.adapters.values_mut().next())
    {
        adapter.hipersockets = true;
    }
    assert!(
        lab.smcli("Virtual_Network_Adapter_Query -T LNX1 -v 0600")
            .contains("Coupled but not active")
    );
}

#[test]
fn c7_attributes_of_a_switch_begin_with_a_blank() {
    let text =
        networked().smcli("Virtual_Network_Vswitch_Query_Extended -T X -k switch_name=XCATVSW1");
    assert!(
        text.starts_with(" switch_name: XCATVSW1\n transport_type: ETHERNET\n"),
        "{text}"
    );
    assert!(text.contains("\ndevice_error_status 0\n"), "{text}");
    assert_eq!(text.lines().filter(|l| l.starts_with(' ')).count(), 21);
}

#[test]
fn c8_a_switch_and_its_name_share_a_line() {
    let text = networked().smcli("Virtual_Network_Vswitch_Query -T X -s XCATVSW1");
    assert!(text.starts_with("VSWITCH:  Name: XCATVSW1\n"), "{text}");
    assert!(text.contains("    Port name: (null)\n"), "{text}");
    assert!(
        text.contains("    Adapter owner: LNX1  Device number: 0600\n"),
        "{text}"
    );
}

#[test]
fn c9_a_line_begins_with_a_comma() {
    let text = Lab::new().smcli("Image_Performance_Query -T LNX1 -c 1");
    assert!(
        text.starts_with("Number of virtual server IDs: 1 \nVirtual server ID: LNX1\n"),
        "{text}"
    );
    assert!(text.contains("\n,Samples CPU delay: "), "{text}");
    assert!(text.ends_with("Guest name: \"LNX1    \"\n\n"), "{text}");
}

#[test]
fn c10_misspellings_are_kept() {
    let mut lab = Lab::new();
    let text = lab.smcli("Virtual_Network_Vswitch_Query_Stats -T X -k switch_name=NONE");
    assert!(
        text.contains("Description: This funcion is not available on this system\n"),
        "{text}"
    );
}

#[test]
fn c11_no_blank_before_the_result() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.smcli("Image_CPU_Define_DM -T LNX1 -v 01 -b 0 -d 1 -y 0"),
        "Adding a virtual processor to LNX1's directory entry...Done\n"
    );
    assert!(
        lab.smcli("Image_Query_DM -T LNX1")
            .contains("\nCPU 01 NODEDICATE\n")
    );
}

#[test]
fn c12_two_blanks_in_the_phrase() {
    let keywords: String = (0..5).map(|n| format!(" -k x{n}=1")).collect();
    let text = Lab::new().smcli(&format!(
        "Network_IP_Interface_Create -T X -k interface_id=OSA1{keywords}"
    ));
    assert_eq!(text, "Creating  Network IP Interface... Done\n");
}

#[test]
fn c13_events_are_not_implemented() {
    assert_eq!(
        Lab::new().exits("Event_Subscribe"),
        ("Not implemented.\n".to_owned(), 0)
    );
    assert_eq!(
        Lab::new().exits("Event_Unsubscribe"),
        ("Not implemented.\n".to_owned(), 0)
    );
}

/// A cluster with a member in each state.
fn cluster() -> Ssi {
    let member = |slot, system: &str, state: &str| SsiMember {
        slot,
        system: SystemName::new(system),
        state: state.to_owned(),
    };
    Ssi {
        name: "SSICLUST".to_owned(),
        mode: "Stable".to_owned(),
        pdr: "M01COM on 0200".to_owned(),
        timeouts: true,
        members: vec![
            member(1, "ZVM1", "Joined"),
            member(2, "ZVM2", "Down"),
            member(3, "ZVM3", "Available"),
        ],
        relocations: Vec::new(),
    }
}

#[test]
fn c14_a_member_that_is_down_is_printed_twice() {
    let mut lab = Lab::new();
    assert!(
        lab.smcli("SSI_Query")
            .contains("Return Code: 4\n  Reason Code: 3008\n")
    );
    lab.system().ssi = Some(cluster());
    let text = lab.smcli("SSI_Query");
    assert!(
        text.starts_with("ssi_name = SSICLUST\nssi_mode = Stable\nssi_pdr = M01COM on 0200\n"),
        "{text}"
    );
    assert_eq!(text.matches("member_slot = 1\n").count(), 1);
    assert_eq!(text.matches("member_slot = 2\n").count(), 2);
    assert_eq!(text.matches("member_slot = 3\n").count(), 0);
    assert_eq!(text.matches("member_pdr_heartbeat = N/A\n").count(), 2);
}

#[test]
fn c15_empty_answers_print_null() {
    let mut lab = Lab::new();
    lab.system().ssi = Some(Ssi::default());
    assert!(
        lab.smcli("SSI_Query")
            .starts_with("ssi_name = (null)\nssi_mode = (null)\nssi_pdr = (null)\n")
    );
    assert_eq!(
        lab.smcli("Image_IPL_Query_DM -T LNX1"),
        "IPL: 0100\nLoad parameter: (null)\nParameters: (null)\n"
    );
}

#[test]
fn c20_a_finished_operation_is_a_failure() {
    let mut lab = Lab::new();
    let now = lab.0.now_ms;
    let id = lab.system().dirmaint.start(now, Code::OK);
    let query = format!("Query_Asynchronous_Operation_DM -T X -i {id}");
    assert!(lab.smcli(&query).contains("Reason Code: 104\n"));
    lab.0.now_ms += 60_000;
    assert_eq!(
        lab.exits(&query),
        (
            "Failed\n  Return Code: 0\n  Reason Code: 100\n  Description: Asynchronous operation succeeded\n".to_owned(),
            1
        )
    );
}

#[test]
fn c21_response_recovery_cannot_be_parsed() {
    let mut lab = Lab::new();
    lab.smcli("Image_Query_DM -T LNX1");
    let last = lab.system().smapi.last_request;
    let (text, rc) = lab.exits(&format!("Response_Recovery -T X -f {last}"));
    assert_eq!(rc, 94);
    assert!(
        text.contains("Return Code: -4002\n  Description: Parser error invalid table\n"),
        "{text}"
    );
    assert!(
        lab.smcli("Response_Recovery -T X -f 99999")
            .contains("Return Code: 4\n  Reason Code: 4\n")
    );
}

#[test]
fn c22_response_recovery_does_not_know_k() {
    let outcome = Lab::new().sh("smcli Response_Recovery -T X -k failed_request_id=1");
    assert_eq!(
        (outcome.stderr.as_str(), outcome.rc),
        ("smcli: invalid option -- 'k'\n", 1)
    );
}

#[test]
fn c29_a_key_is_taken_and_not_sent() {
    let mut lab = Lab::new();
    let plain = lab.smcli("System_Information_Query -T X");
    assert_eq!(
        lab.smcli("System_Information_Query -T X -k NONSENSE=1"),
        plain
    );
    let words = lab.smcli("System_Information_Query -T X -k FORMAT=YES");
    assert!(words.lines().all(|l| !l.contains(' ')), "{words}");
    assert_eq!(
        words.split_whitespace().count(),
        plain.split_whitespace().count()
    );
}

#[test]
fn c30_used_memory_is_never_printed() {
    let text = Lab::new().smcli("System_Performance_Info_Query");
    assert!(
        text.starts_with("Performance field count: 4\nCPUs: "),
        "{text}"
    );
    assert!(!text.contains("Used memory pages"), "{text}");
}

#[test]
fn c32_helpers_exit_0() {
    let outcome = Lab::new().sh("/opt/zhcp/bin/getdiskpool ZHCP1 NOPOOL free");
    assert_eq!(outcome.rc, 0);
    assert_eq!(
        outcome.stdout, "Failed\n  Return Code: 420\n  Reason Code: 8\n",
        "without a description"
    );
}

#[test]
fn c33_createvs_cannot_open_null() {
    let outcome = Lab::new().sh("/opt/zhcp/bin/createvs NEW");
    assert_eq!(outcome.rc, 2);
    assert!(
        outcome.stdout.contains("  Error: Failed to open (null)\n"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn c34_some_letters_end_in_silence() {
    let outcome = Lab::new().sh("smcli System_IO_Query -T 1A00 -c x");
    assert_eq!(outcome, Outcome::fail(1, ""));
}

#[test]
fn c36_one_vlan_line_all_the_same() {
    let text =
        networked().smcli("Virtual_Network_Vswitch_Query_Extended -T X -k switch_name=XCATVSW1");
    assert!(text.contains("vlan_count: 0\nuser_vlan_id: "), "{text}");
}

#[test]
fn c37_a_profile_begins_with_an_empty_line() {
    assert!(
        Lab::new()
            .smcli("Profile_Query_DM -T OSDFLT")
            .starts_with("\nPROFILE OSDFLT\n")
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever is typed, smcli answers: it neither panics nor exits with 255, which xCAT takes for ssh's own failure.
    #[test]
    fn any_words_are_answered(
        api in proptest::sample::select(super::table::APIS.iter().map(|a| a.name).collect::<Vec<_>>()),
        words in proptest::collection::vec("(-[A-Za-z?]|[A-Za-z0-9*=_]{0,9}|LNX1|0100|1A00|[0-9]|switch_name=XCATVSW1|é)", 0..9),
    ) {
        let mut world = site::lab();
        let mut line: Vec<String> = vec!["smcli".to_owned(), api.to_owned()];
        line.extend(words);
        let mut env = crate::hosts::ProgramEnv {
            world: &mut world,
            host: HostName::new(ZHCP),
            user: "root".into(),
            variables: crate::hosts::shell::Variables::default(),
            directory: "/root".into(),
            depth: 0,
            steps: shell::Steps::default(),
            merged: false,
        };
        let outcome = super::run(&mut env, &line, "");
        proptest::prop_assert!((0..255).contains(&outcome.rc), "{:?}: {}", line, outcome.rc);
    }
}
