//! The defects of spec driver 5 that are the commands' (X) or the Cinder side's (C): the driver is free of each.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::world::World;
use xcat_simulator::world::san::Medium;
use zvm_volume::client::{Call, Exchange, Observer, Recorder};
use zvm_volume::images::{FolderImages, ImageMeta};
use zvm_volume::volumes::{Volume, VolumeDriver, ZvmDriver};

use crate::check::{Expected, assert_holds, write_content};
use crate::rig::{CURRENT, Extras, Rig, VARIANTS, tag, volume};

const PORT: &str = "500507630300c562";
const IN_M: [&str; 2] = [
    "free,500507630300c562,4010403300000000,1024M,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4011403300000000,2048M,1A00-1A0F;1B00-1B0F,,,",
];

async fn created(rig: &Rig, driver: &ZvmDriver) -> Volume {
    let record = volume(1, 1);
    let update = driver.create_volume(&record).await.unwrap();
    rig.change(|world| write_content(world, PORT, "4010403300000000", "data of volume 1"));
    record.updated(&update)
}

fn only_the_source() -> Expected {
    Expected {
        exist: vec![tag(1)],
        may_quarantine: true,
        ..Expected::default()
    }
}

fn recorded(rig: &Rig, keys: &'static str) -> (ZvmDriver, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let driver = rig.driver(Extras {
        keys,
        observers: vec![recorder.clone()],
        ..Extras::default()
    });
    (driver, recorder)
}

/// A target that the zHCP cannot reach: the MN gives the source away as free.
#[tokio::test]
async fn d26_the_source_of_a_failed_copy_stays_its_volumes() {
    for variant in VARIANTS {
        let rig = Rig::rows(variant, &IN_M).await;
        let (driver, recorder) = recorded(&rig, "");
        driver.start().await.unwrap();
        let source = created(&rig, &driver).await;
        rig.change(|world| {
            world.san.masks.remove("one1");
        });
        recorder.take();
        let error = driver
            .create_cloned_volume(&volume(2, 1), &source)
            .await
            .unwrap_err();
        let calls: Vec<&str> = recorder.take().iter().map(|e| e.call).collect();
        assert!(calls.contains(&"X6"), "the MN's own copy was used");
        assert!(error.left_behind().is_empty(), "{error}");
        assert_holds(&rig, &only_the_source(), "failed copy");
        assert!(rig.line("4010403300000000").contains(&tag(1)));
    }
}

/// The MN does not look at the exit status of its copy.
#[tokio::test]
async fn d27_a_copy_that_went_wrong_is_noticed() {
    for (rows, keys) in [(&IN_M[..], ""), (&IN_M[..], "zvm_copy_method = stepwise")] {
        let rig = Rig::rows(CURRENT, rows).await;
        let driver = rig.started(keys).await;
        let source = created(&rig, &driver).await;
        rig.change(|world| {
            world.san.volumes.get_mut("one1").unwrap().medium = Medium::ReadOnly;
        });
        driver
            .create_cloned_volume(&volume(2, 1), &source)
            .await
            .unwrap_err();
        assert_holds(&rig, &only_the_source(), "failed copy");
    }
}

/// The MN compares a size with itself; with sizes in G it fails or worse.
#[tokio::test]
async fn d28_sizes_are_compared_by_the_driver() {
    let rig = Rig::lab(CURRENT).await;
    let (driver, recorder) = recorded(&rig, "");
    driver.start().await.unwrap();
    let source = created(&rig, &driver).await;
    // The row of the next LUN promises more than the LUN has.
    rig.change(|world: &mut World| world.san.volumes.get_mut("one1").unwrap().bytes = 1 << 20);
    let error = driver
        .create_cloned_volume(&volume(2, 1), &source)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("fewer than the"), "{error}");
    assert_holds(&rig, &only_the_source(), "target too small");
    assert!(
        recorder.take().iter().all(|e| e.call != "X6"),
        "sizes in G: the MN's copy is not used"
    );
}

/// The MN would read a mounted disk.
#[tokio::test]
async fn d29_an_attached_volume_is_neither_captured_nor_overwritten_nor_copied() {
    let rig = Rig::lab(CURRENT).await;
    let (driver, recorder) = recorded(&rig, "zvm_image_remote = cinder@driver");
    driver.start().await.unwrap();
    let record = created(&rig, &driver).await;
    let line = rig.line("4010403300000000");
    rig.edit(
        &line,
        &format!(
            "used,{PORT},4010403300000000,1G,1A00-1A0F;1B00-1B0F,lnx1,1a01,{}",
            tag(1)
        ),
    );
    recorder.take();
    let images = FolderImages::new(rig.folder.path());
    let out = driver
        .copy_volume_to_image(&record, &images, &ImageMeta::raw("x"))
        .await;
    assert_eq!(out.unwrap_err().exception(), "VolumeIsBusy");
    let into = driver.copy_image_to_volume(&record, &images, "x").await;
    assert_eq!(into.unwrap_err().exception(), "VolumeIsBusy");
    let clone = driver.create_cloned_volume(&volume(2, 1), &record).await;
    assert_eq!(clone.unwrap_err().exception(), "InvalidVolume");
    assert_eq!(
        driver.delete_volume(&record).await.unwrap_err().exception(),
        "VolumeIsBusy"
    );
    assert_eq!(
        driver.unmanage(&record).await.unwrap_err().exception(),
        "VolumeIsBusy"
    );
    assert!(
        recorder
            .take()
            .iter()
            .all(|e| ["X9", "lsdef"].contains(&e.call)),
        "only reads were sent"
    );
}

/// Somebody else's edit, right after ours.
struct Meddler {
    rig: std::sync::Weak<Rig>,
    becomes: &'static str,
    times: std::sync::atomic::AtomicUsize,
}

impl Observer for Meddler {
    fn after<'a>(&'a self, call: &'a Call, _: &'a Exchange) -> BoxFuture<'a, ()> {
        use std::sync::atomic::Ordering;
        let left = self.times.load(Ordering::Relaxed);
        if let (Call::Reserve { lun, .. }, Some(rig)) = (call, self.rig.upgrade())
            && left > 0
        {
            self.times.store(left - 1, Ordering::Relaxed);
            let line = rig.line(&lun.to_string());
            let cells: Vec<&str> = line.split(',').collect();
            let row = cells[1..5].join(",");
            let other = match self.becomes {
                "" => format!("free,{row},,,"),
                owner => format!("reserved,{row},{owner},auto,"),
            };
            rig.edit(&line, &other);
        }
        std::future::ready(()).boxed()
    }
}

#[tokio::test]
async fn d32_an_edit_that_was_swallowed_is_repeated_and_a_lost_race_is_lost() {
    for variant in VARIANTS {
        for (becomes, expected) in [
            ("", "4010403300000000"),
            ("cvffffffffffffffffffffffffffffffff", "4011403300000000"),
        ] {
            let rig = Arc::new(Rig::rows(variant, &IN_M).await);
            let meddler = Arc::new(Meddler {
                rig: Arc::downgrade(&rig),
                becomes,
                times: 1.into(),
            });
            let driver = rig.driver(Extras {
                observers: vec![meddler],
                ..Extras::default()
            });
            driver.start().await.unwrap();
            let update = driver.create_volume(&volume(1, 1)).await.unwrap();
            assert!(
                update.provider_location.contains(expected),
                "{variant} '{becomes}': {update:?}"
            );
            assert!(rig.line(expected).contains(&tag(1)));
            assert!(driver.engine().journal().list().unwrap().is_empty());
        }
    }
}

/// `--zfcppoolnames` deletes empty pools; asking for `free` rows finds others.
#[tokio::test]
async fn d49_d50_pools_are_read_whole_and_never_by_their_names() {
    let rows = [
        "used,500507630300c562,4010403300000000,1G,1A00-1A0F,freeman,1a01,",
        "free,500507630300c562,4011403300000000,2G,1A00-1A0F,,,",
    ];
    let rig = Rig::rows(CURRENT, &rows).await;
    let (driver, recorder) = recorded(&rig, "volume_clear = none");
    driver.start().await.unwrap();
    let stats = driver.get_volume_stats(true).await.unwrap();
    assert!((stats.figures.free_capacity_gb - 2.0).abs() < f64::EPSILON);
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    driver.delete_volume(&record).await.unwrap();
    let requests: Vec<String> = recorder.take().into_iter().map(|e| e.request).collect();
    let listings = requests.iter().filter(|r| r.contains("--zfcppool"));
    assert!(listings.clone().count() > 3);
    for request in listings {
        assert!(
            request.ends_with("field=--zfcppool&field=scsipol1&field=all"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn d51_rows_without_a_size_are_told_to_the_operator() {
    let rig = Rig::rows(
        CURRENT,
        &["free,500507630300c562,4010403300000000,,1A00-1A0F,,,"],
    )
    .await;
    let driver = rig.started("").await;
    let remarks = driver.capabilities().unwrap().remarks;
    assert!(
        remarks.iter().any(|r| r.contains("have no size")),
        "{remarks:?}"
    );
    let error = driver.create_volume(&volume(1, 1)).await.unwrap_err();
    assert!(
        error.to_string().contains("the largest free one has none"),
        "{error}"
    );
}

/// A size is refused for a row that has none, and any edit writes a bare `M` there.
#[tokio::test]
async fn d59_rows_without_a_size_can_be_stamped_and_stay_without() {
    for variant in VARIANTS {
        let rows = ["reserved,500507630300c562,4010403300000000,,1A00-1A0F,cvunmanaged,auto,"];
        let rig = Rig::rows(variant, &rows).await;
        let driver = rig.started("volume_clear = none").await;
        rig.edit("cvunmanaged", &tag(1));
        let record = volume(1, 1);
        driver.unmanage(&record).await.unwrap();
        assert!(rig.line("4010403300000000").contains(",cvunmanaged,"));
        let listing = driver.list_rows().await.unwrap();
        assert_eq!(listing.rows[0].size, None);
    }
}

/// `auto` looks like a device number to the MN, and removes nothing.
#[tokio::test]
async fn d60_a_unit_is_taken_back_by_the_channel_of_its_row() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (driver, recorder) = recorded(&rig, "");
        driver.start().await.unwrap();
        let source = created(&rig, &driver).await;
        driver
            .create_cloned_volume(&volume(2, 1), &source)
            .await
            .unwrap();
        driver.delete_volume(&source).await.unwrap();
        let exchanges = recorder.take();
        let removals: Vec<&str> = exchanges
            .iter()
            .filter(|e| e.call == "X14")
            .map(|e| e.request.as_str())
            .collect();
        assert_eq!(removals.len(), 3, "{removals:?}");
        for request in removals {
            assert!(
                request.contains("--removezfcp 1") && !request.contains("auto"),
                "{request}"
            );
        }
    }
}

#[tokio::test]
async fn d22_ports_in_another_order_are_the_same_ports() {
    let rig = Rig::rows(
        CURRENT,
        &["free,500507630300c562;500507630b00c562,4020403300000000,10G,1A00-1A0F;1B00-1B0F,,,"],
    )
    .await;
    let driver = rig.started("volume_clear = none").await;
    let record = volume(1, 1);
    let mut record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    record.provider_location = Some(
        "zvm1|zvm1|scsipol1|4020403300000000|10240|500507630b00c562;500507630300c562".to_owned(),
    );
    driver.extend_volume(&record, 10).await.unwrap();
    driver.delete_volume(&record).await.unwrap();
    assert!(
        rig.line("4020403300000000")
            .starts_with("free,500507630300c562;500507630b00c562,")
    );
}

/// The front end forwards a request without a password with its own rights.
#[test]
fn d61_no_request_goes_out_without_user_and_password() {
    for line in [
        "zvm_xcat_password = 0",
        "zvm_xcat_password =",
        "zvm_xcat_username =\nzvm_xcat_password = x",
    ] {
        let text = format!(
            "zvm_xcat_server = a\n{line}\nzvm_scsi_pool = x\n{}",
            if line.contains("username") {
                ""
            } else {
                "zvm_xcat_username = u\n"
            }
        );
        assert!(zvm_volume::config::Config::parse(&text).is_err(), "{line}");
    }
}
