//! Operations in which the zHCP works on LUNs: clearing and copying.

use zvm_volume::volumes::{Snapshot, VolumeDriver};

use crate::check::{DATA, Expected, assert_holds, content, write_content};
use crate::rig::{CURRENT, Extras, Rig, VARIANTS, tag, volume};
use crate::spoil::spoil;

const PORT: &str = "500507630300c562";
const FIRST: &str = "4010403300000000";

fn exist(tags: &[String]) -> Expected {
    Expected {
        exist: tags.to_vec(),
        ..Expected::default()
    }
}

#[tokio::test]
async fn res_13_i4_a_deleted_volume_is_overwritten_before_its_lun_is_free() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started("").await;
        assert!(driver.capabilities().unwrap().can_clear);
        let record = volume(1, 1);
        let record = record
            .clone()
            .updated(&driver.create_volume(&record).await.unwrap());
        rig.change(|world| write_content(world, PORT, FIRST, "data of volume 1"));
        driver
            .delete_volume(&record)
            .await
            .unwrap_or_else(|e| panic!("{variant}: {e}\n{}", rig.pool()));
        assert_holds(&rig, &exist(&[]), "deleted");
        rig.change(|world| assert_eq!(content(world, PORT, FIRST), "zeroed", "{variant}"));
    }
}

#[tokio::test]
async fn snapshots_and_clones_are_whole_copies_and_outlive_their_source() {
    for variant in VARIANTS {
        for keys in ["", "zvm_copy_method = stepwise\nzvm_verify_copy = full"] {
            let rig = Rig::lab(variant).await;
            let driver = rig.started(keys).await;
            let record = volume(1, 1);
            let record = record
                .clone()
                .updated(&driver.create_volume(&record).await.unwrap());
            let data = format!("{DATA}volume 1");
            rig.change(|world| write_content(world, PORT, FIRST, &data));
            let mut snapshot = Snapshot {
                id: volume(0x51, 1).id,
                volume_size: 1,
                volume: record.clone(),
                provider_location: None,
            };
            let update = driver
                .create_snapshot(&snapshot)
                .await
                .unwrap_or_else(|e| panic!("{variant}: {e}\n{}", rig.pool()));
            let stamp = update.provider_id.to_string();
            snapshot.provider_location = Some(update.provider_location);
            assert_holds(&rig, &exist(&[tag(1), stamp.clone()]), "snapshot");
            rig.change(|world| assert_eq!(content(world, PORT, "4011403300000000"), data));
            // A larger clone lands on a larger LUN.
            let clone = volume(2, 5);
            let update = driver
                .create_volume_from_snapshot(&clone, &snapshot)
                .await
                .unwrap();
            assert!(update.provider_location.contains("4012403300000000"));
            rig.change(|world| assert_eq!(content(world, PORT, "4012403300000000"), data));
            let third = volume(3, 1);
            driver.create_cloned_volume(&third, &record).await.unwrap();
            assert_holds(&rig, &exist(&[tag(1), tag(2), tag(3), stamp]), "clones");
            driver.delete_volume(&record).await.unwrap();
            driver.delete_snapshot(&snapshot).await.unwrap();
            assert_holds(&rig, &exist(&[tag(2), tag(3)]), "sources deleted");
            rig.change(|world| assert_eq!(content(world, PORT, "4012403300000000"), data));
        }
    }
}

#[tokio::test]
async fn snapshots_can_be_switched_off_and_say_so() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started("zvm_snapshot_mode = none").await;
    let capabilities = driver.capabilities().unwrap();
    assert!(!capabilities.can_copy);
    let remarks: Vec<&String> = capabilities
        .remarks
        .iter()
        .filter(|r| r.contains("minimum feature list"))
        .collect();
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    for text in ["zvm_snapshot_mode is none", "no snapshots", "no clones"] {
        assert!(remarks[0].contains(text), "{text}: {remarks:?}");
    }
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    let snapshot = Snapshot {
        id: volume(0x51, 1).id,
        volume_size: 1,
        volume: record.clone(),
        provider_location: None,
    };
    let before = rig.pool();
    // Spec: driver 2.6.6 and 2.6.7.
    for error in [
        driver.create_snapshot(&snapshot).await.unwrap_err(),
        driver
            .create_volume_from_snapshot(&volume(2, 1), &snapshot)
            .await
            .unwrap_err(),
        driver
            .create_cloned_volume(&volume(2, 1), &record)
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.exception(), "NotImplementedError");
        assert!(error.to_string().contains("zvm_snapshot_mode"));
    }
    assert_eq!(rig.pool(), before);
}

/// Where nothing is compared the MN's word is trusted; an answer without that word is no word (spec: driver 3.7, X6).
#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_made_again_or_fails() {
    let silent = "{\"data\":[{\"info\":[null]}]}";
    let rows = [
        "free,500507630300c562,4010403300000000,1024M,1A00-1A0F;1B00-1B0F,,,",
        "free,500507630300c562,4011403300000000,2048M,1A00-1A0F;1B00-1B0F,,,",
    ];
    for variant in VARIANTS {
        for (keys, command, is_repeated) in [
            ("zvm_verify_copy = none", "--copyzfcp", false),
            ("zvm_verify_copy = sample", "--copyzfcp", false),
            (
                "zvm_verify_copy = none\nzvm_copy_method = stepwise",
                "conv=fsync",
                true,
            ),
            (
                "zvm_verify_copy = sample\nzvm_copy_method = stepwise",
                "conv=fsync",
                true,
            ),
        ] {
            let rig = Rig::rows(variant, &rows).await;
            let spoil = spoil(&rig, "");
            let driver = rig.driver(Extras {
                keys,
                transport: Some(spoil.clone()),
                ..Extras::default()
            });
            driver.start().await.unwrap();
            let record = volume(1, 1);
            let record = record
                .clone()
                .updated(&driver.create_volume(&record).await.unwrap());
            let data = format!("{DATA}volume 1");
            rig.change(|world| write_content(world, PORT, FIRST, &data));
            let before = rig.pool();
            spoil.answer(command, silent, 1);
            let clone = driver.create_cloned_volume(&volume(2, 1), &record).await;
            if !is_repeated {
                let error = clone.unwrap_err();
                assert!(error.left_behind().is_empty(), "{variant} {keys}: {error}");
                assert_eq!(rig.pool(), before, "{variant} {keys}");
                driver
                    .create_cloned_volume(&volume(2, 1), &record)
                    .await
                    .unwrap();
            } else {
                clone.unwrap_or_else(|error| panic!("{variant} {keys}: {error}"));
            }
            rig.change(|world| {
                let found = content(world, PORT, "4011403300000000");
                assert_eq!(found, data, "{variant} {keys}");
            });
        }
    }
}
