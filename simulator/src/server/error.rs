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
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}
