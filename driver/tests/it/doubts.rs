//! What the management node says that it did and did not do, or did to others: read back, repeated, put back, refused.

use std::sync::Arc;

use serde_json::json;
use zvm_volume::images::FolderImages;
use zvm_volume::steps::{Known, Locks, Resolution};
use zvm_volume::volumes::{ExistingRef, VolumeDriver as _};

use crate::cases::Case;
use crate::check::content;
use crate::guests::{ONE_PATH, guest, halves, mount};
use crate::image_files::ByWayOfGuest;
use crate::rig::{CURRENT, Extras, Rig, VARIANTS, volume, without_npiv};

const PORT: &str = "500507630300c562";
const LUN: &str = "4011403300000000";
/// As [`ONE_PATH`], with little patience for locks.
const HURRIED: &str = "zvm_host = zvm1\nzvm_fcp_list = 1a00-1a0e;1b00-1b0e\nvolume_clear = none\nzvm_lock_timeout = 1";

/// X1 takes an ssh that dropped for a pool file that is not there and makes it anew; X2 takes one for an empty file and
/// deletes it. The other rows of the pool, a volume's among them, are put back.
#[tokio::test]
async fn rows_that_a_command_on_another_row_swept_away_are_put_back() {
    for (step, command) in [("attach", "test -e"), ("detach", "cat")] {
        for variant in VARIANTS {
            let rig = Rig::lab(variant).await;
            rig.edit(
                &format!("free,{PORT},{LUN},2G,1A00-1A0F;1B00-1B0F,,,\n"),
                "",
            );
            let both = halves(&rig, ONE_PATH, Vec::new()).await;
            // Somebody's row, with a stamp.
            both.create(7, 1).await;
            let instance = guest("lnx1");
            let before = rig.traces();
            let theirs = both.of_controller(1, LUN, &[PORT], &instance).await;
            let drop = json!({"name": "F68", "times": 1, "target":
                {"command": format!("{command} /var/opt/zhcp/zfcp/scsipol1.conf"),
                 "operation": if step == "attach" { "--addzfcp2pool" } else { "--removezfcpfrompool" }},
                "skip": u64::from(step == "detach")});
            if step == "attach" {
                rig.fault(drop.clone());
            }
            both.give(&theirs, &instance).await.unwrap();
            let rows = rig.pool().lines().count();
            assert_eq!(rows, 9, "{variant} {step}: {}", rig.pool());
            if step == "detach" {
                rig.fault(drop);
            }
            both.take(&theirs.id, &instance).await.unwrap();
            let met = rig
                .simulator
                .site()
                .fault_rules()
                .iter()
                .map(|rule| rule.hits)
                .sum::<u64>();
            assert_eq!(met, 1, "{variant} {step}: the fault struck");
            let now = rig.traces();
            assert_eq!(now, before, "{variant} {step}");
            let ledger = both.nova.ledger().read().await.unwrap();
            assert_eq!(ledger.to_put_back().count(), 0);
        }
    }
}

/// X8 says that it is complete when ssh died before the image was written: what the LUN holds is held against the image, and
/// the deploy is repeated.
#[tokio::test]
async fn a_deploy_that_wrote_nothing_is_repeated() {
    for keys in [
        "zvm_image_remote = root@lnx1",
        "zvm_image_remote = root@lnx1\nzvm_keep_xcat_image = true",
    ] {
        let rig = Rig::world(CURRENT, Case::ImageIn.world()).await;
        let driver = rig.driver(Extras {
            keys,
            mover: Some(Arc::new(ByWayOfGuest(Arc::clone(&rig.simulator)))),
            ..Extras::default()
        });
        driver.start().await.unwrap();
        let record = volume(1, 1);
        let reference = ExistingRef::SourceName("4010403300000000".to_owned());
        let update = driver.manage_existing(&record, &reference).await.unwrap();
        let record = record.updated(&update);
        let glance = tempfile::tempdir().unwrap();
        let images = FolderImages::new(glance.path());
        let id = "00000000-0000-4000-8000-0000000000aa";
        std::fs::write(glance.path().join(format!("{id}.raw")), "a system").unwrap();
        // The second time an image that stays is on the management node already.
        for round in 0..2 {
            rig.change(|world| {
                crate::check::write_content(
                    world,
                    PORT,
                    "4010403300000000",
                    "what was there before",
                );
            });
            rig.fault(json!({"name": "ssh-unknown-host", "times": 1, "target": {"command": "unpackdiskimage"}}),
            );
            driver
                .copy_image_to_volume(&record, &images, id)
                .await
                .unwrap_or_else(|error| panic!("{keys} {round}: {error}"));
            let rules = rig.simulator.site().fault_rules();
            assert_eq!(rules[0].hits, 1, "the fault struck");
            rig.simulator.site().clear_faults();
            rig.change(|world| {
                let found = content(world, PORT, "4010403300000000");
                assert!(found.starts_with("a system"), "{keys} {round}: {found}");
            });
        }
    }
}

/// A guest that starts again when the rule of a device node was just written (F67) still has it, and does not answer while the
/// attach is undone: the rule is left, said to be, and taken by `reconcile`.
#[tokio::test]
async fn f67_a_rule_in_a_guest_that_starts_again_is_not_forgotten() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let made = both.create(1, 1).await;
    let instance = guest("lnx1");
    let before = rig.traces();
    rig.fault(json!({"name": "F67", "times": 1,
        "target": {"guest": "lnx1", "command": "udevadm trigger"}}));
    let mount_point = mount("/dev/vdb");
    let error = both.attach(&made, &instance, Some(&mount_point)).await;
    let left = error.unwrap_err().left_behind();
    assert!(
        left.iter().any(|left| left.contains("make node")),
        "{left:?}"
    );
    assert!(rig.traces().contains("SYMLINK+=\"vdb%n\""));
    rig.simulator.site().clear_faults();
    rig.simulator.site().step_clock(60_000);
    // While another operation works on the guest, what is left there is left (3.8).
    let backend = rig.backend("zvm_lock_timeout = 1");
    let locks = Locks::open(&backend.state_dir.join("locks"), backend.lock_timeout).unwrap();
    let name = format!("instance-{}-zvm1-lnx1", backend.server);
    let busy = locks.acquire(&name).await.unwrap();
    let hurried = halves(&rig, HURRIED, Vec::new()).await;
    let report = hurried.nova.reconcile(&Known::NotDone).await.unwrap();
    assert!(
        matches!(&report.resolved[..], [one] if matches!(one.resolution, Resolution::Waiting { .. })),
        "{report:?}"
    );
    assert!(rig.traces().contains("SYMLINK+=\"vdb%n\""));
    drop(busy);
    let report = both.nova.reconcile(&Known::NotDone).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(rig.traces(), before);
}

/// Without NPIV two images share a channel's WWPN, and the card refuses a LUN that another one has open (F45).
#[tokio::test]
async fn f45_a_lun_that_another_image_has_open_is_given_back() {
    for variant in VARIANTS {
        let mut world = xcat_simulator::site::lab();
        without_npiv(&mut world);
        let rig = Rig::world(variant, world).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let made = both.create(1, 1).await;
        let instance = guest("lnx1");
        let before = rig.traces();
        rig.fault(json!({"name": "F45",
            "target": {"device": "1a00", "lun": "4010403300000000"}}));
        let error = both.attach(&made, &instance, None).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("no other image has it open"),
            "{variant}: {text}"
        );
        assert_eq!(
            error.left_behind(),
            Vec::<String>::new(),
            "{variant}: {error}"
        );
        assert_eq!(rig.traces(), before, "{variant}: {error}");
        rig.simulator.site().clear_faults();
        both.attach(&made, &instance, None).await.unwrap();
        both.take(&made.id, &instance).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// A guest that was given another FCP device than was asked for (F10) would log in with another WWPN: refused, and given back.
#[tokio::test]
async fn another_device_than_was_asked_for_is_refused() {
    for name in ["lnx1", "lnx3"] {
        let rig = Rig::lab(CURRENT).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let made = both.create(1, 1).await;
        let instance = guest(name);
        let before = rig.traces();
        rig.fault(json!({"name": "F10", "target": {"guest": name}}));
        let error = both.attach(&made, &instance, None).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("has FCP device 1a01 under the number 1a00"),
            "{error}"
        );
        assert_eq!(error.left_behind(), Vec::<String>::new());
        assert_eq!(rig.traces(), before, "{name}");
    }
}
