//! Where a site came from: what a reset goes back to.

use super::SavedState;
use crate::seam::Site;
use crate::server::SiteSource;
use crate::site::SiteError;
use crate::world::World;

/// Source and seed of a site.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The site.
    pub source: SiteSource,
    /// Seed instead of the site's own.
    pub seed: Option<u64>,
}

impl Origin {
    /// The world as it was at first.
    ///
    /// # Errors
    /// The site file's problems.
    pub fn world(&self) -> Result<World, SiteError> {
        let mut world = self.source.world()?;
        if let Some(seed) = self.seed {
            world.random_state = seed;
        }
        Ok(world)
    }

    /// The state in which a site that came from here was at first.
    ///
    /// # Errors
    /// The site file's problems.
    pub fn first(&self, site: &Site) -> Result<SavedState, SiteError> {
        Ok(SavedState::first(self.world()?, site.settings.clone()))
    }
}
