//! Images onto volumes and volumes into images (spec: driver 2.6.9, 2.6.10).

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::content::{Content, KeptContents};
use super::driver::ZvmDriver;
use super::life::found;
use super::model::Volume;
use super::step::VolumeStep;
use super::world::{RowRef, World};
use crate::blocking::blocking;
use crate::client::{Call, CallError, Gate};
use crate::config::VerifyCopy;
use crate::error::{Error, ImageFault, Result};
use crate::images::{
    Bundle, DiskFormat, ImageMeta, ImageService, WorkFolder, profile_name, public_key,
};
use crate::pool::{Row, RowStatus};
use crate::steps::{Plan, Recovery};
use crate::types::{Size, Tag};

/// Waits for the zHCP to let go of a row, or for the MN to bring a file; what was sent and whose answer was lost may still run.
const WAITS: [u64; 5] = [1, 2, 4, 8, 15];

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

impl ZvmDriver {
    pub(super) async fn image_to_volume(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image_id: &str,
    ) -> Result<()> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let row = self.idle_row(volume, &tag, &world).await?;
        let meta = images.show(image_id).await?;
        acceptable(&meta, &row)?;
        let keep = world.copying.keep_image;
        let profile = if keep {
            Tag::volume("ci", image_id)
                .map_err(|error| Error::image(ImageFault::Unacceptable, error.to_string()))?
        } else {
            self.fresh_profile(&tag)?
        };
        // A kept image is imported once, whoever asks first.
        let _image = if keep {
            Some(world.objects(&[&profile]).await?)
        } else {
            None
        };
        let folder = WorkFolder::make(world.work_folder(&profile)).await?;
        let mut plan = Plan::new("image-to-volume", tag.as_str(), Recovery::Back)
            .touching(RowRef::of(&row).touch())
            .touching(profile.as_str());
        let gib = row.size.map_or(1, Size::gib_ceil);
        let bundle = folder.bundle();
        let kept = KeptContents::of(&self.shared.backend.state_dir);
        let known = if keep { kept.find(&profile) } else { None };
        let is_there = keep && world.has_image(&profile).await?;
        let disk = folder.disk();
        let content = match known.filter(|_| is_there) {
            Some(content) => Some(content),
            None if is_there && world.copying.verify == VerifyCopy::None => None,
            None => {
                images.fetch(image_id, &disk).await?;
                let (path, effort) = (disk.clone(), world.copying.verify);
                let content = blocking(move || {
                    Content::of_file(&path, effort).map_err(|source| Error::State {
                        what: format!("cannot read {}", path.display()),
                        source,
                    })
                })
                .await?;
                if let (true, Some(content)) = (keep, &content) {
                    kept.keep(&profile, content);
                }
                content
            }
        };
        if !is_there {
            let plain = self.version().is_none_or(|v| v.passes(Gate::PlainBundles));
            let size = pack(&disk, &bundle, &profile, plain, &row, &self.client).await?;
            self.check_space(size, &world).await?;
            let offer = world.mover.offer(&bundle).await?;
            plan = plan.step(VolumeStep::Import {
                profile: profile.clone(),
                bundle: offer.path,
                remote: offer.remote,
                plain,
                gib,
            });
        }
        let target = RowRef::of(&row);
        plan = plan
            .step(VolumeStep::Deploy {
                row: target.clone(),
                tag: tag.clone(),
                profile: profile.clone(),
                content,
                gib,
            })
            .step(VolumeStep::Restamp {
                row: target,
                from: None,
                tag: tag.clone(),
            })
            .maybe((!keep).then(|| VolumeStep::RemoveImage {
                profile: profile.clone(),
            }));
        let outcome = self.run(&plan, &world).await;
        folder.close(&*world.mover).await;
        outcome
    }

    pub(super) async fn volume_to_image(
        &self,
        volume: &Volume,
        images: &dyn ImageService,
        image: &ImageMeta,
    ) -> Result<()> {
        let tag = self.volume_tag(volume)?;
        let world = self.world()?;
        let _object = world.objects(&[&tag]).await?;
        self.settle(&tag, &world).await?;
        let row = self.idle_row(volume, &tag, &world).await?;
        let profile = self.fresh_profile(&tag)?;
        let folder = WorkFolder::make(world.work_folder(&profile)).await?;
        let size = row.size.unwrap_or_default();
        let gib = size.gib_ceil().max(1);
        let target = RowRef::of(&row);
        let bundle = folder.export();
        let offer = world.mover.expect(&bundle)?;
        let plan = Plan::new("volume-to-image", tag.as_str(), Recovery::Back)
            .touching(target.touch())
            .touching(profile.as_str())
            .step(VolumeStep::Capture {
                row: target.clone(),
                tag: tag.clone(),
                profile: profile.clone(),
                compression: world.copying.compression,
                gib,
            })
            .step(VolumeStep::Restamp {
                row: target,
                from: None,
                tag: tag.clone(),
            })
            .step(VolumeStep::Export {
                profile: profile.clone(),
                destination: offer.path,
                remote: offer.remote,
                gib,
            })
            .step(VolumeStep::RemoveImage {
                profile: profile.clone(),
            });
        let work = async {
            self.run(&plan, &world).await?;
            world.mover.collect(&bundle).await?;
            let disk = folder.disk();
            // The row's size may be rounded; the LUN cannot hold more than the next GiB.
            let limit = size.gib_ceil().max(1).saturating_mul(GIB);
            let nominal = volume.size.saturating_mul(GIB);
            let (from, to) = (bundle.clone(), disk.clone());
            let bytes = blocking(move || {
                let bytes = Bundle::extract(&from, &to, limit)
                    .map_err(|error| Error::image(ImageFault::CopyFailed, error.to_string()))?;
                cut_to(&to, bytes, nominal)
            })
            .await?;
            let mut meta = image.clone();
            meta.disk_format = DiskFormat::Raw;
            meta.virtual_size = Some(bytes);
            meta.min_disk = meta.min_disk.max(bytes.div_ceil(GIB));
            for (key, value) in [("architecture", "s390x"), ("hypervisor_type", "zvm")] {
                meta.properties.insert(key.to_owned(), value.to_owned());
            }
            images.upload(&meta, &disk).await
        };
        let done = work.await;
        folder.close(&*world.mover).await;
        done
    }

    /// The volume's row, reserved with its stamp.
    async fn idle_row(&self, volume: &Volume, tag: &Tag, world: &World) -> Result<Row> {
        let location = Self::location(volume.provider_location.as_deref(), world)?;
        let listing = world.list().await?;
        let row = found(listing.resolve(tag, location.as_ref())?, volume)?;
        if row.status == RowStatus::Used {
            // The MN would read or overwrite a mounted disk without a word (D29).
            return Err(Error::Busy {
                what: format!("volume {}", volume.id),
                by: format!("row {} is used by {}", row.address(), row.owner),
            });
        }
        if row.status != RowStatus::Reserved || row.owner != tag.as_str() {
            return Err(Error::Backend(format!(
                "row {} is {} by '{}', not reserved for {tag}",
                row.address(),
                row.status,
                row.owner
            )));
        }
        if let Some(reason) = row.unsafe_reason() {
            return Err(Error::Backend(format!("row {}: {reason}", row.address())));
        }
        // The MN chooses the zHCP's channel for images itself, by the row's range.
        if !row.has_range() {
            return Err(Error::Unsupported(format!(
                "row {} has no FCP range of the form min-max: the MN finds no channel for images",
                row.address()
            )));
        }
        Ok(row.clone())
    }

    /// A profile that nobody else uses: two requests for one image must not share the MN's folders. No dash, because the MN cuts
    /// there.
    pub(super) fn fresh_profile(&self, tag: &Tag) -> Result<Tag> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let now = self.client.clock().now().as_nanosecond();
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{tag} {now} {} {count}", std::process::id());
        let digest = Sha256::digest(seed.as_bytes());
        let mut hex = String::new();
        for byte in digest.iter().take(16) {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let profile = format!("{}{hex}", self.shared.backend.row_tag_prefix);
        profile
            .parse()
            .map_err(|error: crate::types::ParseError| Error::Config(error.to_string()))
    }

    /// X26: twice the bundle and 1 GiB must be free on the MN, when it can be asked. Stale images of ours make room before that is an
    /// error (2.6.9, step 4).
    async fn check_space(&self, bundle: u64, world: &World) -> Result<()> {
        let needed = bundle.saturating_mul(2).saturating_add(GIB);
        let is_short = |free: Option<u64>| free.filter(|free| *free < needed);
        let Some(before) = is_short(self.free_space().await?) else {
            return Ok(());
        };
        let removed = self
            .remove_stale_images(world)
            .await
            .unwrap_or_else(|error| {
                // The lack of space is what is to be told.
                tracing::warn!(%error, "stale images on the management node cannot be looked for");
                0
            });
        let short = if removed > 0 {
            is_short(self.free_space().await?)
        } else {
            Some(before)
        };
        match short {
            Some(free) => Err(Error::image(
                ImageFault::CopyFailed,
                format!(
                    "the management node has {free} bytes free for images, {needed} are needed; stale images that were removed: {removed}"
                ),
            )),
            None => Ok(()),
        }
    }

    /// The MN's public key (2.7.2): this machine's user has to admit it in its `authorized_keys`, so that the MN can fetch images and
    /// bring them. The driver does not write it there: whom a machine admits is its administrator's to decide.
    pub async fn mn_public_key(&self) -> Result<String> {
        let Some(node) = self.shared.backend.master.clone() else {
            return Err(Error::Config(
                "zvm_xcat_master is not set: the management node's key is read by way of it"
                    .to_owned(),
            ));
        };
        let call = Call::Shell {
            node,
            command: "cat /root/.ssh/id_rsa.pub".to_owned(),
            changes: false,
            gib: 0,
        };
        let answer = self.client.call(&call).await?.answer;
        answer.output().find_map(public_key).ok_or_else(|| {
            Error::Backend(
                "the management node shows no RSA key in /root/.ssh/id_rsa.pub".to_owned(),
            )
        })
    }

    /// X26; `None` when the MN cannot be asked or does not say.
    async fn free_space(&self) -> Result<Option<u64>> {
        let Some(master) = self.shared.backend.master.clone() else {
            return Ok(None);
        };
        let done = self.client.call(&Call::FreeSpace { master }).await?;
        Ok(done
            .answer
            .output()
            .find_map(|line| line.split_once("Free Image Repository:"))
            .and_then(|(_, text)| space(text)))
    }
}

impl World {
    /// RB7: whether the MN knows an image of the profile.
    pub(super) async fn has_image(&self, profile: &Tag) -> Result<bool> {
        let call = Call::FindImage {
            profile: profile.clone(),
        };
        match self.pool.client.call(&call).await {
            Ok(done) => Ok(done.answer.says(&profile_name(profile))),
            Err(error) if error.is_not_found() || error.says("Could not find") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an image from the MN, files and definition; done when it is not there.
    pub(super) async fn remove_image(&self, profile: &Tag) -> Result<()> {
        let profile = profile.clone();
        let files = Call::RemoveImageFiles {
            profile: profile.clone(),
        };
        let definition = Call::RemoveImage {
            profile: profile.clone(),
        };
        let is_gone = |error: &CallError| error.is_not_found() || error.says("Invalid image name");
        // The files are found by their definition, so they go first, and a definition whose files are still there stays.
        // That they are gone already is no reason to keep it.
        for call in [files, definition] {
            match self.pool.client.call(&call).await {
                Err(error) if !is_gone(&error) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the MN has brought an image whole: its size is the same at two looks (spec: driver 3.7, imgexport). One that grows is
    /// waited for, half a minute at most.
    pub(super) async fn has_export(&self, profile: &Tag) -> Result<bool> {
        let file = WorkFolder::export_in(&self.work_folder(profile));
        let mut before = self.mover.arrived_bytes(&file).await?;
        for seconds in WAITS {
            if before.is_none() {
                break;
            }
            let wait = Duration::from_secs(seconds);
            self.pool.client.clock().sleep(wait).await;
            let now = self.mover.arrived_bytes(&file).await?;
            if now == before {
                return Ok(now > Some(0));
            }
            before = now;
        }
        Ok(false)
    }

    /// Waits until the zHCP has let go of a row, half a minute at most.
    pub(super) async fn wait_for_zhcp(&self, row: &RowRef) -> Result<()> {
        for seconds in WAITS {
            let now = self.row(row).await?;
            if now.status != RowStatus::Used || !self.is_zhcps(&now) {
                return Ok(());
            }
            self.pool
                .client
                .clock()
                .sleep(Duration::from_secs(seconds))
                .await;
        }
        Ok(())
    }
}

/// Whether an image can go onto a row, by its record.
fn acceptable(meta: &ImageMeta, row: &Row) -> Result<()> {
    if let Some(architecture) = meta.properties.get("architecture")
        && architecture != "s390x"
    {
        return Err(Error::image(
            ImageFault::Unacceptable,
            format!("image {} is for {architecture}, not s390x", meta.id),
        ));
    }
    if let DiskFormat::Other(format) = &meta.disk_format {
        tracing::info!(
            image = meta.id,
            format,
            "the image service has to convert the image"
        );
    }
    if let Some(bytes) = meta.virtual_size {
        fits(bytes, row)?;
    }
    Ok(())
}

fn fits(bytes: u64, row: &Row) -> Result<()> {
    let room = row
        .size
        .map_or(0, |size| size.mib().saturating_mul(1 << 20));
    if bytes <= room {
        return Ok(());
    }
    Err(Error::image(
        ImageFault::TooBig,
        format!("the image has {bytes} bytes, the LUN {room}"),
    ))
}

/// Packs a fetched disk into a bundle; the bundle's size.
async fn pack(
    disk: &Path,
    bundle: &Path,
    profile: &Tag,
    plain: bool,
    row: &Row,
    client: &crate::client::Client,
) -> Result<u64> {
    let length = |path: &Path| {
        std::fs::metadata(path)
            .map(|data| data.len())
            .map_err(|source| Error::State {
                what: format!("cannot look at {}", path.display()),
                source,
            })
    };
    fits(length(disk)?, row)?;
    let writer = Bundle {
        profile: profile.clone(),
        last_use: client
            .clock()
            .now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date(),
    };
    let (disk, bundle) = (disk.to_owned(), bundle.to_owned());
    blocking(move || {
        writer
            .write(&disk, &bundle, plain)
            .map_err(|error| Error::image(ImageFault::CopyFailed, error.to_string()))?;
        length(&bundle)
    })
    .await
}

/// Cuts a disk to the volume's nominal size when there are only zeros beyond it; the size it has then.
fn cut_to(disk: &Path, bytes: u64, nominal: u64) -> Result<u64> {
    let fail = |source| Error::State {
        what: format!("cannot cut {}", disk.display()),
        source,
    };
    if bytes <= nominal {
        return Ok(bytes);
    }
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(disk)
        .map_err(fail)?;
    file.seek(SeekFrom::Start(nominal)).map_err(fail)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => break,
            read if buffer[..read].iter().any(|byte| *byte != 0) => return Ok(bytes),
            _ => {}
        }
    }
    file.set_len(nominal).map_err(fail)?;
    Ok(nominal)
}

/// A size such as `2.1G`.
fn space(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = match text.chars().last()? {
        'K' => 1u64 << 10,
        'M' => 1 << 20,
        'G' => 1 << 30,
        'T' => 1 << 40,
        _ => 1,
    };
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = number.parse().ok()?;
    (number >= 0.0).then_some((number * unit as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mns_free_space_is_read_in_any_unit() {
        assert_eq!(space(" 2.5G"), Some(2_684_354_560));
        assert_eq!(space("10M"), Some(10 << 20));
        assert_eq!(space("0"), Some(0));
        assert_eq!(space(""), None);
        assert_eq!(space("none"), None);
    }

    #[test]
    fn a_tail_of_zeros_is_cut_and_any_other_kept() {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::write(&disk, [&[1u8; 512][..], &[0u8; 512]].concat()).unwrap();
        assert_eq!(cut_to(&disk, 1024, 512).unwrap(), 512);
        assert_eq!(std::fs::metadata(&disk).unwrap().len(), 512);
        std::fs::write(&disk, [1u8; 1024]).unwrap();
        assert_eq!(cut_to(&disk, 1024, 512).unwrap(), 1024);
        assert_eq!(cut_to(&disk, 1024, 4096).unwrap(), 1024);
    }
}
