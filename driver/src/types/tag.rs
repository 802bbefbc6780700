//! The ownership stamp that a volume leaves in its pool row.

use std::fmt;
use std::str::FromStr;

use super::{ParseError, serde_as_text};

/// What a stamp says about its row (spec: driver 2.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// `{prefix}` + 32 hex: a volume.
    Volume,
    /// `cs` + 32 hex: a snapshot.
    Snapshot,
    /// `cvunmanaged`: given back to the administrator.
    Unmanaged,
    /// `cvdirty`: deleted, but its data could not be cleared; not to be given out.
    Dirty,
}

/// An ownership stamp: letters and digits, at most 40, so that it cannot damage the pool file (spec: driver 1.4 G7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The stamp of a volume: the two-letter prefix and the 32 hex digits of its id. Dashes of a UUID are dropped.
    pub fn volume(prefix: &str, id: &str) -> Result<Self, ParseError> {
        let digits: String = id
            .chars()
            .filter(|c| *c != '-')
            .collect::<String>()
            .to_ascii_lowercase();
        let fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            return Err(ParseError::new(id, "a volume id (a UUID)"));
        }
        format!("{prefix}{digits}").parse()
    }

    /// The stamp of a row whose data could not be cleared.
    pub fn dirty() -> Self {
        Self("cvdirty".to_owned())
    }

    /// The stamp of a row that the driver no longer manages.
    pub fn unmanaged() -> Self {
        Self("cvunmanaged".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the stamp says, given the volume prefix in force; `None` for a stamp of another kind.
    pub fn kind(&self, prefix: &str) -> Option<TagKind> {
        let stamped = |prefix: &str| {
            self.0
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        match self.0.as_str() {
            "cvunmanaged" => Some(TagKind::Unmanaged),
            "cvdirty" => Some(TagKind::Dirty),
            _ if stamped(prefix) => Some(TagKind::Volume),
            _ if stamped("cs") => Some(TagKind::Snapshot),
            _ => None,
        }
    }

    /// The UUID in a volume's or snapshot's stamp, with its dashes.
    pub fn id(&self) -> Option<String> {
        let digits = self
            .0
            .get(2..)
            .filter(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let parts = [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ];
        Some(parts.join("-"))
    }
}

impl FromStr for Tag {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fits =
            (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| ParseError::new(text, "a stamp of 1 to 40 letters and digits"))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Tag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_id_goes_in_and_comes_out() {
        let tag = Tag::volume("cv", "01234567-89AB-cdef-0123-456789abcdef").unwrap();
        assert_eq!(tag.as_str(), "cv0123456789abcdef0123456789abcdef");
        assert_eq!(tag.kind("cv"), Some(TagKind::Volume));
        assert_eq!(
            tag.id().as_deref(),
            Some("01234567-89ab-cdef-0123-456789abcdef")
        );
        assert!(Tag::volume("cv", "../../etc/passwd").is_err());
    }

    #[test]
    fn foreign_owners_are_no_stamps() {
        assert_eq!("opnstk1".parse::<Tag>().unwrap().kind("cv"), None);
        assert_eq!(Tag::dirty().kind("cv"), Some(TagKind::Dirty));
        assert!("$root_device$".parse::<Tag>().is_err());
    }
}
