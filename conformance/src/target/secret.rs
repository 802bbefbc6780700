//! A text that must not be shown.

use std::fmt;

/// A password. Neither `Debug` nor any report shows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with the secret struck out, as such and percent-encoded. Secrets under four characters are struck out
    /// only where a request names them, else every other word would go.
    pub fn mask(&self, text: &str) -> String {
        if self.0.len() < 4 {
            return text.to_owned();
        }
        let encoded = super::request::encode(&self.0);
        text.replace(&self.0, "***").replace(&encoded, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shown() {
        let secret = Secret::new("pa&ss w");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.mask("x pa&ss w y pa%26ss%20w"), "x *** y ***");
    }
}
