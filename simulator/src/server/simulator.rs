//! A simulator that runs.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Builder, ClientAuthority, DEFAULT_WORLD, Identity, Listener, Worlds};
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
    pub(super) worlds: Worlds,
    pub(super) identity: Option<Identity>,
    pub(super) is_secure: bool,
    pub(super) rest: Listener,
    pub(super) control: Option<Listener>,
    pub(super) xcatd: Option<(SocketAddr, JoinHandle<()>)>,
    pub(super) client_authority: Option<ClientAuthority>,
}

impl Simulator {
    /// Options of a simulator that is not started yet.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Base address of the REST door, such as `https://127.0.0.1:40123`; xCAT's resources are below `/xcatws`.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.rest.address())
    }

    /// Base address of the control door, when it is open.
    pub fn control_url(&self) -> Option<String> {
        self.control
            .as_ref()
            .map(|door| format!("http://{}", door.address()))
    }

    /// How many connections of clients the REST door has accepted that are still open.
    pub fn connections(&self) -> usize {
        self.rest.connections()
    }

    /// Address of the native door, when it is open.
    pub fn xcatd_address(&self) -> Option<SocketAddr> {
        self.xcatd.as_ref().map(|(address, _)| *address)
    }

    /// The authority that signs the certificates of the native door's clients, when that door is open.
    pub fn client_authority(&self) -> Option<&ClientAuthority> {
        self.client_authority.as_ref()
    }

    /// The running site: world, journal, settings, faults.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// All worlds that are served, the first one included.
    pub fn worlds(&self) -> &Worlds {
        &self.worlds
    }

    /// Base address of a world's REST door: its own, or the path of the first door below which it answers. xCAT's resources
    /// are below `/xcatws`.
    pub fn world_url(&self, name: &str) -> Option<String> {
        let own = self.worlds.urls().remove(name);
        own.or_else(|| {
            self.worlds.get(name)?;
            Some(if name == DEFAULT_WORLD {
                self.url()
            } else {
                format!("{}/worlds/{name}", self.url())
            })
        })
    }

    /// Address of a world's native door, when it has one.
    pub fn world_xcatd_address(&self, name: &str) -> Option<SocketAddr> {
        if name == DEFAULT_WORLD {
            return self.xcatd_address();
        }
        self.worlds.native_addresses().remove(name)
    }

    /// The certificate of the TLS doors as PEM, to be trusted as a CA; `None` when there is no such door.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(Identity::certificate_pem)
    }

    /// Stops in good order: open requests end first.
    pub async fn stop(mut self) {
        if let Some((_, task)) = self.xcatd.take() {
            task.abort();
        }
        for door in [Some(&self.rest), self.control.as_ref()]
            .into_iter()
            .flatten()
        {
            door.stop();
        }
        self.worlds.finish().await;
        self.rest.finished().await;
        if let Some(control) = &self.control {
            control.finished().await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.xcatd {
            task.abort();
        }
        self.worlds.close();
    }
}
