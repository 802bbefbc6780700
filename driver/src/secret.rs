//! A text that must not be seen.

use std::fmt;

/// A password. Its `Debug` and `Display` forms are masks, it has no serde form, and only [`Secret::expose`] gives the
/// text, so that every place that uses it can be found (spec: driver 3.9, I23).
///
/// ```
/// let secret = zvm_volume::Secret::new("tops3cret");
/// assert_eq!(format!("{secret} {secret:?}"), "****** Secret(******)");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(******)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}
