//! What a simulator is to be, before it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use super::listener::bind;
use super::worlds::Housing;
use super::{
    ClientAuthority, DEFAULT_WORLD, Identity, Listener, Simulator, SiteSource, StartError,
    WorldOptions, Worlds,
};
use crate::control;
use crate::seam::{Behaviour, ClockSettings, Release, Settings};
use crate::state::Durability;
use crate::xcatd;

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
    control: Option<SocketAddr>,
    xcatd: Option<SocketAddr>,
    client_ca: Option<String>,
    state_dir: Option<PathBuf>,
    durability: Durability,
    clock: ClockSettings,
    worlds: Vec<(String, WorldOptions)>,
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
            control: None,
            xcatd: None,
            client_ca: None,
            state_dir: None,
            durability: Durability::Process,
            clock: ClockSettings::default(),
            worlds: Vec::new(),
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

    /// A deliberate defect, by id (see [`crate::defects`]).
    #[must_use]
    pub fn defect(mut self, id: impl Into<String>) -> Self {
        self.settings.defects.push(id.into());
        self
    }

    /// Gives the site deliberate defects, by id.
    #[must_use]
    pub fn defects<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.settings
            .defects
            .extend(ids.into_iter().map(Into::into));
        self
    }

    /// Release, behaviour and everything else at once.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
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

    /// Permits addresses that other machines can reach; the control door stays on this machine all the same.
    #[must_use]
    pub fn allow_remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Opens the control door. It listens on loopback addresses only.
    #[must_use]
    pub fn control(mut self, address: SocketAddr) -> Self {
        self.control = Some(address);
        self
    }

    /// Opens the native door (XML over TLS).
    #[must_use]
    pub fn xcatd(mut self, address: SocketAddr) -> Self {
        self.xcatd = Some(address);
        self
    }

    /// The authority (PEM) that signs the certificates of the native door's clients, instead of one made at start
    /// ([`Simulator::client_authority`]).
    #[must_use]
    pub fn client_ca(mut self, pem: impl Into<String>) -> Self {
        self.client_ca = Some(pem.into());
        self
    }

    /// Keeps the site's state in a folder: every acknowledged change survives the end of the process. A state that is
    /// there already is gone on from, and the site is then only what a reset goes back to.
    #[must_use]
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// What acknowledged changes survive, with [`Self::state_dir`]. Default: the end of the process.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Real seconds that a virtual second takes, from the start on. Default: slow steps take no time.
    #[must_use]
    pub fn time_scale(mut self, factor: f64) -> Self {
        self.clock.scale = factor;
        self
    }

    /// Adds a world that behaves as the first one, with a REST door of its own when there is an address. It answers
    /// below `/worlds/NAME/xcatws` of the first door too.
    #[must_use]
    pub fn world(
        mut self,
        name: impl Into<String>,
        site: impl Into<SiteSource>,
        listen: Option<SocketAddr>,
    ) -> Self {
        let options = WorldOptions {
            source: site.into(),
            listen,
            ..WorldOptions::default()
        };
        self.worlds.push((name.into(), options));
        self
    }

    /// Gives a world that was added with [`Self::world`] a native door of its own.
    #[must_use]
    pub fn world_xcatd(mut self, name: &str, address: SocketAddr) -> Self {
        for (_, options) in self.worlds.iter_mut().filter(|(n, _)| n == name) {
            options.xcatd = Some(address);
        }
        self
    }

    /// Starts; when this returns, the simulator answers.
    ///
    /// # Errors
    /// [`StartError`].
    #[expect(
        clippy::unused_async,
        reason = "listeners start tasks: a runtime must be there"
    )]
    pub async fn start(self) -> Result<Simulator, StartError> {
        let further = self.worlds.iter().flat_map(|(_, w)| [w.listen, w.xcatd]);
        let doors = [Some(self.address), self.xcatd].into_iter().chain(further);
        let open = doors.flatten().filter(|_| !self.remote);
        if let Some(address) = open.chain(self.control).find(|a| !a.ip().is_loopback()) {
            return Err(StartError::Remote(address));
        }
        if let Some(id) = self
            .settings
            .repaired
            .iter()
            .find(|id| crate::ledger::find(id).is_none())
        {
            return Err(StartError::Quirk(id.clone()));
        }
        if let Some(id) = self
            .settings
            .defects
            .iter()
            .find(|id| crate::defects::find(id).is_none())
        {
            return Err(StartError::Defect(id.clone()));
        }
        let worlds = Worlds::default();
        let mut housing = Housing {
            tls: None,
            native: None,
            remote: self.remote,
            states: self.state_dir.map(|folder| (folder, self.durability)),
        };
        worlds.house(housing.clone());
        let settings = self.settings;
        let first = WorldOptions {
            source: self.source,
            settings: settings.clone(),
            seed: self.seed,
            ..WorldOptions::default()
        };
        let site = worlds.add(DEFAULT_WORLD, first)?.site;
        if self.clock.scale > 0.0 {
            // Asked for anew at each start: nothing to be kept.
            site.verbs().set_clock(self.clock);
        }
        let has_native =
            self.xcatd.is_some() || self.worlds.iter().any(|(_, world)| world.xcatd.is_some());
        let identity = if self.plain && !has_native {
            None
        } else if let Some(identity) = self.identity {
            Some(identity)
        } else {
            let name = {
                let world = site.world.lock();
                format!("{}.{}", world.mn.host, world.mn.domain)
            };
            Some(Identity::generate(&[name], &[self.address.ip()])?)
        };
        let listen = |address| move |source| StartError::Listen { address, source };
        let tls = match &identity {
            Some(identity) if !self.plain => Some(identity.server_config()?),
            _ => None,
        };
        let is_secure = tls.is_some();
        housing.tls.clone_from(&tls);
        let mut client_authority = None;
        if let Some(identity) = identity.as_ref().filter(|_| has_native) {
            let clients = match self.client_ca {
                Some(pem) => ClientAuthority::from_pem(pem),
                None => ClientAuthority::generate()?,
            };
            housing.native = Some(identity.native_config(&clients)?);
            client_authority = Some(clients);
        }
        let native = housing.native.clone();
        worlds.house(housing);
        for (name, options) in self.worlds {
            let options = WorldOptions {
                settings: settings.clone(),
                ..options
            };
            worlds.add(&name, options)?;
        }
        worlds.resume()?;
        let rest = Listener::answering(self.address, tls, Arc::new(worlds.clone()))
            .map_err(listen(self.address))?;
        let control = self
            .control
            .map(|address| {
                Listener::start(address, None, control::router(worlds.clone()))
                    .map_err(listen(address))
            })
            .transpose()?;
        let xcatd = match (self.xcatd, native) {
            (Some(address), Some(tls)) => {
                let socket = bind(address).map_err(listen(address))?;
                let address = socket.local_addr().map_err(listen(address))?;
                let task = tokio::spawn(xcatd::serve(Arc::clone(&site), socket, tls));
                Some((address, task))
            }
            _ => None,
        };
        Ok(Simulator {
            site,
            worlds,
            identity,
            is_secure,
            rest,
            control,
            xcatd,
            client_authority,
        })
    }
}
