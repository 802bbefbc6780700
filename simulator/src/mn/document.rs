//! One answer document of xcatd: keys with lists of texts or elements (spec: rest-and-xcatd 2.3, 3.4).

use super::{Children, Rows};

/// One `xcatresponse`: children by name in alphabetical order, each a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(pub Children);

/// A child of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// A leaf.
    Text(String),
    /// A leaf that is as long as a pool.
    Rows(Box<Rows>),
    /// An element with children of its own.
    Node(Document),
}

impl Element {
    /// The text of a leaf.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Rows(rows) => Some(rows.text()),
            Self::Node(_) => None,
        }
    }
}

impl Document {
    /// A document with one key.
    pub fn of<T: Into<String>>(key: &str, texts: impl IntoIterator<Item = T>) -> Self {
        Self::default().with(key, texts)
    }

    /// The document with texts added under a key; no text, no key.
    #[must_use]
    pub fn with<T: Into<String>>(mut self, key: &str, texts: impl IntoIterator<Item = T>) -> Self {
        for text in texts {
            self.0.list(key).push(Element::Text(text.into()));
        }
        self
    }

    /// The document with an element added under a key.
    #[must_use]
    pub fn with_node(mut self, key: &str, node: Document) -> Self {
        self.0.list(key).push(Element::Node(node));
        self
    }

    /// An error with errorcode 1.
    pub fn error(text: impl Into<String>) -> Self {
        Self::of("error", [text.into()]).with("errorcode", ["1"])
    }

    /// The first text under `error`, also of an element.
    pub fn first_error(&self) -> Option<String> {
        self.texts("error").next().map(str::to_owned).or_else(|| {
            self.0.values().flatten().find_map(|e| match e {
                Element::Node(node) => node.first_error(),
                Element::Text(_) | Element::Rows(_) => None,
            })
        })
    }

    /// Texts under a key, elements left out.
    pub fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(Element::text)
    }

    /// Whether the first text under a key tells of a missing object (spec: rest-and-xcatd 1.7). Rows never do: one
    /// that did would be no plain row.
    pub fn tells_missing(&self) -> bool {
        let first = self.0.get("info").into_iter().flatten();
        first
            .filter(|element| !matches!(element, Element::Node(_)))
            .take(1)
            .any(|element| matches!(element, Element::Text(t) if t.contains("Could not find an object")))
    }
}
