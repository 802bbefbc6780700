//! Cinder's image service (Glance), as far as the driver needs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ImageFault, Result};

/// Format of an image's disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskFormat {
    /// Plain bytes.
    Raw,
    /// Anything else: the service has to convert it.
    #[serde(untagged)]
    Other(String),
}

/// An image's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMeta {
    /// Its id.
    pub id: String,
    /// Its format.
    pub disk_format: DiskFormat,
    /// Bytes of the disk, when known.
    pub virtual_size: Option<u64>,
    /// Smallest volume that can hold it, in GiB.
    #[serde(default)]
    pub min_disk: u64,
    /// `architecture`, `hypervisor_type` and others.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

impl ImageMeta {
    /// A raw image that is to be uploaded.
    pub fn raw(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            disk_format: DiskFormat::Raw,
            virtual_size: None,
            min_disk: 0,
            properties: BTreeMap::new(),
        }
    }
}

/// Where images come from and go to.
pub trait ImageService: Send + Sync {
    /// The record of an image.
    fn show<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<ImageMeta>>;

    /// Writes the image as a raw disk to a file. A service that cannot convert the format says so with
    /// [`ImageFault::Unacceptable`].
    fn fetch<'a>(&'a self, id: &'a str, to: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Takes a raw disk under the id of `meta`.
    fn upload<'a>(&'a self, meta: &'a ImageMeta, from: &'a Path) -> BoxFuture<'a, Result<()>>;
}

/// Images as files of a folder: `{id}.raw` beside `{id}.json`. For the command line and for tests.
#[derive(Clone, Debug)]
pub struct FolderImages {
    folder: PathBuf,
}

impl FolderImages {
    /// Images of this folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn file(&self, id: &str, suffix: &str) -> Result<PathBuf> {
        let admitted = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if id.is_empty() || id.starts_with('.') || !id.chars().all(admitted) {
            return Err(fault(
                ImageFault::Unacceptable,
                format!("'{id}' is no image id"),
            ));
        }
        Ok(self.folder.join(format!("{id}.{suffix}")))
    }
}

fn fault(fault: ImageFault, text: String) -> Error {
    Error::image(fault, text)
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    fault(
        ImageFault::CopyFailed,
        format!("{}: {error}", path.display()),
    )
}

impl ImageService for FolderImages {
    fn show<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<ImageMeta>> {
        async move {
            let disk = self.file(id, "raw")?;
            let size = tokio::fs::metadata(&disk)
                .await
                .map_err(|e| failed(&disk, &e))?
                .len();
            let record = self.file(id, "json")?;
            let mut meta = match tokio::fs::read(&record).await {
                Ok(text) => serde_json::from_slice(&text).map_err(|e| {
                    fault(
                        ImageFault::Unacceptable,
                        format!("{}: {e}", record.display()),
                    )
                })?,
                Err(_) => ImageMeta::raw(id),
            };
            meta.virtual_size = meta.virtual_size.or(Some(size));
            Ok(meta)
        }
        .boxed()
    }

    fn fetch<'a>(&'a self, id: &'a str, to: &'a Path) -> BoxFuture<'a, Result<()>> {
        async move {
            let disk = self.file(id, "raw")?;
            tokio::fs::copy(&disk, to)
                .await
                .map_err(|e| failed(&disk, &e))?;
            Ok(())
        }
        .boxed()
    }

    fn upload<'a>(&'a self, meta: &'a ImageMeta, from: &'a Path) -> BoxFuture<'a, Result<()>> {
        async move {
            let disk = self.file(&meta.id, "raw")?;
            tokio::fs::copy(from, &disk)
                .await
                .map_err(|e| failed(&disk, &e))?;
            let record = self.file(&meta.id, "json")?;
            let text = serde_json::to_vec_pretty(meta)
                .map_err(|e| fault(ImageFault::CopyFailed, e.to_string()))?;
            tokio::fs::write(&record, text)
                .await
                .map_err(|e| failed(&record, &e))
        }
        .boxed()
    }
}
