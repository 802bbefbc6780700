//! Images onto volumes and back, by way of a machine that the MN copies from and to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::Simulator;
use zvm_volume::client::{Method, Recorder, Transport, TransportError, WireAnswer, WireRequest};
use zvm_volume::images::{Bundle, DiskFormat, FileMover, FolderImages, ImageMeta, Offer};
use zvm_volume::steps::{Event, Plan, Recovery};
use zvm_volume::volumes::{ExistingRef, VolumeDriver, VolumeStep};
use zvm_volume::{Error, Result};

use crate::check::{Expected, assert_holds, content};
use crate::rig::{CURRENT, Door, Extras, Rig, VARIANTS, tag, volume};

const PORT: &str = "500507630300c562";
const LUN: &str = "4010403300000000";
const MIB: u64 = 1 << 20;

/// The driver's machine as the simulated MN reaches it: a Linux of the site. What a simulated zHCP captures is the identity of a
/// disk's content behind the real header, so on its way back it is padded to the disk's length.
pub struct ByWayOfGuest(pub Arc<Simulator>);

impl ByWayOfGuest {
    fn named(file: &Path) -> Offer {
        Offer {
            path: format!(
                "/tmp/{}",
                file.display()
                    .to_string()
                    .trim_matches('/')
                    .replace('/', "_")
            ),
            remote: "root@lnx1".to_owned(),
        }
    }

    fn read(&self, file: &Path) -> Option<String> {
        let world = self.0.site().look();
        let name = world.resolve("lnx1").unwrap();
        let text = world.linuxes[name].fs.read(&Self::named(file).path)?;
        Some(text.into_owned())
    }
}

/// Writes what a simulated MN brought as a real one would bring it: a bundle with the whole disk.
pub fn write_whole(text: &str, file: &Path) -> Result<()> {
    let (_, image) = text
        .split_once("xCAT FCP Disk Image:")
        .ok_or_else(|| failed("collect", "no image"))?;
    let blocks: usize = image[..16].trim().trim_end_matches(" BLK").parse().unwrap();
    let identity = image[512 - 20..]
        .split(['\0', '\n'])
        .next()
        .unwrap_or_default();
    let disk = file.with_extension("disk");
    let mut bytes = identity.as_bytes().to_vec();
    bytes.resize(blocks * 512, 0);
    std::fs::write(&disk, bytes).map_err(|e| failed("collect", e))?;
    let bundle = Bundle {
        profile: "cvx".parse().unwrap(),
        last_use: jiff::civil::date(2026, 1, 1),
    };
    bundle
        .write(&disk, file, true)
        .map_err(|e| failed("collect", e))
}

fn failed(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Backend(format!("{what}: {error}"))
}

impl FileMover for ByWayOfGuest {
    fn offer<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Offer>> {
        let offered = std::fs::read_to_string(file)
            .map_err(|e| failed("offer", e))
            .map(|text| {
                let mut world = self.0.site().edit();
                let name = world.resolve("lnx1").unwrap().clone();
                let now = world.now_ms;
                let offer = Self::named(file);
                world
                    .linuxes
                    .get_mut(&name)
                    .unwrap()
                    .fs
                    .write(&offer.path, text, now);
                offer
            });
        std::future::ready(offered).boxed()
    }

    fn expect(&self, file: &Path) -> Result<Offer> {
        Ok(Self::named(file))
    }

    fn arrived_bytes<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Option<u64>>> {
        std::future::ready(Ok(self.read(file).map(|text| text.len() as u64))).boxed()
    }

    fn collect<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        let brought = || -> Result<()> {
            let text = self
                .read(file)
                .ok_or_else(|| failed("collect", "nothing arrived"))?;
            write_whole(&text, file)
        };
        std::future::ready(brought()).boxed()
    }

    fn withdraw<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        let mut world = self.0.site().edit();
        let name = world.resolve("lnx1").unwrap().clone();
        world
            .linuxes
            .get_mut(&name)
            .unwrap()
            .fs
            .files
            .remove(&Self::named(file).path);
        std::future::ready(Ok(())).boxed()
    }
}

#[tokio::test]
async fn images_go_onto_volumes_and_come_back() {
    for variant in VARIANTS {
        let rows = ["free,500507630300c562,4010403300000000,4M,1A00-1A0F;1B00-1B0F,,,"];
        let mut world = xcat_simulator::site::lab();
        crate::rig::set_pool(&mut world, &rows);
        world.san.volumes.get_mut("one0").unwrap().bytes = 4 * MIB;
        // The management node is the zHCP itself, as many sites have it: where they are two, the current release believes every
        // directory to be mounted, and images are found nowhere (Q49).
        world.mn.host = world.resolve("zhcp1").unwrap().clone();
        world
            .mn
            .tables
            .set("site", "key", "master", &[("value", "10.10.0.2")]);
        let rig = Rig::world(variant, world).await;
        let driver = rig.driver(Extras {
            keys: "zvm_image_remote = root@lnx1",
            mover: Some(Arc::new(ByWayOfGuest(Arc::clone(&rig.simulator)))),
            ..Extras::default()
        });
        driver.start().await.unwrap();
        let record = volume(1, 1);
        let reference = ExistingRef::SourceName(LUN.to_owned());
        let update = driver.manage_existing(&record, &reference).await.unwrap();
        let record = record.updated(&update);
        let expected = Expected {
            exist: vec![tag(1)],
            ..Expected::default()
        };

        let glance = tempfile::tempdir().unwrap();
        let images = FolderImages::new(glance.path());
        let mut disk = "system of image one".to_owned().into_bytes();
        disk.resize(512, b' ');
        std::fs::write(glance.path().join("in.raw"), &disk).unwrap();
        driver
            .copy_image_to_volume(&record, &images, "in")
            .await
            .unwrap_or_else(|e| panic!("{variant}: {e}"));
        assert_holds(&rig, &expected, "image in");
        rig.change(|world| {
            assert_eq!(
                content(world, PORT, LUN).trim_end(),
                "system of image one",
                "{variant}"
            );
        });

        driver
            .copy_volume_to_image(&record, &images, &ImageMeta::raw("out"))
            .await
            .unwrap_or_else(|e| panic!("{variant}: {e}"));
        assert_holds(&rig, &expected, "image out");
        let out = std::fs::read(glance.path().join("out.raw")).unwrap();
        assert_eq!(out.len() as u64, 4 * MIB);
        assert!(out.starts_with(b"system of image one"));
        let meta: ImageMeta =
            serde_json::from_slice(&std::fs::read(glance.path().join("out.json")).unwrap())
                .unwrap();
        assert_eq!(meta.properties["architecture"], "s390x");
        assert_eq!(meta.disk_format, DiskFormat::Raw);
        let left: Vec<_> = std::fs::read_dir(rig.folder.path().join("images"))
            .into_iter()
            .flatten()
            .collect();
        assert!(left.is_empty(), "the work area is wiped");
    }
}

#[tokio::test]
async fn images_that_do_not_fit_are_refused_before_anything_is_sent() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.started("zvm_image_remote = root@lnx1").await;
    let record = volume(1, 1);
    let record = record
        .clone()
        .updated(&driver.create_volume(&record).await.unwrap());
    let glance = tempfile::tempdir().unwrap();
    let images = FolderImages::new(glance.path());
    let write = |id: &str, meta: &ImageMeta| {
        std::fs::write(glance.path().join(format!("{id}.raw")), "x").unwrap();
        let text = serde_json::to_vec(meta).unwrap();
        std::fs::write(glance.path().join(format!("{id}.json")), text).unwrap();
    };
    let mut big = ImageMeta::raw("big");
    big.virtual_size = Some(2 << 30);
    write("big", &big);
    let mut foreign = ImageMeta::raw("foreign");
    foreign
        .properties
        .insert("architecture".to_owned(), "x86_64".to_owned());
    write("foreign", &foreign);
    for (id, exception) in [
        ("big", "ImageTooBig"),
        ("foreign", "ImageUnacceptable"),
        ("../x", "ImageUnacceptable"),
        ("none", "ImageCopyFailure"),
    ] {
        let error = driver
            .copy_image_to_volume(&record, &images, id)
            .await
            .unwrap_err();
        assert_eq!(error.exception(), exception, "{error}");
    }
}

/// The MN's door with little room for images until so many of them are gone.
struct Narrow {
    door: Door,
    removals: AtomicUsize,
    enough: usize,
}

impl Transport for Narrow {
    fn send(
        &self,
        request: WireRequest,
    ) -> BoxFuture<'_, std::result::Result<WireAnswer, TransportError>> {
        if request.query.expose().contains("freerepospace") {
            let is_enough = self.removals.load(Ordering::Relaxed) >= self.enough;
            let free = if is_enough { "9.5G" } else { "10M" };
            let body =
                format!("{{\"data\":[{{\"data\":[\"mn: Free Image Repository: {free}\"]}}]}}");
            let answer = WireAnswer {
                status: 200,
                body: body.into_bytes(),
            };
            return std::future::ready(Ok(answer)).boxed();
        }
        if request.method == Method::Delete && request.path.starts_with("/images/") {
            self.removals.fetch_add(1, Ordering::Relaxed);
        }
        self.door.send(request)
    }
}

/// Spec: driver 2.6.9, step 4. The clock shows 1970-01-01.
#[tokio::test]
async fn stale_images_of_ours_make_room_and_nobody_elses_do() {
    let hex = |c: char| c.to_string().repeat(32);
    let old = "auto:last_use_date:1969-12-01";
    let standing = |profile: &str| (format!("unknown-s390x-raw-{profile}"), profile.to_owned());
    let (ended, lost) = (format!("cv{}", hex('1')), format!("cv{}", hex('2')));
    let (at_work, undoing) = (format!("cv{}", hex('3')), format!("cv{}", hex('4')));
    let stale = [standing(&ended), standing(&lost)];
    let kept = [
        // Another machine may be at work on it.
        (
            standing(&format!("cv{}", hex('5'))),
            "auto:last_use_date:1969-12-31",
        ),
        // Nobody knows how old it is.
        (standing(&format!("cv{}", hex('6'))), ""),
        // A kept image, an image of another cloud, one that is only named like ours, a captured system.
        (standing(&format!("ci{}", hex('7'))), old),
        (standing(&format!("cx{}", hex('8'))), old),
        (standing("cvmine"), old),
        (
            (
                "rhel7-s390x-netboot-base".to_owned(),
                format!("cv{}", hex('9')),
            ),
            old,
        ),
        // The journal has work on them.
        (standing(&at_work), old),
        (standing(&undoing), old),
    ];
    for enough in [2, usize::MAX] {
        let mut world = xcat_simulator::site::lab();
        world.mn.host = world.resolve("zhcp1").unwrap().clone();
        let tables = &mut world.mn.tables;
        tables.set("site", "key", "master", &[("value", "10.10.0.2")]);
        let dates = [
            ((&stale[0]), "auto:last_use_date:1970-01-01"),
            ((&stale[1]), old),
        ];
        let all = dates
            .into_iter()
            .chain(kept.iter().map(|(name, date)| (name, *date)));
        for ((image, profile), date) in all {
            let columns = [
                ("profile", profile.as_str()),
                ("provmethod", "raw"),
                ("isdeletable", date),
            ];
            tables.set("osimage", "imagename", image, &columns);
        }
        let rig = Rig::world(CURRENT, world).await;
        let driver = rig.driver(Extras {
            keys: "zvm_image_remote = root@lnx1\nzvm_xcat_master = mn",
            mover: Some(Arc::new(ByWayOfGuest(Arc::clone(&rig.simulator)))),
            transport: Some(Arc::new(Narrow {
                door: Door::of(rig.simulator.site()),
                removals: AtomicUsize::new(0),
                enough,
            })),
            ..Extras::default()
        });
        driver.start().await.unwrap();
        let record = volume(1, 1);
        let record = record
            .clone()
            .updated(&driver.create_volume(&record).await.unwrap());

        let journal = driver.engine().journal();
        let entry = |profile: &str| {
            let plan = Plan::new("image-to-volume", tag(9), Recovery::Back)
                .touching(profile)
                .step(VolumeStep::RemoveImage {
                    profile: profile.parse().unwrap(),
                });
            async move {
                journal
                    .begin(&plan, jiff::Timestamp::UNIX_EPOCH, None)
                    .await
                    .unwrap()
            }
        };
        let mut waiting = entry(&ended).await;
        waiting.write(Event::Attempt { step: 0 }).await.unwrap();
        waiting.write(Event::Pending { step: 0 }).await.unwrap();
        let mut interrupted = entry(&undoing).await;
        let error = "interrupted".to_owned();
        interrupted.write(Event::RollBack { error }).await.unwrap();
        drop((waiting, interrupted));
        let living = entry(&at_work).await;

        let glance = tempfile::tempdir().unwrap();
        std::fs::write(glance.path().join("in.raw"), [b'x'; 512]).unwrap();
        let images = FolderImages::new(glance.path());
        let outcome = driver.copy_image_to_volume(&record, &images, "in").await;
        if enough == 2 {
            outcome.unwrap();
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(error.exception(), "ImageCopyFailure");
            assert!(
                error.to_string().contains("that were removed: 2"),
                "{error}"
            );
        }
        let world = rig.simulator.site().look().clone();
        let is_there = |image: &str| {
            world
                .mn
                .tables
                .find("osimage", &[("imagename", image)])
                .next()
                .is_some()
        };
        for (image, _) in &stale {
            assert!(!is_there(image), "{image}");
        }
        for ((image, _), _) in &kept {
            assert!(is_there(image), "{image}");
        }
        living.close().await.unwrap();
    }
}

/// As [`ByWayOfGuest`], where what the MN brings has these sizes, look by look; the last one stays.
struct Growing {
    inner: ByWayOfGuest,
    sizes: Vec<Option<u64>>,
    looks: AtomicUsize,
}

impl FileMover for Growing {
    fn offer<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Offer>> {
        self.inner.offer(file)
    }

    fn expect(&self, file: &Path) -> Result<Offer> {
        self.inner.expect(file)
    }

    fn arrived_bytes<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<Option<u64>>> {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let size = self.sizes.get(look).or(self.sizes.last());
        std::future::ready(Ok(size.copied().flatten())).boxed()
    }

    fn collect<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.inner.collect(file)
    }

    fn withdraw<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>> {
        self.inner.withdraw(file)
    }
}

/// Spec: driver 3.7, imgexport: the file's size is stable.
#[tokio::test]
async fn an_exported_image_is_whole_when_it_grows_no_more() {
    let some = |sizes: &[u64]| sizes.iter().map(|size| Some(*size)).collect::<Vec<_>>();
    for (sizes, looks, exports, is_good) in [
        (some(&[100, 200, 300, 300]), 4, 1, true),
        // Not there, or empty: exported once more.
        ([vec![None], some(&[5, 5])].concat(), 3, 2, true),
        (some(&[0, 0, 5, 5]), 4, 2, true),
        // It grows and grows, in both attempts.
        (some(&(1..20).collect::<Vec<_>>()), 12, 2, false),
    ] {
        let rows = ["free,500507630300c562,4010403300000000,4M,1A00-1A0F;1B00-1B0F,,,"];
        let mut world = xcat_simulator::site::lab();
        crate::rig::set_pool(&mut world, &rows);
        world.san.volumes.get_mut("one0").unwrap().bytes = 4 * MIB;
        world.mn.host = world.resolve("zhcp1").unwrap().clone();
        let tables = &mut world.mn.tables;
        tables.set("site", "key", "master", &[("value", "10.10.0.2")]);
        let rig = Rig::world(CURRENT, world).await;
        let mover = Arc::new(Growing {
            inner: ByWayOfGuest(Arc::clone(&rig.simulator)),
            sizes: sizes.clone(),
            looks: AtomicUsize::new(0),
        });
        let recorder = Arc::new(Recorder::default());
        let driver = rig.driver(Extras {
            keys: "zvm_image_remote = root@lnx1",
            mover: Some(mover.clone()),
            observers: vec![recorder.clone()],
            ..Extras::default()
        });
        driver.start().await.unwrap();
        let record = volume(1, 1);
        let reference = ExistingRef::SourceName(LUN.to_owned());
        let update = driver.manage_existing(&record, &reference).await.unwrap();
        let record = record.updated(&update);
        let glance = tempfile::tempdir().unwrap();
        let images = FolderImages::new(glance.path());
        let outcome = driver
            .copy_volume_to_image(&record, &images, &ImageMeta::raw("out"))
            .await;
        assert_eq!(outcome.is_ok(), is_good, "{sizes:?}: {outcome:?}");
        assert_eq!(mover.looks.load(Ordering::Relaxed), looks, "{sizes:?}");
        let calls = recorder.take();
        let sent = calls.iter().filter(|e| e.call == "imgexport").count();
        assert_eq!(sent, exports, "{sizes:?}");
        if let Err(error) = outcome {
            assert_eq!(error.exception(), "ImageCopyFailure", "{error}");
            assert!(error.left_behind().is_empty(), "{error}");
        }
        let expected = Expected {
            exist: vec![tag(1)],
            ..Expected::default()
        };
        assert_holds(&rig, &expected, "image out");
    }
}
