//! The defects of spec driver 5 that are the Nova plug-in's (N) or show when a volume is attached (X): the driver is free of
//! each.

use std::time::Duration;

use serde_json::json;
use xcat_simulator::seam::Behaviour;
use xcat_simulator::world::World;
use zvm_volume::attachments::{
    AttachOptions, Attachments as _, BootMetadata, BootVolume, Instance, SourceRecord, VolumeRef,
};
use zvm_volume::client::PowerAction;
use zvm_volume::fcp::{AttachmentState, Phase};
use zvm_volume::steps::Known;
use zvm_volume::volumes::{Volume, VolumeDriver as _};

use crate::guests::{Halves, ONE_PATH, TWO_PATHS, controller_volume, guest, halves, mount, node};
use crate::rig::{CURRENT, Rig, VARIANTS, tag, volume};
use crate::spoil::{smapi, spoiled};

/// The guest's volumes by the ledger.
async fn recorded(both: &Halves, name: &str) -> usize {
    let ledger = both.nova.ledger().read().await.unwrap();
    ledger
        .entry(&node(name))
        .map_or(0, |entry| entry.attachments.len())
}

/// What `lszfcp -D` shows of a LUN in a guest.
async fn paths(both: &Halves, name: &str, lun: &str) -> usize {
    let disks = both.shell(name, "lszfcp -D 2>&1; true").await;
    disks.matches(&format!("0x{lun}")).count()
}

/// A guest's directory entry.
pub fn directory(rig: &Rig, user: &str) -> String {
    let world = rig.simulator.site().look();
    let system = world.systems.values().next().unwrap();
    let (_, entry) = system
        .directory
        .iter()
        .find(|(name, _)| name.to_string() == user)
        .unwrap();
    entry.text()
}

fn root_of(volume: VolumeRef, os: &str, root: &str) -> BootVolume {
    let metadata = BootMetadata::read(|key| match key {
        "os_version" => Some(os),
        "root" => Some(root),
        _ => Some("/boot/x"),
    });
    BootVolume {
        volume,
        metadata: metadata.unwrap(),
        script: None,
    }
}

async fn boot(both: &Halves, volume: &Volume, root: &str) -> zvm_volume::Result<()> {
    let instance = guest("lnx3");
    let reference = both.connect(volume, &instance).await?;
    let boot = root_of(reference, "ubuntu16.04", root);
    let options = AttachOptions::default();
    both.nova
        .prepare_boot(&instance, &boot, &options)
        .await
        .map(drop)
}

/// One bad block-device record, and each later attach hung for ever.
#[tokio::test]
async fn d1_a_broken_record_is_reported_and_locks_nothing() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let record = |id: u8, info| SourceRecord {
        instance: guest("lnx2"),
        volume_id: volume(id, 1).id,
        connection_info: info,
        size: None,
        mount_point: None,
        root: false,
    };
    let broken = [
        record(7, json!({"data": {"zvm_fcp": 7}})),
        record(8, json!("not an object")),
    ];
    let news = both.nova.init_host(&broken).await.unwrap();
    for id in [7, 8] {
        let id = volume(id, 1).id;
        assert!(news.iter().any(|line| line.contains(&id)), "{news:?}");
    }
    let volume = both.create(1, 1).await;
    both.attach(&volume, &guest("lnx1"), None).await.unwrap();
    both.detach(&volume, &guest("lnx1")).await.unwrap();
}

/// Only four classes of exceptions led to a roll-back: a page instead of JSON was another.
#[tokio::test]
async fn d2_every_kind_of_failure_is_rolled_back() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let volume = both.create(1, 1).await;
        let before = rig.traces();
        for answer in ["<html>bad gateway</html>", "", "{\"data\":[7]}", "[]"] {
            for call in ["--addzfcp ", "--createfilesysnode"] {
                spoil.answer(call, answer, 9);
                let error = both
                    .attach(&volume, &guest("lnx1"), Some(&mount("/dev/vdb")))
                    .await
                    .unwrap_err();
                assert!(error.left_behind().is_empty(), "{error}");
                assert_eq!(rig.traces(), before, "{variant}: {call} {answer}");
                assert_eq!(recorded(&both, "lnx1").await, 0);
            }
        }
    }
}

/// The counter was raised before work that could fail unguarded.
#[tokio::test]
async fn d3_a_refusal_for_missing_metadata_counts_nothing() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let volume = both.create(1, 1).await;
    let before = rig.traces();
    for os in [None, Some(""), Some("plan9")] {
        let mut instance = Instance::new(node("lnx1"));
        instance.os_version = os.map(str::to_owned);
        both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap_err();
        assert_eq!(recorded(&both, "lnx1").await, 0, "{os:?}");
    }
    assert_eq!(rig.traces(), before);
    // The guest releases its devices with its first real volume, as if nothing had been.
    both.attach(&volume, &guest("lnx1"), None).await.unwrap();
    both.detach(&volume, &guest("lnx1")).await.unwrap();
    let ledger = both.nova.ledger().read().await.unwrap();
    assert_eq!(ledger.entries().count(), 0);
}

/// Steps that never ran were undone, and took away what others had.
#[tokio::test]
async fn d4_a_failed_attach_takes_nothing_away_that_was_there() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
    let instance = guest("lnx1");
    both.attach(&one, &instance, Some(&mount("/dev/vdb")))
        .await
        .unwrap();
    // Somebody's own rule for another name.
    let rule = "KERNEL==\"sdq*\", SYMLINK+=\"vdc%n\"";
    both.shell(
        "lnx1",
        &format!("echo '{rule}' >> /etc/udev/rules.d/56-zfcp.rules"),
    )
    .await;
    let before = rig.traces();
    for name in ["/dev/vdb", "/dev/vdc"] {
        let error = both
            .attach(&two, &instance, Some(&mount(name)))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("already exists"), "{error}");
        assert_eq!(rig.traces(), before, "{name}");
    }
    // A row that an administrator made for the controller's LUN.
    let other = both
        .of_controller(3, "4017403300000000", &["500507630300c562"], &instance)
        .await;
    both.give(&other, &instance).await.unwrap_err();
    assert!(rig.line("4017403300000000").starts_with("free,"));
    assert_eq!(rig.traces(), before);
}

/// The name is free when it is looked for, and somebody else's when the management node looks: the undo leaves that rule.
#[tokio::test]
async fn d4_a_name_that_was_taken_meanwhile_keeps_its_rule() {
    for variant in VARIANTS {
        for keys in [ONE_PATH, TWO_PATHS] {
            let rig = Rig::lab(variant).await;
            let (both, spoil) = spoiled(&rig, keys).await;
            let volume = both.create(1, 1).await;
            let before = rig.traces();
            let rules = "/etc/udev/rules.d/56-zfcp.rules";
            // As if made between the look and the call, which the management node refuses then.
            let rule = "KERNEL==\"dm-*\", ENV{DM_UUID}==\"mpath-36005076801\", SYMLINK+=\"vdb\"";
            let write = format!("echo '{rule}' >> {rules}");
            spoil.run_before("--createfilesysnode", both.client.clone(), "lnx1", &write);
            let refused = "{\"data\":[{\"error\":[\"lnx1: (Error) /dev/vdb already exists\"],\"errorcode\":[\"1\"]}]}";
            spoil.answer("--createfilesysnode", refused, 9);
            let error = both
                .attach(&volume, &guest("lnx1"), Some(&mount("/dev/vdb")))
                .await
                .unwrap_err();
            assert!(error.to_string().contains("already exists"), "{error}");
            assert_eq!(error.left_behind().len(), 0, "{variant}: {error}");
            let left = both.shell("lnx1", &format!("cat {rules}; true")).await;
            assert!(left.contains(rule), "{variant} {keys}: {left:?}");
            let remove = format!("rm {rules}");
            both.shell("lnx1", &remove).await;
            assert_eq!(rig.traces(), before, "{variant} {keys}");
            assert_eq!(recorded(&both, "lnx1").await, 0);
        }
    }
}

/// The error of the error path hid the cause, and the guest was not cleaned up.
#[tokio::test]
async fn d5_a_failed_boot_preparation_says_why_and_cleans_the_guest() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let volume = both.create(1, 1).await;
        let (before, entry) = (rig.traces(), directory(&rig, "LNX3"));
        for call in ["--setipl", "--setloaddev", "--dedicatedevice"] {
            spoil.answer(call, smapi("lnx3", 400, 8, "the real cause"), 9);
            let error = boot(&both, &volume, "/dev/sda1").await.unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("400") && text.contains("the real cause"),
                "{text}"
            );
            assert!(error.left_behind().is_empty(), "{text}");
            assert_eq!(rig.traces(), before, "{variant} {call}");
            assert_eq!(directory(&rig, "LNX3"), entry, "{variant} {call}");
            assert_eq!(recorded(&both, "lnx3").await, 0);
        }
    }
}

/// A detach that failed late was "rolled back" by attaching again with size 0G.
#[tokio::test]
async fn d6_a_detach_that_fails_late_goes_forward() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let instance = guest("lnx1");
        let volume = both.create(1, 1).await;
        let row = rig.line(&tag(1));
        both.attach(&volume, &instance, None).await.unwrap();
        spoil.answer("--undedicatedevice", smapi("lnx1", 204, 44, "busy"), 9);
        spoil.bodies();
        let gone = both.take(&volume.id, &instance).await.unwrap();
        assert_eq!(
            gone.pending.len(),
            1,
            "the volume is detached, the device is not"
        );
        let bodies = spoil.bodies().join("\n");
        assert!(!bodies.contains("--addzfcp"), "{bodies}");
        assert_eq!(rig.line(&tag(1)), row, "size, range and stamp as before");
        assert_eq!(paths(&both, "lnx1", "4010403300000000").await, 0);
        // The device is nobody's until z/VM has it back.
        let ledger = both.nova.ledger().read().await.unwrap();
        let entry = ledger.entry(&instance.node).unwrap();
        assert_eq!(entry.phase, Phase::UndedicatePending);
        spoil.answer("", "", 0);
        let report = both.nova.reconcile(&Known::NotDone).await.unwrap();
        assert_eq!(report.findings, []);
        let ledger = both.nova.ledger().read().await.unwrap();
        assert_eq!(ledger.entries().count(), 0, "{report:?}");
    }
}

/// The roll-back of a detach passed the joined list `a;b` as one device.
#[tokio::test]
async fn d7_a_failed_detach_of_a_guest_that_is_off_leaves_both_paths() {
    let rig = Rig::lab(CURRENT).await;
    let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
    let instance = guest("lnx3");
    let volume = both.create(1, 1).await;
    let attached = both.attach(&volume, &instance, None).await.unwrap();
    let before = rig.traces();
    spoil.bodies();
    spoil.answer("--removezfcp", smapi("lnx3", 400, 12, "the real cause"), 99);
    let error = both.detach(&volume, &instance).await.unwrap_err();
    assert!(error.to_string().contains("the real cause"), "{error}");
    assert_eq!(rig.traces(), before);
    let entry = directory(&rig, "LNX3").to_lowercase();
    for device in &attached.fcp {
        assert!(entry.contains(&format!("dedicate {device}")), "{entry}");
    }
    for body in spoil.bodies() {
        let joined = body.contains("dedicatedevice") && body.contains(';');
        assert!(!joined, "{body}");
    }
    spoil.answer("", "", 0);
    both.detach(&volume, &instance).await.unwrap();
}

/// An unknown instance was a success.
#[tokio::test]
async fn d8_an_unknown_guest_is_an_error_and_gets_nothing() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let volume = both.create(1, 1).await;
    let before = rig.traces();
    let error = both
        .attach(&volume, &guest("nosuch"), None)
        .await
        .unwrap_err();
    assert_eq!(error.exception(), "InstanceNotFound", "{error}");
    assert_eq!(recorded(&both, "nosuch").await, 0);
    assert_eq!(rig.traces(), before);
    // A detach cleans up what is known, and says when nothing was.
    let options = AttachOptions::default();
    let gone = both
        .nova
        .detach_volume(&guest("nosuch"), &volume.id, None, None, &options)
        .await
        .unwrap();
    assert!(gone.already);
}

/// The same when it vanishes under a volume that is recorded.
#[tokio::test]
async fn d8_a_guest_that_is_gone_has_no_volume_attached() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let volume = both.create(1, 1).await;
    let instance = guest("lnx1");
    let record = both.connect(&volume, &instance).await.unwrap();
    both.give(&record, &instance).await.unwrap();
    rig.change(|world| {
        for table in ["nodelist", "zvm", "hosts", "nodetype", "mac", "nodehm"] {
            world.mn.tables.delete(table, "node", "lnx1");
        }
    });
    let error = both.give(&record, &instance).await.unwrap_err();
    assert_eq!(error.exception(), "InstanceNotFound", "{error}");
}

/// Stale reservations were freed only when no first device was left.
#[tokio::test]
async fn d10_a_stale_reservation_makes_way_for_a_second_path_too() {
    let keys = "zvm_host = zvm1\nzvm_fcp_list = 1a00-1a05;1b00\nzvm_multiple_fcp = true\n\
                zvm_scsi_pool = scsipol2\nvolume_clear = none";
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, keys, Vec::new()).await;
    let first = both
        .nova
        .get_volume_connector(&guest("lnx1"))
        .await
        .unwrap();
    assert_eq!(first.zvm_fcp.len(), 2);
    let clock = both.nova.engine().clock().clone();
    clock.sleep(Duration::from_secs(30)).await;
    let error = both
        .nova
        .get_volume_connector(&guest("lnx2"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("free: 5 on CHPID 50"), "{error}");
    clock.sleep(Duration::from_secs(1)).await;
    let second = both
        .nova
        .get_volume_connector(&guest("lnx2"))
        .await
        .unwrap();
    assert!(second.zvm_fcp.contains(&"1b00".parse().unwrap()));
}

/// The backup was searched for the first free primary alone.
#[tokio::test]
async fn d11_every_pair_that_exists_is_found() {
    let keys = "zvm_host = zvm1\nzvm_fcp_list = 1a00-1a05;1b00-1b02\nzvm_multiple_fcp = true\n\
                zvm_scsi_pool = scsipol2\nvolume_clear = none";
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, keys, Vec::new()).await;
    let mut seen = std::collections::BTreeSet::new();
    for name in ["lnx1", "lnx2", "lnx3"] {
        let connector = both.nova.get_volume_connector(&guest(name)).await.unwrap();
        let channel = |at: usize| connector.zvm_fcp[at].to_string()[..2].to_owned();
        assert_ne!(channel(0), channel(1), "{connector:?}");
        seen.extend(connector.zvm_fcp);
    }
    assert_eq!(seen.len(), 6, "no device twice: {seen:?}");
    let error = both
        .nova
        .get_volume_connector(&guest("lnx4"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("free: 3 on CHPID 50"), "{error}");
}

/// A device stayed reserved although its connector could not be used.
#[tokio::test]
async fn d14_an_unusable_connector_holds_nothing_back() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let instance = guest("lnx1");
    let first = both.nova.get_volume_connector(&instance).await.unwrap();
    rig.change(|world: &mut World| {
        let number = xcat_simulator::world::DeviceNumber::parse("1a00").unwrap();
        let system = world.systems.values_mut().next().unwrap();
        system.fcp.get_mut(&number).unwrap().online = false;
    });
    let error = both.nova.get_volume_connector(&instance).await.unwrap_err();
    assert!(error.to_string().contains("1a00"), "{error}");
    let ledger = both.nova.ledger().read().await.unwrap();
    assert!(ledger.entry(&instance.node).is_none());
    let second = both.nova.get_volume_connector(&instance).await.unwrap();
    assert_ne!(first.zvm_fcp, second.zvm_fcp);
}

/// All guests of a system went by one host name, so controllers mapped everything to one host object.
#[tokio::test]
async fn d15_a_connector_can_name_its_guest() {
    let rig = Rig::lab(CURRENT).await;
    for (keys, host) in [
        (ONE_PATH.to_owned(), "zvm1"),
        (
            format!("{ONE_PATH}\nzvm_connector_host = guest"),
            "zvm1_lnx1",
        ),
    ] {
        let both = halves(&rig, &keys, Vec::new()).await;
        let instance = guest("lnx1");
        let connector = both.nova.get_volume_connector(&instance).await.unwrap();
        assert_eq!(connector.host.as_str(), host);
        // Cinder's half takes either, and both halves do their work.
        let volume = both.create(1, 1).await;
        both.attach(&volume, &instance, None).await.unwrap();
        both.detach(&volume, &instance).await.unwrap();
        both.driver.delete_volume(&volume).await.unwrap();
    }
    // Another system's guest is still refused.
    let both = halves(
        &rig,
        &format!("{ONE_PATH}\nzvm_connector_host = guest"),
        Vec::new(),
    )
    .await;
    let volume = both.create(1, 1).await;
    for host in ["zvm2_lnx1", "zvm1"] {
        let connector = zvm_volume::volumes::Connector {
            zvm_fcp: vec!["1a01".parse().unwrap()],
            wwpns: vec!["c05076e8a0001a01".parse().unwrap()],
            host: host.to_owned(),
            instance: None,
        };
        let error = both
            .driver
            .initialize_connection(&volume, &connector)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("one z/VM system only"),
            "{error}"
        );
    }
}

/// A start without devices was a warning, and every request failed later with another error.
#[tokio::test]
async fn d18_a_start_that_cannot_serve_volumes_fails_and_says_so() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, "zvm_host = zvm1", Vec::new()).await;
    let start = both.nova.init_host(&[]).await.unwrap_err();
    assert!(start.to_string().contains("zvm_fcp_list"), "{start}");
    let later = both
        .nova
        .get_volume_connector(&guest("lnx1"))
        .await
        .unwrap_err();
    assert_eq!(later.to_string(), start.to_string());
}

/// "Not reachable" was taken for "shut down".
#[tokio::test]
async fn d19_a_guest_that_runs_and_cannot_be_reached_is_not_taken_for_off() {
    let deaf = |rig: &Rig, deaf: bool| {
        rig.change(|world: &mut World| {
            let name = world.resolve("lnx1").unwrap().clone();
            let linux = world.linuxes.get_mut(&name).unwrap();
            (linux.ssh, linux.iucv) = (!deaf, !deaf);
        });
    };
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let instance = guest("lnx1");
        let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
        both.attach(&one, &instance, None).await.unwrap();
        let before = rig.traces();
        deaf(&rig, true);
        let attach = both.attach(&two, &instance, None).await.unwrap_err();
        let detach = both.take(&one.id, &instance).await.unwrap_err();
        for error in [attach, detach] {
            assert!(error.is_retryable(), "{error}");
            assert!(error.to_string().contains("cannot be reached"), "{error}");
        }
        deaf(&rig, false);
        assert_eq!(rig.traces(), before, "{variant}: no disk in use was pulled");
        both.detach(&one, &instance).await.unwrap();
    }
}

/// The whole list of devices went into SETIPL, SCPDATA and zipl.
#[tokio::test]
async fn d24_a_guest_boots_over_one_path() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let volume = both.create(1, 1).await;
        spoil.bodies();
        boot(&both, &volume, "/dev/sda1").await.unwrap();
        let ledger = both.nova.ledger().read().await.unwrap();
        let fcp = ledger.entry(&node("lnx3")).unwrap().fcp.clone();
        assert_eq!(fcp.len(), 2);
        let bodies = spoil.bodies();
        let of = |option: &str| {
            let body = bodies.iter().find(|body| body.contains(option)).unwrap();
            assert!(!body.contains(';'), "{body}");
            body.trim_matches(['[', ']', '"']).to_owned()
        };
        assert_eq!(of("--setipl"), format!("--setipl {}", fcp[0]));
        let loaddev = of("--setloaddev");
        let hex = loaddev.split(' ').next_back().unwrap();
        let text: String = (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap() as char)
            .collect();
        assert_eq!(text.matches("0.0.").count(), 1, "{text}");
        assert!(text.contains(&format!("0.0.{},0x5005", fcp[0])), "{text}");
    }
}

/// The root LUN had no row of its own, and a failed start left the count wrong.
#[tokio::test]
async fn d25_a_root_volume_has_its_row_and_a_failed_start_leaves_no_count() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let volume = both.create(1, 1).await;
        spoil.answer("--setipl", smapi("lnx3", 400, 8, "no"), 9);
        boot(&both, &volume, "/dev/sda1").await.unwrap_err();
        assert_eq!(recorded(&both, "lnx3").await, 0);
        spoil.answer("", "", 0);
        boot(&both, &volume, "/dev/sda1").await.unwrap();
        assert_eq!(recorded(&both, "lnx3").await, 1);
        let used = both.driver.list_rows().await.unwrap();
        assert!(used.rows.iter().any(|row| row.owner == "lnx3"));
        let elsewhere = both
            .attach(&volume, &guest("lnx1"), None)
            .await
            .unwrap_err();
        assert!(elsewhere.to_string().contains("lnx3"), "{elsewhere}");
        let left = both.nova.destroy_cleanup(&guest("lnx3")).await.unwrap();
        assert_eq!(left, Vec::<String>::new());
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.entry(&node("lnx3")).is_none());
    }
}

/// A failure of one attach took all devices from the guest, with the paths of its other volumes.
#[tokio::test]
async fn d30_a_failed_attach_leaves_the_other_volumes_their_paths() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, TWO_PATHS, Vec::new()).await;
        let instance = guest("lnx1");
        let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
        both.attach(&one, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap();
        let before = rig.traces();
        let lun = one.provider_location.as_deref().unwrap();
        let lun = lun.split('|').nth(3).unwrap().to_owned();
        let had = paths(&both, "lnx1", &lun).await;
        // xCAT sets the devices online again, 15 times; that fails, and it takes them all back.
        rig.fault(json!({"id": "online", "target": {"guest": "lnx1"}, "times": 15,
                   "effect": {"kind": "program", "program": "chccwdev", "rc": 1, "stderr": "Failed"}}),
        );
        let first = rig.simulator.site().journal.lock().last_id();
        let error = both.attach(&two, &instance, None).await;
        rig.simulator.site().clear_faults();
        if variant.behaviour == Behaviour::Executed {
            let journal = rig.simulator.site().journal.lock();
            let commands = (first + 1..=journal.last_id()).filter_map(|id| journal.get(id));
            let text: String = commands.map(|r| format!("{:?}", r.commands)).collect();
            assert!(text.contains("Image_Device_Undedicate"), "xCAT takes none");
        }
        if let Err(error) = error {
            assert!(error.left_behind().is_empty(), "{error}");
            assert_eq!(rig.traces(), before, "{variant}: {error}");
        }
        assert_eq!(paths(&both, "lnx1", &lun).await, had, "{variant}");
        let target = both.shell("lnx1", "readlink -f /dev/vdb").await;
        assert!(target.starts_with("/dev/dm-"), "{variant}: {target}");
    }
}

/// A late failure in the guest left the row used and the device dedicated, without a unit.
#[tokio::test]
async fn d31_a_failure_in_the_guest_is_undone_outside_of_it() {
    for variant in VARIANTS {
        for name in ["lnx1", "lnx2"] {
            let rig = Rig::lab(variant).await;
            let both = halves(&rig, ONE_PATH, Vec::new()).await;
            let volume = both.create(1, 1).await;
            let before = rig.traces();
            rig.fault(
                json!({"name": "F37", "id": "mapping", "target": {"lun": "4010403300000000"}}),
            );
            let error = both.attach(&volume, &guest(name), None).await.unwrap_err();
            assert!(error.left_behind().is_empty(), "{error}");
            assert_eq!(rig.traces(), before, "{variant} {name}: {error}");
            // The next attach does not find the row in use.
            rig.simulator.site().clear_faults();
            both.attach(&volume, &guest(name), None).await.unwrap();
        }
    }
}

/// xCAT does not look at the result of the directory change.
#[tokio::test]
async fn d35_boot_settings_that_were_not_made_are_noticed() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let volume = both.create(1, 1).await;
        let (before, entry) = (rig.traces(), directory(&rig, "LNX3"));
        let said = "{\"data\":[{\"info\":[\"lnx3: Setting LOADDEV directory statements\"]}]}";
        spoil.answer("--setloaddev", said, 9);
        boot(&both, &volume, "/dev/sda1").await.unwrap_err();
        assert_eq!(rig.traces(), before, "{variant}");
        assert_eq!(directory(&rig, "LNX3"), entry, "{variant}");
        spoil.answer("", "", 0);
        boot(&both, &volume, "/dev/sda1").await.unwrap();
    }
}

/// The list of attachments was changed while it was walked.
#[tokio::test]
async fn d46_a_destroyed_guest_gives_every_volume_back_the_root_last() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let instance = guest("lnx3");
        let before = rig.traces();
        let root = both.create(1, 1).await;
        boot(&both, &root, "/dev/sda1").await.unwrap();
        let mut data = Vec::new();
        for n in 2..=4 {
            let volume = both.create(n, 1).await;
            both.attach(&volume, &instance, None).await.unwrap();
            data.push(volume);
        }
        let lun_of = |volume: &Volume| {
            let location = volume.provider_location.as_deref().unwrap();
            location.split('|').nth(3).unwrap().to_owned()
        };
        spoil.bodies();
        let left = both.nova.destroy_cleanup(&instance).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "{variant}");
        let bodies = spoil.bodies();
        let taken = |volume: &Volume| {
            let lun = lun_of(volume);
            bodies
                .iter()
                .position(|body| body.contains("--removezfcp ") && body.contains(&lun))
                .unwrap_or_else(|| panic!("{lun} was not taken back: {bodies:?}"))
        };
        for volume in &data {
            assert!(taken(volume) < taken(&root), "the root volume goes last");
        }
        for volume in data.iter().chain([&root]) {
            both.driver.delete_volume(volume).await.unwrap();
        }
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// State was kept in the class: two objects shared it, and a second start found half of it.
#[tokio::test]
async fn d47_drivers_share_nothing_but_their_folder() {
    let (one, two) = (Rig::lab(CURRENT).await, Rig::lab(CURRENT).await);
    let (here, there) = (
        halves(&one, ONE_PATH, Vec::new()).await,
        halves(&two, ONE_PATH, Vec::new()).await,
    );
    let instance = guest("lnx1");
    let volume = here.create(1, 1).await;
    let attached = here.attach(&volume, &instance, None).await.unwrap();
    let other = there
        .nova
        .get_volume_connector(&guest("lnx2"))
        .await
        .unwrap();
    assert_eq!(other.zvm_fcp, attached.fcp, "another site's first device");
    let record = SourceRecord {
        instance: instance.clone(),
        volume_id: volume.id.clone(),
        connection_info: json!({"data": {"zvm_fcp": attached.fcp, "zvm_lun": "4010403300000000", "target_lun": 0,
            "target_wwn": "500507630300c562", "zvm_lifecycle": "pool", "zvm_tag": tag(1), "zvm_pool": "scsipol1"}}),
        size: None,
        mount_point: None,
        root: false,
    };
    let ledger = here.nova.ledger().read().await.unwrap();
    // Started again, in this object and in a new one: the same ledger.
    for both in [&here, &halves(&one, ONE_PATH, Vec::new()).await] {
        both.nova
            .init_host(std::slice::from_ref(&record))
            .await
            .unwrap();
        assert_eq!(both.nova.ledger().read().await.unwrap(), ledger);
    }
    here.detach(&volume, &instance).await.unwrap();
}

/// A clean-up by LUN number took the lines of another controller's disk away.
#[tokio::test]
async fn d53_a_disk_of_the_same_number_behind_another_controller_stays() {
    for variant in VARIANTS {
        let mut world = xcat_simulator::site::lab();
        let lun = "4030403300000000";
        let port = |text: &str| xcat_simulator::world::Wwpn::parse(text).unwrap();
        for (at, name) in [("500507630300c562", "here"), ("500507630b00c562", "there")] {
            let mut copy = world.san.volumes["one0"].clone();
            copy.content = name.to_owned();
            world.san.volumes.insert(name.into(), copy);
            let masks = world.san.masks["one0"].clone();
            world.san.masks.insert(name.into(), masks);
            let luns = world.san.luns.entry(port(at)).or_default();
            luns.insert(xcat_simulator::world::Lun::parse(lun).unwrap(), name.into());
        }
        let rig = Rig::world(variant, world).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let instance = guest("lnx1");
        let fcp = both
            .nova
            .get_volume_connector(&instance)
            .await
            .unwrap()
            .zvm_fcp;
        let options = AttachOptions::default();
        let mut volumes = Vec::new();
        for (n, at, pool, name) in [
            (1, "500507630300c562", "scsipol1", "/dev/vdb"),
            (2, "500507630b00c562", "scsipol2", "/dev/vdc"),
        ] {
            let mut volume = controller_volume(n, lun, &[at], &fcp);
            volume.connection.pool = Some(pool.parse().unwrap());
            both.nova
                .attach_volume(&instance, &volume, Some(&mount(name)), &options)
                .await
                .unwrap_or_else(|error| panic!("{variant}: {error}"));
            volumes.push(volume);
        }
        both.nova
            .detach_volume(&instance, &volumes[0].id, None, None, &options)
            .await
            .unwrap();
        let kept = both.shell("lnx1", "cat /etc/zfcp.conf").await;
        assert!(
            kept.contains("0x500507630b00c562 0x4030403300000000"),
            "{variant}: '{kept}'"
        );
        assert!(
            !kept.contains("0x500507630300c562 0x4030403300000000"),
            "{variant}: '{kept}'"
        );
        // It is there after a restart, too.
        both.power("lnx1", PowerAction::Reset).await;
        let disks = both.shell("lnx1", "lszfcp -D").await;
        assert!(
            disks.contains("0x500507630b00c562/0x4030403300000000"),
            "{variant}: {disks}"
        );
        both.nova
            .detach_volume(&instance, &volumes[1].id, None, None, &options)
            .await
            .unwrap();
    }
}

/// Old kernel parameters were left behind by a removal that named port and LUN.
#[tokio::test]
async fn d57_boot_settings_go_whole_and_never_keep_old_parameters() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, TWO_PATHS).await;
        let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
        let before = directory(&rig, "LNX3");
        boot(&both, &one, "/dev/first").await.unwrap();
        spoil.bodies();
        both.nova.destroy_cleanup(&guest("lnx3")).await.unwrap();
        let removals: Vec<String> = spoil
            .bodies()
            .into_iter()
            .filter(|body| body.contains("--removeloaddev"))
            .collect();
        assert_eq!(removals.len(), 1, "{variant}: {removals:?}");
        assert_eq!(
            removals[0].trim_matches(['[', ']', '"']),
            "--removeloaddev",
            "all statements: by port and LUN, SCPDATA would stay"
        );
        assert_eq!(directory(&rig, "LNX3"), before, "{variant}");
        // The guest that stays does not start from what was taken from it.
        let ipl = |text: &str| {
            let mut lines = text
                .lines()
                .filter(|line| line.trim_start().starts_with("IPL"));
            lines.next().map(|line| line.trim().to_owned())
        };
        assert_eq!(ipl(&directory(&rig, "LNX3")), ipl(&before), "{variant}");
        boot(&both, &two, "/dev/second").await.unwrap();
        let entry = directory(&rig, "LNX3");
        let hex = |text: &str| -> String {
            use std::fmt::Write as _;
            text.bytes().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        };
        let flat: String = entry.to_lowercase().split_whitespace().collect();
        for (name, there) in [("/dev/second", true), ("/dev/first", false)] {
            let found = flat.contains(&hex(name)) || flat.contains(name);
            assert_eq!(found, there, "{variant} {name}: {entry}");
        }
    }
}

/// xCAT skips the live step for a device that the directory names already.
#[tokio::test]
async fn d58_a_half_done_dedication_is_done_again() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let before = rig.traces();
        rig.change(|world: &mut World| {
            let system = world.systems.values_mut().next().unwrap();
            let (_, entry) = system
                .directory
                .iter_mut()
                .find(|(name, _)| name.to_string() == "LNX1")
                .unwrap();
            entry.add_device("DEDICATE 1A00 1A00".to_owned());
        });
        let volume = both.create(1, 1).await;
        let attached = both.attach(&volume, &guest("lnx1"), None).await.unwrap();
        assert_eq!(attached.fcp[0].to_string(), "1a00");
        assert_eq!(
            paths(&both, "lnx1", "4010403300000000").await,
            1,
            "{variant}"
        );
        both.detach(&volume, &guest("lnx1")).await.unwrap();
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// Notices for a device node called `None`.
#[tokio::test]
async fn d62_without_a_device_node_nothing_is_said_of_one() {
    for name in ["lnx3", "lnx1"] {
        let rig = Rig::lab(CURRENT).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let volume = both.create(1, 1).await;
        both.attach(&volume, &guest(name), None).await.unwrap();
        both.detach(&volume, &guest(name)).await.unwrap();
        if name == "lnx1" {
            // The roll-back of a running guest does not ask for the removal of a node either.
            spoil.answer("--addzfcp ", smapi(name, 400, 8, "no"), 9);
            both.attach(&volume, &guest(name), None).await.unwrap_err();
        }
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.entry(&node(name)).is_none_or(|entry| {
            entry
                .attachments
                .values()
                .all(|a| a.state == AttachmentState::Attached)
        }));
        let bodies = spoil.bodies();
        assert!(
            bodies
                .iter()
                .any(|body| body.contains(&tag(1)) || body.contains("4010403300000000"))
        );
        for body in bodies {
            for word in ["filesysnode", "tgtFile", "None"] {
                assert!(!body.contains(word), "{name}: {body}");
            }
        }
    }
}
