//! The FCP disk image: a header of 512 bytes before the blocks of the disk (spec: driver 2.7.1).

use std::io::{self, Read, Write};

use flate2::read::GzDecoder;

/// Bytes of the header.
pub const HEADER: usize = 512;

/// What every FCP disk image begins with.
const MAGIC: &[u8] = b"xCAT FCP Disk Image:";

/// Beginning of the images of other media, which are refused.
const OTHER_MAGIC: &[u8] = b"xCAT ";

/// Bytes of the older header.
const SHORT_HEADER: usize = 36;

/// Bytes of a block.
const BLOCK: u64 = 512;

/// How the body follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// One gzip stream.
    Gzip,
}

/// Why a file is no disk image that can be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskImageError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is an image of another medium.
    #[error("the image is of another medium: '{0}'")]
    OtherMedium(String),
    /// Its header is damaged.
    #[error("the image's header is damaged: {0}")]
    Header(String),
    /// The body does not have the length that the header promises.
    #[error("the image holds {found} bytes instead of {promised}")]
    Length {
        /// What the header says.
        promised: u64,
        /// What is there; one more than promised when it goes on.
        found: u64,
    },
}

/// What the beginning of an image says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskImage {
    /// Bytes of the disk; `None` when there is no header.
    pub bytes: Option<u64>,
    /// Bytes before the body.
    pub header: usize,
    /// How the body is packed.
    pub packing: Packing,
}

impl DiskImage {
    /// The header of an image of so many bytes, rounded up to whole blocks, not compressed.
    pub fn header(bytes: u64) -> [u8; HEADER] {
        let mut header = [b' '; HEADER];
        let text = format!(
            "{:>16} HLen: 0055 GZIP: 0",
            format!("{} BLK", bytes.div_ceil(BLOCK))
        );
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[MAGIC.len()..MAGIC.len() + text.len()].copy_from_slice(text.as_bytes());
        header
    }

    /// Reads the first bytes of a file: up to [`HEADER`] of them. A file without the magic is a disk without header, as
    /// newer tools capture it.
    pub fn recognise(start: &[u8]) -> Result<Self, DiskImageError> {
        if !start.starts_with(MAGIC) {
            if start.starts_with(OTHER_MAGIC) {
                let magic = start.iter().take(24).map(|b| char::from(*b)).collect();
                return Err(DiskImageError::OtherMedium(magic));
            }
            return Ok(Self {
                bytes: None,
                header: 0,
                packing: Packing::Plain,
            });
        }
        let text = |from: usize, to: usize| -> Result<&str, DiskImageError> {
            start
                .get(from..to)
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .ok_or_else(|| DiskImageError::Header("it is cut off".to_owned()))
        };
        let blocks = text(20, 36)?;
        let bytes = blocks
            .trim()
            .strip_suffix("BLK")
            .and_then(|number| number.trim().parse::<u64>().ok())
            .and_then(|blocks| blocks.checked_mul(BLOCK))
            .ok_or_else(|| DiskImageError::Header(format!("'{blocks}' is no number of blocks")))?;
        let Some(length) = start
            .get(36..47)
            .filter(|part| part.starts_with(b" HLen: "))
        else {
            // The older form: a gzip stream follows at once.
            return Ok(Self {
                bytes: Some(bytes),
                header: SHORT_HEADER,
                packing: Packing::Gzip,
            });
        };
        let packing = match text(47, 55)?.strip_prefix(" GZIP: ") {
            Some("0") => Packing::Plain,
            Some(level) if level.bytes().all(|b| b.is_ascii_digit()) => Packing::Gzip,
            _ => {
                let length = String::from_utf8_lossy(length).into_owned();
                return Err(DiskImageError::Header(format!(
                    "no compression after '{length}'"
                )));
            }
        };
        Ok(Self {
            bytes: Some(bytes),
            header: HEADER,
            packing,
        })
    }

    /// Writes the disk in `image`, without header and inflated, to `disk`; exactly the promised length, at most `limit` bytes
    /// when nothing is promised. Gives the number of bytes.
    pub fn unpack(
        image: &mut dyn Read,
        disk: &mut dyn Write,
        limit: u64,
    ) -> Result<u64, DiskImageError> {
        let mut start = Vec::with_capacity(HEADER);
        (&mut *image).take(HEADER as u64).read_to_end(&mut start)?;
        let found = Self::recognise(&start)?;
        let rest = &start[found.header.min(start.len())..];
        let body = rest.chain(image);
        // One byte more than is allowed, so that a longer body is noticed and not cut.
        let bound = found.bytes.unwrap_or(limit);
        if bound > limit {
            return Err(DiskImageError::Length {
                promised: limit,
                found: bound,
            });
        }
        let bound_and_one = bound.saturating_add(1);
        let copied = match found.packing {
            Packing::Plain => io::copy(&mut body.take(bound_and_one), disk)?,
            Packing::Gzip => io::copy(&mut GzDecoder::new(body).take(bound_and_one), disk)?,
        };
        let whole = match found.bytes {
            Some(promised) => copied == promised,
            None => copied <= bound && copied.is_multiple_of(BLOCK),
        };
        if whole {
            return Ok(copied);
        }
        Err(DiskImageError::Length {
            promised: bound,
            found: copied,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn unpack(image: &[u8], limit: u64) -> Result<Vec<u8>, DiskImageError> {
        let mut disk = Vec::new();
        DiskImage::unpack(&mut &image[..], &mut disk, limit).map(|_| disk)
    }

    #[test]
    fn the_header_has_every_field_at_its_place() {
        let header = DiskImage::header(1536);
        assert_eq!(&header[..20], b"xCAT FCP Disk Image:");
        assert_eq!(&header[20..36], b"           3 BLK");
        assert_eq!(&header[36..55], b" HLen: 0055 GZIP: 0");
        assert!(header[55..].iter().all(|byte| *byte == b' '));
    }

    #[test]
    fn all_three_forms_are_read() {
        let disk = vec![7u8; 1024];
        let mut plain = DiskImage::header(1024).to_vec();
        plain.extend(&disk);
        assert_eq!(unpack(&plain, 4096).unwrap(), disk);

        let gzip = |bytes: &[u8]| {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        };
        let mut packed = DiskImage::header(1024).to_vec();
        packed[54] = b'6';
        packed.extend(gzip(&disk));
        assert_eq!(unpack(&packed, 4096).unwrap(), disk);

        let mut old = b"xCAT FCP Disk Image:           2 BLK".to_vec();
        old.extend(gzip(&disk));
        assert_eq!(unpack(&old, 4096).unwrap(), disk);

        assert_eq!(unpack(&disk, 4096).unwrap(), disk);
    }

    #[test]
    fn sec_11_bombs_and_liars_are_refused() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
        writer.write_all(&vec![0u8; 1_000_000]).unwrap();
        let bomb = writer.finish().unwrap();
        let mut image = DiskImage::header(1024).to_vec();
        image[54] = b'9';
        image.extend(bomb);
        assert!(matches!(
            unpack(&image, 4096),
            Err(DiskImageError::Length { found: 1025, .. })
        ));
        let mut short = DiskImage::header(1024).to_vec();
        short.extend([1u8; 512]);
        assert!(matches!(
            unpack(&short, 4096),
            Err(DiskImageError::Length { found: 512, .. })
        ));
        assert!(matches!(
            unpack(&DiskImage::header(1 << 40), 4096),
            Err(DiskImageError::Length { .. })
        ));
        assert!(matches!(
            unpack(b"xCAT CKD Disk Image: x", 4096),
            Err(DiskImageError::OtherMedium(_))
        ));
        assert!(unpack(&[1u8; 700], 4096).is_err());
        assert!(unpack(b"xCAT FCP Disk Image:", 4096).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0u8.., 0..700), magic in proptest::bool::ANY) {
            let mut image = if magic { DiskImage::header(512).to_vec() } else { Vec::new() };
            image.extend(bytes);
            let _ = unpack(&image, 4096);
        }
    }
}
