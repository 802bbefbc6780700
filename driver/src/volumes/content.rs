//! What a disk holds, as digests of its pieces: an image is held against the LUN that it was deployed to, because the
//! management node says that a deploy is complete when ssh died in the middle of it (spec: scsi-pools 2.5 step 10).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::VerifyCopy;
use crate::types::Tag;

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// Bytes of a block.
const BLOCK: u64 = 512;

/// Pieces that are compared between head and tail.
const SAMPLES: u64 = 16;

/// A piece of a disk as `dd` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Bytes of a block.
    pub block: u64,
    /// How many blocks.
    pub count: u64,
    /// After how many.
    pub skip: u64,
}

/// What is known of a disk's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Which pieces.
    pub pieces: Vec<Piece>,
    /// Their SHA-256, in hex.
    pub digests: Vec<String>,
}

impl Content {
    /// Reads a plain disk, filled up with zeros to a whole block, as an image of it is. `None` when nothing is to be compared.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of_file(path: &Path, effort: VerifyCopy) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len().next_multiple_of(BLOCK);
        let pieces = compared(effort, bytes);
        let mut digests = Vec::new();
        for piece in &pieces {
            file.seek(SeekFrom::Start(piece.block * piece.skip))?;
            digests.push(digest(&mut file, piece.block * piece.count)?);
        }
        let content = Self { pieces, digests };
        Ok((!content.pieces.is_empty()).then_some(content))
    }

    /// Bytes that are read of a disk to compare it.
    pub fn bytes(&self) -> u64 {
        let bytes = self.pieces.iter().map(|piece| piece.block * piece.count);
        bytes.sum()
    }
}

/// The contents of images that stay on the management node, one small file each.
#[derive(Clone, Debug)]
pub(super) struct KeptContents {
    folder: PathBuf,
}

impl KeptContents {
    pub(super) fn of(state: &Path) -> Self {
        Self {
            folder: state.join("kept-images"),
        }
    }

    /// What is known of an image; what cannot be read is not known.
    pub(super) fn find(&self, profile: &Tag) -> Option<Content> {
        let text = std::fs::read(self.folder.join(profile.as_str())).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it for the next volume of the image; without it the image is fetched once more.
    pub(super) fn keep(&self, profile: &Tag, content: &Content) {
        let write = || {
            std::fs::create_dir_all(&self.folder)?;
            let file = self.folder.join(profile.as_str());
            let fresh = file.with_extension("new");
            let mut out = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            out.write_all(&serde_json::to_vec(content)?)?;
            std::fs::rename(fresh, file)
        };
        if let Err(error) = write() {
            tracing::warn!(%profile, %error, "the image's digests are not kept");
        }
    }
}

/// SHA-256 of the next bytes of a file, zeros behind its end.
fn digest(file: &mut File, bytes: u64) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut left = bytes;
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let room = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = file.read(&mut buffer[..room])?;
        if read == 0 {
            buffer[..room].fill(0);
        }
        let part = if read == 0 { room } else { read };
        hasher.update(&buffer[..part]);
        left -= part as u64;
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Blocks of 1 MiB, then what is left in blocks of 512 bytes.
pub(super) fn pieces(bytes: u64) -> Vec<Piece> {
    let whole = bytes / MIB;
    let rest = (bytes % MIB) / BLOCK;
    let mut pieces = Vec::new();
    if whole > 0 {
        pieces.push(Piece {
            block: MIB,
            count: whole,
            skip: 0,
        });
    }
    if rest > 0 {
        pieces.push(Piece {
            block: BLOCK,
            count: rest,
            skip: whole * (MIB / BLOCK),
        });
    }
    pieces
}

/// Head, tail and 16 evenly spaced pieces of 1 MiB; offsets in bytes.
pub(super) fn sample_offsets(bytes: u64) -> Vec<u64> {
    let last = bytes.saturating_sub(MIB);
    let mut offsets: Vec<u64> = (0..=SAMPLES + 1)
        .map(|piece| last / (SAMPLES + 1) * piece / BLOCK * BLOCK)
        .collect();
    offsets.push(last);
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

/// What is compared of so many bytes.
pub(super) fn compared(effort: VerifyCopy, bytes: u64) -> Vec<Piece> {
    match effort {
        VerifyCopy::None => Vec::new(),
        VerifyCopy::Full => pieces(bytes),
        VerifyCopy::Sample => sample_offsets(bytes)
            .into_iter()
            .map(|offset| Piece {
                block: BLOCK,
                count: (bytes - offset).min(MIB) / BLOCK,
                skip: offset / BLOCK,
            })
            .filter(|piece| piece.count > 0)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clearing_covers_every_byte_of_a_disk() {
        for bytes in [512, MIB, MIB + 512, 10 * MIB, 5 * MIB + 1536] {
            let covered: u64 = pieces(bytes)
                .iter()
                .map(|piece| piece.block * piece.count)
                .sum();
            assert_eq!(covered, bytes);
        }
        let rest = Piece {
            block: 512,
            count: 1,
            skip: 2048,
        };
        assert_eq!(pieces(MIB + 512)[1], rest);
    }

    #[test]
    fn what_is_compared_stays_inside_and_reaches_the_end() {
        for bytes in [512, MIB, 3 * MIB + 512, 1000 * MIB] {
            for effort in [VerifyCopy::Sample, VerifyCopy::Full] {
                let read = compared(effort, bytes);
                let ends = read
                    .iter()
                    .map(|piece| piece.block * (piece.count + piece.skip));
                assert_eq!(ends.max(), Some(bytes), "{effort:?}");
                assert!(read.iter().all(|piece| piece.count > 0));
            }
        }
    }

    #[test]
    fn samples_hold_head_and_tail_and_stay_inside() {
        for bytes in [MIB, 3 * MIB, 1024 * MIB, 1000 * MIB + 512] {
            let offsets = sample_offsets(bytes);
            assert_eq!(offsets[0], 0);
            assert_eq!(*offsets.last().unwrap(), bytes - MIB);
            assert!(offsets.len() <= 19);
        }
        assert_eq!(sample_offsets(512), [0]);
    }

    #[test]
    fn a_file_is_read_as_its_image_is_filled_up() {
        let folder = tempfile::tempdir().unwrap();
        let (short, whole) = (folder.path().join("short"), folder.path().join("whole"));
        std::fs::write(&short, b"system").unwrap();
        let mut filled = b"system".to_vec();
        filled.resize(512, 0);
        std::fs::write(&whole, filled).unwrap();
        let of = |path: &Path, effort| Content::of_file(path, effort).unwrap();
        let content = of(&short, VerifyCopy::Sample).unwrap();
        assert_eq!(Some(&content), of(&whole, VerifyCopy::Full).as_ref());
        assert_eq!((content.bytes(), content.digests.len()), (512, 1));
        assert_eq!(of(&short, VerifyCopy::None), None);
        let kept = KeptContents::of(folder.path());
        let profile: Tag = "ci01".parse().unwrap();
        assert_eq!(kept.find(&profile), None);
        kept.keep(&profile, &content);
        assert_eq!(kept.find(&profile), Some(content));
    }
}
