//! A simulator that runs.

use std::sync::Arc;

use super::{Builder, Identity, Listener};
use crate::seam::Site;

/// A simulated site with its doors open. It stops when it is dropped.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use xcat_simulator::Simulator;
///
/// let simulator = Simulator::builder().site("lab").http().start().await?;
/// println!("PUT {}/xcatws/hypervisor/zvm1 …", simulator.url());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Simulator {
    pub(super) site: Arc<Site>,
    pub(super) identity: Option<Identity>,
    pub(super) rest: Listener,
}

impl Simulator {
    /// Options of a simulator that is not started yet.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Base address of the REST door, such as `https://127.0.0.1:40123`; xCAT's resources are below `/xcatws`.
    pub fn url(&self) -> String {
        let scheme = if self.identity.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.rest.address())
    }

    /// The running site: world, journal, settings.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// The certificate of the HTTPS door as PEM, to be trusted as a CA; `None` with plain HTTP.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(Identity::certificate_pem)
    }

    /// Stops in good order: open requests end first.
    pub async fn stop(self) {
        self.rest.stop().await;
    }
}
