//! A test for each quirk of the SCSI pools and of a hypervisor's inventory that needs particular answers of a zHCP.

use xcat_simulator::seam::Settings;

use crate::stage::{HEADER, L1, Stage, W1, repaired, says};

const USERID: (&str, i32, &str) = ("timed: /sbin/vmcp q userid", 0, "ZHCP1    AT ZVMHOST1\n");
const POOL: &str = " cat /var/opt/zhcp/zfcp/p.conf";
const ALL: &str = " cat /var/opt/zhcp/zfcp/*.conf";
const WWPNS: &str = " /opt/zhcp/bin/smcli System_WWPN_Query -T ZHCP1";
const MODPROBE: (&str, i32, &str) = ("timed: /sbin/modprobe vmcp", 0, "");

fn executed() -> Settings {
    Settings::default()
}

/// `System_WWPN_Query` with two free devices.
fn devices() -> String {
    ["B805", "B806"]
        .iter()
        .map(|device| {
            format!(
                "FCP device number: {device}\n  Status: Free\n  NPIV world wide port number: C0\n  Channel path ID: 59\n  Physical world wide port number: 20\n"
            )
        })
        .collect::<Vec<_>>()
        .concat()
}

/// Reserves the best LUN of a pool for a node with `auto`: gives the answer. `entry` is what the owner's directory
/// entry comes to.
async fn reserve(
    settings: Settings,
    owner: &str,
    rows: &[&str],
    entry: (i32, &str),
) -> Vec<String> {
    let pool = format!("{HEADER}\n{}\n", rows.join("\n"));
    let devices = devices();
    let stage = Stage::new(settings).scripted(&[
        USERID,
        (" test -d /var/opt/zhcp/zfcp && echo Exists", 0, "Exists\n"),
        (
            " test -e /var/opt/zhcp/zfcp/p.conf && echo Exists",
            0,
            "Exists\n",
        ),
        (POOL, 0, &pool),
        (
            " /opt/zhcp/bin/smcli Image_Query_DM -T opnstk1",
            entry.0,
            entry.1,
        ),
        (ALL, 0, &pool),
        USERID,
        (WWPNS, 0, &devices),
        (POOL, 0, &pool),
    ]);
    stage
        .chhypervisor(&["--reservezfcp", "p", "used", owner, "auto", "1G"])
        .await
}

const NO_DEVICE: (i32, &str) = (0, "USER OPNSTK1 X 1G 1G G\n*DVHOPT\n");

fn free(range: &str, rest: &str) -> String {
    format!("free,{W1},{L1},1G,{range},{rest}")
}

#[tokio::test]
async fn q15_reserved_channels_are_handed_out_again() {
    for held in [
        "reserved,1,2,3G,,lnx9,B805,",
        "used,1,2,3G,,lnx9,B805;B825,",
    ] {
        let row = free("B804-B80F", ",,");
        let rows = [row.as_str(), held];
        let answer = reserve(executed(), "opnstk1", &rows, NO_DEVICE).await;
        assert!(
            says(&answer, "within acceptable range B805"),
            "{held}: {answer:?}"
        );
        let answer = reserve(repaired("Q15"), "opnstk1", &rows, NO_DEVICE).await;
        assert!(
            says(&answer, "within acceptable range B806"),
            "{held}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn q16_an_owner_called_unused_blocks_a_channel() {
    let row = free("B804-B80F", ",,");
    let rows = [row.as_str(), "free,1,2,3G,,unused,B805,"];
    let answer = reserve(executed(), "opnstk1", &rows, NO_DEVICE).await;
    assert!(says(&answer, "within acceptable range B806"), "{answer:?}");
    let answer = reserve(repaired("Q16"), "opnstk1", &rows, NO_DEVICE).await;
    assert!(says(&answer, "within acceptable range B805"), "{answer:?}");
}

#[tokio::test]
async fn q30_an_unknown_owner_gets_an_error_for_a_channel() {
    let row = free("", ",,");
    let answer = reserve(executed(), "nobody", &[&row], NO_DEVICE).await;
    assert_eq!(
        answer,
        [
            format!("info: zvmhost1: Found FCP device 0x{W1}/0x{L1}"),
            "error: zvmhost1: Found eligible FCP channel (ERROR)".to_owned(),
            "info: zvmhost1: Reserving FCP device... Done".to_owned(),
            format!("error: zvmhost1: FCP device (ERROR)/0x{W1}/0x{L1} was reserved... Done"),
        ]
    );
    let answer = reserve(repaired("Q30"), "nobody", &[&row], NO_DEVICE).await;
    assert!(
        says(&answer, "(Error) A suitable FCP channel could not be found"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn q31_the_owners_device_is_used_again() {
    let row = free("B804-B80F", ",,");
    let rows = [row.as_str(), "used,1,2,3G,,opnstk1,B80A,"];
    let entry = (0, "USER OPNSTK1 X 1G 1G G\nDEDICATE B80A b80a\n");
    let answer = reserve(executed(), "opnstk1", &rows, entry).await;
    assert!(
        says(&answer, "Found eligible FCP channel B80A"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn q45_a_created_lan_is_an_error() {
    let text = "Creating virtual network LAN GLAN1... Failed\n  Return Code: 0\n  Reason Code: 20\n  Description: Request successful; new virtual network LAN created\n";
    let stage = Stage::new(executed()).scripted(&[
        USERID,
        (
            " /opt/zhcp/bin/smcli Virtual_Network_LAN_Create -T ZHCP1 -n GLAN1 -o SYSTEM -t 2 -p 1",
            1,
            text,
        ),
    ]);
    let answer = stage
        .chhypervisor(&["--addvlan", "GLAN1", "SYSTEM", "2", "1"])
        .await;
    assert_eq!(answer.len(), 1);
    assert!(answer[0].starts_with("error: zvmhost1: Creating virtual network LAN GLAN1... Failed\nzvmhost1:   Return Code: 0\n"));
}

#[tokio::test]
async fn q53_profile_names_are_cut_at_a_digit() {
    let profiles = "OSDFLT: PROFILE OSDFLT\nLNX2DFLT: PROFILE LNX2DFLT\n";
    let search = " /opt/zhcp/bin/smcli Directory_Manager_Search_DM -T ZHCP1 -s PROFILE";
    for (settings, second) in [(executed(), "LNX"), (repaired("Q53"), "LNX2DFLT")] {
        let stage = Stage::new(settings).scripted(&[USERID, MODPROBE, (search, 0, profiles)]);
        assert_eq!(
            stage.run("rinv", "zvmhost1", &["--userprofilenames"]).await,
            [format!("info: zvmhost1: OSDFLT\nzvmhost1: {second}\n")]
        );
    }
    let recovery = " /opt/zhcp/bin/smcli Response_Recovery -T ZHCP1 -k 12";
    let stage = Stage::new(executed()).scripted(&[USERID, MODPROBE, (recovery, 1, "")]);
    assert_eq!(
        stage
            .run("rinv", "zvmhost1", &["--responsedata", "12"])
            .await,
        ["info: "]
    );
}

#[tokio::test]
async fn q58_luns_have_no_node() {
    let lun = |lun: &str, bytes: u64| {
        format!(
            "FCP device number: B805\n  World wide port number: {W1}\n  Logical unit number: {lun}\n  Number of bytes residing on the logical unit: {bytes}\n"
        )
    };
    let text = [
        lun("0002000000000000", 11_811_160_064),
        lun(L1, 8_589_934_592),
        lun("0003000000000000", 50_000_000),
    ]
    .concat();
    let query = " /opt/zhcp/bin/smcli System_FCP_Free_Query -T ZHCP1 -k fcp_dev=b805";
    let stage = Stage::new(executed()).scripted(&[USERID, MODPROBE, (query, 0, &text)]);
    assert_eq!(
        stage.run("rinv", "zvmhost1", &["--luns", "B805"]).await,
        [
            format!("info: {HEADER}"),
            format!("info: unknown,{W1},{L1},8.0G,,,,"),
            format!("info: unknown,{W1},0002000000000000,11.0G,,,,"),
            "info: ".to_owned(),
        ]
    );
}

#[tokio::test]
async fn q59_a_failure_is_cached() {
    let cache = "/var/opt/zhcp/cache/diskpoolnames";
    let text = "Failed\n  Return Code: 596\n";
    let ask = ["--diskpoolnames"];
    let said = "error: zvmhost1: Failed\nzvmhost1:   Return Code: 596\n";
    let is_asked = |stage: &Stage| {
        stage
            .commands()
            .iter()
            .any(|c| c.contains("getdiskpoolnames"))
    };
    let stage = Stage::new(executed()).file("zhcp1", cache, text);
    assert_eq!(stage.run("rinv", "zvmhost1", &ask).await, [said]);
    assert!(!is_asked(&stage), "five minutes are not over");
    let stage = stage.set(|world| world.now_ms += 299_000);
    assert_eq!(stage.run("rinv", "zvmhost1", &ask).await, [said]);
    let stage = stage.set(|world| world.now_ms += 2_000);
    stage.run("rinv", "zvmhost1", &ask).await;
    assert!(is_asked(&stage));
}
