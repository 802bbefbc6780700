//! The worlds of one process. The first answers below `/xcatws`; every world answers below `/worlds/NAME/xcatws`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, Uri};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use super::http_fault::{self, Abort};
use super::listener::Answers;
use super::wire::WireFault;
use super::{SiteSource, StartError};
use crate::rest;
use crate::seam::{Settings, Site, When};
use crate::state::Origin;

/// Name of the world that answers without a prefix.
pub const DEFAULT_WORLD: &str = "default";
/// Path below which worlds answer by name.
const PREFIX: &str = "/worlds/";

/// A world that is served.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The running site.
    pub site: Arc<Site>,
    /// Where it came from, for a reset.
    pub origin: Arc<Origin>,
}

/// All worlds, by name.
#[derive(Clone, Debug, Default)]
pub struct Worlds(Arc<RwLock<BTreeMap<String, Hosted>>>);

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
}

impl Worlds {
    /// Adds a world.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn add(
        &self,
        name: &str,
        source: SiteSource,
        settings: Settings,
        seed: Option<u64>,
    ) -> Result<Hosted, WorldError> {
        let origin = Origin { source, seed };
        let site = Arc::new(Site::new(origin.world()?, settings));
        self.insert(name, site, origin)
    }

    /// Adds a world that runs already.
    ///
    /// # Errors
    /// [`WorldError::Name`].
    pub fn insert(
        &self,
        name: &str,
        site: Arc<Site>,
        origin: Origin,
    ) -> Result<Hosted, WorldError> {
        let mut worlds = self.0.write();
        let is_good = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_good || worlds.contains_key(name) {
            return Err(WorldError::Name(name.to_owned()));
        }
        let hosted = Hosted {
            site,
            origin: Arc::new(origin),
        };
        worlds.insert(name.to_owned(), hosted.clone());
        Ok(hosted)
    }

    /// A world by name.
    pub fn get(&self, name: &str) -> Option<Hosted> {
        self.0.read().get(name).cloned()
    }

    /// Takes a world away; the default one stays.
    pub fn remove(&self, name: &str) -> bool {
        name != DEFAULT_WORLD && self.0.write().remove(name).is_some()
    }

    /// Names of all worlds.
    pub fn names(&self) -> Vec<String> {
        self.0.read().keys().cloned().collect()
    }

    /// The site of a path, and the path within it when it is another.
    fn of_path(&self, path: &str) -> Option<(Arc<Site>, Option<String>)> {
        let site = |name| Some(Arc::clone(&self.0.read().get(name)?.site));
        match path.strip_prefix(PREFIX) {
            None => Some((site(DEFAULT_WORLD)?, None)),
            Some(rest) => {
                let (name, rest) = rest.split_once('/')?;
                Some((site(name)?, Some(format!("/{rest}"))))
            }
        }
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
        })
    }
}

impl From<WorldError> for StartError {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Site(error) => Self::Site(error),
            WorldError::Name(name) => Self::World(name),
        }
    }
}
