//! What every command answers while its zHCP does not (spec: guests 2.4, scsi-pools 9).

use xcat_simulator::seam::Settings;

use crate::stage::{L1, Stage, W1};

const HCP: &str = "zhcp1.example.com";
const NOT_TALKING: &str = "(Error) unable to communicate with the zhcp system: zhcp1.example.com";

/// Runs a command on opnstk1 while the zHCP is down.
async fn on(node: &str, command: &str, args: &[&str]) -> Vec<String> {
    let stage = Stage::new(Settings::default()).down("zhcp1").file(
        "xcat",
        "/tmp/entry.txt",
        "USER X PW 1G 1G G\n",
    );
    stage.run(command, node, args).await
}

async fn chvm(args: &[&str]) -> Vec<String> {
    on("opnstk1", "chvm", args).await
}

fn failed(prefix: &str, function: &str, line: &str) -> String {
    format!(
        "error: {prefix}(Error) In {function}(), SSH communication to {HCP} failed for command: {line}"
    )
}

fn smcli(words: &str) -> String {
    format!("ssh root@{HCP} \" /opt/zhcp/bin/smcli {words}\"")
}

#[tokio::test]
async fn chvm_options_fail_in_their_own_ways() {
    let node = "Node: opnstk1 ";
    assert_eq!(
        chvm(&["--add3390", "POOL1", "0200", "100"]).await,
        [failed(
            node,
            "changeVM",
            &smcli(
                "Image_Disk_Create_DM -T OPNSTK1 -v 0200 -t 3390 -a AUTOG -r POOL1 -u 1 -z 100 -m MR -f 1 -R '' -W '' -M ''"
            )
        )]
    );
    assert_eq!(
        chvm(&["--setprocessor", "2"]).await,
        [failed(
            node,
            "changeVM",
            &smcli("Image_Definition_Query_DM -T OPNSTK1 -k CPU")
        )]
    );
    assert_eq!(
        chvm(&["--smcli", "Image_Query_DM -T %userid%"]).await,
        [format!("error: opnstk1: {NOT_TALKING}")]
    );
    assert_eq!(
        chvm(&["--addzfcp", "p", "b805", "0", "1G", "0", W1, L1]).await,
        [failed(
            "",
            "findzFcpDeviceAttr",
            &format!("ssh root@{HCP} \" grep -i \"{W1},{L1}\" /var/opt/zhcp/zfcp/p.conf\"")
        )]
    );
    assert_eq!(
        chvm(&["--addzfcp", "p", "b805", "0", "1G"]).await,
        [
            "error: opnstk1: (Error) FCP storage pool does not exist",
            "error: opnstk1: (Error) Failed to add zFCP device"
        ]
    );
    assert_eq!(
        chvm(&["--removezfcp", "b805", W1, L1]).await,
        [failed(
            "",
            "findzFcpDevicePool",
            &format!("ssh root@{HCP} \" grep -i -l \\\"{W1},{L1}\\\" /var/opt/zhcp/zfcp/*.conf\"")
        )]
    );
    assert_eq!(
        chvm(&["--connectnic2vswitch", "0600", "VSW1"]).await,
        ["error: opnstk1: Granting VSwitch (VSW1  ) access for OPNSTK1... Failed Error output: \n"]
    );
    assert_eq!(
        chvm(&["--add9336", "POOLFBA", "0200", "100"]).await,
        ["info: opnstk1: "]
    );
    assert_eq!(
        chvm(&["--punchfile", "/tmp/entry.txt"]).await,
        ["error: opnstk1: (Error) Failed to copy over source file"]
    );
    assert_eq!(
        chvm(&["--aemod", "setupDisk", "action=x"]).await,
        [
            "error: opnstk1: Online zHCP's punch device... Failed to communicate with the zHCP system to get the punch device status"
        ]
    );
    assert_eq!(
        chvm(&["--removeloaddev"]).await,
        [
            "info: opnstk1: Removing LOADDEV directory statements",
            "info: "
        ]
    );
    assert_eq!(
        chvm(&["--setloaddev", W1, L1]).await,
        ["info: opnstk1: Setting LOADDEV directory statements"]
    );
    for silent in [
        &["--add3390active", "0200", "MR"][..],
        &["--addprocessor", "02"],
        &["--setipl", "0100"],
        &["--deleteipl"],
        &["--setpassword", "SECRET"],
        &["--grantvswitch", "VSW1"],
        &["--purgerdr"],
        &["--replacevs", "/tmp/entry.txt"],
        &["--sharevolume", "0200", "YES"],
    ] {
        assert!(chvm(silent).await.is_empty(), "{silent:?}");
    }
}

#[tokio::test]
async fn rpower_says_little() {
    let off = ["error: (Error) Failed to communicate with the zhcp system: zhcp1.example.com"];
    assert!(on("opnstk1", "rpower", &["on"]).await.is_empty());
    for action in ["off", "reset"] {
        assert_eq!(on("opnstk1", "rpower", &[action]).await, off, "{action}");
    }
    for action in ["stat", "pause", "unpause"] {
        assert_eq!(
            on("opnstk1", "rpower", &[action]).await,
            ["info: opnstk1: "],
            "{action}"
        );
    }
    assert_eq!(
        on("opnstk1", "rpower", &["isreachable"]).await,
        ["info: opnstk1: unreachable"]
    );
}

#[tokio::test]
async fn queries_of_a_guest() {
    assert_eq!(
        on("opnstk1", "lsvm", &[]).await,
        [format!("error: opnstk1: {NOT_TALKING}")]
    );
    assert_eq!(
        on("opnstk1", "rinv", &["cpumempowerstat"]).await,
        ["error: opnstk1: (Error) power stat query return not parsable, the result is "]
    );
    assert_eq!(
        on("opnstk1", "rinv", &["--consoleoutput"]).await,
        ["error: opnstk1: (Error) Failed to online the zHCP's reader, cmd output: ."]
    );
    let off = "opnstk1: (Error) VM OPNSTK1 is powered off";
    let cpu_time = failed(
        "Node: opnstk1 ",
        "getUsedCpuTime",
        &smcli(&format!("Image_Performance_Query -T {off} -c 1")),
    );
    assert_eq!(
        on("opnstk1", "rinv", &["cpumem"]).await,
        std::slice::from_ref(&cpu_time)
    );
    assert_eq!(on("opnstk1", "rinv", &["all"]).await, [cpu_time]);
    let report = on("opnstk1", "rinv", &["config"]).await;
    assert_eq!(report.len(), 1);
    assert!(
        report[0].starts_with("error: opnstk1: z/VM UserID: OPNSTK1\n"),
        "{report:?}"
    );
    assert!(
        report[0].contains(&format!("opnstk1: Architecture: {off}\n")),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_guests_life() {
    let blank = ["info: opnstk1: "];
    assert_eq!(on("opnstk1", "mkvm", &["/tmp/entry.txt"]).await, blank);
    assert_eq!(on("opnstk1", "mkvm", &[]).await, blank);
    assert_eq!(
        on("opnstk1", "mkvm", &["-p", "x", "-w", "y", "-m", "1G"]).await,
        ["info: opnstk1: \n"]
    );
    assert_eq!(
        on("opnstk1", "rmvm", &[]).await,
        [failed(
            "",
            "getVswitchIdsFromDirectory",
            &smcli("Image_Definition_Query_DM -T OPNSTK1 -k NICDEF")
        )]
    );
    assert_eq!(
        on(
            "opnstk1",
            "rmigrate",
            &["action=MOVE", "destination=zvmhost2"]
        )
        .await,
        [
            "info: opnstk1: ",
            "error: opnstk1: (Error) Could not determine progress of relocation"
        ]
    );
    assert_eq!(
        on("opnstk1", "getmacs", &["-f"]).await,
        [failed(
            "Node: opnstk1 ",
            "getMacs",
            &format!("ssh -o ConnectTimeout=5 root@{HCP} \" /sbin/vmcp q v nic\"")
        )]
    );
    assert_eq!(
        on("opnstk1", "rnetboot", &["ipl=0100"]).await,
        ["info: opnstk1: Booting from 0100... Done"]
    );
    assert!(on("opnstk1", "execcmdonvm", &["date"]).await.is_empty());
}

#[tokio::test]
async fn deployment_with_a_transport_file() {
    let stage = Stage::new(Settings::default())
        .down("zhcp1")
        .file(
            "xcat",
            "/install/netboot/rhel7.2/s390x/default/0100.img",
            "x",
        )
        .file("xcat", "/tmp/cfgdrive.tgz", "x")
        .set(|world| {
            let master = [("value", "10.10.0.2")];
            world.mn.tables.set("site", "key", "master", &master);
        });
    assert_eq!(
        stage
            .run(
                "nodeset",
                "opnstk1",
                &["netboot", "device=0100", "transport=/tmp/cfgdrive.tgz"]
            )
            .await,
        [
            "info: opnstk1: Deploying the image using the zHCP node",
            "info: opnstk1: Purging reader... Done",
            "error: opnstk1: Online zHCP's punch device... Failed to communicate with the zHCP system to get the punch device status"
        ]
    );
}

#[tokio::test]
async fn pools_and_smapi() {
    let hypervisor = |args: &'static [&'static str]| on("zvmhost1", "chhypervisor", args);
    assert_eq!(
        hypervisor(&["--reservezfcp", "p", "used", "lnx1", "auto", "1G"]).await,
        [
            "error: zvmhost1: (Error) FCP storage pool does not exist",
            "error: zvmhost1: (Error) Reserving FCP device... Failed"
        ]
    );
    assert_eq!(
        hypervisor(&["--releasezfcp", "p", W1, L1]).await,
        [
            "info: zvmhost1: Using given WWPN and LUN",
            "error: zvmhost1: (Error) FCP storage pool does not exist",
            "error: zvmhost1: Releasing FCP device... Failed"
        ]
    );
    assert_eq!(
        hypervisor(&["--removezfcpfrompool", "p", L1, W1]).await,
        ["error: zvmhost1: (Error) zFCP pool does not exist"]
    );
    assert!(
        hypervisor(&["--addvolume", "0200", "VOL1"])
            .await
            .is_empty()
    );
    assert_eq!(
        on("zvmhost1", "rinv", &["--networknames"]).await,
        ["error: zvmhost1: zhcp1.example.com: (Error) Missing node HCP. Userid: \n"]
    );
}
