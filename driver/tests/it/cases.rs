//! The operations of the Cinder half as cases of the crash and fault matrices.

use xcat_simulator::world::World;
use zvm_volume::Result;
use zvm_volume::volumes::{Connector, ExistingRef, Snapshot, Volume, VolumeDriver, ZvmDriver};

use crate::check::{DATA, Expected, write_content};
use crate::rig::{Rig, tag, volume};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Create,
    Delete,
    DeleteUncleared,
    Quarantine,
    Snapshot,
    DeleteSnapshot,
    FromSnapshot,
    Clone,
    MnCopy,
    Manage,
    Unmanage,
    Rename,
    EnsureExport,
    Initialize,
    Stats,
}

/// What a case works on, made before it.
pub struct Subject {
    pub volume: Volume,
    pub snapshot: Snapshot,
    pub source: Volume,
    pub world: World,
}

const PORT: &str = "500507630300c562";

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

impl Case {
    /// Cases that change rows only.
    pub const ROWS: [Self; 9] = [
        Self::Create,
        Self::DeleteUncleared,
        Self::Quarantine,
        Self::Manage,
        Self::Unmanage,
        Self::Rename,
        Self::EnsureExport,
        Self::Initialize,
        Self::Stats,
    ];

    pub fn rows(self) -> &'static [&'static str] {
        match self {
            Self::MnCopy => &IN_M,
            Self::Quarantine => &NO_RANGE,
            _ => &IN_G,
        }
    }

    /// Keys of the back end's section.
    pub fn keys(self) -> &'static str {
        match self {
            Self::Delete | Self::DeleteSnapshot | Self::Quarantine | Self::MnCopy => "",
            Self::Snapshot | Self::FromSnapshot | Self::Clone => "zvm_verify_copy = full",
            _ => "volume_clear = none",
        }
    }

    /// Bookkeeping that must not fail because the MN is slow: it succeeds and leaves the work for the next time.
    pub fn may_give_up(self) -> bool {
        self == Self::EnsureExport
    }

    /// Whether the case works on a volume that is there before.
    fn has_volume(self) -> bool {
        !matches!(self, Self::Create | Self::Manage | Self::Stats)
    }

    /// Makes what the case needs, with a healthy driver.
    pub async fn prepare(self, rig: &Rig) -> Subject {
        let driver = rig.started(self.keys()).await;
        let mut record = volume(1, 1);
        if self.has_volume() {
            let update = driver.create_volume(&record).await.unwrap();
            record = record.updated(&update);
            // What is released without clearing, as configured, is readable: nothing to prove there.
            if self != Self::DeleteUncleared {
                rig.change(|world| {
                    write_content(world, PORT, "4010403300000000", &format!("{DATA}volume 1"));
                });
            }
        }
        let mut snapshot = Snapshot {
            id: volume(0x51, 1).id,
            volume_size: 1,
            volume: record.clone(),
            provider_location: None,
        };
        if matches!(self, Self::DeleteSnapshot | Self::FromSnapshot) {
            let update = driver.create_snapshot(&snapshot).await.unwrap();
            snapshot.provider_location = Some(update.provider_location);
        }
        if self == Self::EnsureExport {
            rig.edit(&tag(1), "");
        }
        let world = rig.simulator.site().look().clone();
        Subject {
            source: record.clone(),
            volume: record,
            snapshot,
            world,
        }
    }

    /// The operation.
    pub async fn run(self, driver: &ZvmDriver, subject: &Subject) -> Result<()> {
        let record = &subject.volume;
        let fresh = volume(2, 1);
        match self {
            Self::Create => driver.create_volume(record).await.map(drop),
            Self::Delete | Self::DeleteUncleared | Self::Quarantine => {
                driver.delete_volume(record).await
            }
            Self::Snapshot => driver.create_snapshot(&subject.snapshot).await.map(drop),
            Self::DeleteSnapshot => driver.delete_snapshot(&subject.snapshot).await,
            Self::FromSnapshot => driver
                .create_volume_from_snapshot(&fresh, &subject.snapshot)
                .await
                .map(drop),
            Self::Clone | Self::MnCopy => driver
                .create_cloned_volume(&fresh, &subject.source)
                .await
                .map(drop),
            Self::Manage => {
                let reference = ExistingRef::SourceName("4010403300000000".to_owned());
                driver.manage_existing(record, &reference).await.map(drop)
            }
            Self::Unmanage => driver.unmanage(record).await,
            Self::Rename => driver
                .update_migrated_volume(&fresh, record)
                .await
                .map(drop),
            Self::EnsureExport => driver.ensure_export(record).await,
            Self::Initialize => {
                let connector = Connector {
                    zvm_fcp: vec!["1a01".parse().unwrap()],
                    wwpns: vec!["c05076e8a0001a01".parse().unwrap()],
                    host: "zvm1".to_owned(),
                    instance: None,
                };
                driver
                    .initialize_connection(record, &connector)
                    .await
                    .map(drop)
            }
            Self::Stats => driver.get_volume_stats(true).await.map(drop),
        }
    }

    /// What must be true when the operation did not succeed, or was interrupted and reconciled.
    pub fn meanwhile(self) -> Expected {
        let (one, two, snapshot) = (tag(1), tag(2), snapshot_tag());
        let mut expected = Expected::default();
        match self {
            Self::Create | Self::Manage => expected.may_exist = vec![one],
            Self::Stats => {}
            Self::Delete | Self::DeleteUncleared | Self::Quarantine | Self::Unmanage => {
                expected.may_exist = vec![one];
                expected.may_quarantine = self == Self::Quarantine;
                expected.may_be_unmanaged = self == Self::Unmanage;
            }
            Self::Snapshot | Self::DeleteSnapshot => {
                expected.exist = vec![one];
                expected.may_exist = vec![snapshot];
            }
            Self::FromSnapshot => {
                expected.exist = vec![one, snapshot];
                expected.may_exist = vec![two];
            }
            Self::Clone | Self::MnCopy => {
                expected.exist = vec![one];
                expected.may_exist = vec![two];
            }
            Self::Rename => expected.may_exist = vec![one, two],
            Self::Initialize => expected.exist = vec![one],
            // Until it has run, the row is reserved for nobody.
            Self::EnsureExport => expected.may_exist = vec![one, String::new()],
        }
        // A copy that broke off may leave a row that cannot be cleared.
        expected.may_quarantine |= matches!(
            self,
            Self::Snapshot | Self::FromSnapshot | Self::Clone | Self::MnCopy
        );
        expected
    }

    /// What must be true after it succeeded.
    pub fn afterwards(self) -> Expected {
        let (one, two, snapshot) = (tag(1), tag(2), snapshot_tag());
        let exist = match self {
            Self::Create
            | Self::Manage
            | Self::Initialize
            | Self::EnsureExport
            | Self::DeleteSnapshot => vec![one],
            Self::Delete
            | Self::DeleteUncleared
            | Self::Quarantine
            | Self::Unmanage
            | Self::Stats => Vec::new(),
            Self::Snapshot => vec![one, snapshot],
            Self::FromSnapshot => vec![one, snapshot, two],
            Self::Clone | Self::MnCopy => vec![one, two],
            Self::Rename => vec![two],
        };
        Expected {
            exist,
            may_quarantine: self.meanwhile().may_quarantine,
            may_be_unmanaged: self == Self::Unmanage,
            ..Expected::default()
        }
    }
}

fn snapshot_tag() -> String {
    tag(0x51).replacen("cv", "cs", 1)
}
