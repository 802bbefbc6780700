//! A value that counts its changes, so that what was derived from it is known to be outdated.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

/// A value and how often it may have been changed. Compares and is saved as the value alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tracked<T> {
    value: T,
    #[serde(skip)]
    changes: u64,
}

impl<T> Tracked<T> {
    /// How often the value has been given away to be changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

impl<T> From<T> for Tracked<T> {
    fn from(value: T) -> Self {
        Self { value, changes: 0 }
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changes += 1;
        &mut self.value
    }
}

impl<T: PartialEq> PartialEq for Tracked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
