//! Operations that change rows only.

use zvm_volume::Error;
use zvm_volume::volumes::{ExistingRef, Page, TargetHost, TypeDiff, VolumeDriver};

use crate::rig::{CURRENT, Rig, VARIANTS, set_pool, tag, volume};

const NO_CLEAR: &str = "volume_clear = none";

#[tokio::test]
async fn res_01_02_create_takes_the_best_fit_and_delete_gives_it_back() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let before = rig.pool();
        let record = volume(1, 4);
        let update = driver.create_volume(&record).await.unwrap();
        assert_eq!(
            update.provider_location, "zvm1|zvm1|scsipol1|4012403300000000|5120|500507630300c562",
            "{variant}"
        );
        assert_eq!(update.provider_id.as_str(), tag(1));
        let line = rig.line("4012403300000000");
        assert!(
            line.starts_with("reserved,") && line.contains(&format!(",{},", tag(1))),
            "{line}"
        );
        let record = record.updated(&update);
        // A repetition, as after a lost answer, finds the same row.
        assert_eq!(
            driver.create_volume(&record).await.unwrap(),
            update,
            "{variant}"
        );
        driver.delete_volume(&record).await.unwrap();
        driver.delete_volume(&record).await.unwrap();
        assert_eq!(rig.pool(), before, "{variant}");
        assert!(driver.engine().journal().list().unwrap().is_empty());
    }
}

#[tokio::test]
async fn pool_15_d55_a_sum_of_free_luns_is_no_lun() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let stats = driver.get_volume_stats(true).await.unwrap();
        assert_eq!(stats.figures.zvm_largest_free_gb, 100);
        assert!((stats.figures.free_capacity_gb - 198.0).abs() < f64::EPSILON);
        let error = driver.create_volume(&volume(1, 101)).await.unwrap_err();
        assert!(matches!(error.root(), Error::NoSpace { .. }), "{error}");
        assert_eq!(
            error.root().to_string(),
            "no free LUN of at least 101G in pool scsipol1; the largest free one has 100G"
        );
        assert_eq!(error.exception(), "VolumeBackendAPIException");
    }
}

#[tokio::test]
async fn the_figures_of_a_back_end_as_cinder_sees_them() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started(NO_CLEAR).await;
    driver.create_volume(&volume(1, 50)).await.unwrap();
    let stats = driver.get_volume_stats(true).await.unwrap();
    insta::assert_json_snapshot!(stats);
}

#[tokio::test]
async fn d34_a_forged_location_frees_nothing() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let owner = volume(1, 4);
        let update = driver.create_volume(&owner).await.unwrap();
        let before = rig.pool();
        let thief = volume(2, 4).updated(&update);
        let error = driver.delete_volume(&thief).await.unwrap_err();
        assert!(
            error.to_string().contains("nothing was released"),
            "{error}"
        );
        assert_eq!(rig.pool(), before);
    }
}

#[tokio::test]
async fn res_10_extend_inside_the_lun_only() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started(NO_CLEAR).await;
    let record = volume(1, 4);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    driver.extend_volume(&record, 5).await.unwrap();
    let error = driver.extend_volume(&record, 6).await.unwrap_err();
    assert_eq!(error.exception(), "ExtendVolumeError");
    assert!(driver.extend_volume(&volume(9, 1), 2).await.is_err());
}

#[tokio::test]
async fn res_11_manage_and_unmanage() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let record = volume(1, 0);
        let reference = ExistingRef::SourceId("500507630300c562/4012403300000000".to_owned());
        assert_eq!(
            driver
                .manage_existing_get_size(&record, &reference)
                .await
                .unwrap(),
            5
        );
        let update = driver.manage_existing(&record, &reference).await.unwrap();
        let record = record.updated(&update);
        // Again, as after a lost answer.
        assert_eq!(
            driver.manage_existing(&record, &reference).await.unwrap(),
            update
        );
        let error = driver
            .manage_existing(&volume(2, 0), &reference)
            .await
            .unwrap_err();
        assert_eq!(error.exception(), "ManageExistingAlreadyManaged");
        driver.unmanage(&record).await.unwrap();
        assert!(
            rig.line("4012403300000000").contains(",cvunmanaged,"),
            "{variant}"
        );
        // Nobody is given it, but it can be taken back.
        let other = driver.create_volume(&volume(3, 5)).await.unwrap();
        assert!(!other.provider_location.contains("4012403300000000"));
        driver
            .manage_existing(&volume(4, 0), &reference)
            .await
            .unwrap();
        for bad in ["4012", "x/y", "500507630300c562/ffffffffffffffff"] {
            let reference = ExistingRef::SourceId(bad.to_owned());
            let error = driver
                .manage_existing(&volume(5, 0), &reference)
                .await
                .unwrap_err();
            assert_eq!(error.exception(), "ManageExistingInvalidReference", "{bad}");
        }
    }
}

#[tokio::test]
async fn manageable_volumes_are_listed_with_reasons_and_pages() {
    let rig = Rig::rows(
        CURRENT,
        &[
            "free,500507630300c562,4010403300000000,1G,1A00-1A0F,,,",
            "used,500507630300c562,4011403300000000,2G,1A00-1A0F,lnx1,1a01,",
            "reserved,500507630300c562,4012403300000000,1500M,1A00-1A0F,cvunmanaged,auto,",
            "free,500507630300c562,4013403300000000,,1A00-1A0F,,,",
            "free,500507630300c562,4014403300000000,1G,1A00-1A0F,,,",
            "free,500507630b00c562,4014403300000000,1G,1A00-1A0F,,,",
            "reserved,500507630300c562,4015403300000000,3G,1A00-1A0F,cvdirty,auto,",
        ],
    )
    .await;
    let driver = rig.started(NO_CLEAR).await;
    driver.create_volume(&volume(1, 1)).await.unwrap();
    let all = driver
        .get_manageable_volumes(&Page::default())
        .await
        .unwrap();
    insta::assert_json_snapshot!(all);
    let page = Page {
        marker: Some("500507630300c562/4011403300000000".to_owned()),
        limit: Some(2),
        ..Page::default()
    };
    let page = driver.get_manageable_volumes(&page).await.unwrap();
    assert_eq!(page, all[2..4]);
    let by_size = Page {
        by_size: true,
        descending: true,
        limit: Some(1),
        ..Page::default()
    };
    assert_eq!(
        driver.get_manageable_volumes(&by_size).await.unwrap()[0].size,
        3
    );
}

#[tokio::test]
async fn retype_is_free_of_work_or_needs_a_migration() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started(NO_CLEAR).await;
    let record = volume(1, 1);
    let here = driver
        .get_volume_stats(true)
        .await
        .unwrap()
        .figures
        .location_info;
    let host = |location: Option<String>| TargetHost {
        host: "node@DEFAULT#scsipol1".to_owned(),
        location_info: location,
    };
    let same = TypeDiff::default();
    assert!(
        driver
            .retype(&record, &same, &host(Some(here.clone())))
            .await
            .unwrap()
    );
    assert!(driver.retype(&record, &same, &host(None)).await.unwrap());
    let qos = TypeDiff {
        qos_differs: true,
        ..TypeDiff::default()
    };
    assert!(
        !driver
            .retype(&record, &qos, &host(Some(here.clone())))
            .await
            .unwrap()
    );
    let other = here.replace("zvm1", "zvm2");
    assert!(
        !driver
            .retype(&record, &same, &host(Some(other.clone())))
            .await
            .unwrap()
    );
    assert_eq!(
        driver
            .migrate_volume(&record, &host(Some(other)))
            .await
            .unwrap(),
        (false, None)
    );
    assert_eq!(
        driver.backup_volume(&record).unwrap_err().exception(),
        "NotImplementedError"
    );
    assert_eq!(
        driver.restore_backup(&record).unwrap_err().exception(),
        "NotImplementedError"
    );
    assert_eq!(
        driver.local_path(&record).unwrap_err().exception(),
        "NotImplementedError"
    );
    assert_eq!(driver.clone_image(), (None, false));
}

#[tokio::test]
async fn update_migrated_volume_renames_the_stamp() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let new = volume(2, 1);
        let new = new
            .clone()
            .updated(&driver.create_volume(&new).await.unwrap());
        let update = driver
            .update_migrated_volume(&volume(1, 1), &new)
            .await
            .unwrap();
        assert_eq!(update.provider_id.as_str(), tag(1));
        assert!(rig.line("4010403300000000").contains(&tag(1)));
        assert_eq!(
            driver
                .update_migrated_volume(&volume(1, 1), &new)
                .await
                .unwrap(),
            update
        );
    }
}

#[tokio::test]
async fn res_12_ensure_export_heals_an_empty_stamp_and_reports_a_foreign_one() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started(NO_CLEAR).await;
        let record = volume(1, 1);
        let record = record
            .clone()
            .updated(&driver.create_volume(&record).await.unwrap());
        rig.edit(&tag(1), "");
        driver.ensure_export(&record).await.unwrap();
        assert!(rig.line("4010403300000000").contains(&tag(1)), "{variant}");
        rig.edit(&tag(1), "lnx1");
        let before = rig.pool();
        let error = driver.ensure_export(&record).await.unwrap_err();
        assert!(error.to_string().contains("belongs to 'lnx1'"), "{error}");
        assert_eq!(rig.pool(), before);
        let at = "500507630300c562,4010403300000000";
        rig.edit(&format!("reserved,{at}"), &format!("free,{at}"));
        let error = driver.ensure_export(&record).await.unwrap_err();
        assert!(error.to_string().contains("is free"), "{error}");
        // What cannot be read is no reason to fail: the row may well be the volume's.
        rig.change(|world| set_pool(world, &[]));
        driver.ensure_export(&record).await.unwrap();
        driver.detach_volume(&record).await.unwrap();
    }
}

#[tokio::test]
async fn quarantine_when_a_lun_cannot_be_cleared() {
    for variant in VARIANTS {
        let rig = Rig::rows(variant, &["free,500507630300c562,4010403300000000,1G,,,,"]).await;
        let driver = rig.started("").await;
        assert!(!driver.capabilities().unwrap().can_clear);
        let record = volume(1, 1);
        let record = record
            .clone()
            .updated(&driver.create_volume(&record).await.unwrap());
        driver.delete_volume(&record).await.unwrap();
        assert!(
            rig.line("4010403300000000").contains("reserved,"),
            "{variant}"
        );
        assert!(
            rig.line("4010403300000000").contains(",cvdirty,"),
            "{variant}"
        );
        let stats = driver.get_volume_stats(true).await.unwrap();
        assert!(stats.figures.free_capacity_gb < f64::EPSILON);
        // A second delete of the same record touches nothing.
        let before = rig.pool();
        driver.delete_volume(&record).await.unwrap();
        assert_eq!(rig.pool(), before);
    }
}

/// What an older driver or another tool left is told, and left alone (spec: driver 4.1).
#[tokio::test]
async fn an_audit_tells_what_nobody_knows_of() {
    for variant in VARIANTS {
        let mut world = xcat_simulator::site::lab();
        let left = format!("unknown-s390x-raw-{}", tag(7));
        for (image, profile) in [(&left, tag(7)), (&"raw-base".to_owned(), "base".to_owned())] {
            let columns = [("profile", profile.as_str()), ("provmethod", "raw")];
            let tables = &mut world.mn.tables;
            tables.set("osimage", "imagename", image, &columns);
        }
        let rig = Rig::world(variant, world).await;
        let driver = rig.started(NO_CLEAR).await;
        let mut known = Vec::new();
        for n in [1, 2, 3] {
            let record = volume(n, 1);
            let update = driver.create_volume(&record).await.unwrap();
            known.push(record.updated(&update));
        }
        let none: &[zvm_volume::volumes::Snapshot] = &[];
        let clean = driver.audit(&known, none).await.unwrap();
        let told = |findings: &[zvm_volume::volumes::Finding]| {
            let one = |finding: &zvm_volume::volumes::Finding| {
                format!("{:?} {:?}", finding.trouble, finding.object)
            };
            findings.iter().map(one).collect::<Vec<_>>()
        };
        let image = format!("ImageLeft {:?}", Some(&left));
        assert_eq!(told(&clean), std::slice::from_ref(&image), "{variant}");
        // One row is freed, one is somebody else's, and one volume has no record any more.
        let [freed, foreign] = [rig.line(&tag(1)), rig.line(&tag(2))];
        rig.edit(
            &freed,
            &freed.replace("reserved", "free").replace(&tag(1), ""),
        );
        rig.edit(&foreign, &foreign.replace(&tag(2), "somebody"));
        let before = (rig.pool(), rig.traces());
        let found = driver.audit(&known[..2], none).await.unwrap();
        let id = |n: usize| Some(known[n - 1].id.clone());
        let expected = [
            format!("RowFree {:?}", id(1)),
            format!("ForeignOwner {:?}", id(2)),
            format!("Orphan {:?}", id(3)),
            image,
        ];
        assert_eq!(told(&found), expected, "{variant}");
        assert_eq!((rig.pool(), rig.traces()), before, "{variant}");
    }
}
