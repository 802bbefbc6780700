//! The worlds of one process. The first answers below `/xcatws`; every world answers below `/worlds/NAME/xcatws`, and those
//! that are given an address have a REST door of their own as well. Worlds share nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, Uri};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::http_fault::{self, Abort};
use super::listener::{Answers, bind};
use super::wire::WireFault;
use super::{Listener, SiteSource, StartError};
use crate::rest;
use crate::seam::{Settings, Site, When};
use crate::state::{Difference, Durability, LoadError, Origin, StateDir, StateError, diff_states};
use crate::xcatd;

/// Name of the world that answers without a prefix.
pub const DEFAULT_WORLD: &str = "default";
/// Path below which worlds answer by name.
const PREFIX: &str = "/worlds/";
/// What a world was begun with, in its folder.
const BEGUN_WITH: &str = "world.json";

/// What a world is to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WorldOptions {
    /// The site.
    pub source: SiteSource,
    /// How it behaves.
    pub settings: Settings,
    /// Seed of everything random, instead of the site's own.
    pub seed: Option<u64>,
    /// Address of a REST door of its own; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Address of a native door (XML over TLS) of its own; port 0 takes a free one. The process must have been started with
    /// native doors.
    #[serde(default)]
    pub xcatd: Option<SocketAddr>,
}

/// A world that is served.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The running site.
    pub site: Arc<Site>,
    /// Where it came from, for a reset.
    pub origin: Arc<Origin>,
    door: Option<Arc<Listener>>,
    native: Option<Arc<NativeDoor>>,
    state: Option<Arc<StateDir>>,
}

/// A native door; it is closed when it is dropped.
#[derive(Debug)]
struct NativeDoor {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for NativeDoor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The doors of a world.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doors {
    listen: Option<SocketAddr>,
    xcatd: Option<SocketAddr>,
}

/// Why a world does not go back to its first state.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The site file can no longer be used.
    #[error(transparent)]
    Site(#[from] crate::site::SiteError),
    /// The state cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// How worlds are served and kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Housing {
    /// TLS of doors; none: plain HTTP.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// TLS of native doors; none: there are none.
    pub(super) native: Option<Arc<ServerConfig>>,
    /// Whether doors may be open to other machines.
    pub(super) remote: bool,
    /// The folder of states, and what they survive.
    pub(super) states: Option<(PathBuf, Durability)>,
}

#[derive(Debug, Default)]
struct Inner {
    hosted: RwLock<BTreeMap<String, Hosted>>,
    housing: RwLock<Housing>,
}

/// All worlds, by name.
#[derive(Clone, Debug, Default)]
pub struct Worlds(Arc<Inner>);

/// Why a world is not added.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The name is taken, or is none.
    #[error(
        "world '{0}' is there already, or the name is not made of letters, digits, '-' and '_'"
    )]
    Name(String),
    /// The site cannot be used.
    #[error(transparent)]
    Site(#[from] crate::site::SiteError),
    /// Others could reach its door.
    #[error(
        "{0} is not a loopback address; a simulator has no real security, so other addresses need --allow-remote"
    )]
    Remote(SocketAddr),
    /// Its door cannot be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// There is no certificate for native doors.
    #[error(
        "a world has a native door only in a process that was started with one (--xcatd or --world-xcatd)"
    )]
    NoNative,
    /// Its state cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Worlds {
    /// Says how worlds are served and kept; to be called before there are any.
    pub(super) fn house(&self, housing: Housing) {
        *self.0.housing.write() = housing;
    }

    /// Adds a world. With an address it must be called within a tokio runtime. In a process with a state folder the world
    /// is kept there; one that is there already goes on.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn add(&self, name: &str, options: WorldOptions) -> Result<Hosted, WorldError> {
        let housing = self.0.housing.read().clone();
        self.check(name)?;
        let doors = Doors {
            listen: options.listen,
            xcatd: options.xcatd,
        };
        if let Some(address) = [doors.listen, doors.xcatd]
            .into_iter()
            .flatten()
            .find(|a| !housing.remote && !a.ip().is_loopback())
        {
            return Err(WorldError::Remote(address));
        }
        if doors.xcatd.is_some() && housing.native.is_none() {
            return Err(WorldError::NoNative);
        }
        let origin = Origin {
            source: options.source.clone(),
            seed: options.seed,
        };
        let (site, state) = match &housing.states {
            None => {
                let site = Site::new(origin.world()?, options.settings.clone());
                (Arc::new(site), None)
            }
            Some((folder, durability)) => {
                let folder = folder_of(folder, name);
                let settings = options.settings.clone();
                let (site, state) = StateDir::open(&folder, &origin, settings, *durability)?;
                remember(&folder, &options)?;
                (site, Some(state))
            }
        };
        self.insert(name, site, origin, state, doors)
    }

    fn check(&self, name: &str) -> Result<(), WorldError> {
        let is_good = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_good || self.0.hosted.read().contains_key(name) {
            return Err(WorldError::Name(name.to_owned()));
        }
        Ok(())
    }

    /// Adds a world that runs already.
    pub(super) fn insert(
        &self,
        name: &str,
        site: Arc<Site>,
        origin: Origin,
        state: Option<StateDir>,
        doors: Doors,
    ) -> Result<Hosted, WorldError> {
        let door = doors
            .listen
            .map(|address| {
                let answers = OneWorld {
                    site: Arc::clone(&site),
                };
                let tls = self.0.housing.read().tls.clone();
                Listener::answering(address, tls, Arc::new(answers))
                    .map_err(|source| WorldError::Listen { address, source })
            })
            .transpose()?;
        let tls = self.0.housing.read().native.clone();
        let native = doors
            .xcatd
            .map(|address| {
                let failed = |source| WorldError::Listen { address, source };
                let socket = bind(address).map_err(failed)?;
                let address = socket.local_addr().map_err(failed)?;
                let tls = tls.ok_or(WorldError::NoNative)?;
                let task = tokio::spawn(xcatd::serve(Arc::clone(&site), socket, tls));
                Ok::<_, WorldError>(Arc::new(NativeDoor { address, task }))
            })
            .transpose()?;
        let hosted = Hosted {
            site,
            origin: Arc::new(origin),
            door: door.map(Arc::new),
            native,
            state: state.map(Arc::new),
        };
        let mut worlds = self.0.hosted.write();
        if worlds.contains_key(name) {
            return Err(WorldError::Name(name.to_owned()));
        }
        worlds.insert(name.to_owned(), hosted.clone());
        Ok(hosted)
    }

    /// Goes on with the worlds that the state folder holds and that are not there yet.
    pub(super) fn resume(&self) -> Result<(), WorldError> {
        let Some((folder, _)) = self.0.housing.read().states.clone() else {
            return Ok(());
        };
        let folder = folder.join("worlds");
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        if !folder.exists() {
            return Ok(());
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed(&folder))? {
            found.push(entry.map_err(failed(&folder))?.path());
        }
        found.sort();
        for folder in found {
            let begun = folder.join(BEGUN_WITH);
            let Some(name) = folder.file_name().and_then(|n| n.to_str()) else {
                continue;
            };
            // A folder without it was left in the middle of being made or removed.
            if self.get(name).is_some() || !begun.exists() {
                continue;
            }
            let text = fs::read(&begun).map_err(failed(&begun))?;
            let options = serde_json::from_slice(&text).map_err(|e| StateError::Io {
                path: begun,
                source: e.into(),
            })?;
            self.add(name, options)?;
        }
        Ok(())
    }

    /// A world by name.
    pub fn get(&self, name: &str) -> Option<Hosted> {
        self.0.hosted.read().get(name).cloned()
    }

    /// Takes a world away with its door and what is kept of it; the default one stays.
    pub fn remove(&self, name: &str) -> bool {
        if name == DEFAULT_WORLD {
            return false;
        }
        let Some(hosted) = self.0.hosted.write().remove(name) else {
            return false;
        };
        hosted.site.breaks.close();
        if let Some(native) = &hosted.native {
            native.task.abort();
        }
        if let Some(door) = &hosted.door {
            door.stop();
        }
        if let Some(state) = &hosted.state {
            state.finish();
            if let Some((folder, _)) = &self.0.housing.read().states {
                let folder = folder_of(folder, name);
                // First what says that this is a world: what is left of the rest is then ignored.
                let removed = fs::remove_file(folder.join(BEGUN_WITH))
                    .and_then(|()| fs::remove_dir_all(&folder));
                if let Err(error) = removed {
                    tracing::warn!(%error, name, "the folder of a world cannot be removed");
                }
            }
        }
        true
    }

    /// Names of all worlds.
    pub fn names(&self) -> Vec<String> {
        self.0.hosted.read().keys().cloned().collect()
    }

    /// Base addresses of the worlds that have a REST door of their own, by name.
    pub fn urls(&self) -> BTreeMap<String, String> {
        let scheme = if self.0.housing.read().tls.is_some() {
            "https"
        } else {
            "http"
        };
        self.0
            .hosted
            .read()
            .iter()
            .filter_map(|(name, hosted)| Some((name.clone(), hosted.address()?)))
            .map(|(name, address)| (name, format!("{scheme}://{address}")))
            .collect()
    }

    /// Addresses of the worlds that have a native door of their own, by name.
    pub fn native_addresses(&self) -> BTreeMap<String, SocketAddr> {
        let hosted = self.0.hosted.read();
        let natives = hosted
            .iter()
            .filter_map(|(name, hosted)| Some((name, hosted.native.as_ref()?)));
        natives
            .map(|(name, native)| (name.clone(), native.address))
            .collect()
    }

    /// Holds nothing any more, takes no new connections, and lets open requests end.
    pub(super) async fn finish(&self) {
        let all: Vec<Hosted> = self.0.hosted.read().values().cloned().collect();
        for hosted in &all {
            hosted.site.breaks.close();
        }
        for hosted in &all {
            if let Some(native) = &hosted.native {
                native.task.abort();
            }
            if let Some(door) = &hosted.door {
                door.stop();
                door.finished().await;
            }
        }
    }

    /// Leaves the folders of all states.
    pub(super) fn close(&self) {
        for hosted in self.0.hosted.read().values() {
            if let Some(state) = &hosted.state {
                state.finish();
            }
        }
    }

    /// The site of a path, and the path within it when it is another.
    fn of_path(&self, path: &str) -> Option<(Arc<Site>, Option<String>)> {
        let site = |name| Some(Arc::clone(&self.0.hosted.read().get(name)?.site));
        match path.strip_prefix(PREFIX) {
            None => Some((site(DEFAULT_WORLD)?, None)),
            Some(rest) => {
                let (name, rest) = rest.split_once('/')?;
                Some((site(name)?, Some(format!("/{rest}"))))
            }
        }
    }
}

impl Hosted {
    /// Goes back to the first state; faults, break points, latencies and the journal are gone.
    ///
    /// # Errors
    /// [`ResetError`]; nothing has changed then.
    pub fn reset(&self) -> Result<(), ResetError> {
        let first = self.origin.first(&self.site)?;
        Ok(self.site.restore(first)?)
    }

    /// What differs between the first state and now.
    ///
    /// # Errors
    /// The site file can no longer be used.
    pub fn changed(&self) -> Result<Vec<Difference>, ResetError> {
        let value = |state| serde_json::to_value(state).map_err(LoadError::Format);
        let first = value(self.origin.first(&self.site)?)?;
        Ok(diff_states(first, value(self.site.save())?))
    }

    /// Where its own REST door listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.door.as_ref().map(|door| door.address())
    }
}

/// Where a world's state is kept.
fn folder_of(folder: &Path, name: &str) -> PathBuf {
    if name == DEFAULT_WORLD {
        folder.to_owned()
    } else {
        folder.join("worlds").join(name)
    }
}

/// Writes down what a world was begun with.
fn remember(folder: &Path, options: &WorldOptions) -> Result<(), StateError> {
    let path = folder.join(BEGUN_WITH);
    serde_json::to_vec(options)
        .map_err(std::io::Error::from)
        .and_then(|text| {
            crate::state::replace(&path, |file| std::io::Write::write_all(file, &text))
        })
        .map_err(|source| StateError::Io { path, source })
}

/// A world behind a door of its own.
#[derive(Debug)]
struct OneWorld {
    site: Arc<Site>,
}

/// The answer of a world to a request whose path is one of its own.
async fn answer(
    site: Arc<Site>,
    request: Request<Body>,
    wire: Arc<WireFault>,
) -> Result<Response<Body>, Abort> {
    let uri = request.uri().clone();
    let fault = |when| site.http_fault(uri.path(), when);
    if let Some(effect) = fault(When::Before)
        && let Some(instead) = http_fault::before(&effect, &wire).await?
    {
        return Ok(instead);
    }
    let response = rest::respond(Arc::clone(&site), request).await;
    if site.has_failed() {
        return Ok(rest::web_server_page(StatusCode::SERVICE_UNAVAILABLE));
    }
    match fault(When::After) {
        Some(effect) => http_fault::after(&effect, &wire, response).await,
        None => Ok(response),
    }
}

impl Answers for OneWorld {
    fn answer(
        &self,
        request: Request<Body>,
        wire: Arc<WireFault>,
    ) -> BoxFuture<'static, Result<Response<Body>, Abort>> {
        Box::pin(answer(Arc::clone(&self.site), request, wire))
    }
}

impl Answers for Worlds {
    fn answer(
        &self,
        mut request: Request<Body>,
        wire: Arc<WireFault>,
    ) -> BoxFuture<'static, Result<Response<Body>, Abort>> {
        let found = self.of_path(request.uri().path());
        Box::pin(async move {
            let Some((site, path)) = found else {
                return Ok(rest::web_server_page(StatusCode::NOT_FOUND));
            };
            if let Some(path) = path {
                let query = request
                    .uri()
                    .query()
                    .map_or(String::new(), |q| format!("?{q}"));
                if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
                    *request.uri_mut() = uri;
                }
            }
            answer(site, request, wire).await
        })
    }
}

impl From<WorldError> for StartError {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Site(error) => Self::Site(error),
            WorldError::Name(name) => Self::World(name),
            WorldError::Remote(address) => Self::Remote(address),
            WorldError::Listen { address, source } => Self::Listen { address, source },
            WorldError::NoNative => Self::NoNative,
            WorldError::State(StateError::Site(error)) => Self::Site(error),
            WorldError::State(error) => Self::State(error),
        }
    }
}
