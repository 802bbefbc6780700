//! The operations of the Cinder half as the crash and fault matrices run them.

use xcat_simulator::world::World;
use zvm_volume::Result;
use zvm_volume::attachments::{AttachOptions, Attachments as _};
use zvm_volume::images::ImageMeta;
use zvm_volume::volumes::{
    Connector, ExistingRef, Page, Snapshot, TargetHost, TypeDiff, VolumeDriver,
};

use crate::check::{DATA, Expected, content, volume_of, write_content};
use crate::guests::{guest, mount};
use crate::rig::{set_pool, tag, volume};
use crate::stage::{Process, Subject};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Start,
    Stats,
    Manageable,
    Create,
    Extend,
    Retype,
    Delete,
    DeleteUncleared,
    Quarantine,
    Snapshot,
    MnSnapshot,
    DeleteSnapshot,
    FromSnapshot,
    Clone,
    MnClone,
    Manage,
    Unmanage,
    Rename,
    CreateExport,
    EnsureExport,
    RemoveExport,
    Initialize,
    Terminate,
    TerminateForced,
    Detached,
    ImageIn,
    ImageInKept,
    ImageOut,
    Migrate,
}

const PORT: &str = "500507630300c562";
const LUN: &str = "4010403300000000";
/// Bytes of the LUN that images are read from and written to.
const IMAGE_LUN: u64 = 4 << 20;
const SECOND_POOL: &str = "/var/opt/zhcp/zfcp/scsipol2.conf";
const IMAGE_ID: &str = "00000000-0000-4000-8000-0000000000aa";
const IMAGE: &str = "system of image one";

/// What is wrong when a LUN is given back as it was.
pub const NOT_CLEARED: &str = "the old LUN was not cleared";

/// Sizes in G, as administrators write them; in M, where the MN's own copy works.
const IN_G: [&str; 4] = [
    "free,500507630300c562,4010403300000000,1G,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4011403300000000,2G,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4012403300000000,5G,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4013403300000000,10G,1A00-1A0F;1B00-1B0F,,,",
];
const IN_M: [&str; 4] = [
    "free,500507630300c562,4010403300000000,1024M,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4011403300000000,2048M,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4012403300000000,5120M,1A00-1A0F;1B00-1B0F,,,",
    "free,500507630300c562,4013403300000000,10240M,1A00-1A0F;1B00-1B0F,,,",
];
const NO_RANGE: [&str; 2] = [
    "free,500507630300c562,4010403300000000,1G,,,,",
    "free,500507630300c562,4011403300000000,2G,,,,",
];
/// Small, because what is captured is written and read in full.
const SMALL: [&str; 1] = ["free,500507630300c562,4010403300000000,4M,1A00-1A0F;1B00-1B0F,,,"];

impl Case {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Start,
        Self::Stats,
        Self::Manageable,
        Self::Create,
        Self::Extend,
        Self::Retype,
        Self::Delete,
        Self::DeleteUncleared,
        Self::Quarantine,
        Self::Snapshot,
        Self::MnSnapshot,
        Self::DeleteSnapshot,
        Self::FromSnapshot,
        Self::Clone,
        Self::MnClone,
        Self::Manage,
        Self::Unmanage,
        Self::Rename,
        Self::CreateExport,
        Self::EnsureExport,
        Self::RemoveExport,
        Self::Initialize,
        Self::Terminate,
        Self::TerminateForced,
        Self::Detached,
        Self::ImageIn,
        Self::ImageInKept,
        Self::ImageOut,
        Self::Migrate,
    ];

    /// Whether an image is moved.
    fn has_image(self) -> bool {
        matches!(
            self,
            Self::ImageIn | Self::ImageInKept | Self::ImageOut | Self::Migrate
        )
    }

    /// The site that the case needs.
    pub fn world(self) -> World {
        let mut world = xcat_simulator::site::lab();
        let rows: &[&str] = match self {
            Self::MnClone | Self::MnSnapshot => &IN_M,
            Self::Quarantine => &NO_RANGE,
            _ if self.has_image() => &SMALL,
            _ => &IN_G,
        };
        set_pool(&mut world, rows);
        if self.has_image() {
            world.san.volumes.get_mut("one0").unwrap().bytes = IMAGE_LUN;
            // The management node is the zHCP itself, as many sites have it: where they are two, the current release believes
            // every directory to be mounted, and images are found nowhere (Q49).
            world.mn.host = world.resolve("zhcp1").unwrap().clone();
            world
                .mn
                .tables
                .set("site", "key", "master", &[("value", "10.10.0.2")]);
        }
        world
    }

    /// Keys of the back end's section.
    pub fn keys(self) -> &'static str {
        match self {
            Self::Delete
            | Self::DeleteSnapshot
            | Self::Quarantine
            | Self::MnClone
            | Self::MnSnapshot => "",
            Self::Snapshot | Self::Clone => "zvm_verify_copy = full",
            // The copy's own exit status is trusted, but no answer that was lost.
            Self::FromSnapshot => "zvm_verify_copy = none",
            Self::ImageIn | Self::ImageOut => "zvm_image_remote = root@lnx1",
            Self::ImageInKept => "zvm_image_remote = root@lnx1\nzvm_keep_xcat_image = true",
            Self::Migrate => "zvm_image_remote = root@lnx1\nzvm_migrate_by_image = true",
            Self::TerminateForced => "zvm_fcp_list = 1a00-1a0e;1b00-1b0e\nvolume_clear = none",
            _ => "volume_clear = none",
        }
    }

    /// Bookkeeping that must not fail because the MN is slow: it succeeds and leaves the work for the next time.
    pub fn may_give_up(self) -> bool {
        matches!(self, Self::EnsureExport | Self::Detached)
    }

    /// Whether the case works on a volume that is there before.
    fn has_volume(self) -> bool {
        !matches!(
            self,
            Self::Start | Self::Create | Self::Manage | Self::Stats | Self::Manageable
        )
    }

    /// Makes what the case needs, with a healthy driver.
    pub async fn prepare(self, process: &Process) -> Subject {
        let driver = &process.driver;
        let mut record = volume(1, 1);
        if self.has_volume() {
            let update = if self.has_image() {
                let reference = ExistingRef::SourceName(LUN.to_owned());
                driver.manage_existing(&record, &reference).await.unwrap()
            } else {
                driver.create_volume(&record).await.unwrap()
            };
            record = record.updated(&update);
            // What is released without clearing, as configured, is readable: nothing to prove there.
            if self != Self::DeleteUncleared {
                process.change(|world| write_content(world, PORT, LUN, &data()));
            }
        }
        if matches!(self, Self::ImageIn | Self::ImageInKept) {
            let mut disk = IMAGE.to_owned().into_bytes();
            disk.resize(512, b' ');
            std::fs::write(process.glance.join(format!("{IMAGE_ID}.raw")), &disk).unwrap();
        }
        let mut subject = Subject {
            snapshot: Snapshot {
                id: volume(0x51, 1).id,
                volume_size: 1,
                volume: record.clone(),
                provider_location: None,
            },
            volume: record,
            reference: None,
        };
        if matches!(self, Self::DeleteSnapshot | Self::FromSnapshot) {
            let update = driver.create_snapshot(&subject.snapshot).await.unwrap();
            subject.snapshot.provider_location = Some(update.provider_location);
        }
        if self == Self::TerminateForced {
            let instance = guest("lnx1");
            let reference = process.connect(&subject.volume, &instance).await;
            let options = AttachOptions::default();
            process
                .nova
                .attach_volume(&instance, &reference, Some(&mount("/dev/vdb")), &options)
                .await
                .unwrap();
        }
        if matches!(self, Self::EnsureExport | Self::Detached | Self::Terminate) {
            process.change(|world| {
                let rows = crate::rig::pool_text(world).replace(&tag(1), "");
                let rows: Vec<&str> = rows.lines().skip(1).collect();
                set_pool(world, &rows);
            });
        }
        subject
    }

    /// The operation.
    pub async fn run(self, process: &Process, subject: &Subject) -> Result<()> {
        let driver = &process.driver;
        let record = &subject.volume;
        let fresh = volume(2, 1);
        match self {
            Self::Start => driver.start().await,
            Self::Stats => driver.get_volume_stats(true).await.map(drop),
            Self::Manageable => driver
                .get_manageable_volumes(&Page::default())
                .await
                .map(drop),
            Self::Create => driver.create_volume(record).await.map(drop),
            Self::Extend => driver.extend_volume(record, 1).await,
            Self::Retype => {
                let host = TargetHost {
                    host: "host@DEFAULT#scsipol1".to_owned(),
                    location_info: None,
                };
                let diff = TypeDiff::default();
                driver.retype(record, &diff, &host).await.map(drop)
            }
            Self::Delete | Self::DeleteUncleared | Self::Quarantine => {
                driver.delete_volume(record).await
            }
            Self::Snapshot | Self::MnSnapshot => {
                driver.create_snapshot(&subject.snapshot).await.map(drop)
            }
            Self::DeleteSnapshot => driver.delete_snapshot(&subject.snapshot).await,
            Self::FromSnapshot => driver
                .create_volume_from_snapshot(&fresh, &subject.snapshot)
                .await
                .map(drop),
            Self::Clone | Self::MnClone => {
                driver.create_cloned_volume(&fresh, record).await.map(drop)
            }
            Self::Manage => {
                let reference = ExistingRef::SourceName(LUN.to_owned());
                driver.manage_existing(record, &reference).await.map(drop)
            }
            Self::Unmanage => driver.unmanage(record).await,
            Self::Rename => driver
                .update_migrated_volume(&fresh, record)
                .await
                .map(drop),
            Self::CreateExport => driver.create_export(record).await,
            Self::EnsureExport => driver.ensure_export(record).await,
            Self::RemoveExport => driver.remove_export(record).await,
            Self::Initialize => driver
                .initialize_connection(record, &connector())
                .await
                .map(drop),
            Self::Terminate | Self::TerminateForced => driver
                .terminate_connection(record, Some(&connector()), self == Self::TerminateForced)
                .await
                .map(drop),
            Self::Detached => driver.detach_volume(record).await,
            Self::ImageIn | Self::ImageInKept => {
                driver
                    .copy_image_to_volume(record, &process.images, IMAGE_ID)
                    .await
            }
            Self::ImageOut => {
                let meta = ImageMeta::raw("out");
                driver
                    .copy_volume_to_image(record, &process.images, &meta)
                    .await
            }
            Self::Migrate => {
                let host = TargetHost {
                    host: "host@other#scsipol2".to_owned(),
                    location_info: Some("ZVMXCATDriver:mn.example.com:zvm1:scsipol2".to_owned()),
                };
                let (done, _) = driver.migrate_volume(record, &host).await?;
                assert!(done, "the target is one that can be reached");
                Ok(())
            }
        }
    }

    /// What must be true when the operation did not succeed, or was interrupted and reconciled.
    pub fn meanwhile(self) -> Expected {
        let (one, two, snapshot) = (tag(1), tag(2), snapshot_tag());
        let mut expected = Expected::default();
        match self {
            Self::Create | Self::Manage => expected.may_exist = vec![one],
            Self::Start | Self::Stats | Self::Manageable => {}
            Self::Delete | Self::DeleteUncleared | Self::Quarantine | Self::Unmanage => {
                expected.may_exist = vec![one];
                expected.may_quarantine = self == Self::Quarantine;
                expected.may_be_unmanaged = self == Self::Unmanage;
            }
            Self::Snapshot | Self::MnSnapshot | Self::DeleteSnapshot => {
                expected.exist = vec![one];
                expected.may_exist = vec![snapshot];
            }
            Self::FromSnapshot => {
                expected.exist = vec![one, snapshot];
                expected.may_exist = vec![two];
            }
            Self::Clone | Self::MnClone => {
                expected.exist = vec![one];
                expected.may_exist = vec![two];
            }
            Self::Rename => expected.may_exist = vec![one, two],
            Self::Initialize
            | Self::Extend
            | Self::Retype
            | Self::CreateExport
            | Self::RemoveExport
            | Self::ImageIn
            | Self::ImageInKept
            | Self::ImageOut
            | Self::Migrate
            | Self::TerminateForced => expected.exist = vec![one],
            // Until it has run, the row is reserved for nobody.
            Self::EnsureExport | Self::Detached | Self::Terminate => {
                expected.may_exist = vec![one, String::new()];
            }
        }
        // A copy that broke off may leave a row that cannot be cleared.
        expected.may_quarantine |= matches!(
            self,
            Self::Snapshot
                | Self::MnSnapshot
                | Self::FromSnapshot
                | Self::Clone
                | Self::MnClone
                | Self::Migrate
        );
        if self == Self::Migrate {
            expected.pools = vec![SECOND_POOL];
        }
        expected.may_keep_image = self == Self::ImageInKept;
        self.with_source(expected)
    }

    /// What must be true after it succeeded.
    pub fn afterwards(self) -> Expected {
        let (one, two, snapshot) = (tag(1), tag(2), snapshot_tag());
        let exist = match self {
            Self::Delete
            | Self::DeleteUncleared
            | Self::Quarantine
            | Self::Unmanage
            | Self::Start
            | Self::Manageable
            | Self::Stats => Vec::new(),
            Self::Snapshot | Self::MnSnapshot => vec![one, snapshot],
            Self::FromSnapshot => vec![one, snapshot, two],
            Self::Clone | Self::MnClone => vec![one, two],
            Self::Rename => vec![two],
            _ => vec![one],
        };
        let meanwhile = self.meanwhile();
        let mut expected = Expected {
            exist,
            may_quarantine: meanwhile.may_quarantine,
            may_keep_image: meanwhile.may_keep_image,
            pools: meanwhile.pools,
            may_be_unmanaged: self == Self::Unmanage,
            ..Expected::default()
        };
        let holds = |stamp: String| (stamp, data());
        match self {
            Self::Snapshot | Self::MnSnapshot => expected.content.push(holds(snapshot_tag())),
            Self::FromSnapshot | Self::Clone | Self::MnClone => {
                expected.content.push(holds(tag(2)));
            }
            Self::ImageIn | Self::ImageInKept => {
                expected.content.push((tag(1), IMAGE.to_owned()));
            }
            _ => {}
        }
        self.with_source(expected)
    }

    /// No operation but an image and a delete changes what a volume holds that was there before.
    fn with_source(self, mut expected: Expected) -> Expected {
        let written = matches!(
            self,
            Self::ImageIn
                | Self::ImageInKept
                | Self::Delete
                | Self::DeleteUncleared
                | Self::Quarantine
        );
        if self.has_volume() && !written {
            expected.content.push((tag(1), data()));
        }
        expected
    }

    /// What else is wrong after it succeeded. `capacity`: bytes of the volume's LUN at that time; it may have become smaller
    /// before it was read (F50).
    pub fn wrong_afterwards(self, process: &Process, capacity: u64) -> Vec<String> {
        let mut wrong = Vec::new();
        match self {
            Self::ImageOut => {
                let image = std::fs::read(process.glance.join("out.raw")).unwrap_or_default();
                let whole = [IMAGE_LUN, capacity].contains(&(image.len() as u64));
                if !whole || !image.starts_with(data().as_bytes()) {
                    wrong.push(format!("the image has {} bytes", image.len()));
                }
            }
            Self::Migrate => process.change(|world| {
                let here = crate::rig::pool_text(world);
                if here.contains(&tag(1)) {
                    wrong.push(format!("still in the old pool: {here}"));
                }
                let old = content(world, PORT, LUN);
                if old.starts_with(DATA) {
                    wrong.push(NOT_CLEARED.to_owned());
                }
            }),
            _ => {}
        }
        wrong
    }
}

/// Bytes of the LUN on which the volume lies.
pub fn capacity(world: &World) -> u64 {
    volume_of(world, PORT, LUN).map_or(0, |volume| volume.bytes)
}

/// Nova's connector for a guest of the site.
fn connector() -> Connector {
    Connector {
        zvm_fcp: vec!["1a01".parse().unwrap()],
        wwpns: vec!["c05076e8a0001a01".parse().unwrap()],
        host: "zvm1".to_owned(),
        instance: None,
    }
}

/// What the volume's LUN holds before.
fn data() -> String {
    format!("{DATA}volume 1")
}

fn snapshot_tag() -> String {
    tag(0x51).replacen("cv", "cs", 1)
}
