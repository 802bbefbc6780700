//! A test for each quirk of the SCSI pools that needs no other client at the same time: what the real programs do, and
//! what they do where the defect is repaired.

use xcat_simulator::seam::{Release, Settings};

use crate::stage::{L1, L2, L3, Stage, W1, W2, intended, release, repaired, says};

fn executed() -> Settings {
    Settings::default()
}

fn row(status: &str, wwpn: &str, lun: &str, rest: &str) -> String {
    format!("{status},{wwpn},{lun},{rest}")
}

#[tokio::test]
async fn q6_a_lun_under_two_ports() {
    let first = row("reserved", W1, L1, "10G,,,,");
    let second = row("reserved", W2, L1, "10G,,,,");
    let stage = Stage::new(executed()).pool("p", &[&first, &second]);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert!(says(&answer, "Releasing FCP device... Done"), "{answer:?}");
    assert_eq!(stage.rows("p").unwrap(), [first.clone(), second.clone()]);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", W2, L1]).await;
    assert_eq!(
        answer[2..],
        [
            format!("error: zvmhost1: (Error) FCP device {W2}/{L1} does not exists"),
            "error: zvmhost1: Releasing FCP device... Failed".to_owned()
        ]
    );

    let stage = Stage::new(repaired("Q6")).pool("p", &[&first, &second]);
    stage.chhypervisor(&["--releasezfcp", "p", W2, L1]).await;
    assert_eq!(
        stage.rows("p").unwrap(),
        [first, row("free", W2, L1, "10G,,,,")]
    );
}

#[tokio::test]
async fn gq11_updates_select_by_lun() {
    let rows = [
        row("free", W1, L1, "10G,,,,"),
        row("free", W2, L1, "10G,,,,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let attach = ["--addzfcp", "p", "b805", "0", "10G", "0", W2, L1];
    let stage = Stage::new(executed()).pool("p", &rows);
    let answer = stage.run("chvm", "opnstk3", &attach).await;
    assert!(says(&answer, "does not exists"), "{answer:?}");
    assert_eq!(
        answer.last().unwrap(),
        "error: opnstk3: (Error) Failed to add zFCP device"
    );

    let stage = Stage::new(repaired("GQ11")).pool("p", &rows);
    stage.run("chvm", "opnstk3", &attach).await;
    assert!(stage.rows("p").unwrap()[1].starts_with(&format!("used,{W2},{L1}")));
}

#[tokio::test]
async fn q7_rows_that_mean_something_to_a_shell() {
    let tagged = row("reserved", W1, L1, "10G,,lnx1,,$root_device$");
    let stage = Stage::new(executed()).pool("p", &[&tagged]);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert!(says(&answer, "Releasing FCP device... Done"), "{answer:?}");
    assert_eq!(stage.rows("p").unwrap(), std::slice::from_ref(&tagged));

    let stage = Stage::new(repaired("Q7")).pool("p", &[&tagged]);
    stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert_eq!(stage.rows("p").unwrap(), [row("free", W1, L1, "10G,,,,")]);
}

#[tokio::test]
async fn q11_shortened_identifiers_are_taken() {
    let rows = [
        row("used", W1, L1, "1G,,lnx1,,"),
        row("used", W1, L2, "1G,,lnx1,,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let stage = Stage::new(executed()).pool("p", &rows);
    let answer = stage
        .chhypervisor(&["--releasezfcp", "p", "2991", "00020"])
        .await;
    assert!(
        says(&answer, "FCP device 0x2991/0x00020 was released"),
        "{answer:?}"
    );
    assert_eq!(stage.rows("p").unwrap()[1], row("free", W1, L2, "1G,,,,"));

    let stage = Stage::new(repaired("Q11")).pool("p", &rows);
    let answer = stage
        .chhypervisor(&["--releasezfcp", "p", "2991", "00020"])
        .await;
    assert!(
        says(&answer, "0x2991/0x00020 could not be found in zFCP pool p"),
        "{answer:?}"
    );
    assert_eq!(stage.rows("p").unwrap(), rows);
}

#[tokio::test]
async fn q12_a_list_of_ports_cuts_the_line() {
    let ports = format!("{W1};{W2}");
    let multipath = row("free", &ports, L1, "10G,,,,");
    let reserve = [
        "--reservezfcp",
        "p",
        "used",
        "lnx1",
        "b805",
        "10G",
        ports.as_str(),
        L1,
    ];
    let stage = Stage::new(executed()).pool("p", &[&multipath]);
    assert_eq!(
        stage.chhypervisor(&reserve).await,
        [format!(
            "error: (Error) In findzFcpDeviceAttr(), command to zhcp1.example.com failed with return code 127 for: ssh root@zhcp1.example.com \" grep -i \"{ports},{L1}\" /var/opt/zhcp/zfcp/p.conf\""
        )]
    );
    let answer = stage
        .chhypervisor(&["--reservezfcp", "p", "used", "lnx1", "b805", "10G", W2, L1])
        .await;
    assert!(
        says(&answer, "was reserved... Done"),
        "the last path does: {answer:?}"
    );

    for settings in [repaired("Q12"), repaired("GQ2"), release(Release::P)] {
        let stage = Stage::new(settings).pool("p", &[&multipath]);
        let answer = stage.chhypervisor(&reserve).await;
        assert!(says(&answer, "was reserved... Done"), "{answer:?}");
    }
}

#[tokio::test]
async fn q14_used_in_capitals_is_not_in_use() {
    let taken = row("USED", W1, L1, "10G,,lnx1,b806,");
    let reserve = ["--reservezfcp", "p", "used", "lnx2", "b805", "10G", W1, L1];
    let stage = Stage::new(executed()).pool("p", &[&taken]);
    stage.chhypervisor(&reserve).await;
    assert_eq!(
        stage.rows("p").unwrap(),
        [row("used", W1, L1, "10G,,lnx2,b805,")]
    );

    let stage = Stage::new(repaired("Q14")).pool("p", &[&taken]);
    assert_eq!(
        stage.chhypervisor(&reserve).await,
        [format!(
            "error: zvmhost1: (Error) FCP device 0x{W1}/0x{L1} is in use."
        )]
    );
}

#[tokio::test]
async fn q17_every_row_with_the_lun_is_removed() {
    let rows = [
        row("free", W1, L1, "1G,,,,"),
        row("free", W1, L2, "1G,,,,"),
        row("used", &format!("{W2};{W1}"), L1, "2G,,lnx1,,"),
    ];
    let stage = Stage::new(executed()).pool("p", &[&rows[0], &rows[1], &rows[2]]);
    let answer = stage
        .chhypervisor(&["--removezfcpfrompool", "p", L1, W1])
        .await;
    let said = format!("info: zvmhost1: Removing zFCP device {W1}/{L1} from p pool... Done");
    assert_eq!(answer, [said.clone(), said]);
    assert_eq!(stage.rows("p").unwrap(), [rows[1].clone()]);
}

#[tokio::test]
async fn q18_filters_look_at_the_whole_row() {
    let rows = [
        row("used", W1, L1, "1G,,freeman,,"),
        row("free", W1, L2, "1G,,,,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let ask = ["--zfcppool", "p", "free"];
    let stage = Stage::new(executed()).pool("p", &rows);
    let answer = stage.run("rinv", "zvmhost1", &ask).await;
    assert!(says(&answer, "freeman"), "{answer:?}");
    let answer = stage
        .run("rinv", "zvmhost1", &["--zfcppool", "p", "status"])
        .await;
    assert_eq!(answer[0].matches("#status").count(), 2);

    let stage = Stage::new(repaired("Q18")).pool("p", &rows);
    let answer = stage.run("rinv", "zvmhost1", &ask).await;
    assert!(!says(&answer, "freeman") && says(&answer, L2), "{answer:?}");
}

#[tokio::test]
async fn q19_pool_names_lose_conf() {
    let free = row("free", W1, L1, "1G,,,,");
    let names = ["--zfcppoolnames"];
    let stage = Stage::new(executed())
        .without_pools()
        .pool("myconf1", &[&free]);
    assert_eq!(
        stage.run("rinv", "zvmhost1", &names).await,
        ["info: zvmhost1: m1\n"]
    );
    let stage = Stage::new(repaired("Q19"))
        .without_pools()
        .pool("myconf1", &[&free]);
    assert_eq!(
        stage.run("rinv", "zvmhost1", &names).await,
        ["info: zvmhost1: myconf1\n"]
    );
}

#[tokio::test]
async fn q20_removal_minds_the_case_of_a_pool() {
    let free = row("free", W1, L1, "1G,,,,");
    let remove = ["--removezfcpfrompool", "POOL1", L1, W1];
    let stage = Stage::new(executed()).pool("pool1", &[&free]);
    assert_eq!(
        stage.chhypervisor(&remove).await,
        ["error: zvmhost1: (Error) zFCP pool does not exist"]
    );
    let stage = Stage::new(repaired("Q20")).pool("pool1", &[&free]);
    let answer = stage.chhypervisor(&remove).await;
    assert!(says(&answer, "from pool1 pool... Done"), "{answer:?}");
}

#[tokio::test]
async fn q21_the_first_pool_in_the_alphabet_wins() {
    let free = row("free", W1, L1, "1G,,,,");
    let stage = Stage::new(executed())
        .without_pools()
        .pool("b", &[&free])
        .pool("a", &[&free]);
    let answer = stage.chhypervisor(&["--copyzfcp", "b805", W1, L1]).await;
    assert_eq!(answer[0], "info: zvmhost1: Found FCP device in a");
}

#[tokio::test]
async fn q22_prefixes_are_stripped_here_and_there() {
    let free = row("free", W1, L1, "1G,,,,");
    let (w, l) = (format!("0x{W1}"), format!("0x{L1}"));
    let reserve = [
        "--reservezfcp",
        "p",
        "used",
        "lnx1",
        "b805",
        "1G",
        w.as_str(),
        l.as_str(),
    ];
    let stage = Stage::new(executed()).pool("p", &[&free]);
    let answer = stage.chhypervisor(&reserve).await;
    assert!(says(&answer, "failed with return code 1 "), "{answer:?}");
    let answer = stage.chhypervisor(&["--releasezfcp", "p", &w, &l]).await;
    assert_eq!(
        answer.last().unwrap(),
        &format!("info: zvmhost1: FCP device 0x0x{W1}/0x0x{L1} was released")
    );

    let stage = Stage::new(repaired("Q22")).pool("p", &[&free]);
    let answer = stage.chhypervisor(&reserve).await;
    assert!(says(&answer, "was reserved... Done"), "{answer:?}");
}

#[tokio::test]
async fn q23_quotes_are_stripped_by_add_only() {
    let quoted = format!("\"{W1}\"");
    let remove = ["--removezfcpfrompool", "p", L1, quoted.as_str()];
    let stage = Stage::new(executed()).without_pools();
    let answer = stage
        .chhypervisor(&["--addzfcp2pool", "p", "free", &quoted, L1, "1G"])
        .await;
    assert!(
        says(&answer, "Adding zFCP device to p pool... Done"),
        "{answer:?}"
    );
    assert_eq!(
        stage.chhypervisor(&remove).await,
        [format!(
            "error: zvmhost1: (Error) Invalid world wide port name {quoted}."
        )]
    );
    let answer = stage
        .chhypervisor(&["--releasezfcp", "p", &quoted, L1])
        .await;
    assert_eq!(
        answer,
        [
            "info: zvmhost1: Using given WWPN and LUN".to_owned(),
            format!("error: zvmhost1: (Error) Invalid world wide portname {quoted}."),
            "error: zvmhost1: Releasing FCP device... Failed".to_owned()
        ]
    );
    let stage = Stage::new(repaired("Q23")).pool("p", &[&row("free", W1, L1, "1G,,,,")]);
    let answer = stage.chhypervisor(&remove).await;
    assert!(says(&answer, "from p pool... Done"), "{answer:?}");
}

#[tokio::test]
async fn q24_an_absent_lun_is_a_failed_command() {
    let free = row("free", W1, L1, "1G,,,,");
    let reserve = ["--reservezfcp", "p", "used", "lnx1", "b805", "1G", W1, L3];
    let deploy = ["--copyzfcp", "b805", W1, L3];
    let stage = Stage::new(executed()).without_pools().pool("p", &[&free]);
    assert_eq!(
        stage.chhypervisor(&reserve).await,
        [format!(
            "error: (Error) In findzFcpDeviceAttr(), command to zhcp1.example.com failed with return code 1 for: ssh root@zhcp1.example.com \" grep -i \"{W1},{L3}\" /var/opt/zhcp/zfcp/p.conf\""
        )]
    );
    assert_eq!(
        stage.chhypervisor(&deploy).await,
        [format!(
            "error: (Error) In findzFcpDevicePool(), command to zhcp1.example.com failed with return code 1 for: ssh root@zhcp1.example.com \" grep -i -l \\\"{W1},{L3}\\\" /var/opt/zhcp/zfcp/*.conf\""
        )]
    );
    let stage = Stage::new(repaired("Q24"))
        .without_pools()
        .pool("p", &[&free]);
    assert_eq!(
        stage.chhypervisor(&reserve).await,
        [format!(
            "error: zvmhost1: (Error) zFCP device 0x{W1}/0x{L3} could not be found in zFCP pool p"
        )]
    );
    assert_eq!(
        stage.chhypervisor(&deploy).await,
        ["error: zvmhost1: (Error) Failed to find FCP device in any zFCP storage pool"]
    );
}

#[tokio::test]
async fn q25_empty_identifiers_void_the_size() {
    let rows = [
        row("free", W1, L1, "1G,,,,"),
        row("free", W1, L2, "200G,,,,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let reserve = ["--reservezfcp", "p", "used", "lnx1", "b805", "100G", "", ""];
    let stage = Stage::new(executed()).pool("p", &rows);
    let answer = stage.chhypervisor(&reserve).await;
    assert!(
        says(&answer, &format!("b805/0x{W1}/0x{L1} was reserved")),
        "{answer:?}"
    );
    let stage = Stage::new(repaired("Q25")).pool("p", &rows);
    let answer = stage.chhypervisor(&reserve).await;
    assert!(
        says(&answer, &format!("b805/0x{W1}/0x{L2} was reserved")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn q26_release_without_a_port_takes_any_lun() {
    let rows = [
        row("free", W1, L1, "1G,,,,tag"),
        row("used", W1, L2, "2G,,lnx1,b805,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let stage = Stage::new(executed()).pool("p", &rows);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", "", L2]).await;
    assert_eq!(
        answer,
        [
            format!("info: zvmhost1: Found FCP device 0x{W1}/0x{L1}"),
            "info: zvmhost1: Releasing FCP device... Done".to_owned(),
            format!("info: zvmhost1: FCP device 0x/0x{L2} was released"),
        ]
    );
    assert_eq!(
        stage.rows("p").unwrap(),
        [row("free", W1, L1, "1G,,,,"), rows[1].to_owned()]
    );
    assert!(
        stage
            .chhypervisor(&["--releasezfcp", "p", "", ""])
            .await
            .is_empty()
    );

    let stage = Stage::new(repaired("Q26")).pool("p", &rows);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", "", L2]).await;
    assert_eq!(
        answer.last().unwrap(),
        "error: zvmhost1: Releasing FCP device... Failed"
    );
    assert_eq!(stage.rows("p").unwrap(), rows);
}

#[tokio::test]
async fn q27_auto_is_stored_for_reserved() {
    let stage = Stage::new(executed()).pool("p", &[&row("free", W1, L1, "1G,,,,")]);
    let answer = stage
        .chhypervisor(&["--reservezfcp", "p", "reserved", "lnx1", "auto", "1G"])
        .await;
    assert_eq!(
        answer.last().unwrap(),
        &format!("info: zvmhost1: FCP device auto/0x{W1}/0x{L1} was reserved... Done")
    );
    assert_eq!(
        stage.rows("p").unwrap(),
        [row("reserved", W1, L1, "1G,,lnx1,auto,")]
    );
}

#[tokio::test]
async fn q28_a_given_device_is_not_checked() {
    let stage = Stage::new(executed()).pool("p", &[&row("free", W1, L1, "1G,B804-B80F,,,")]);
    let answer = stage
        .chhypervisor(&["--reservezfcp", "p", "used", "lnx1", "f;ffff", "1G"])
        .await;
    assert!(says(&answer, "FCP device f;ffff/0x"), "{answer:?}");
    assert_eq!(
        stage.rows("p").unwrap(),
        [row("used", W1, L1, "1G,B804-B80F,lnx1,f;ffff,")]
    );
}

#[tokio::test]
async fn q32_an_empty_size_becomes_m() {
    let sizeless = row("used", W1, L1, ",,lnx1,b805,");
    let stage = Stage::new(executed()).pool("p", &[&sizeless]);
    stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert_eq!(stage.rows("p").unwrap(), [row("free", W1, L1, "M,,,,")]);
    let answer = stage
        .chhypervisor(&["--reservezfcp", "p", "used", "lnx1", "b805", "1M"])
        .await;
    assert!(
        says(
            &answer,
            "A suitable device of 1MM or larger could not be found"
        ),
        "{answer:?}"
    );
    let stage = Stage::new(repaired("Q32")).pool("p", &[&sizeless]);
    stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert_eq!(stage.rows("p").unwrap(), [row("free", W1, L1, ",,,,")]);
}

#[tokio::test]
async fn q33_anybodys_lun_is_released() {
    let stage = Stage::new(executed()).pool("p", &[&row("used", W1, L1, "1G,,lnx9,b805,root")]);
    let answer = stage.chhypervisor(&["--releasezfcp", "p", W1, L1]).await;
    assert!(says(&answer, "was released"), "{answer:?}");
    assert_eq!(stage.rows("p").unwrap(), [row("free", W1, L1, "1G,,,,")]);
}

#[tokio::test]
async fn q34_duplicates_of_multipath_rows_are_added() {
    let ports = format!("{W1};{W2}");
    let multipath = row("free", &ports, L1, "1G,,,,");
    let commented = format!("#{}", row("free", W1, L2, "1G,,,,"));
    let stage = || {
        Stage::new(executed())
            .without_pools()
            .pool("p", &[&multipath, &commented])
    };
    for wwpn in [W1, &ports] {
        let answer = stage()
            .chhypervisor(&["--addzfcp2pool", "p", "free", wwpn, L1, "1G"])
            .await;
        assert_eq!(
            answer,
            ["info: zvmhost1: Adding zFCP device to p pool... Done"],
            "{wwpn}"
        );
    }
    let answer = stage()
        .chhypervisor(&["--addzfcp2pool", "p", "free", W1, L2, "1G"])
        .await;
    assert_eq!(
        answer,
        [format!(
            "error: zvmhost1: (Error) zFCP device {W1}/{L2} already exists in p."
        )]
    );
}

#[tokio::test]
async fn q35_adding_is_done_while_the_zhcp_is_down() {
    let add = ["--addzfcp2pool", "p", "free", W1, L1, "1G"];
    let stage = Stage::new(executed()).without_pools().down("zhcp1");
    assert_eq!(
        stage.chhypervisor(&add).await,
        [
            "info: zvmhost1: New zFCP device pool p created",
            "info: zvmhost1: Adding zFCP device to p pool... Done"
        ]
    );
    assert_eq!(stage.rows("p"), None);
    let stage = Stage::new(repaired("Q35")).without_pools().down("zhcp1");
    let answer = stage.chhypervisor(&add).await;
    assert_eq!(answer.len(), 1);
    assert!(
        answer[0].starts_with(
            "error: Node: zvmhost1 (Error) In changeHypervisor(), SSH communication to "
        )
    );
}

#[tokio::test]
async fn q36_a_lun_in_use_is_removed() {
    let rows = [
        row("used", W1, L1, "1G,,lnx1,b805,"),
        row("free", W1, L2, "1G,,,,"),
    ];
    let stage = Stage::new(executed()).pool("p", &[&rows[0], &rows[1]]);
    let answer = stage
        .chhypervisor(&["--removezfcpfrompool", "p", L1, W1])
        .await;
    assert!(says(&answer, "from p pool... Done"), "{answer:?}");
    assert_eq!(stage.rows("p").unwrap(), [rows[1].clone()]);
}

#[tokio::test]
async fn q37_a_list_ends_at_the_first_missing_lun() {
    let rows = [row("free", W1, L1, "1G,,,,"), row("free", W1, L3, "1G,,,,")];
    let stage = Stage::new(executed()).pool("p", &[&rows[0], &rows[1]]);
    let list = format!("{L1},{L2},{L3}");
    let answer = stage
        .chhypervisor(&["--removezfcpfrompool", "p", &list, W1])
        .await;
    assert_eq!(
        answer,
        [
            format!("info: zvmhost1: Removing zFCP device {W1}/{L1} from p pool... Done"),
            format!("error: zvmhost1: (Error) zFCP device {L2} does not exist"),
        ]
    );
    assert_eq!(stage.rows("p").unwrap(), [rows[1].clone()]);
    let list = format!("{L3},{L2}");
    let answer = stage
        .chhypervisor(&["--removezfcpfrompool", "p", &list, W1])
        .await;
    assert_eq!(
        answer.last().unwrap(),
        "info: zvmhost1: Deleting empty zFCP p pool."
    );
}

#[tokio::test]
async fn q38_sudo_loses_the_quotes() {
    let rows = [
        row("free", &format!("{W1};{W2}"), L1, "1G,,,,"),
        row("free", W1, L2, "1G,,,,"),
    ];
    let rows = [rows[0].as_str(), rows[1].as_str()];
    let remove = ["--removezfcpfrompool", "p", L1, W1];
    let stage = Stage::new(executed()).sudoer("zvmadm").pool("p", &rows);
    let answer = stage.chhypervisor(&remove).await;
    assert!(says(&answer, "from p pool... Done"), "{answer:?}");
    assert_eq!(stage.rows("p").unwrap(), rows);
    let stage = Stage::new(repaired("Q38"))
        .sudoer("zvmadm")
        .pool("p", &rows);
    stage.chhypervisor(&remove).await;
    assert_eq!(stage.rows("p").unwrap(), [rows[1]]);
}

#[tokio::test]
async fn q39_words_decide_what_is_an_error() {
    for (owner, kind) in [("failover1", "info"), ("failed1", "error")] {
        let stage =
            Stage::new(executed()).pool("p", &[&row("used", W1, L1, &format!("1G,,{owner},,"))]);
        let answer = stage.run("rinv", "zvmhost1", &["--zfcppool", "p"]).await;
        assert!(answer[0].starts_with(kind), "{answer:?}");
    }
}

#[tokio::test]
async fn q40_a_bad_state_has_two_answers() {
    let ask = ["--fcpdevices", "busy"];
    let said = "error: zvmhost1: (Error) Query supported on active, free, or offline devices";
    let stage = Stage::new(executed());
    assert_eq!(stage.run("rinv", "zvmhost1", &ask).await, [said, "info: "]);
    let stage = Stage::new(repaired("Q40"));
    assert_eq!(stage.run("rinv", "zvmhost1", &ask).await, [said]);
}

#[tokio::test]
async fn q41_nothing_found_is_an_empty_answer() {
    let stage = Stage::new(executed()).without_pools();
    for ask in [&["--zfcppool", "nop"][..], &["--zfcppoolnames"]] {
        assert_eq!(
            stage.run("rinv", "zvmhost1", ask).await,
            ["info: "],
            "{ask:?}"
        );
    }
}

#[tokio::test]
async fn q42_arguments_of_addscsi_are_not_counted() {
    let add = ["--addscsi", "12a3"];
    let stage = Stage::new(executed());
    let answer = stage.chhypervisor(&add).await;
    assert!(
        answer[0]
            .starts_with("error: zvmhost1: (Error) Options can be one of the following:\n  (1) ")
    );
    let stage = Stage::new(repaired("Q42"));
    assert_eq!(
        stage.chhypervisor(&add).await,
        ["error: zvmhost1: (Error) Wrong number of parameters"]
    );
}

#[tokio::test]
async fn q43_zeros_are_dropped() {
    let add = ["--addvswitch", "VSW1", "0600", "0", "DTCVSW1", "0", "8"];
    let stage = Stage::new(executed());
    stage.chhypervisor(&add).await;
    let wanted = " /opt/zhcp/bin/smcli Virtual_Network_Vswitch_Create -T ZHCP1 -n VSW1 -r 0600 -i DTCVSW1 -q 8 ";
    assert_eq!(stage.commands().last().unwrap(), wanted);
    let stage = Stage::new(repaired("Q43"));
    stage.chhypervisor(&add).await;
    assert!(
        stage
            .commands()
            .last()
            .unwrap()
            .contains("-a 0 -i DTCVSW1 -c 0 -q 8")
    );
}

#[tokio::test]
async fn q44_networks_are_removed_without_sudo() {
    for (settings, start) in [
        (
            executed(),
            "ssh root@zhcp1.example.com \"/opt/zhcp/bin/smcli",
        ),
        (
            repaired("Q44"),
            "ssh zvmadm@zhcp1.example.com \"sudo /opt/zhcp/bin/smcli",
        ),
    ] {
        let stage = Stage::new(settings).sudoer("zvmadm");
        stage.chhypervisor(&["--removevswitch", "VSW1"]).await;
        let line = stage.lines().pop().unwrap();
        assert!(line.starts_with(start), "{line}");
    }
}

#[tokio::test]
async fn q46_an_unknown_function_has_no_answer() {
    let stage = Stage::new(executed());
    for args in [
        &["--adddisk2pool", "6", "R1", "V1", "G1"][..],
        &["--adddisk2pool", "4"],
        &["--removediskfrompool", "9", "R1"],
    ] {
        assert!(stage.chhypervisor(args).await.is_empty(), "{args:?}");
        assert_eq!(stage.commands().len(), 1, "{args:?}");
    }
}

#[tokio::test]
async fn q47_smcli_arguments_are_one_text() {
    let stage = Stage::new(executed());
    stage
        .chhypervisor(&["--smcli", "Image_Query_DM", "-T --smcliOPNSTK1"])
        .await;
    assert_eq!(
        stage.commands().last().unwrap(),
        " /opt/zhcp/bin/smcli Image_Query_DM -T OPNSTK1"
    );
}

#[tokio::test]
async fn q49_the_image_folder_is_never_mounted() {
    let capture = ["--capturezfcp", "prof1", W1, L1];
    let is_mounting = |stage: &Stage| stage.commands().iter().any(|c| c.contains("mount -t nfs"));
    let free = row("free", W1, L1, "1G,,,,");
    let stage = Stage::new(executed()).without_pools().pool("p", &[&free]);
    stage.chhypervisor(&capture).await;
    assert!(stage.commands().contains(&" mount".to_owned()) && !is_mounting(&stage));
    for settings in [repaired("Q49"), release(Release::P)] {
        let stage = Stage::new(settings).without_pools().pool("p", &[&free]);
        stage.chhypervisor(&capture).await;
        assert!(is_mounting(&stage), "{:?}", stage.commands());
    }
}

#[tokio::test]
async fn q50_a_profile_is_cut_at_its_hyphen() {
    let deploy = ["--deployzfcp", "unknown-s390x-raw-my-profile", W1, L1];
    for (settings, profile) in [(executed(), "my"), (repaired("Q50"), "my-profile")] {
        let stage = Stage::new(settings);
        assert_eq!(
            stage.chhypervisor(&deploy).await,
            [format!(
                "error: zvmhost1: (Error) /install/raw/unknown/s390x/{profile} does not contain image files"
            )]
        );
    }
}

#[tokio::test]
async fn q51_an_address_is_a_name_up_to_its_first_dot() {
    let stage = Stage::new(executed())
        .without_pools()
        .pool("p", &[&row("free", W1, L1, "1G,,,,")])
        .set(|world| {
            let tables = &mut world.mn.tables;
            tables.set("zvm", "node", "zvmhost1", &[("hcp", "10.10.0.2")]);
            tables.set(
                "zvm",
                "node",
                "10",
                &[("hcp", "10.10.0.2"), ("userid", "TEN")],
            );
        });
    stage
        .chhypervisor(&["--capturezfcp", "prof1", W1, L1])
        .await;
    let asked = stage.commands();
    assert!(
        asked.iter().any(|c| c.contains("Image_Query_DM -T TEN")),
        "the devices of node 10 are looked up: {asked:?}"
    );
}

#[tokio::test]
async fn q52_a_bare_asterisk_reaches_the_zhcp() {
    let stage = Stage::new(executed());
    stage
        .run("rinv", "zvmhost1", &["--getnetwork", "all", "VSWITCH"])
        .await;
    assert!(
        says(
            &stage.commands(),
            "Virtual_Network_Vswitch_Query_Extended -T ZHCP1 -k 'switch_name='* -k"
        ),
        "{:?}",
        stage.commands()
    );
}

#[tokio::test]
async fn q54_smapi_is_reset_while_the_zhcp_is_down() {
    let stage = Stage::new(executed()).down("zhcp1");
    assert_eq!(
        stage.chhypervisor(&["--resetsmapi"]).await,
        ["info: zvmhost1: Resetting SMAPI... Done"]
    );
    let stage = Stage::new(repaired("Q54")).down("zhcp1");
    assert_eq!(
        stage.chhypervisor(&["--resetsmapi"]).await,
        ["error: zvmhost1: (Error) unable to communicate with the zhcp system: zhcp1.example.com"]
    );
}

#[tokio::test]
async fn q56_blank_lines_are_counted_on_the_management_node() {
    let path = "/var/opt/zhcp/zfcp/p.conf";
    let text = format!(
        "#status\n{}\n\n{}\n",
        row("free", W1, L1, "1G,,,,"),
        row("free", W1, L2, "1G,,,,")
    );
    // What is left has as many lines as the management node's own file of that name has blank ones.
    let here = "\n\n\nx\n";
    let remove = ["--removezfcpfrompool", "p", L1, W1];
    let stage = Stage::new(executed())
        .file("zhcp1", path, &text)
        .file("xcat", path, here);
    let answer = stage.chhypervisor(&remove).await;
    assert_eq!(
        answer.last().unwrap(),
        "info: zvmhost1: Deleting empty zFCP p pool."
    );
    assert_eq!(stage.rows("p"), None);
    let stage = Stage::new(repaired("Q56"))
        .file("zhcp1", path, &text)
        .file("xcat", path, here);
    stage.chhypervisor(&remove).await;
    assert!(stage.rows("p").is_some());
}

#[tokio::test]
async fn q57_a_query_deletes() {
    let free = row("free", W1, L1, "1G,,,,");
    let stage = Stage::new(executed())
        .without_pools()
        .pool("empty", &[])
        .file(
            "zhcp1",
            "/var/opt/zhcp/zfcp/headless.conf",
            &format!("{free}\n"),
        )
        .pool("p", &[&free]);
    assert_eq!(
        stage.run("rinv", "zvmhost1", &["--zfcppoolnames"]).await,
        ["info: zvmhost1: p\n"]
    );
    assert_eq!((stage.rows("empty"), stage.rows("headless")), (None, None));
}

#[tokio::test]
async fn q61_a_large_pool_cannot_be_searched() {
    let rows: Vec<String> = (0..2600)
        .map(|number| row("free", W1, &format!("{number:016x}"), "1G,B804-B80F,,,"))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let lun = "0000000000000100";
    let reserve = ["--reservezfcp", "p", "used", "lnx1", "b805", "1G"];
    let stage = Stage::new(executed()).without_pools().pool("p", &rows);
    assert_eq!(
        stage.chhypervisor(&reserve).await[0],
        "error: zvmhost1: (Error) A suitable device of 1024M or larger could not be found"
    );
    let answer = stage.chhypervisor(&["--releasezfcp", "p", W1, lun]).await;
    assert!(
        says(&answer, "could not be found in zFCP pool p"),
        "{answer:?}"
    );
    let answer = stage
        .chhypervisor(&["--removezfcpfrompool", "p", lun, W1])
        .await;
    assert_eq!(
        answer,
        [format!(
            "error: zvmhost1: (Error) zFCP device {lun} does not exist"
        )]
    );
    let answer = stage
        .run("rinv", "zvmhost1", &["--zfcppool", "p", "free"])
        .await;
    assert_eq!(answer[0].lines().count(), 1, "the header only");
    let answer = stage
        .chhypervisor(&["--addzfcp2pool", "p", "free", W1, "00000000000fffff", "1G"])
        .await;
    assert_eq!(
        answer,
        ["info: zvmhost1: Adding zFCP device to p pool... Done"]
    );
    let answer = stage.run("rinv", "zvmhost1", &["--zfcppool", "p"]).await;
    assert_eq!(
        answer[0].lines().count(),
        2602,
        "unfiltered it is all there"
    );

    for settings in [repaired("Q61"), release(Release::P)] {
        let stage = Stage::new(settings).without_pools().pool("p", &rows);
        let answer = stage.chhypervisor(&reserve).await;
        assert!(says(&answer, "was reserved... Done"), "{answer:?}");
    }
}

#[tokio::test]
async fn intended_behaviour_repairs_them_all() {
    let stage = Stage::new(intended()).pool("p", &[&row("free", W1, L1, "1G,,,,$tag$")]);
    let (w, l) = (format!("0x{W1}"), format!("0x{L1}"));
    let answer = stage
        .chhypervisor(&["--reservezfcp", "P", "used", "lnx1", "b805", "1G", &w, &l])
        .await;
    assert!(says(&answer, "was reserved... Done"), "{answer:?}");
    assert_eq!(
        stage.rows("p").unwrap(),
        [row("used", W1, L1, "1G,,lnx1,b805,")]
    );
}
