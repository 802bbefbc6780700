//! Rows of a pool in a site file: a list of strings that becomes the text of a pool file without a string for each row.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Reads a list of strings as lines.
pub fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_seq(Lines)
}

struct Lines;

impl<'de> Visitor<'de> for Lines {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<String, A::Error> {
        let mut text = String::new();
        while rows.next_element_seed(Line(&mut text))?.is_some() {}
        Ok(text)
    }
}

/// Adds one line to a text.
struct Line<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Line<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, row: &str) -> Result<(), E> {
        self.0.push_str(row);
        self.0.push('\n');
        Ok(())
    }
}
