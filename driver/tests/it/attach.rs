//! Attaching to guests that run and guests that are off, and taking back (spec: driver 2.8.7 to 2.8.10).

use xcat_simulator::site;
use zvm_volume::client::PowerAction;
use zvm_volume::volumes::VolumeDriver as _;

use crate::guests::{ONE_PATH, TWO_PATHS, guest, halves, mount};
use crate::rig::{CURRENT, Rig, VARIANTS, Variant};

/// Create, attach to a running guest, look, detach, delete: everything as before (issue 2, seen 3).
async fn life(variant: Variant, keys: &str, name: &str) {
    let rig = Rig::lab(variant).await;
    let both = halves(&rig, keys, Vec::new()).await;
    let instance = guest(name);
    if name == "lnx3" {
        both.power(name, PowerAction::On).await;
    }
    let before = rig.traces();
    let volume = both.create(1, 1).await;
    let attached = both
        .attach(&volume, &instance, Some(&mount("/dev/vdb")))
        .await
        .unwrap_or_else(|error| panic!("{variant} {name}: {error}"));
    assert!(!attached.already);
    let row = both.driver.list_rows().await.unwrap();
    let row = row
        .rows
        .iter()
        .find(|row| row.owner == name)
        .unwrap()
        .clone();
    let lun = format!("0x{}", row.lun);
    let disks = both.shell(name, "lszfcp -D").await;
    let paths = attached.fcp.len() * row.wwpns.ports().len();
    assert_eq!(
        disks.matches(&lun).count(),
        paths,
        "{variant} {name}\n{disks}"
    );
    let links = both.shell(name, "ls /dev/disk/by-path").await;
    assert!(
        links
            .lines()
            .filter(|line| line.contains("ccw-0.0."))
            .count()
            >= paths,
        "{links}"
    );
    let target = both.shell(name, "readlink -f /dev/vdb").await;
    let expected = if paths > 1 { "/dev/dm-" } else { "/dev/sd" };
    assert!(target.starts_with(expected), "{variant} {name}: {target}");
    if let Err(error) = both.detach(&volume, &instance).await {
        let state = both
            .shell(name, "lszfcp -D; ls -d /sys/bus/ccw/drivers/zfcp/0.0.*/0x*/0x*; multipath -ll; cat /etc/zfcp.conf; true")
            .await;
        panic!("{variant} {name}: {error}\n{state}");
    }
    both.driver.delete_volume(&volume).await.unwrap();
    assert_eq!(rig.traces(), before, "{variant} {name}");
    assert_eq!(both.nova.audit().await.unwrap(), []);
}

#[tokio::test]
async fn att_01_a_running_guest_of_each_distribution_one_path() {
    for variant in VARIANTS {
        for name in ["lnx1", "lnx2", "lnx3"] {
            life(variant, ONE_PATH, name).await;
        }
    }
}

#[tokio::test]
async fn mpa_02_a_running_guest_of_each_distribution_two_paths() {
    // Release M as executed refuses lists of ports (Q12, GQ2): the driver makes the other paths in the guest.
    for variant in VARIANTS {
        for name in ["lnx1", "lnx2", "lnx3"] {
            life(variant, TWO_PATHS, name).await;
        }
    }
}

#[tokio::test]
async fn off_02_a_guest_that_is_off_has_the_volume_after_its_start() {
    for (keys, paths) in [(ONE_PATH, 1), (TWO_PATHS, 4)] {
        let rig = Rig::lab(CURRENT).await;
        let both = halves(&rig, keys, Vec::new()).await;
        let instance = guest("lnx3");
        let before = rig.traces();
        let volume = both.create(1, 1).await;
        both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap();
        both.power("lnx3", PowerAction::On).await;
        // A guest with NPIV finds every LUN that it is shown; the volume's are asked for.
        let row = both.driver.list_rows().await.unwrap();
        let row = row
            .rows
            .iter()
            .find(|row| row.owner == "lnx3")
            .unwrap()
            .clone();
        let disks = both.shell("lnx3", "lszfcp -D").await;
        assert_eq!(
            disks.matches(&format!("0x{}", row.lun)).count(),
            paths,
            "{disks}"
        );
        let target = both.shell("lnx3", "readlink -f /dev/vdb").await;
        assert!(target.starts_with("/dev/"), "{target}");
        both.detach(&volume, &instance).await.unwrap();
        both.driver.delete_volume(&volume).await.unwrap();
        both.power("lnx3", PowerAction::Off).await;
        assert_eq!(rig.traces(), before);
    }
}

#[tokio::test]
async fn off_05_attached_and_detached_before_the_start_leaves_nothing() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, TWO_PATHS, Vec::new()).await;
        let instance = guest("lnx3");
        let before = rig.traces();
        let volume = both.create(1, 1).await;
        both.attach(&volume, &instance, None).await.unwrap();
        both.detach(&volume, &instance).await.unwrap();
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
        both.power("lnx3", PowerAction::On).await;
        let disks = both.shell("lnx3", "lszfcp -D 2>&1; true").await;
        assert_eq!(disks, "Error: No fcp devices found.");
    }
}

#[tokio::test]
async fn att_07_a_missing_storage_mask_fails_says_why_and_leaves_nothing() {
    for variant in VARIANTS {
        for keys in [ONE_PATH, TWO_PATHS] {
            let mut world = site::lab();
            world.san.masks.clear();
            let rig = Rig::world(variant, world).await;
            let both = halves(&rig, keys, Vec::new()).await;
            let volume = both.create(1, 1).await;
            let before = rig.traces();
            let error = both
                .attach(&volume, &guest("lnx1"), Some(&mount("/dev/vdb")))
                .await
                .unwrap_err();
            let text = error.to_string();
            assert!(text.contains("check LUN masking"), "{variant}: {text}");
            assert!(error.left_behind().is_empty(), "{variant}: {text}");
            assert_eq!(rig.traces(), before, "{variant}: {text}");
            assert!(both.holds_nothing().await);
            both.driver.delete_volume(&volume).await.unwrap();
        }
    }
}

#[tokio::test]
async fn att_07_a_missing_zone_says_so() {
    let mut world = site::lab();
    world.san.zones.clear();
    let rig = Rig::world(CURRENT, world).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let volume = both.create(1, 1).await;
    let before = rig.traces();
    let error = both
        .attach(&volume, &guest("lnx1"), None)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("check zones"), "{error}");
    assert_eq!(rig.traces(), before, "{error}");
}
