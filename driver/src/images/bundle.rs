//! The bundle: a tar file with one folder, in it `manifest.xml` and one `.img` file (spec: driver 2.7.2).

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::civil::Date;

use super::disk_image::{DiskImage, DiskImageError};
use crate::types::Tag;

/// Why a bundle cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The disk image in it.
    #[error("{0}")]
    Image(#[from] DiskImageError),
    /// It does not hold exactly one image file.
    #[error("the bundle holds {0} image files instead of one")]
    Count(usize),
    /// An entry that has no business in a bundle.
    #[error("the bundle holds '{0}', which is refused")]
    Entry(String),
}

/// A bundle of one image.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The image's profile: letters and digits only, because the MN cuts the image's name at dashes.
    pub profile: Tag,
    /// The day for the MN's clean-up.
    pub last_use: Date,
}

/// Name of the image of a profile on the MN.
pub fn profile_name(profile: &Tag) -> String {
    format!("unknown-s390x-raw-{profile}")
}

impl Bundle {
    fn folder(&self) -> String {
        format!("/install/raw/unknown/s390x/{}", self.profile)
    }

    /// The manifest. No white space around texts: the MN does not trim them.
    pub fn manifest(&self, file_name: &str) -> String {
        let (name, folder, profile) = (profile_name(&self.profile), self.folder(), &self.profile);
        format!(
            "<?xml version=\"1.0\"?>\n<xcatimage>\n\
             <linuximage><imagename>{name}</imagename><rootimgdir>{folder}</rootimgdir></linuximage>\n\
             <osimage><imagename>{name}</imagename><imagetype>linux</imagetype>\
             <isdeletable>auto:last_use_date:{}</isdeletable><osarch>s390x</osarch><osname>Linux</osname>\
             <osvers>unknown</osvers><profile>{profile}</profile><provmethod>raw</provmethod></osimage>\n\
             <rawimagefiles><files>{folder}/{file_name}</files></rawimagefiles>\n</xcatimage>\n",
            self.last_use
        )
    }

    /// Writes a bundle of the raw disk in `disk`, padded with zeros to whole blocks. `plain` leaves it uncompressed.
    pub fn write(&self, disk: &Path, bundle: &Path, plain: bool) -> Result<(), BundleError> {
        let file = BufWriter::new(File::create_new(bundle)?);
        if plain {
            self.write_tar(disk, file)?.flush()?;
        } else {
            let packed = GzEncoder::new(file, flate2::Compression::fast());
            self.write_tar(disk, packed)?.finish()?.flush()?;
        }
        Ok(())
    }

    fn write_tar<W: Write>(&self, disk: &Path, writer: W) -> Result<W, BundleError> {
        let source = File::open(disk)?;
        let bytes = source.metadata()?.len();
        let padded = bytes.div_ceil(512) * 512;
        let file_name = format!("{}.img", self.profile);
        let mut tar = tar::Builder::new(writer);
        let mut head = |path: String, size: u64, reader: &mut dyn Read| -> io::Result<()> {
            let mut header = tar::Header::new_gnu();
            header.set_size(size);
            header.set_mode(0o644);
            header.set_mtime(0);
            tar.append_data(&mut header, path, reader)
        };
        let manifest = self.manifest(&file_name);
        head(
            format!("{}/manifest.xml", self.profile),
            manifest.len() as u64,
            &mut manifest.as_bytes(),
        )?;
        let header = DiskImage::header(bytes);
        let mut body = header
            .chain(BufReader::new(source))
            .chain(io::repeat(0).take(padded - bytes));
        head(
            format!("{}/{file_name}", self.profile),
            header.len() as u64 + padded,
            &mut body,
        )?;
        Ok(tar.into_inner()?)
    }

    /// Takes the one image out of a bundle (a tar file, compressed or not) and writes its disk to `disk`. Refuses absolute names, `..`,
    /// links and devices; reads at most `limit` bytes of disk. Gives the disk's size.
    pub fn extract(bundle: &Path, disk: &Path, limit: u64) -> Result<u64, BundleError> {
        let mut magic = [0; 2];
        let mut file = BufReader::new(File::open(bundle)?);
        let is_gzip = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        let file = BufReader::new(File::open(bundle)?);
        let reader: Box<dyn Read> = if is_gzip {
            // Bounded too: a tar of holes could be endless.
            Box::new(GzDecoder::new(file).take(limit.saturating_mul(2).saturating_add(1 << 20)))
        } else {
            Box::new(file)
        };
        let mut images = 0;
        let mut size = 0;
        for entry in tar::Archive::new(reader).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let shown = || BundleError::Entry(path.display().to_string());
            let inside = path
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            let kind = entry.header().entry_type();
            if !inside || !(kind.is_file() || kind.is_dir()) {
                return Err(shown());
            }
            if kind.is_file() && path.extension().is_some_and(|suffix| suffix == "img") {
                images += 1;
                if images > 1 {
                    return Err(BundleError::Count(images));
                }
                let mut out = BufWriter::new(File::create(disk)?);
                size = DiskImage::unpack(&mut entry, &mut out, limit)?;
                out.flush()?;
            }
        }
        if images == 1 {
            Ok(size)
        } else {
            Err(BundleError::Count(images))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Bundle {
        Bundle {
            profile: "cv0123456789abcdef0123456789abcdef".parse().unwrap(),
            last_use: jiff::civil::date(2026, 1, 31),
        }
    }

    #[test]
    fn the_manifest_is_as_the_mn_reads_it() {
        insta::assert_snapshot!(bundle().manifest("x.img"));
    }

    #[test]
    fn a_disk_goes_in_and_comes_out_padded() {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::write(&disk, vec![5u8; 1000]).unwrap();
        for plain in [true, false] {
            let packed = folder.path().join(format!("bundle-{plain}"));
            bundle().write(&disk, &packed, plain).unwrap();
            let out = folder.path().join("out");
            assert_eq!(Bundle::extract(&packed, &out, 4096).unwrap(), 1024);
            let bytes = std::fs::read(&out).unwrap();
            assert_eq!(&bytes[..1000], &[5u8; 1000]);
            assert_eq!(&bytes[1000..], &[0u8; 24]);
        }
    }

    #[test]
    fn sec_11_entries_that_climb_or_link_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tar_with = |name: &str, kind: tar::EntryType| {
            let path = folder.path().join("evil.tar");
            let mut tar = tar::Builder::new(File::create(&path).unwrap());
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(0);
            header.set_entry_type(kind);
            if kind.is_symlink() {
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_cksum();
            tar.append(&header, io::empty()).unwrap();
            tar.finish().unwrap();
            path
        };
        let out = folder.path().join("out");
        for (name, kind) in [
            ("../x.img", tar::EntryType::Regular),
            ("/etc/x.img", tar::EntryType::Regular),
            ("a/x.img", tar::EntryType::Symlink),
            ("a/x.img", tar::EntryType::Block),
        ] {
            let error = Bundle::extract(&tar_with(name, kind), &out, 4096).unwrap_err();
            assert!(matches!(error, BundleError::Entry(_)), "{name}: {error}");
        }
        let none = tar_with("a/readme", tar::EntryType::Regular);
        assert!(matches!(
            Bundle::extract(&none, &out, 4096),
            Err(BundleError::Count(0))
        ));
        assert!(!out.exists());
    }
}
