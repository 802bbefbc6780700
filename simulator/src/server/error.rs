//! Why a simulator does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::site::SiteError;

/// What can fail between [`Builder::start`](super::Builder::start) and a simulator that answers.
#[derive(Debug, Error)]
pub enum StartError {
    /// The site cannot be used.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// No certificate could be made.
    #[error("cannot make a certificate")]
    MakeCertificate(#[source] rcgen::Error),
    /// The certificate or key that was given cannot be read.
    #[error("cannot read {path}", path = path.display())]
    ReadCertificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or key that was given is not one.
    #[error("certificate or key is no PEM that can be used: {0}")]
    Certificate(String),
    /// An address that others could reach, without leave.
    #[error(
        "{0} is not a loopback address; a simulator has no real security, so other addresses need --allow-remote"
    )]
    Remote(SocketAddr),
    /// A quirk that is to be repaired is not in the ledger.
    #[error("there is no quirk '{0}'; 'xcat-sim quirks' lists them")]
    Quirk(String),
    /// A deliberate defect is not in the catalogue.
    #[error("there is no defect '{0}'; 'xcat-sim reference defects' lists them")]
    Defect(String),
    /// The name of a world is taken or cannot be one.
    #[error("there can be no world '{0}'")]
    World(String),
    /// A world is to have a native door, and there is no certificate for it.
    #[error(
        "a world has a native door only in a process that was started with one (--xcatd or --world-xcatd)"
    )]
    NoNative,
    /// The folder of the state cannot be used.
    #[error(transparent)]
    State(#[from] crate::state::StateError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}
