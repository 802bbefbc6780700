//! Migration to a pool of another z/VM system, whose zHCP alone reaches the new LUN: what was carried is compared with its
//! source before that is cleared (spec: driver 2.6.15, D27).

use std::sync::Arc;

use xcat_simulator::world::World;
use zvm_volume::client::{Call, Exchange, Observer};
use zvm_volume::volumes::{ExistingRef, TargetHost, Volume, VolumeDriver as _, ZvmDriver};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::check::{DATA, content, write_content};
use crate::image_files::ByWayOfGuest;
use crate::rig::{Extras, Rig, VARIANTS, Variant, set_pool, tag, volume};

const PORT: &str = "500507630300c562";
const LUN: &str = "4010403300000000";
const NEW: &str = "4040403300000000";

fn world() -> World {
    let mut world = xcat_simulator::site::lab();
    let row = format!("free,{PORT},{LUN},4M,1A00-1A0F;1B00-1B0F,,,");
    set_pool(&mut world, &[&row]);
    world.san.volumes.get_mut("one0").unwrap().bytes = 4 << 20;
    // As many sites have it (Q49).
    world.mn.host = world.resolve("zhcp1").unwrap().clone();
    let tables = &mut world.mn.tables;
    tables.set("site", "key", "master", &[("value", "10.10.0.2")]);
    world
}

/// Changes the new LUN once the image is on it, as a write error would that nobody looks at.
struct Damage(Arc<xcat_simulator::Simulator>);

impl Observer for Damage {
    fn after<'a>(&'a self, call: &'a Call, _: &'a Exchange) -> BoxFuture<'a, ()> {
        if matches!(call, Call::Deploy { .. }) {
            let mut world = self.0.site().edit();
            write_content(&mut world, PORT, NEW, "something else");
        }
        std::future::ready(()).boxed()
    }
}

async fn migrated(
    variant: Variant,
    damaged: bool,
    keys: &'static str,
) -> (Rig, Volume, ZvmDriver, zvm_volume::Result<bool>) {
    // Where MN and zHCP are two machines, the current release finds no image (Q49): to another system only images go that a
    // person has mounted there.
    let rig = Rig::repaired(variant, world(), &["Q49"]).await;
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    if damaged {
        observers.push(Arc::new(Damage(Arc::clone(&rig.simulator))));
    }
    let driver = rig.driver(Extras {
        keys,
        observers,
        mover: Some(Arc::new(ByWayOfGuest(Arc::clone(&rig.simulator)))),
        ..Extras::default()
    });
    driver.start().await.unwrap();
    let reference = ExistingRef::SourceName(LUN.to_owned());
    let record = volume(1, 1);
    let update = driver.manage_existing(&record, &reference).await.unwrap();
    let record = record.updated(&update);
    rig.change(|world| write_content(world, PORT, LUN, &format!("{DATA}volume 1")));
    let host = TargetHost {
        host: "host@other#scsipol3".to_owned(),
        location_info: Some("ZVMXCATDriver:mn.example.com:zvm2:scsipol3".to_owned()),
    };
    let done = driver.migrate_volume(&record, &host).await;
    (rig, record, driver, done.map(|(moved, _)| moved))
}

const BY_IMAGE: &str = "zvm_image_remote = root@lnx1\nzvm_migrate_by_image = true";
const WHOLE: &str =
    "zvm_image_remote = root@lnx1\nzvm_migrate_by_image = true\nzvm_verify_copy = full";

#[tokio::test]
async fn d27_a_volume_arrives_whole_on_another_system_before_it_is_cleared_here() {
    for variant in VARIANTS {
        for keys in [BY_IMAGE, WHOLE] {
            let (rig, _, driver, done) = migrated(variant, false, keys).await;
            assert!(done.unwrap_or_else(|e| panic!("{variant}: {e}")));
            let world = rig.simulator.site().look();
            assert_eq!(
                content(&world, PORT, NEW).trim_end(),
                format!("{DATA}volume 1"),
                "{variant}"
            );
            assert!(!content(&world, PORT, LUN).starts_with(DATA), "{variant}");
            drop(world);
            assert!(rig.line(LUN).starts_with("free,"), "{variant}");
            driver.get_volume_stats(true).await.unwrap();
            assert_eq!(driver.troubles(), [], "{variant}");
        }
    }
}

#[tokio::test]
async fn d27_a_volume_that_arrives_damaged_stays_where_it_was() {
    for variant in VARIANTS {
        for keys in [BY_IMAGE, WHOLE] {
            let (rig, record, driver, done) = migrated(variant, true, keys).await;
            let error = done.unwrap_err().to_string();
            assert!(error.contains("differs"), "{variant}: {error}");
            let world = rig.simulator.site().look();
            assert_eq!(content(&world, PORT, LUN), format!("{DATA}volume 1"));
            assert_ne!(content(&world, PORT, NEW), "something else", "{variant}");
            let zhcp = world.resolve("zhcp2").unwrap();
            let there = world.linuxes[zhcp]
                .fs
                .read("/var/opt/zhcp/zfcp/scsipol3.conf")
                .unwrap();
            assert!(!there.contains(&tag(1)), "{variant}: {there}");
            drop(world);
            assert!(rig.line(LUN).contains(&tag(1)), "{variant}");
            driver.get_volume_stats(true).await.unwrap();
            assert_eq!(driver.troubles(), [], "{variant}");
            driver.extend_volume(&record, 0).await.unwrap();
        }
    }
}
