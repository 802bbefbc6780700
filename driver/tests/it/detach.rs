//! Taking volumes back, and what a later or broken detach does (spec: driver 2.8.8; DET, MPA and ATT tests of 6.2).

use xcat_simulator::seam::{BreakPoint, Target};
use xcat_simulator::world::UserId;
use zvm_volume::attachments::{AttachOptions, Attachments as _, Instance};
use zvm_volume::client::PowerAction;
use zvm_volume::steps::Known;
use zvm_volume::volumes::VolumeDriver as _;

use crate::guests::{ONE_PATH, TWO_PATHS, controller_volume, guest, halves, mount, node};
use crate::nova_defects::directory;
use crate::rig::{CURRENT, Rig, VARIANTS, tag};
use crate::spoil::{smapi, spoiled};
use crate::two_machines::row_of;

#[tokio::test]
async fn det_02_and_att_03_volumes_of_a_guest_share_devices_until_the_last_goes() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, TWO_PATHS, Vec::new()).await;
        let instance = guest("lnx1");
        let before = rig.traces();
        let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
        let first = both
            .attach(&one, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap();
        let second = both
            .attach(&two, &instance, Some(&mount("/dev/vdc")))
            .await
            .unwrap();
        assert_eq!(first.fcp, second.fcp, "I13");
        both.detach(&one, &instance).await.unwrap();
        // The guest scans by itself and shows every LUN of the site: the volume's own are counted.
        let row = both.driver.list_rows().await.unwrap();
        let row = row
            .rows
            .iter()
            .find(|row| row.owner == "lnx1")
            .unwrap()
            .clone();
        let disks = both.shell("lnx1", "lszfcp -D").await;
        let own = disks.matches(&format!("0x{}", row.lun)).count();
        assert_eq!(own, 4, "I11: the other volume keeps its paths\n{disks}");
        assert!(
            both.shell("lnx1", "readlink -f /dev/vdc")
                .await
                .starts_with("/dev/dm-")
        );
        both.detach(&two, &instance).await.unwrap();
        for volume in [&one, &two] {
            both.driver.delete_volume(volume).await.unwrap();
        }
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

#[tokio::test]
async fn det_03_and_att_04_repetitions_change_nothing() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let instance = guest("lnx1");
    let volume = both.create(1, 1).await;
    both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
        .await
        .unwrap();
    let attached = rig.traces();
    let again = both.connect_again(&volume, &instance).await.unwrap();
    assert!(again.already, "I15");
    assert_eq!(rig.traces(), attached);
    both.detach(&volume, &instance).await.unwrap();
    let gone = both.take(&volume.id, &instance).await.unwrap();
    assert!(gone.already);
}

#[tokio::test]
async fn det_01_the_attach_owned_lifecycle_leaves_no_row() {
    for variant in VARIANTS {
        for (name, on) in [("lnx1", true), ("lnx3", false)] {
            let mut world = xcat_simulator::site::lab();
            // The LUNs belong to a controller: no pool names them.
            let zhcp = world.resolve("zhcp1").unwrap().clone();
            let text = "#status,wwpn,lun,size,range,owner,channel,tag\n";
            let linux = world.linuxes.get_mut(&zhcp).unwrap();
            linux.fs.write("/var/opt/zhcp/zfcp/scsipol2.conf", format!("{text}free,500507630300c562;500507630b00c562,4025403300000000,10G,1A00-1A0F;1B00-1B0F,,,\n"), 0);
            let rig = Rig::world(variant, world).await;
            let both = halves(&rig, TWO_PATHS, Vec::new()).await;
            let instance = guest(name);
            let before = rig.traces();
            let connector = both.nova.get_volume_connector(&instance).await.unwrap();
            let ports = ["500507630300c562", "500507630b00c562"];
            let volume = controller_volume(1, "4021403300000000", &ports, &connector.zvm_fcp);
            let options = AttachOptions::default();
            let mount = mount("/dev/vdb");
            both.nova
                .attach_volume(&instance, &volume, Some(&mount), &options)
                .await
                .unwrap_or_else(|error| panic!("{variant} {name}: {error}"));
            if on {
                // D22: the controller names its ports in another order at the end.
                let other = controller_volume(
                    1,
                    "4021403300000000",
                    &[ports[1], ports[0]],
                    &connector.zvm_fcp,
                );
                let target = both.shell(name, "readlink -f /dev/vdb").await;
                assert!(target.starts_with("/dev/dm-"), "{target}");
                both.nova
                    .detach_volume(&instance, &volume.id, Some(&other), None, &options)
                    .await
                    .unwrap();
            } else {
                both.take(&volume.id, &instance).await.unwrap();
            }
            assert_eq!(rig.traces(), before, "{variant} {name}");
        }
    }
}

#[tokio::test]
async fn d20_d16_a_record_of_an_old_release_is_enough_when_the_ledger_is_lost() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let instance = guest("lnx1");
    let before = rig.traces();
    let volume = both.create(1, 1).await;
    let record = both.connect(&volume, &instance).await.unwrap();
    both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
        .await
        .unwrap();
    std::fs::remove_file(both.nova.ledger().path()).unwrap();
    // The device is not in the configured list any more.
    let both = halves(
        &rig,
        "zvm_host = zvm1\nzvm_fcp_list = 1b00-1b0e\nvolume_clear = none",
        Vec::new(),
    )
    .await;
    let options = AttachOptions::default();
    let detached = both
        .nova
        .detach_volume(
            &instance,
            &volume.id,
            Some(&record),
            Some(&mount("/dev/vdb")),
            &options,
        )
        .await
        .unwrap();
    assert!(!detached.already && detached.pending.is_empty());
    both.driver.delete_volume(&volume).await.unwrap();
    assert_eq!(rig.traces(), before);
}

#[tokio::test]
async fn det_04_d52_a_row_that_vanished_does_not_keep_the_guest_from_being_cleaned() {
    let mut world = xcat_simulator::site::lab();
    let zhcp = world.resolve("zhcp1").unwrap().clone();
    let linux = world.linuxes.get_mut(&zhcp).unwrap();
    let pool = "/var/opt/zhcp/zfcp/scsipol1.conf";
    let text = linux.fs.read(pool).unwrap().replace(
        "free,500507630300c562,4011403300000000,2G,1A00-1A0F;1B00-1B0F,,,\n",
        "",
    );
    linux.fs.write(pool, text, 0);
    let rig = Rig::world(CURRENT, world).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let instance = guest("lnx1");
    let before = rig.traces();
    let volume = both
        .of_controller(1, "4011403300000000", &["500507630300c562"], &instance)
        .await;
    both.give(&volume, &instance).await.unwrap();
    let row = rig.line("4011403300000000");
    rig.edit(&format!("{row}\n"), "");
    both.take(&volume.id, &instance).await.unwrap();
    assert_eq!(rig.traces(), before);
}

#[tokio::test]
async fn refusals_come_before_any_change() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
    both.attach(&one, &guest("lnx1"), Some(&mount("/dev/vdb")))
        .await
        .unwrap();
    let before = rig.traces();
    let mut paused = guest("lnx1");
    paused.paused = true;
    let unversioned = Instance::new(node("lnx1"));
    let strange = Instance::new(node("lnx1")).with_os("fedora23");
    let missing = guest("nosuch");
    let cases = [
        (
            &two,
            paused,
            "Attaching to a paused instance is not supported.",
        ),
        (&two, unversioned, "os_version of lnx1 is missing"),
        (&two, strange, "'fedora23' is not a supported OS"),
        (&two, missing, "instance nosuch could not be found"),
        (&two, guest("lnx1"), "/dev/vdb already exists in lnx1"),
        (&one, guest("lnx2"), "attached to lnx1"),
    ];
    for (volume, instance, text) in cases {
        let error = both
            .attach(volume, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(text), "{error}");
        assert_eq!(rig.traces(), before, "{error}");
    }
}

#[tokio::test]
async fn boot_01_a_guest_starts_from_its_volume_and_gives_everything_back() {
    use zvm_volume::attachments::{BootMetadata, BootVolume};
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, TWO_PATHS, Vec::new()).await;
        let instance = guest("lnx3");
        let before = rig.traces();
        let volume = both.create(1, 1).await;
        let boot = BootVolume {
            volume: both.connect(&volume, &instance).await.unwrap(),
            metadata: BootMetadata::read(|key| match key {
                "root" => Some("/dev/sda1"),
                "image" => Some("/boot/vmlinuz"),
                "ramdisk" => Some("/boot/initrd"),
                "os_version" => Some("ubuntu16.04"),
                _ => None,
            })
            .unwrap(),
            script: None,
        };
        let options = AttachOptions::default();
        let ready = match both.nova.prepare_boot(&instance, &boot, &options).await {
            Ok(ready) => ready,
            Err(error) => {
                let world = rig.simulator.site().look();
                panic!(
                    "{variant}: {error}\n{:#?}",
                    world.systems.values().next().unwrap().directory
                );
            }
        };
        let directory = both
            .shell("zhcp1", "/opt/zhcp/bin/smcli Image_Query_DM -T LNX3")
            .await;
        assert!(
            directory
                .to_lowercase()
                .contains(&format!("ipl {}", ready.fcp[0])),
            "D24: {directory}"
        );
        assert!(directory.contains("LOADDEV"), "{directory}");
        for device in &ready.fcp {
            assert!(
                directory
                    .to_lowercase()
                    .contains(&format!("dedicate {device}")),
                "{directory}"
            );
        }
        assert_eq!(
            both.nova.destroy_cleanup(&instance).await.unwrap(),
            Vec::<String>::new()
        );
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
        assert!(both.holds_nothing().await);
    }
}

#[tokio::test]
async fn off_06_attached_while_on_then_shut_down() {
    let rig = Rig::lab(CURRENT).await;
    let both = halves(&rig, ONE_PATH, Vec::new()).await;
    let instance = guest("lnx1");
    let volume = both.create(1, 1).await;
    both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
        .await
        .unwrap();
    both.power("lnx1", PowerAction::Off).await;
    both.detach(&volume, &instance).await.unwrap();
    both.power("lnx1", PowerAction::On).await;
    assert_eq!(
        both.shell("lnx1", "lszfcp -D 2>&1; true").await,
        "Error: No fcp devices found."
    );
    assert_eq!(
        both.shell("lnx1", "ls /dev/vdb 2>/dev/null; true").await,
        ""
    );
}

/// The archives of two notices have one name on the zHCP, and only a lock keeps them apart (spec: guests 6.11): found by the
/// long run, in which a guest got another's notice and kept a path for ever.
#[tokio::test]
async fn notices_for_two_guests_are_not_sent_at_a_time() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let site = rig.simulator.site();
        let (one, two) = (guest("lnx1"), guest("lnx3"));
        for name in ["lnx1", "lnx3"] {
            both.power(name, PowerAction::Off).await;
        }
        let volumes = [both.create(1, 1).await, both.create(2, 1).await];
        let first = both.connect(&volumes[0], &one).await.unwrap();
        let second = both.connect(&volumes[1], &two).await.unwrap();
        let point = BreakPoint {
            id: "punch".to_owned(),
            target: Target {
                command: Some("vmur punch".to_owned()),
                ..Target::default()
            },
            times: Some(1),
            ..BreakPoint::default()
        };
        site.add_break(point).unwrap();
        let gives = async { tokio::join!(both.give(&first, &one), both.give(&second, &two)) };
        tokio::pin!(gives);
        tokio::select! {
            given = &mut gives => panic!("{variant}: nothing was punched: {given:?}"),
            held = site.wait_held("punch") => assert!(held.is_some()),
        }
        // Another process, which has nothing but the folder, sees that it is not its turn.
        let folder = rig.folder.path().join("state/locks");
        let turn = std::fs::read_dir(&folder).unwrap().flatten();
        let turn: Vec<_> = turn
            .filter(|item| item.file_name().to_string_lossy().starts_with("notices-"))
            .collect();
        assert_eq!(turn.len(), 1, "{variant}");
        let file = std::fs::File::open(turn[0].path()).unwrap();
        assert!(file.try_lock().is_err(), "{variant}: the lock is free");
        site.release_break("punch");
        let (first, second) = gives.await;
        first.unwrap();
        second.unwrap();
        let paths = |name: &str| {
            let world = site.look();
            let system = world.systems.values().next().unwrap();
            let files = &system.readers[&UserId::new(name)];
            files
                .iter()
                .map(|file| file.text.clone())
                .collect::<String>()
        };
        let luns = volumes.each_ref().map(|v| row_of(v).to_lowercase());
        for (name, own, other) in [("LNX1", 0, 1), ("LNX3", 1, 0)] {
            let text = paths(name).to_lowercase();
            assert!(text.contains(&luns[own]), "{variant} {name}: {text}");
            assert!(!text.contains(&luns[other]), "{variant} {name}: {text}");
        }
    }
}

/// T5: the volume is detached although the guest still has the device; what pends is no business of the next attach.
#[tokio::test]
async fn a_volume_whose_old_device_still_waits_can_be_attached_elsewhere() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let (both, spoil) = spoiled(&rig, ONE_PATH).await;
        let before = rig.traces();
        let volume = both.create(1, 1).await;
        let (one, two) = (guest("lnx1"), guest("lnx2"));
        both.attach(&volume, &one, None).await.unwrap();
        spoil.answer("--undedicatedevice", smapi("lnx1", 204, 44, "no"), 99);
        let gone = both.take(&volume.id, &one).await.unwrap();
        assert_eq!(gone.pending.len(), 1, "{variant}");
        let again = both.take(&volume.id, &one).await.unwrap();
        assert!(again.already, "{variant}: {again:?}");
        let given = both.attach(&volume, &two, None).await;
        let given = given.unwrap_or_else(|error| panic!("{variant}: {error}"));
        assert_ne!(
            given.fcp, gone.pending,
            "{variant}: the old device is not free"
        );
        spoil.answer("", "", 0);
        both.detach(&volume, &two).await.unwrap();
        let report = both.nova.reconcile(&Known::NotDone).await.unwrap();
        assert!(report.is_clean(), "{variant}: {report:?}");
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// The ledger is lost and the connection data were made anew with another device: the row tells through which one the guest has
/// the volume (spec: driver 2.8.4, X14).
#[tokio::test]
async fn a_detach_without_a_record_takes_the_devices_of_the_row() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        let before = rig.traces();
        let instance = guest("lnx1");
        let volume = both.create(1, 1).await;
        let mut record = both.connect(&volume, &instance).await.unwrap();
        both.give(&record, &instance).await.unwrap();
        std::fs::remove_file(both.nova.ledger().path()).unwrap();
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        record.connection.fcp = vec!["1a07".parse().unwrap()];
        let options = AttachOptions::default();
        let gone = both
            .nova
            .detach_volume(&instance, &volume.id, Some(&record), None, &options)
            .await
            .unwrap_or_else(|error| panic!("{variant}: {error}"));
        assert!(gone.pending.is_empty(), "{variant}: {gone:?}");
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
    }
}

/// The ledger is lost, and the guest has two volumes through one device: the detach of one leaves it to the other (I11), whether the
/// other's row names its volume or not.
#[tokio::test]
async fn a_detach_without_a_record_leaves_the_devices_of_other_unrecorded_volumes() {
    for variant in VARIANTS {
        for names_volume in [true, false] {
            let at = format!("{variant}, {names_volume}");
            let rig = Rig::lab(variant).await;
            let both = halves(&rig, ONE_PATH, Vec::new()).await;
            let before = rig.traces();
            let instance = guest("lnx1");
            let (one, two) = (both.create(1, 1).await, both.create(2, 1).await);
            let mut records = Vec::new();
            for volume in [&one, &two] {
                let record = both.connect(volume, &instance).await.unwrap();
                both.give(&record, &instance).await.unwrap();
                records.push(record);
            }
            std::fs::remove_file(both.nova.ledger().path()).unwrap();
            let row = rig.line(&tag(2));
            if !names_volume {
                rig.edit(&row, &row.replace(&tag(2), ""));
            }
            let both = halves(&rig, ONE_PATH, Vec::new()).await;
            let options = AttachOptions::default();
            for (index, record) in records.iter().enumerate() {
                let gone = both
                    .nova
                    .detach_volume(&instance, &record.id, Some(record), None, &options)
                    .await
                    .unwrap_or_else(|error| panic!("{at}: {error}"));
                assert!(!gone.already && gone.pending.is_empty(), "{at}: {gone:?}");
                let has = directory(&rig, "LNX1").contains("DEDICATE 1A00");
                assert_eq!(has, index == 0, "{at}: the other volume keeps its device");
            }
            assert!(both.holds_nothing().await, "{at}");
            for volume in [&one, &two] {
                both.driver.delete_volume(volume).await.unwrap();
            }
            assert_eq!(rig.traces(), before, "{at}");
        }
    }
}

/// An Ubuntu that runs may have two rules for a device node, the management node's, which never matches (GQ15), and the driver's.
#[tokio::test]
async fn the_rules_of_an_ubuntu_go_with_its_volume() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let both = halves(&rig, ONE_PATH, Vec::new()).await;
        both.power("lnx3", PowerAction::On).await;
        let before = rig.traces();
        let instance = guest("lnx3");
        let volume = both.create(1, 1).await;
        both.attach(&volume, &instance, Some(&mount("/dev/vdb")))
            .await
            .unwrap();
        let rules = "cat /etc/udev/rules.d/56-zfcp.rules; true";
        assert!(both.shell("lnx3", rules).await.contains("vdb%n"));
        both.detach(&volume, &instance).await.unwrap();
        let left = both.shell("lnx3", rules).await;
        assert!(!left.contains("vdb"), "{variant}: {left}");
        both.driver.delete_volume(&volume).await.unwrap();
        assert_eq!(rig.traces(), before, "{variant}");
    }
}
