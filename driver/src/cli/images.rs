//! Images in and out of files.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::Ended;
use super::args::ImageCommand;
use super::exit::{ExitStatus, UsageError};
use super::session::Session;
use super::volumes::{new_id, volume};
use crate::images::{FolderImages, ImageMeta};
use crate::volumes::VolumeDriver as _;

/// The folder of a file.
fn folder(file: &Path) -> &Path {
    file.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

pub(super) async fn run(session: &Session, command: ImageCommand) -> Ended {
    match command {
        ImageCommand::In { id, file } => {
            let (volume, _) = volume(session, &id).await?;
            let metadata = std::fs::metadata(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            if !metadata.is_file() {
                return Err(UsageError(format!("{} is not a file", file.display())).into());
            }
            // The service of a folder wants `{id}.raw` beside `{id}.json`: a folder of our own, with a link to the file.
            let work = Work::new(folder(&file))?;
            let image = new_id()?;
            let target = std::fs::canonicalize(&file)?;
            std::os::unix::fs::symlink(&target, work.0.join(format!("{image}.raw")))?;
            let meta = ImageMeta {
                virtual_size: Some(metadata.len()),
                ..ImageMeta::raw(&image)
            };
            std::fs::write(
                work.0.join(format!("{image}.json")),
                serde_json::to_vec(&meta)?,
            )?;
            let images = FolderImages::new(&work.0);
            session
                .driver
                .copy_image_to_volume(&volume, &images, &image)
                .await?;
            session.print(
                "",
                &json!({"written": {"volume": id, "bytes": metadata.len()}}),
            );
        }
        ImageCommand::Out { id, file } => {
            let (volume, _) = volume(session, &id).await?;
            let work = Work::new(folder(&file))?;
            let image = new_id()?;
            let images = FolderImages::new(&work.0);
            let meta = ImageMeta::raw(&image);
            session
                .driver
                .copy_volume_to_image(&volume, &images, &meta)
                .await?;
            if session.rehearsal.is_none() {
                std::fs::rename(work.0.join(format!("{image}.raw")), &file)
                    .with_context(|| format!("cannot write {}", file.display()))?;
            }
            session.print("", &json!({"read": {"volume": id, "file": file}}));
        }
        ImageCommand::Key => {
            let key = session.driver.mn_public_key().await?;
            session.report(format!("{key}\n"), json!({ "key": key }));
        }
    }
    Ok(ExitStatus::Done)
}

/// A folder beside the image file that goes when the command ends.
struct Work(std::path::PathBuf);

impl Work {
    fn new(beside: &Path) -> anyhow::Result<Self> {
        let path = beside.join(format!(".zvm-volume-{}", new_id()?));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
