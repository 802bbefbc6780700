//! What the contract of the Nova half asks for beside the known defects (spec: driver 2.8, 6.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::world::{DeviceNumber, Wwpn};
use zvm_volume::attachments::{AttachOptions, Attachments as _, BootMetadata, BootVolume};
use zvm_volume::client::{Call, Observer};
use zvm_volume::volumes::VolumeDriver as _;

use crate::guests::{ONE_PATH, guest, halves, mount, node};
use crate::rig::{CURRENT, Rig, VARIANTS, tag};
use crate::spoil::{smapi, spoiled};

/// Nova cleans up by itself inside a resize.
fn without_rollback() -> AttachOptions {
    AttachOptions {
        rollback: false,
        request_id: Some("req-77".to_owned()),
    }
}

/// Boot from a volume whose root device has a name of so many characters.
fn root_of(volume: zvm_volume::attachments::VolumeRef, length: usize) -> BootVolume {
    let root = format!("/dev/{}", "x".repeat(length - 5));
    let metadata = BootMetadata::read(|key| match key {
        "os_version" => Some("ubuntu16.04"),
        "root" => Some(root.as_str()),
        _ => Some("/boot/x"),
    });
    BootVolume {
        volume,
        metadata: metadata.unwrap(),
        script: None,
    }
}

/// ROL-16: nothing is compensated, and the ledger is right all the same.
#[tokio::test]
async fn rol_16_without_rollback_only_the_ledger_is_corrected() {
    for variant in VARIANTS {
        let options = without_rollback();
        // A guest that runs.
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let instance = guest("lnx1");
        let volume = both.create(1, 1).await;
        let record = both.connect(&volume, &instance).await.unwrap();
        spoil.answer(
            "--createfilesysnode",
            smapi("lnx1", 400, 8, "no"),
            usize::MAX,
        );
        spoil.bodies();
        let at = mount("/dev/vdb");
        let given = both
            .nova
            .attach_volume(&instance, &record, Some(&at), &options);
        given.await.unwrap_err();
        let bodies = spoil.bodies().join("\n");
        for compensation in ["--removezfcp", "--undedicatedevice", "--removefilesysnode"] {
            assert!(!bodies.contains(compensation), "{variant}: {bodies}");
        }
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.find(&volume.id).is_none(), "{variant}: {ledger:?}");
        assert!(
            ledger.withheld().count() > 0,
            "{variant}: the guest still has the device: {ledger:?}"
        );

        // The detach of a resize.
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let volume = both.create(1, 1).await;
        both.attach(&volume, &instance, None).await.unwrap();
        spoil.answer("--removezfcp", smapi("lnx1", 400, 8, "no"), usize::MAX);
        spoil.bodies();
        let taken = both
            .nova
            .detach_volume(&instance, &volume.id, None, None, &options);
        taken.await.unwrap_err();
        let bodies = spoil.bodies().join("\n");
        assert!(!bodies.contains("--addzfcp"), "{variant}: {bodies}");
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.find(&volume.id).is_none(), "{variant}: {ledger:?}");

        // The boot preparation of a spawn.
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let instance = guest("lnx3");
        let volume = both.create(1, 1).await;
        let record = both.connect(&volume, &instance).await.unwrap();
        spoil.answer("--setipl", smapi("lnx3", 400, 8, "no"), usize::MAX);
        spoil.bodies();
        let boot = root_of(record, 9);
        let prepared = both.nova.prepare_boot(&instance, &boot, &options);
        prepared.await.unwrap_err();
        let bodies = spoil.bodies().join("\n");
        assert!(
            !bodies.contains("--undedicatedevice"),
            "{variant}: {bodies}"
        );
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.find(&volume.id).is_none(), "{variant}: {ledger:?}");
    }
}

/// DET-11: xCAT does not know the guest any more; ledger and pool are cleaned, the device is free when z/VM has it back.
#[tokio::test]
async fn det_11_a_volume_of_a_guest_that_was_deleted_elsewhere_is_taken_back() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let instance = guest("lnx1");
        let volume = both.create(1, 1).await;
        let row = rig.line(&tag(1));
        let given = both.attach(&volume, &instance, None).await.unwrap();
        rig.change(|world| {
            for table in ["nodelist", "zvm", "hosts", "nodetype", "mac", "nodehm"] {
                world.mn.tables.delete(table, "node", "lnx1");
            }
        });
        let gone = both.take(&volume.id, &instance).await;
        let gone = gone.unwrap_or_else(|error| panic!("{variant}: {error}"));
        assert!(!gone.already, "{variant}");
        assert_eq!(rig.line(&tag(1)), row, "{variant}: stamped as before");
        // z/VM still has it, and so no other guest may.
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(ledger.find(&volume.id).is_none(), "{variant}");
        let next = both
            .nova
            .get_volume_connector(&guest("lnx2"))
            .await
            .unwrap();
        assert_ne!(next.zvm_fcp, given.fcp, "{variant}: {ledger:?}");
        both.driver.delete_volume(&volume).await.unwrap();
    }
}

/// D9: errors of one volume left the ledger's entry, and a new guest of that name got the wrong device.
#[tokio::test]
async fn d9_a_destroyed_guest_leaves_no_entry_whatever_its_volumes_do() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let before = rig.traces();
        let instance = guest("lnx3");
        let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
        both.attach(&one, &instance, None).await.unwrap();
        both.attach(&two, &instance, None).await.unwrap();
        spoil.answer("zfcp", smapi("lnx3", 400, 8, "no"), usize::MAX);
        let left = both.nova.destroy_cleanup(&instance).await.unwrap();
        assert!(!left.is_empty(), "{variant}");
        let ledger = both.nova.ledger().read().await.unwrap();
        assert!(
            ledger.entry(&node("lnx3")).is_none(),
            "{variant}: {ledger:?}"
        );
        // What is left is resolved when the management node obeys again.
        spoil.answer("", "", 0);
        let known = zvm_volume::steps::Known::NotDone;
        let report = both.nova.reconcile(&known).await.unwrap();
        assert!(report.findings.is_empty(), "{variant}: {report:?}");
        both.nova.destroy_cleanup(&instance).await.unwrap();
        for volume in [&one, &two] {
            both.driver
                .delete_volume(volume)
                .await
                .unwrap_or_else(|error| panic!("{variant}: {error}"));
        }
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// LIM-08: what z/VM takes for the loader is accepted, a byte more is refused before any call.
#[tokio::test]
async fn lim_08_loader_data_at_the_limit_and_one_byte_above() {
    let rig = Rig::lab(CURRENT).await;
    let (both, spoil) = spoiled(&rig, ONE_PATH).await;
    let instance = guest("lnx3");
    let volume = both.create(1, 1).await;
    let record = both.connect(&volume, &instance).await.unwrap();
    let before = rig.traces();
    spoil.bodies();
    let mut outcomes = Vec::new();
    // All that is in the text besides the name of the root device is the same for both.
    for length in 3_900..4_200 {
        let boot = root_of(record.clone(), length);
        let path = (record.connection.fcp[0], record.connection.wwpns.ports()[0]);
        let hex = boot
            .metadata
            .scpdata_hex(path.0, path.1, record.connection.lun);
        outcomes.push((length, hex.map(|hex| hex.len() / 2)));
    }
    let (fits, too_long) = outcomes.split_at(outcomes.iter().position(|o| o.1.is_err()).unwrap());
    assert_eq!(fits.last().unwrap().1.as_ref().unwrap(), &4096);
    let options = AttachOptions::default();
    let boot = root_of(record.clone(), too_long[0].0);
    let error = both.nova.prepare_boot(&instance, &boot, &options).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("4097 bytes"), "{text}");
    assert_eq!(
        spoil.bodies(),
        Vec::<String>::new(),
        "refused before any call"
    );
    assert_eq!(rig.traces(), before);
    let ledger = both.nova.ledger().read().await.unwrap();
    assert!(ledger.find(&volume.id).is_none());
}

/// Counts the calls of a half.
#[derive(Default)]
struct Count(AtomicUsize);

impl Observer for Count {
    fn before<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, ()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::future::ready(()).boxed()
    }
}

/// LIM-07: with two hundred devices the start of a host and a connector make as many calls as with a few, and choose rightly.
#[tokio::test]
async fn lim_07_two_hundred_devices() {
    let mut calls = Vec::new();
    for many in [4_u16, 200] {
        let mut world = xcat_simulator::site::lab();
        let system = world.systems.get_mut("ZVM1").unwrap();
        let like = system.fcp.values().next().unwrap().clone();
        for n in 0..many {
            let mut device = like.clone();
            device.chpid = if n % 2 == 0 { "60" } else { "61" }.to_owned();
            device.npiv_wwpn = Some(Wwpn(0xc050_76e8_b000_0000 + u64::from(n)));
            device.attached_to = None;
            system.fcp.insert(DeviceNumber(0x2000 + n), device);
        }
        let rig = Rig::world(CURRENT, world).await;
        let keys = format!(
            "zvm_host = zvm1\nzvm_fcp_list = 2000-{:04x}\nzvm_multiple_fcp = true\nvolume_clear = none",
            0x2000 + many - 1
        );
        let count = Arc::new(Count::default());
        let both = halves(&rig, &keys, vec![count.clone()]).await;
        let news = both.nova.init_host(&[]).await.unwrap();
        assert_eq!(news, Vec::<String>::new(), "{many}");
        let connector = both
            .nova
            .get_volume_connector(&guest("lnx1"))
            .await
            .unwrap();
        let chosen: Vec<String> = connector.zvm_fcp.iter().map(ToString::to_string).collect();
        assert_eq!(chosen, ["2000", "2001"], "{many}: over two channel paths");
        calls.push(count.0.load(Ordering::Relaxed));
    }
    assert!(calls[0] > 0);
    assert_eq!(calls[0], calls[1]);
}

/// A device of the list that another tool has dedicated is reported and left alone (spec: driver 4.1).
#[tokio::test]
async fn a_device_in_use_without_a_record_is_reported() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let dedicate = Call::Dedicate {
            node: node("lnx1"),
            device: "1a03".parse().unwrap(),
        };
        both.client.call(&dedicate).await.unwrap();
        let before = rig.traces();
        let known = zvm_volume::steps::Known::NotDone;
        let report = both.nova.reconcile(&known).await.unwrap();
        let [finding] = report.findings.as_slice() else {
            panic!("{variant}: {report:?}");
        };
        assert_eq!(finding.what, "FCP device 1a03", "{variant}");
        assert!(finding.text.starts_with("in use"), "{variant}: {finding:?}");
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// 2.8.13: the disk that a guest starts from has its own name, or the first DASD's.
#[tokio::test]
async fn the_default_root_device_is_the_root_volume_or_the_first_dasd() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let root = mount("/dev/vda");
    assert_eq!(both.nova.default_root_device_name(Some(&root)), root);
    let dasd = both.nova.default_root_device_name(None);
    assert_eq!(dasd.as_str(), "/dev/dasda");
}
