//! What a simulator is to be, before it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::{Identity, Listener, Simulator, SiteSource, StartError};
use crate::rest;
use crate::seam::{Behaviour, Release, Settings, Site};

/// Options of a simulator; see [`Simulator::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    source: SiteSource,
    settings: Settings,
    seed: Option<u64>,
    address: SocketAddr,
    plain: bool,
    identity: Option<Identity>,
    remote: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            source: SiteSource::default(),
            settings: Settings::default(),
            seed: None,
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            plain: false,
            identity: None,
            remote: false,
        }
    }
}

impl Builder {
    /// The site: a [`World`](crate::world::World), the name of one that comes with the program (`"lab"`, `"empty"`), or a
    /// site file's path. Default: `lab`.
    #[must_use]
    pub fn site(mut self, site: impl Into<SiteSource>) -> Self {
        self.source = site.into();
        self
    }

    /// The code line that is simulated. Default: M.
    #[must_use]
    pub fn release(mut self, release: Release) -> Self {
        self.settings.release = release;
        self
    }

    /// Whether defects of the real programs are there. Default: as executed.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.settings.behaviour = behaviour;
        self
    }

    /// Repairs quirks one by one, by id (`["Q12", "GQ3"]`).
    #[must_use]
    pub fn repair<T: Into<String>>(mut self, quirks: impl IntoIterator<Item = T>) -> Self {
        self.settings
            .repaired
            .extend(quirks.into_iter().map(Into::into));
        self
    }

    /// A deliberate defect, by id (see [`crate::defects`]). One that the catalogue does not know does nothing.
    #[must_use]
    pub fn defect(mut self, id: impl Into<String>) -> Self {
        self.settings.defects.push(id.into());
        self
    }

    /// Seed of everything random, instead of the site's own.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Serves plain HTTP.
    #[must_use]
    pub fn http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Serves HTTPS (the default).
    #[must_use]
    pub fn https(mut self) -> Self {
        self.plain = false;
        self
    }

    /// The certificate to serve with, instead of one made at start.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Where the REST door listens. Default: 127.0.0.1, a free port.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Permits addresses that other machines can reach.
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Starts; when this returns, the simulator answers.
    ///
    /// # Errors
    /// [`StartError`].
    #[expect(
        clippy::unused_async,
        reason = "a runtime must be there, and doors to come wait for their files"
    )]
    pub async fn start(self) -> Result<Simulator, StartError> {
        if !self.remote && !self.address.ip().is_loopback() {
            return Err(StartError::Remote(self.address));
        }
        let mut world = self.source.world()?;
        if let Some(seed) = self.seed {
            world.random_state = seed;
        }
        let identity = match (self.plain, self.identity) {
            (true, _) => None,
            (false, Some(identity)) => Some(identity),
            (false, None) => {
                let name = format!("{}.{}", world.mn.host, world.mn.domain);
                Some(Identity::generate(&[name], &[self.address.ip()])?)
            }
        };
        let tls = identity.as_ref().map(Identity::server_config).transpose()?;
        let site = Arc::new(Site::new(world, self.settings));
        let rest = Listener::start(self.address, tls, rest::router(Arc::clone(&site))).map_err(
            |source| StartError::Listen {
                address: self.address,
                source,
            },
        )?;
        Ok(Simulator {
            site,
            identity,
            rest,
        })
    }
}
