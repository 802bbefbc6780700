//! How bundles reach the management node and come back: the MN copies them with scp.

use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::error::{Error, Result};

/// A file as the MN can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its path.
    pub path: String,
    /// `user@address` of the machine that has it.
    pub remote: String,
}

/// Moves bundles between the driver's work area and a machine that the MN can copy from and to.
pub trait FileMover: Send + Sync {
    /// Makes a local file readable for the MN.
    fn offer<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Offer>>;

    /// Where the MN shall bring a file that is to end up as `file`.
    fn expect(&self, file: &Path) -> Result<Offer>;

    /// Bytes that are there of a file that the MN was to bring; `None` when there is no file. Whether it is whole is told by looking
    /// again (spec: driver 3.7).
    fn arrived_bytes<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Option<u64>>>;

    /// Brings it to its local place, when it is not there already.
    fn collect<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Takes an offered file away again; done when it is not there.
    fn withdraw<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<()>>;
}

/// The ordinary way: the MN logs in to the driver's own machine, so the files are where they are.
#[derive(Clone, Debug)]
pub struct ThisMachine {
    /// `user@address` of this machine; `None` when it is not configured.
    pub remote: Option<String>,
}

impl ThisMachine {
    fn named(&self, file: &Path) -> Result<Offer> {
        let remote = self.remote.clone().ok_or_else(|| {
            Error::Config(
                "neither zvm_image_remote nor my_ip is set: the management node needs user@address of this machine"
                    .to_owned(),
            )
        })?;
        let path = file.to_str().ok_or_else(|| {
            Error::Config(format!(
                "{} cannot be named to the management node",
                file.display()
            ))
        })?;
        Ok(Offer {
            path: path.to_owned(),
            remote,
        })
    }
}

impl FileMover for ThisMachine {
    fn offer<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Offer>> {
        std::future::ready(self.named(file)).boxed()
    }

    fn expect(&self, file: &Path) -> Result<Offer> {
        self.named(file)
    }

    fn arrived_bytes<'a>(&'a self, file: &'a Path) -> BoxFuture<'a, Result<Option<u64>>> {
        let file: PathBuf = file.to_owned();
        async move {
            match tokio::fs::metadata(&file).await {
                Ok(data) => Ok(data.is_file().then_some(data.len())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(Error::State {
                    what: format!("cannot look at {}", file.display()),
                    source,
                }),
            }
        }
        .boxed()
    }

    fn collect<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        std::future::ready(Ok(())).boxed()
    }

    fn withdraw<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        std::future::ready(Ok(())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_tells_its_bytes_and_a_folder_none() {
        let folder = tempfile::tempdir().unwrap();
        let mover = ThisMachine { remote: None };
        let file = folder.path().join("export.tgz");
        assert_eq!(mover.arrived_bytes(&file).await.unwrap(), None);
        std::fs::write(&file, [0; 7]).unwrap();
        assert_eq!(mover.arrived_bytes(&file).await.unwrap(), Some(7));
        assert_eq!(mover.arrived_bytes(folder.path()).await.unwrap(), None);
    }
}
