//! A test for each quirk of the commands on guests: what the real programs do, and what they do where the defect is
//! repaired.

use xcat_simulator::seam::{Effect, Release, Settings};

use crate::stage::{L1, L2, Stage, W1, W2, release, repaired, says};

const USERID: &str = "timed: /sbin/vmcp q userid";
const ZHCP1: &str = "ZHCP1    AT ZVMHOST1\n";
const STAT: &str = "timed: /sbin/vmcp q user OPNSTK1 2>/dev/null";
const SMCLI: &str = " /opt/zhcp/bin/smcli";
const FAILED: &str =
    "Failed\n  Return Code: 404\n  Reason Code: 12\n  Description: Image device is locked\n";

fn executed() -> Settings {
    Settings::default()
}

fn free(wwpn: &str, lun: &str) -> String {
    format!("free,{wwpn},{lun},10G,,,,")
}

fn smcli(words: &str) -> String {
    format!("{SMCLI} {words}")
}

#[tokio::test]
async fn gq1_collected_texts_are_not_printed() {
    let set = smcli("Image_IPL_Set_DM -T OPNSTK1 -s 0100 -l '' -p ''");
    let done = "Adding IPL statement to OPNSTK1's directory entry... Done\n";
    for (settings, answer) in [
        (executed(), vec![]),
        (crate::stage::intended(), vec![]),
        (repaired("GQ1"), vec![format!("info: opnstk1: {done}")]),
        (release(Release::E), vec![format!("info: opnstk1: {done}")]),
    ] {
        let stage = Stage::new(settings).scripted(&[(USERID, 0, ZHCP1), (&set, 0, done)]);
        assert_eq!(
            stage.run("chvm", "opnstk1", &["--setipl", "0100"]).await,
            answer
        );
    }
}

#[tokio::test]
async fn gq2_a_multipath_attach_fails() {
    let ports = format!("{W1};{W2}");
    let row = format!("free,{ports},{L1},10G,,,,");
    let attach = [
        "--addzfcp",
        "p",
        "b805;b825",
        "0",
        "10G",
        "0",
        ports.as_str(),
        L1,
    ];
    let stage = Stage::new(executed()).pool("p", &[&row]);
    assert_eq!(
        stage.run("chvm", "opnstk3", &attach).await,
        [format!(
            "error: (Error) In findzFcpDeviceAttr(), command to zhcp1.example.com failed with return code 127 for: ssh root@zhcp1.example.com \" grep -i \"{ports},{L1}\" /var/opt/zhcp/zfcp/p.conf\""
        )]
    );
    assert_eq!(stage.rows("p").unwrap(), std::slice::from_ref(&row));
    for settings in [repaired("GQ2"), release(Release::P)] {
        let stage = Stage::new(settings).pool("p", &[&row]);
        let answer = stage.run("chvm", "opnstk3", &attach).await;
        assert_eq!(
            answer[0], "info: opnstk3: Using given WWPN and LUN",
            "{answer:?}"
        );
        assert_eq!(
            answer.last().unwrap(),
            &format!("info: opnstk3: Adding zFCP device b805;b825/{ports}/{L1}... Done")
        );
    }
}

#[tokio::test]
async fn gq3_the_look_up_of_a_device_never_ends() {
    let look_ups = |stage: &Stage| {
        let commands = stage.commands();
        commands
            .iter()
            .filter(|c| c.contains("/proc/dasd/devices"))
            .count()
    };
    let stage = |settings| {
        Stage::new(settings).set(|world| {
            let system = world.systems.values_mut().next().unwrap();
            let user = xcat_simulator::world::UserId::new("OPNSTK1");
            let entry = system.directory.get_mut(&user).unwrap();
            let disk = "MDISK 0101 3390 0001 3338 EMC001 MR".to_owned();
            entry.statements.push(disk);
        })
    };
    let play = stage(executed());
    let answer = play.run("chvm", "opnstk1", &["--formatdisk", "0101"]).await;
    assert_eq!(
        answer,
        ["info: opnstk1: Linking target disk (0101) as (1101)"]
    );
    assert_eq!(look_ups(&play), 60, "until the web server gives up");
    let play = stage(repaired("GQ3"));
    play.run("chvm", "opnstk1", &["--formatdisk", "0101"]).await;
    assert_eq!(look_ups(&play), 1);
}

#[tokio::test]
async fn gq4_the_operating_system_is_the_management_nodes() {
    // A SLES guest of a management node on RHEL.
    let row = free(W1, L1);
    let attach = ["--addzfcp", "p", "b805", "0", "10G", "0", W1, L1];
    for (settings, asked, not_asked) in [
        (executed(), "/etc/zfcp.conf", "zfcp_disk_configure"),
        (repaired("GQ4"), "zfcp_disk_configure", "/etc/zfcp.conf"),
        (release(Release::P), "zfcp_disk_configure", "/etc/zfcp.conf"),
    ] {
        let stage = Stage::new(settings).pool("p", &[&row]);
        stage.run("chvm", "opnstk2", &attach).await;
        let commands = stage.commands();
        assert!(
            says(&commands, asked) && !says(&commands, not_asked),
            "{commands:#?}"
        );
    }
}

#[tokio::test]
async fn gq5_a_guest_that_is_off_is_not_recognised() {
    let remove = ["--removefilesysnode", "/dev/vdb"];
    let stage = Stage::new(executed());
    let answer = stage.run("chvm", "opnstk3", &remove).await;
    assert!(!says(&answer, "powered off"), "{answer:?}");
    let stage = Stage::new(executed()).down("zhcp1");
    let answer = stage.run("chvm", "opnstk3", &remove).await;
    assert_eq!(
        answer,
        ["error: opnstk3: (Error) VM OPNSTK3 is powered off"]
    );
}

#[tokio::test]
async fn gq6_an_unreachable_guest_is_done() {
    let stage = Stage::new(executed());
    let answer = stage
        .run("chvm", "opnstk3", &["--removefilesysnode", "/dev/vdb"])
        .await;
    assert_eq!(answer.len(), 2, "{answer:?}");
    assert!(answer[0].starts_with(
        "error: Node: opnstk3 (Error) In execcmdonVM(), SSH communication to opnstk3 failed"
    ));
    assert_eq!(
        answer[1],
        "info: opnstk3: Removing file system node /dev/vdb... Done"
    );
}

#[tokio::test]
async fn gq7_grants_lose_port_type_and_vlan() {
    let connect = ["--connectnic2vswitch", "0600", "XCATVSW1", "access", "10"];
    for (settings, end) in [
        (executed(), "-k 'persist=YES' 10"),
        (
            repaired("GQ7"),
            "-k 'user_port_type='access -k 'user_vlan_id='10",
        ),
    ] {
        let stage = Stage::new(settings);
        let answer = stage.run("chvm", "opnstk1", &connect).await;
        assert!(answer[0].contains("Granting VSwitch (XCATVSW1 access 10) access for OPNSTK1... "));
        let grant = stage
            .commands()
            .into_iter()
            .find(|c| c.contains("grant_userid"))
            .unwrap();
        assert!(grant.ends_with(end), "{grant}");
    }
}

#[tokio::test]
async fn gq8_a_failed_copy_is_unnoticed() {
    let punch = ["--punchfile", "/tmp/nothing.tgz", "X"];
    let copy_failed = "(Error) Failed to copy over source file";
    let stage = Stage::new(executed());
    assert!(!says(
        &stage.run("chvm", "opnstk1", &punch).await,
        copy_failed
    ));
    let there = |settings| Stage::new(settings).file("xcat", "/tmp/nothing.tgz", "x");
    let stage = there(executed()).down("zhcp1");
    assert!(says(
        &stage.run("chvm", "opnstk1", &punch).await,
        copy_failed
    ));

    let stage = Stage::new(repaired("GQ8"));
    assert!(says(
        &stage.run("chvm", "opnstk1", &punch).await,
        copy_failed
    ));
    let stage = there(repaired("GQ8")).down("zhcp1");
    assert!(!says(
        &stage.run("chvm", "opnstk1", &punch).await,
        copy_failed
    ));
}

#[tokio::test]
async fn gq9_the_configuration_is_never_punched() {
    let stage = Stage::new(executed())
        .file("xcat", "/tmp/configdrive/opnstk3/cfgdrive.tgz", "x")
        .set(|world| {
            let status = [("status", "SSH=1;XCATCONF4Z=0")];
            world.mn.tables.set("zvm", "node", "opnstk3", &status);
        });
    stage.run("rpower", "opnstk3", &["on"]).await;
    assert_eq!(stage.commands(), [smcli("Image_Activate -T OPNSTK3")]);
}

#[tokio::test]
async fn gq10_a_lun_in_no_pool_ends_the_detach() {
    let detach = ["--removezfcp", "b805", W1, L1];
    let stage = Stage::new(executed())
        .without_pools()
        .pool("p", &[&free(W1, L2)]);
    let answer = stage.run("chvm", "opnstk1", &detach).await;
    assert_eq!(answer.len(), 1, "{answer:?}");
    assert!(answer[0].starts_with("error: (Error) In findzFcpDevicePool(), command to zhcp1.example.com failed with return code 1 "));
    for settings in [repaired("GQ10"), release(Release::P)] {
        let stage = Stage::new(settings)
            .without_pools()
            .pool("p", &[&free(W1, L2)]);
        let answer = stage.run("chvm", "opnstk1", &detach).await;
        assert_eq!(
            answer[0],
            "info: opnstk1: Could not find FCP device in any FCP storage pool"
        );
        assert_eq!(
            answer.last().unwrap(),
            "info: opnstk1: De-configuring FCP device on host... Done"
        );
    }
}

#[tokio::test]
async fn gq12_a_dollar_defeats_the_rewrite() {
    let tagged = format!("used,{W1},{L1},10G,,opnstk3,b805,$root_device$");
    let detach = ["--removezfcp", "b805", W1, L1, "0"];
    let stage = Stage::new(executed()).without_pools().pool("p", &[&tagged]);
    stage.run("chvm", "opnstk3", &detach).await;
    assert_eq!(stage.rows("p").unwrap(), std::slice::from_ref(&tagged));
    let stage = Stage::new(repaired("GQ12"))
        .without_pools()
        .pool("p", &[&tagged]);
    stage.run("chvm", "opnstk3", &detach).await;
    assert_eq!(stage.rows("p").unwrap(), [free(W1, L1)]);
}

#[tokio::test]
async fn gq13_rules_are_written_for_every_path() {
    let ports = format!("{W1};{W2}");
    let row = format!("free,{ports},{L1},10G,,,,");
    let attach = [
        "--addzfcp",
        "p",
        "b805",
        "0",
        "10G",
        "0",
        ports.as_str(),
        L1,
    ];
    let rules = |stage: &Stage| {
        let path = "/etc/udev/rules.d/51-zfcp-0.0.b805.rules";
        stage.read("opnstk2", path).unwrap_or_default()
    };
    let stage = Stage::new(repaired("GQ2,GQ4"))
        .without_pools()
        .pool("p", &[&row]);
    let answer = stage.run("chvm", "opnstk2", &attach).await;
    let text = rules(&stage);
    assert_eq!(
        text.matches("collect 0.0.b805 %k 0.0.b805zfcp").count(),
        2,
        "{answer:?}\n{text}"
    );
    let stage = Stage::new(repaired("GQ2,GQ4,GQ13"))
        .without_pools()
        .pool("p", &[&row]);
    stage.run("chvm", "opnstk2", &attach).await;
    let text = rules(&stage);
    assert_eq!(
        text.matches("collect 0.0.b805 %k 0.0.b805 zfcp").count(),
        2,
        "once for each of two rules: {text}"
    );
}

#[tokio::test]
async fn gq14_auto_is_a_device_to_detach() {
    let used = format!("used,{W1},{L1},10G,,opnstk1,b805,");
    let detach = ["--removezfcp", "auto", W1, L1];
    for (settings, device) in [(executed(), "0.0.auto"), (repaired("GQ14"), "0.0.b805")] {
        let stage = Stage::new(settings).without_pools().pool("p", &[&used]);
        stage.run("chvm", "opnstk1", &detach).await;
        let remove = stage
            .commands()
            .into_iter()
            .find(|c| c.contains("unit_remove"))
            .unwrap();
        assert!(remove.contains(device), "{remove}");
    }
}

#[tokio::test]
async fn gq16_a_missing_rules_file_is_taken_for_present() {
    let node = [
        "--createfilesysnode",
        "/dev/disk/by-path/ccw-0.0.b805-zfcp-0x5005076801102991:0x0004000000000000",
        "/dev/vdb",
    ];
    let rules = "/etc/udev/rules.d/56-zfcp.rules";
    for (status, quirks, helpers) in [
        ("SSH=1", "GQ4", true),
        ("IUCV=1", "GQ4", false),
        ("IUCV=1", "GQ4,GQ16", true),
    ] {
        let stage = Stage::preset("attached", repaired(quirks)).set(|world| {
            world
                .mn
                .tables
                .set("zvm", "node", "opnstk1", &[("status", status)]);
            let linux = world.linuxes.get_mut("opnstk1").unwrap();
            linux.iucv = true;
            linux.fs.files.remove(rules);
        });
        let answer = stage.run("chvm", "opnstk1", &node).await;
        assert_eq!(
            answer,
            ["info: opnstk1: Creating file system node /dev/vdb... Done"],
            "{status} {quirks}"
        );
        let text = stage.read("opnstk1", rules).unwrap_or_default();
        assert_eq!(
            text.contains("zfcpconf.sh"),
            helpers,
            "{status} {quirks}: {text}"
        );
    }
}

#[tokio::test]
async fn gq17_a_disk_is_active_in_a_guest_that_is_off() {
    let add = ["--add3390", "POOL1", "0200", "100"];
    let said = "info: opnstk3: Adding disk to OPNSTK3's active configuration... Done";
    let stage = Stage::new(executed());
    let answer = stage.run("chvm", "opnstk3", &add).await;
    assert_eq!(answer.last().unwrap(), said);
    assert!(
        !stage
            .commands()
            .iter()
            .any(|c| c.contains("Image_Disk_Create -T"))
    );
    let stage = Stage::new(repaired("GQ17"));
    let answer = stage.run("chvm", "opnstk3", &add).await;
    assert!(
        !answer.is_empty() && !answer.contains(&said.to_owned()),
        "{answer:?}"
    );
}

#[tokio::test]
async fn gq18_one_processor_too_many_is_deleted() {
    let query = smcli("Image_Definition_Query_DM -T OPNSTK1 -k CPU");
    let cpus = "CPU=CPUADDR=00 BASE=YES\nCPU=CPUADDR=01\nCPU=CPUADDR=02\n";
    let deletions = |stage: &Stage| -> Vec<String> {
        let commands = stage.commands().into_iter();
        commands
            .filter_map(|c| {
                Some(
                    c.split_once("Definition_Delete_DM -T OPNSTK1 -k CPU=CPUADDR=")?
                        .1
                        .to_owned(),
                )
            })
            .collect()
    };
    for (settings, wanted) in [(executed(), vec!["", "02"]), (repaired("GQ18"), vec!["02"])] {
        let stage = Stage::new(settings).scripted(&[(USERID, 0, ZHCP1), (&query, 0, cpus)]);
        stage.run("chvm", "opnstk1", &["--setprocessor", "2"]).await;
        assert_eq!(deletions(&stage), wanted);
    }
}

#[tokio::test]
async fn gq19_rmvm_matches_by_substring() {
    neighbours_lose_their_luns("GQ19").await;
}

#[tokio::test]
async fn q13_rmvm_frees_the_neighbours_luns() {
    neighbours_lose_their_luns("Q13").await;
}

async fn neighbours_lose_their_luns(id: &str) {
    let own = format!("used,{W1},{L1},10G,,opnstk3,b805,");
    let other = format!("used,{W1},{L2},10G,,opnstk31,b806,tag");
    let hosts = "10.10.1.3 opnstk3 opnstk3.example.com\n10.10.1.31 opnstk31 opnstk31.example.com\n";
    let stage = |settings| {
        Stage::new(settings)
            .without_pools()
            .pool("p", &[&own, &other])
            .file("xcat", "/etc/hosts", hosts)
    };
    let play = stage(executed());
    let answer = play.run("rmvm", "opnstk3", &[]).await;
    assert_eq!(
        answer,
        [
            "info: opnstk3: Deleting OPNSTK3 from the directory... Done\n",
            "info: opnstk3: Updating FCP device pool p... Done"
        ]
    );
    assert_eq!(play.rows("p").unwrap(), [free(W1, L1), free(W1, L2)]);
    assert_eq!(play.read("xcat", "/etc/hosts").unwrap(), "");
    let play = stage(repaired(id));
    play.run("rmvm", "opnstk3", &[]).await;
    assert_eq!(play.rows("p").unwrap(), [free(W1, L1), other.clone()]);
}

#[tokio::test]
async fn gq20_a_dead_zhcp_deploys_images() {
    let deploy = ["netboot", "device=0100"];
    let stage = |settings| {
        Stage::new(settings)
            .file(
                "xcat",
                "/install/netboot/ubuntu16.04/s390x/default/0100.img",
                "x",
            )
            .down("zhcp1")
            .set(|world| {
                // The zHCP is the management node: nothing is to be mounted.
                world
                    .mn
                    .tables
                    .set("site", "key", "master", &[("value", "10.10.0.2")]);
            })
    };
    let said = "info: opnstk3: Deploying the image using the zHCP node";
    assert_eq!(
        stage(executed()).run("nodeset", "opnstk3", &deploy).await,
        [said]
    );
    let answer = stage(repaired("GQ20"))
        .run("nodeset", "opnstk3", &deploy)
        .await;
    assert_eq!(
        answer[1],
        "error: opnstk3: (Error) Unable to deploy the image to OPNSTK3 0100. Reason: return code 255"
    );
}

#[tokio::test]
async fn gq21_execcmdonvm_answers_nothing() {
    let stage = Stage::new(executed());
    assert!(
        stage
            .run("execcmdonvm", "opnstk1", &["hostname"])
            .await
            .is_empty()
    );
    assert_eq!(stage.commands().last().unwrap(), "hostname");
    let stage = Stage::new(repaired("GQ21"));
    assert_eq!(
        stage.run("execcmdonvm", "opnstk1", &["hostname"]).await,
        ["info: opnstk1: opnstk1\n"]
    );
}

#[tokio::test]
async fn gq22_an_unreachable_guest_has_a_report() {
    let stage = |settings| {
        Stage::new(settings).set(|world| {
            let status = [("status", "IUCV=1")];
            world.mn.tables.set("zvm", "node", "opnstk3", &status);
        })
    };
    let answer = stage(executed()).run("rinv", "opnstk3", &["config"]).await;
    assert_eq!(answer.len(), 1);
    assert!(
        answer[0].starts_with("error: opnstk3: z/VM UserID: OPNSTK3\nopnstk3: z/VM Host: (Error) "),
        "{answer:?}"
    );
    let answer = stage(repaired("GQ22"))
        .run("rinv", "opnstk3", &["config"])
        .await;
    assert_eq!(answer, ["error: opnstk3: (Error) Host is unreachable"]);
}

#[tokio::test]
async fn gq24_auto_is_always_0001() {
    let entry = smcli("Image_Query_DM -T OPNSTK1");
    let create = |vdev: &str| {
        smcli(&format!(
            "Image_Disk_Create_DM -T OPNSTK1 -v {vdev} -t 3390 -a AUTOG -r POOL1 -u 1 -z 100 -m MR -f 1 -R '' -W '' -M ''"
        ))
    };
    let statements = "USER OPNSTK1 X 1G 1G G\nMDISK 0001 3390 1 10 V MR\n";
    for (settings, vdev) in [(executed(), "0001"), (repaired("GQ24"), "0002")] {
        let stage = Stage::new(settings).scripted(&[(USERID, 0, ZHCP1), (&entry, 0, statements)]);
        stage
            .run("chvm", "opnstk1", &["--add3390", "POOL1", "auto", "100"])
            .await;
        assert!(
            stage.commands().contains(&create(vdev)),
            "{:?}",
            stage.commands()
        );
    }
}

#[tokio::test]
async fn gq25_a_missing_image_shows_a_reference() {
    for (option, what) in [("--imagename", "image name"), ("--osimage", "osimage")] {
        let stage = Stage::new(executed());
        let answer = stage.run("mkvm", "opnstk3", &["-p", "x", option]).await;
        assert_eq!(answer.len(), 1);
        assert!(answer[0].starts_with("error: ARRAY(0x55"), "{answer:?}");
        assert!(
            answer[0].ends_with(&format!("): (Error) {what} value missing\n")),
            "{answer:?}"
        );
        let stage = Stage::new(repaired("GQ25"));
        assert_eq!(
            stage.run("mkvm", "opnstk3", &[option]).await,
            [format!("error: opnstk3: (Error) {what} value missing\n")]
        );
    }
}

#[tokio::test]
async fn gq26_a_switch_is_taken_by_position() {
    let query = smcli("Image_Definition_Query_DM -T OPNSTK1 -k NICDEF");
    let nics = "NICDEF=VDEV=1000 TYPE=QDIO DEVICES=3 LAN=SYSTEM SWITCHNAME=XCATVSW2\n";
    for (settings, switch) in [(executed(), "SYSTEM"), (repaired("GQ26"), "XCATVSW2")] {
        let stage = Stage::new(settings).scripted(&[(&query, 0, nics)]);
        stage.run("rmvm", "opnstk1", &[]).await;
        let revoke = &stage.commands()[1];
        assert!(
            revoke.contains(&format!(
                "'switch_name='{switch} -k 'revoke_userid='OPNSTK1"
            )),
            "{revoke}"
        );
    }
}

#[tokio::test]
async fn gq27_the_running_guest_changes_all_the_same() {
    let directory = smcli("Image_Device_Dedicate_DM -T OPNSTK1 -v b805 -r b805 -R 0");
    let active = smcli("Image_Device_Dedicate -T OPNSTK1 -v b805 -r b805 -R 0");
    let dedicate = ["--dedicatedevice", "b805", "b805", "0"];
    let failed = format!("Dedicating device b805 to OPNSTK1's directory entry... {FAILED}");
    for (settings, is_tried) in [(executed(), true), (repaired("GQ27"), false)] {
        let stage = Stage::new(settings).scripted(&[
            (USERID, 0, ZHCP1),
            (&directory, 1, &failed),
            (STAT, 0, "OPNSTK1  - DSC\n"),
        ]);
        stage.run("chvm", "opnstk1", &dedicate).await;
        assert_eq!(stage.commands().contains(&active), is_tried);
    }
}

#[tokio::test]
async fn gq28_a_roll_back_takes_all_devices() {
    let row = format!("free,{W1},{L1},10G,,,,");
    let attach = ["--addzfcp", "p", "b804;b805", "0", "10G", "0", W1, L1];
    for (settings, taken) in [(executed(), 2), (repaired("GQ28"), 1)] {
        let stage = Stage::new(settings)
            .without_pools()
            .pool("p", &[&row])
            .set(|world| {
                let system = world.systems.values_mut().next().unwrap();
                let user = xcat_simulator::world::UserId::new("OPNSTK3");
                let entry = system.directory.get_mut(&user).unwrap();
                entry.statements.push("DEDICATE B804 B804".to_owned());
            });
        stage.fail(
            "-v b805",
            Effect::Smapi {
                function: "Image_Device_Dedicate_DM".to_owned(),
                rc: 400,
                rs: 12,
            },
        );
        let answer = stage.run("chvm", "opnstk3", &attach).await;
        assert!(says(&answer, "error: Error: "), "{answer:?}");
        let undedicated = stage
            .commands()
            .iter()
            .filter(|c| c.contains("Image_Device_Undedicate_DM"))
            .count();
        assert_eq!(undedicated, taken);
    }
}

#[tokio::test]
async fn gq29_a_failure_in_the_guest_is_not_rolled_back() {
    let row = free(W1, L1);
    let attach = ["--addzfcp", "p", "b805", "0", "10G", "0", W1, L1];
    for (settings, status) in [(executed(), "used,"), (repaired("GQ29"), "free,")] {
        let stage = Stage::new(settings).without_pools().pool("p", &[&row]);
        stage.fail(
            "unit_add",
            Effect::SshExit {
                rc: 1,
                stdout: "bash: error: Invalid argument\n".to_owned(),
                stderr: String::new(),
            },
        );
        let answer = stage.run("chvm", "opnstk2", &attach).await;
        assert!(!says(&answer, "Adding zFCP device"), "{answer:?}");
        let rows = stage.rows("p").unwrap();
        assert!(rows[0].starts_with(status), "{rows:?}");
    }
}

#[tokio::test]
async fn gq30_spellings_are_kept() {
    let stage = Stage::new(executed()).scripted(&[
        (
            " /opt/zhcp/bin/smcli Image_Console_Get -T OPNSTK3",
            1,
            "Failed\n",
        ),
        (" cat /sys/bus/ccw/drivers/vmur/0.0.000c/online", 0, "1\n"),
        (" vmcp spool c class \\*", 0, ""),
        (" /usr/sbin/vmur list", 0, "ORIGINID FILE CLASS\n"),
    ]);
    assert_eq!(
        stage.run("rinv", "opnstk3", &["--consoleoutput"]).await,
        ["error: opnstk3: (Error) No console log avaiable\n"]
    );
}

#[tokio::test]
async fn gq31_a_row_of_the_zhcps_host_name() {
    for (settings, kept) in [
        (executed(), "POWER_UP=1;IUCVANY=1"),
        (repaired("GQ31"), "X=1;IUCVANY=1"),
    ] {
        let stage = Stage::preset("fresh", settings).set(|world| {
            let tables = &mut world.mn.tables;
            tables.set("zvm", "node", "opnstk1", &[("status", "POWER_UP=1")]);
            tables.set("zvm", "node", "zhcp1.example.com", &[("status", "X=1")]);
        });
        stage.run("rpower", "opnstk1", &["isreachable"]).await;
        let status = stage.column("zvm", "zhcp1.example.com", "status");
        assert_eq!(status.as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn gq32_failures_are_information() {
    let stage = Stage::new(executed()).down("zhcp1");
    for args in [
        &["--dedicatedevice", "b805", "b805", "0"][..],
        &["--undedicatedevice", "b805"],
        &["--setmemory", "2G"],
        &["--setconsole", "start"],
    ] {
        assert_eq!(
            stage.run("chvm", "opnstk1", args).await,
            ["info: opnstk1: "],
            "{args:?}"
        );
    }
    assert_eq!(
        stage.run("rpower", "opnstk1", &["pause"]).await,
        ["info: opnstk1: "]
    );
}

#[tokio::test]
async fn gq33_the_targets_address_is_the_sources() {
    let copy = ["--copydisk", "0200", "opnstk2", "0100"];
    for (settings, at) in [(executed(), "0100"), (repaired("GQ33"), "0200")] {
        let stage = Stage::new(settings);
        let answer = stage.run("chvm", "opnstk1", &copy).await;
        assert_eq!(
            answer[0],
            format!(
                "info: opnstk1: Copying OPNSTK2 disk (0100) to OPNSTK1 disk ({at}) using FLASHCOPY"
            )
        );
        let wanted = format!("CMD=FLASHCOPY OPNSTK2 0100 0 END OPNSTK1 {at} 0 END SYNC");
        assert!(says(&stage.commands(), &wanted), "{:?}", stage.commands());
    }
}

#[tokio::test]
async fn gq34_lsvm_says_the_node_twice() {
    for (settings, text) in [
        (
            executed(),
            "error: opnstk1: opnstk1: (Error) Option not supported\n",
        ),
        (
            repaired("GQ34"),
            "error: opnstk1: (Error) Option not supported\n",
        ),
    ] {
        let stage = Stage::new(settings);
        assert_eq!(stage.run("lsvm", "opnstk1", &["-a"]).await, [text]);
    }
    let names = ["--zfcppoolnames"];
    let stage = Stage::new(executed()).without_pools();
    assert_eq!(
        stage.run("lsvm", "opnstk1", &names).await,
        ["info: ", "info: "]
    );
    let stage = Stage::new(repaired("GQ34")).without_pools();
    assert_eq!(stage.run("lsvm", "opnstk1", &names).await, ["info: "]);
}

#[tokio::test]
async fn gq35_reset_starts_a_guest_that_was_off() {
    let stage = Stage::new(executed());
    assert_eq!(
        stage.run("rpower", "opnstk3", &["reset"]).await,
        [
            "info: opnstk3: OPNSTK3 already logged off.",
            "info: opnstk3: Activating OPNSTK3... Done\n"
        ]
    );
}

#[tokio::test]
async fn gq36_the_ports_case_depends_on_the_guest() {
    let ports = "500507680110299A";
    let row = free(ports, L1);
    let attach = ["--addzfcp", "p", "b805", "0", "10G", "0", ports, L1];
    for (settings, shown) in [
        (executed(), ports.to_owned()),
        (repaired("GQ36"), ports.to_lowercase()),
    ] {
        let stage = Stage::new(settings).without_pools().pool("p", &[&row]);
        let answer = stage.run("chvm", "opnstk3", &attach).await;
        assert_eq!(
            answer.last().unwrap(),
            &format!("info: opnstk3: Adding zFCP device b805/{shown}/{L1}... Done")
        );
    }
}

#[tokio::test]
async fn gq37_dedicates_fail_under_another_name() {
    // The text of the failure is taken for a DEDICATE statement of the source.
    let stage = Stage::new(executed()).down("zhcp1");
    let answer = stage
        .run("mkvm", "opnstk3", &["opnstk1", "pool=POOL1"])
        .await;
    assert_eq!(
        answer,
        ["error: opnstk1: (Error) Dedicate statements found in source directory."]
    );
}

#[tokio::test]
async fn gq38_multipath_speaks_in_the_answer() {
    let row = format!("free,{W1},{L1},10G,B804-B80F,,,");
    let attach = ["--addzfcp", "p", "b805", "0", "10G", "0", W1, L1];
    for (settings, speaks) in [(executed(), true), (repaired("GQ38"), false)] {
        let stage = Stage::preset("iucv", settings)
            .without_pools()
            .pool("p", &[&row]);
        let answer = stage.run("chvm", "opnstk1", &attach).await;
        assert!(
            says(&answer, "Configuring FCP device to be persistent... Done"),
            "{answer:?}"
        );
        let at = answer
            .iter()
            .position(|line| line.contains("to be persistent"))
            .unwrap();
        let before = &answer[at - 1];
        let is_multipaths = !before.contains("Dedicating");
        assert_eq!(is_multipaths, speaks, "{answer:?}");
    }
}

#[tokio::test]
async fn gq39_loaddev_is_set_before_it_is() {
    let define = smcli(&format!(
        "Image_SCSI_Characteristics_Define_DM  -T OPNSTK1 -b '' -k '' -l {L1} -p {W1} -s  -d "
    ));
    let set = ["--setloaddev", W1, L1];
    let said = "Setting LOADDEV directory statements";
    let stage = |settings| {
        Stage::new(settings).scripted(&[(USERID, 0, ZHCP1), (define.as_str(), 1, FAILED)])
    };
    let answer = stage(executed()).run("chvm", "opnstk1", &set).await;
    assert_eq!(answer, [format!("info: opnstk1: {said}")]);
    let answer = stage(repaired("GQ39")).run("chvm", "opnstk1", &set).await;
    assert_eq!(answer, [format!("error: opnstk1: {FAILED}")]);
}

#[tokio::test]
async fn gq40_the_mac_address_stays() {
    let stage = Stage::new(executed()).set(|world| {
        world.mn.tables.delete("mac", "node", "opnstk3");
    });
    let args = ["-p", "osdflt", "-w", "LBYONLY", "-m", "512m"];
    let answer = stage.run("mkvm", "opnstk3", &args).await;
    assert!(
        says(&answer, "Image or profile name already defined"),
        "{answer:?}"
    );
    let mac = stage.column("mac", "opnstk3", "mac");
    assert!(mac.is_some(), "made for a guest that could not be made");
    stage.run("rmvm", "opnstk3", &[]).await;
    assert_eq!(stage.column("zvm", "opnstk3", "hcp"), None);
    assert_eq!(stage.column("mac", "opnstk3", "mac"), mac);
}

#[tokio::test]
async fn gq41_a_name_within_the_zhcps_is_the_zhcp() {
    let stage = Stage::new(executed()).set(|world| {
        let tables = &mut world.mn.tables;
        let columns = [
            ("hcp", "zhcp1.example.com"),
            ("userid", "HCP"),
            ("status", "IUCV=1"),
        ];
        tables.set("zvm", "node", "hcp", &columns);
        tables.set("nodelist", "node", "hcp", &[("groups", "all")]);
        tables.set("nodehm", "node", "hcp", &[("mgt", "zvm")]);
    });
    stage.run("rpower", "hcp", &["isreachable"]).await;
    assert_eq!(
        stage.lines(),
        ["ssh -o ConnectTimeout=5 root@hcp \" date\""]
    );
}

#[tokio::test]
async fn gq42_lines_without_a_node() {
    let stage = Stage::new(executed()).down("zhcp1");
    let line = "error: (Error) Failed to communicate with the zhcp system: zhcp1.example.com";
    assert_eq!(
        stage.run("rpower", "opnstk1,opnstk2", &["off"]).await,
        [line, line]
    );
}
