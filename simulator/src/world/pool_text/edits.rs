//! Where a pool text was changed since a copy of it was kept.

use std::sync::Arc;

use super::index::Place;

/// Most changes that are noted; when there are more, the two states are compared as a whole.
const NOTED: usize = 64;

/// What is known of the changes of a text. A copy knows nothing.
#[derive(Debug, Default)]
pub enum Edits {
    /// Nothing.
    #[default]
    Unknown,
    /// This is the copy that was kept.
    Kept(Arc<()>),
    /// The places that were changed since that copy was kept.
    Since(Arc<()>, Vec<Place>),
}

impl Clone for Edits {
    fn clone(&self) -> Self {
        Self::Unknown
    }
}

impl Edits {
    /// A line was changed or deleted.
    pub fn note(&mut self, place: Place) {
        match self {
            Self::Since(_, places) if places.len() < NOTED => places.push(place),
            _ => *self = Self::Unknown,
        }
    }

    /// The places, each once and in order, at which a text differs from an older one; `None`: nobody knows.
    pub fn since(&self, older: &Self) -> Option<Vec<Place>> {
        match (self, older) {
            (Self::Since(one, places), Self::Kept(other)) if Arc::ptr_eq(one, other) => {
                let mut places = places.clone();
                places.sort_unstable();
                places.dedup();
                Some(places)
            }
            _ => None,
        }
    }
}
