//! Images onto volumes and back, by way of a machine that the MN copies from and to.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::Simulator;
use zvm_volume::images::{Bundle, DiskFormat, FileMover, FolderImages, ImageMeta, Offer};
use zvm_volume::volumes::{ExistingRef, VolumeDriver};
use zvm_volume::{Error, Result};

use crate::check::{Expected, assert_holds, content};
use crate::rig::{CURRENT, Extras, Rig, VARIANTS, tag, volume};

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

    fn has_arrived<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<bool>> {
        std::future::ready(Ok(self.read(file).is_some())).boxed()
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
