//! Faults whose effect is a course of events: what a client sees first and what it sees later, over the REST door
//! (spec: zfcp-and-san 8.1).

use std::sync::Arc;

use xcat_simulator::seam::{ClockSettings, Settings, Site};
use xcat_simulator::site;
use xcat_simulator::world::World;

use crate::faults::ask;

const ATTACH: &str = r#"["--addzfcp scsipol1 1a00 0 1G 0 500507630300c562 4010403300000000"]"#;
const PORT: &str = "500507630300c562";
const LUN: &str = "4010403300000000";
/// A LUN with two paths, and its map.
const TWO: &str = "4020403300000000";
const MAP: &str = "36630300c56200000000004020403300";

struct Lab(Arc<Site>);

impl Lab {
    fn new() -> Self {
        Self::changed(|_| ())
    }

    fn changed(change: impl FnOnce(&mut World)) -> Self {
        let mut world = site::lab();
        change(&mut world);
        Self(Arc::new(Site::new(world, Settings::default())))
    }

    fn fault(&self, rule: &serde_json::Value) -> String {
        let request = serde_json::from_value(rule.clone()).expect("a rule");
        self.0
            .add_fault(request)
            .unwrap_or_else(|e| panic!("{rule}: {e}"))
            .id
    }

    async fn attach(&self) -> String {
        ask(&self.0, "PUT", "vms/lnx1", ATTACH).await
    }

    async fn vm(&self, node: &str, arguments: &str) -> String {
        let body = serde_json::json!([arguments]).to_string();
        ask(&self.0, "PUT", &format!("vms/{node}"), &body).await
    }

    /// What a command on a node prints, without the prefixes of lines.
    async fn on(&self, node: &str, command: &str) -> String {
        let body = serde_json::json!([format!("command={command}")]).to_string();
        let told = ask(&self.0, "PUT", &format!("nodes/{node}/dsh"), &body).await;
        let lines: Vec<&str> = told
            .lines()
            .map(|l| l.trim_start_matches("data: ").trim_start_matches("info: "))
            .map(|l| l.strip_prefix(&format!("{node}: ")).unwrap_or(l))
            .collect();
        lines.join("\n")
    }

    fn pass(&self, ms: u64) {
        self.0.edit().now_ms += ms;
    }
}

/// A rule with a target.
fn rule(name: &str, target: &[(&str, &str)]) -> serde_json::Value {
    let target: serde_json::Map<String, serde_json::Value> = target
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).into()))
        .collect();
    serde_json::json!({ "name": name, "target": target })
}

#[tokio::test]
async fn f8_a_late_device_works_seconds_later() {
    let lab = Lab::new();
    lab.fault(&rule("F8", &[("guest", "lnx2")]));
    let told = lab.vm("lnx2", "--dedicatedevice 1a05 1a05 1").await;
    assert!(told.contains("Done"), "{told}");
    let online = "cio_ignore -r 0.0.1a05; chccwdev -e 0.0.1a05; echo $?";
    assert_eq!(lab.on("lnx2", online).await, "Device 0.0.1a05 not found\n1");
    lab.pass(5_000);
    assert!(lab.on("lnx2", online).await.ends_with("Done\n0"));
}

#[tokio::test]
async fn f9_a_device_that_is_attached_again_in_time_was_never_gone() {
    let exists = "ls -d /sys/bus/ccw/devices/0.0.1a00";
    let disks = "lszfcp -D | wc -l";
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F9", &[("guest", "lnx1")]));
    let before = lab.on("lnx1", disks).await;
    assert_ne!(before, "0");
    let smcli = "/opt/zhcp/bin/smcli";
    let undedicate = format!("{smcli} Image_Device_Undedicate -T LNX1 -v 1a00");
    let dedicate = format!("{smcli} Image_Device_Dedicate -T LNX1 -v 1a00 -r 1a00");
    assert!(lab.on("zhcp1", &undedicate).await.ends_with("Done"));
    assert_eq!(
        lab.on("lnx1", exists).await,
        "/sys/bus/ccw/devices/0.0.1a00"
    );
    assert!(lab.on("zhcp1", &dedicate).await.ends_with("Done"));
    lab.pass(60_000);
    assert_eq!(
        lab.on("lnx1", disks).await,
        before,
        "the object is used again"
    );
    assert!(!lab.on("lnx1", "dmesg").await.contains("has been detached"));
    // Without a new ATTACH it is noticed in the end.
    assert!(lab.on("zhcp1", &undedicate).await.ends_with("Done"));
    lab.on("lnx1", exists).await;
    lab.pass(5_000);
    let availability = "cat /sys/bus/ccw/devices/0.0.1a00/availability";
    assert_eq!(lab.on("lnx1", availability).await, "no device");
    assert!(
        lab.on("lnx1", "dmesg")
            .await
            .contains("The FCP device has been detached")
    );
}

#[tokio::test]
async fn f10_another_wwpn_logs_in_under_the_number_that_was_asked_for() {
    let lab = Lab::new();
    lab.fault(&rule("F10", &[("guest", "lnx1")]));
    lab.attach().await;
    let name = "cat /sys/class/fc_host/host0/port_name";
    assert_eq!(lab.on("lnx1", name).await, "0xc05076e8a0001a01");
    assert!(lab.on("lnx1", "lszfcp -H").await.contains("0.0.1a00 host0"));
    let entry = ask(&lab.0, "GET", "vms/lnx1", "").await;
    assert!(entry.contains("DEDICATE 1A00 1A01"), "{entry}");
}

#[tokio::test]
async fn f16_a_mute_channel_is_waited_for() {
    let lab = Lab::new();
    lab.vm("lnx2", "--dedicatedevice 1a05 1a05 1").await;
    let id = lab.fault(&rule("F16", &[("device", "1a05")]));
    let timed = "cio_ignore -r 0.0.1a05; a=$(date +%s); chccwdev -e 0.0.1a05; \
        echo $? after $(( $(date +%s) - a )); cat /sys/bus/ccw/devices/0.0.1a05/failed";
    assert_eq!(
        lab.on("lnx2", timed).await,
        "Setting device 0.0.1a05 online\nDone\n0 after 144\n1"
    );
    // It does not come up by itself when the channel answers again; a person has to ask.
    lab.0.remove_fault(&id);
    let failed = "/sys/bus/ccw/devices/0.0.1a05/failed";
    assert_eq!(lab.on("lnx2", &format!("cat {failed}")).await, "1");
    let again = format!("echo 0 > {failed}; cat {failed}");
    assert_eq!(lab.on("lnx2", &again).await, "0");
}

#[tokio::test]
async fn f18_and_f23_say_what_is_wrong_in_the_log() {
    let lab = Lab::new();
    lab.fault(&rule("F18", &[("device", "1a00")]));
    lab.attach().await;
    let log = lab.on("lnx1", "dmesg").await;
    assert!(
        log.contains("The FCP device detected a WWPN that is duplicate or not valid"),
        "{log}"
    );
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F23", &[("device", "1a00")]));
    let state = "cat /sys/bus/ccw/devices/0.0.1a00/failed /sys/class/fc_host/host0/port_state";
    assert_eq!(lab.on("lnx1", state).await, "1\nLinkdown");
    let log = lab.on("lnx1", "dmesg").await;
    assert!(
        log.contains("disused because of excessive bit errors"),
        "{log}"
    );
    lab.on("lnx1", "echo 0 > /sys/bus/ccw/devices/0.0.1a00/failed")
        .await;
    assert_eq!(
        lab.on("lnx1", state).await,
        "1\nLinkdown",
        "no recovery helps"
    );
    lab.on("lnx1", "chccwdev -d 0.0.1a00; chccwdev -e 0.0.1a00")
        .await;
    assert_eq!(lab.on("lnx1", state).await, "0\nOnline");
}

#[tokio::test]
async fn f24_without_handles_a_unit_gets_no_disk() {
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F24", &[("device", "1a00")]));
    let unit = format!("/sys/bus/ccw/devices/0.0.1a00/0x{PORT}");
    let add = format!(
        "echo 1 > /sys/bus/scsi/devices/0:0:0:1077100561/delete; \
         echo 0x4011403300000000 > {unit}/unit_add; echo $?; cat {unit}/0x4011403300000000/failed"
    );
    assert_eq!(lab.on("lnx1", &add).await, "0\n1");
    let log = lab.on("lnx1", "dmesg").await;
    let text = format!("No handle is available for LUN 0x4011403300000000 on port 0x{PORT}");
    assert!(log.contains(&text), "{log}");
}

#[tokio::test]
async fn f31_ports_are_found_by_a_later_rescan() {
    let lab = Lab::new();
    let id = lab.fault(&rule("F31", &[]));
    lab.attach().await;
    assert_eq!(lab.on("lnx1", "lszfcp -P").await, "");
    lab.0.remove_fault(&id);
    lab.pass(120_000);
    assert_eq!(
        lab.on("lnx1", "lszfcp -P").await,
        "",
        "nobody asks again by himself"
    );
    let rescan = "echo 1 > /sys/bus/ccw/devices/0.0.1a00/port_rescan; lszfcp -P | wc -l";
    assert_eq!(lab.on("lnx1", rescan).await, "2");
}

#[tokio::test]
async fn f31_the_next_state_change_of_the_fabric_makes_the_driver_ask_again() {
    let lab = Lab::new();
    let silent = lab.fault(&rule("F31", &[]));
    lab.attach().await;
    lab.pass(120_000);
    // A state change while the name server is still silent: that scan fails as well.
    let gone = lab.fault(&rule("F30", &[("wwpn", "500507630b00c562")]));
    assert_eq!(lab.on("lnx1", "lszfcp -P").await, "");
    lab.0.remove_fault(&silent);
    lab.pass(120_000);
    assert_eq!(
        lab.on("lnx1", "lszfcp -P").await,
        "",
        "nothing has changed since"
    );
    lab.0.remove_fault(&gone);
    assert_eq!(lab.on("lnx1", "lszfcp -P | wc -l").await, "2");
}

#[tokio::test]
async fn f34_a_port_is_in_recovery_again_and_again() {
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F34", &[("wwpn", PORT)]));
    let look = format!(
        "cat /sys/bus/ccw/devices/0.0.1a00/0x{PORT}/in_recovery; lszfcp -P | grep -c {PORT}"
    );
    let mut seen = Vec::new();
    for _ in 0..4 {
        let now = lab.0.now_ms();
        lab.pass(1_000 - now % 1_000);
        seen.push(lab.on("lnx1", &look).await);
    }
    let (calm, tested) = ("0\n1".to_owned(), "1\n0".to_owned());
    assert!(seen.contains(&calm) && seen.contains(&tested), "{seen:?}");
    assert_eq!((&seen[0], &seen[1]), (&seen[2], &seen[3]));
    assert_eq!(
        lab.on("lnx1", "lszfcp -D | wc -l").await,
        "20",
        "no disk is lost"
    );
}

#[tokio::test]
async fn f35_a_foreign_initiator_is_there_for_a_second() {
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F35", &[("device", "1a01")]));
    let list = "ls -d /sys/bus/ccw/devices/0.0.1a00/0x* | sed 's/.*0x//'";
    let scan = format!("echo 1 > /sys/bus/ccw/devices/0.0.1a00/port_rescan; {list}");
    let ports = "500507630300c562\n500507630b00c562";
    assert_eq!(
        lab.on("lnx1", &scan).await,
        format!("{ports}\nc05076e8a0001a01")
    );
    lab.pass(1_000);
    assert_eq!(lab.on("lnx1", list).await, ports);
}

#[tokio::test]
async fn f36_the_other_target_answers_in_the_place_of_one() {
    let ports = "chccwdev -e 0.0.2a00 > /dev/null; lszfcp -P | sed 's/.*0x//; s/ .*//'";
    let mut seen = Vec::new();
    for crossed in [false, true] {
        let lab = Lab::new();
        if crossed {
            lab.fault(&rule("F36", &[("wwpn", PORT)]));
        }
        lab.vm("lnx4", "--dedicatedevice 2a00 2a00 1").await;
        lab.on("lnx4", "cio_ignore -r 0.0.2a00").await;
        seen.push(lab.on("lnx4", ports).await);
    }
    assert_eq!(seen, [PORT, "500507630b00c562"]);
}

#[tokio::test]
async fn f45_without_npiv_two_images_do_not_share_a_lun() {
    let lab = Lab::new();
    let shared = rule("F45", &[("device", "1a00"), ("lun", LUN)]);
    let refused = lab
        .0
        .add_fault(serde_json::from_value(shared.clone()).unwrap());
    assert!(refused.unwrap_err().to_string().contains("NPIV mode"));
    // The physical WWPN in zone and masks, as a site without NPIV has it.
    let physical = |world: &mut World| {
        let system = world.systems.get_mut("ZVM1").unwrap();
        let wwpns: Vec<_> = system.fcp.values().map(|f| f.physical_wwpn).collect();
        for fcp in system.fcp.values_mut() {
            fcp.npiv_wwpn = None;
        }
        world.san.zones.get_mut("zvm1").unwrap().extend(&wwpns);
        world.san.open_masking = true;
    };
    let disk = format!("lszfcp -D | grep -c {LUN}");
    let lab = Lab::changed(physical);
    lab.attach().await;
    assert_eq!(lab.on("lnx1", &disk).await, "1");
    let lab = Lab::changed(physical);
    lab.fault(&shared);
    lab.attach().await;
    assert_eq!(lab.on("lnx1", &disk).await, "0");
    let unit = format!("cat /sys/bus/ccw/devices/0.0.1a00/0x{PORT}/0x{LUN}/failed");
    assert_eq!(lab.on("lnx1", &unit).await, "1");
    let log = lab.on("lnx1", "dmesg").await;
    let text = format!("LUN 0x{LUN} on port 0x{PORT} is already in use by CSS0");
    assert!(log.contains(&text), "{log}");
}

#[tokio::test]
async fn f48_a_unit_is_found_although_no_lun_is_reported() {
    let lab = Lab::new();
    lab.fault(&rule("F48", &[("wwpn", PORT)]));
    lab.attach().await;
    let disks = format!("lszfcp -D | grep {PORT} | sed 's/ .*//; s/.*0x//'");
    assert_eq!(
        lab.on("lnx1", &disks).await,
        LUN,
        "only the one that was asked for"
    );
}

#[tokio::test]
async fn f55_after_a_start_the_names_are_others() {
    let link = format!("readlink /dev/disk/by-path/ccw-0.0.1a00-fc-0x{PORT}-lun-0x{LUN}");
    let lab = Lab::new();
    lab.attach().await;
    let before = lab.on("lnx1", &link).await;
    lab.fault(&rule("F55", &[("guest", "lnx1")]));
    for action in ["off", "on"] {
        let body = serde_json::json!([action]).to_string();
        ask(&lab.0, "PUT", "nodes/lnx1/power", &body).await;
    }
    let after = lab.on("lnx1", &link).await;
    assert!(
        before.ends_with("/sda") && after.contains("/sd") && after != before,
        "{after}"
    );
    let content = |path: String| format!("cat $(readlink -f /dev/disk/by-path/{path})");
    let by_path = format!("ccw-0.0.1a00-fc-0x{PORT}-lun-0x{LUN}");
    let same = lab.on("lnx1", &content(by_path)).await;
    let healthy = Lab::new();
    healthy.attach().await;
    assert_eq!(
        same,
        healthy.on("lnx1", "cat /dev/sda").await,
        "the link is right"
    );
}

#[tokio::test]
async fn f56_f57_and_f59_are_over_after_their_time() {
    // Without `chvm --addzfcp`, which calls `multipath -r`.
    let online = async |lab: &Lab| {
        lab.vm("lnx2", "--dedicatedevice 1a05 1a05 1").await;
        lab.on("lnx2", "cio_ignore -r 0.0.1a05; chccwdev -e 0.0.1a05")
            .await;
    };
    for (name, command, late) in [
        ("F56", "lszfcp -D", 1_000),
        ("F57", "lszfcp -P", 1_000),
        ("F59", "multipath -ll -v1", 10_000),
    ] {
        let healthy = Lab::new();
        online(&healthy).await;
        let lab = Lab::new();
        let mut slow = rule(name, &[("guest", "lnx2")]);
        slow["delay_ms"] = 600_000.into();
        let id = lab.fault(&slow);
        online(&lab).await;
        let first = lab.on("lnx2", command).await;
        let right = healthy.on("lnx2", command).await;
        assert_ne!(first, right, "{name}");
        match name {
            "F56" => assert!(
                first.contains("/hba_id: No such file or directory"),
                "{first}"
            ),
            "F57" => assert_eq!(first, ""),
            _ => {
                assert_eq!(first, "");
                let daemon = lab.on("lnx2", "multipathd show paths; echo $?").await;
                assert_eq!(daemon, "timeout\n1");
            }
        }
        lab.pass(600_000);
        assert_eq!(lab.on("lnx2", command).await, right, "{name}");
        lab.0.remove_fault(&id);
        let usual = lab.fault(&rule(name, &[("guest", "lnx2")]));
        let rules = serde_json::to_value(lab.0.fault_rules())
            .unwrap()
            .to_string();
        assert!(!rules.contains("600000"), "{usual}: {rules}");
        let effect = xcat_simulator::seam::named(name).map(|f| (f.effect)());
        assert_eq!(effect.and_then(|e| e.delay()), Some(late));
    }
}

#[tokio::test]
async fn f62_a_flushed_map_comes_back_and_stays_empty() {
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F62", &[("guest", "lnx1")]));
    let maps = format!("multipath -ll -v1 | grep -c {MAP}");
    assert_eq!(
        lab.on("lnx1", &format!("multipath -f {MAP}; {maps}")).await,
        "1"
    );
    let gone = "for d in /sys/bus/scsi/devices/*/delete; do echo 1 > $d; done; lszfcp -D";
    assert_eq!(lab.on("lnx1", gone).await, "Error: No fcp devices found.");
    assert_eq!(lab.on("lnx1", &maps).await, "1", "an empty map is left");
}

#[tokio::test]
async fn f63_commands_hang_until_queueing_is_switched_off() {
    let lab = Lab::new();
    lab.attach().await;
    lab.fault(&rule("F63", &[("lun", TWO)]));
    let timed = |command: &str| {
        format!("a=$(date +%s); {command} > /dev/null 2>&1; echo $(( $(date +%s) - a ))")
    };
    let read = timed(&format!("dd if=/dev/mapper/{MAP} of=/dev/null count=1"));
    assert_eq!(lab.on("lnx1", &read).await, "120");
    lab.on("lnx1", &format!("multipathd disablequeueing map {MAP}"))
        .await;
    assert_eq!(lab.on("lnx1", &read).await, "0", "an I/O error at once");
    assert_eq!(
        lab.on("lnx1", &timed(&format!("multipath -f {MAP}"))).await,
        "0"
    );
}

const READ: &str = "a=$(date +%s); dd if=/dev/mapper/36630300c56200000000004020403300 of=/dev/null count=1 2> /dev/null; \
                    echo $? after $(( $(date +%s) - a ))";

#[tokio::test]
async fn f63_a_command_goes_on_when_a_path_returns_in_virtual_time() {
    let lab = Lab::new();
    lab.attach().await;
    let mut lost = rule("F63", &[("lun", TWO)]);
    lost["for_ms"] = 30_000.into();
    lab.fault(&lost);
    let before = lab.0.now_ms();
    assert!(lab.on("lnx1", READ).await.starts_with("0 after"));
    assert_eq!(lab.0.now_ms() - before, 30_000);
}

#[tokio::test]
async fn f63_a_command_hangs_for_as_long_as_time_stands_and_no_path_returns() {
    for cure in ["path", "queueing", "end"] {
        let lab = Lab::new();
        lab.attach().await;
        lab.0.set_clock(ClockSettings {
            frozen: true,
            scale: 0.0,
        });
        let lost = lab.fault(&rule("F63", &[("lun", TWO)]));
        let last = lab.0.journal.lock().last_id();
        let other = Lab(Arc::clone(&lab.0));
        let reading = tokio::spawn(async move { other.on("lnx1", READ).await });
        while lab.0.journal.lock().last_id() == last {
            tokio::task::yield_now().await;
        }
        // Others are served meanwhile, on the same guest too.
        assert_eq!(lab.on("lnx1", "echo here").await, "here");
        assert!(!reading.is_finished());
        let expected = match cure {
            "path" => {
                lab.0.remove_fault(&lost);
                "0 after 0"
            }
            "queueing" => {
                lab.on("lnx1", &format!("multipathd disablequeueing map {MAP}"))
                    .await;
                "1 after 0"
            }
            _ => {
                lab.0.edit().linuxes.get_mut("lnx1").expect("the guest").ssh = false;
                ""
            }
        };
        let read = reading.await.expect("an answer");
        assert!(read.starts_with(expected), "{cure}: {read}");
    }
}

#[tokio::test]
async fn f64_removing_a_unit_of_a_lost_port_takes_its_time() {
    for (flush, seconds) in [(false, "5"), (true, "60")] {
        let lab = Lab::new();
        lab.attach().await;
        if flush {
            lab.on("lnx1", "multipath -F").await;
        }
        lab.fault(&rule("F64", &[("wwpn", PORT)]));
        let unit = format!("/sys/bus/ccw/devices/0.0.1a00/0x{PORT}");
        let timed = format!(
            "a=$(date +%s); echo 0x{LUN} > {unit}/unit_remove; \
             echo $? after $(( $(date +%s) - a )); ls -d {unit}/0x{LUN}"
        );
        let told = lab.on("lnx1", &timed).await;
        assert!(told.starts_with(&format!("0 after {seconds}\n")), "{told}");
        assert!(told.contains("No such file"), "{told}");
    }
}

#[tokio::test]
async fn f65_the_disk_is_there_until_the_next_start() {
    let lab = Lab::new();
    let id = lab.fault(&rule("F65", &[("guest", "lnx1")]));
    lab.attach().await;
    assert_eq!(
        lab.on("lnx1", &format!("lszfcp -D | grep -c {LUN}")).await,
        "1"
    );
    assert!(!lab.on("lnx1", "cat /etc/zfcp.conf").await.contains(LUN));
    let append = lab.on("lnx1", "echo x >> /etc/zfcp.conf").await;
    assert!(append.contains("No space left on device"), "{append}");
    lab.0.remove_fault(&id);
    assert_eq!(lab.on("lnx1", "echo x >> /etc/zfcp.conf").await, "");
}

#[tokio::test]
async fn f66_numbers_are_read_as_c_reads_them() {
    let lab = Lab::new();
    lab.attach().await;
    let port = format!("/sys/bus/ccw/devices/0.0.1a00/0x{PORT}");
    let invalid = lab
        .on("lnx1", &format!("echo 401A403300000000 > {port}/unit_add"))
        .await;
    assert!(invalid.contains("Invalid argument"), "{invalid}");
    // Decimal and octal without a word; digits of either case are one number.
    for (text, read) in [
        ("4010403300000001", "000e3f70c81a4101"),
        ("0021000000000000", "0000011000000000"),
        ("0X401A403300000000", "401a403300000000"),
    ] {
        let add = format!("echo {text} > {port}/unit_add; echo $?; ls -d {port}/0x{read}");
        assert_eq!(
            lab.on("lnx1", &add).await,
            format!("0\n{port}/0x{read}"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn f67_after_a_start_only_what_was_configured_is_there() {
    let lab = Lab::new();
    let mut reboot = rule("F67", &[("guest", "lnx1"), ("command", "zfcp.conf")]);
    reboot["times"] = 1.into();
    reboot["when"] = "before".into();
    lab.fault(&reboot);
    let told = lab.attach().await;
    assert!(told.contains("lnx1"), "{told}");
    assert_eq!(lab.0.fault_rules()[0].hits, 1, "{told}");
    let down = lab.on("lnx1", "lszfcp -D").await;
    assert!(
        down.contains("Connection refused") || down.contains("rror"),
        "{down}"
    );
    lab.pass(25_000);
    let disk = format!("lszfcp -D | grep -c {LUN}");
    let conf = format!("cat /etc/zfcp.conf | grep -c {LUN} 2> /dev/null");
    assert_eq!(
        lab.on("lnx1", &disk).await,
        "0",
        "the steps in sysfs are lost"
    );
    assert_eq!(
        lab.on("lnx1", &conf).await.lines().next(),
        Some("0"),
        "and nothing was configured yet"
    );
}

#[tokio::test]
async fn f70_a_wrong_loaddev_ends_in_a_wait() {
    let lab = Lab::new();
    lab.vm("lnx1", "--dedicatedevice 1a00 1a00 0").await;
    lab.vm("lnx1", &format!("--setloaddev {PORT} {LUN}")).await;
    lab.vm("lnx1", "--setipl LOADDEV").await;
    let power = async |action: &str| {
        let body = serde_json::json!([action]).to_string();
        ask(&lab.0, "PUT", "nodes/lnx1/power", &body).await
    };
    power("off").await;
    power("on").await;
    assert_eq!(lab.on("lnx1", "echo up").await, "up", "the right volume");
    let id = lab.fault(&rule("F70", &[("guest", "lnx1")]));
    power("off").await;
    power("on").await;
    let told = lab.on("lnx1", "echo up").await;
    assert!(!told.ends_with("up"), "{told}");
    let stat = ask(&lab.0, "GET", "nodes/lnx1/power", "").await;
    assert!(stat.contains("on"), "it is logged on: {stat}");
    lab.0.remove_fault(&id);
    power("off").await;
    power("on").await;
    assert_eq!(lab.on("lnx1", "echo up").await, "up");
}
