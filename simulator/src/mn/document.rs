//! One answer document of xcatd: keys with lists of texts or elements (spec: rest-and-xcatd 2.3, 3.4).

use std::collections::BTreeMap;

/// One `xcatresponse`: children by name in alphabetical order, each a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(pub BTreeMap<String, Vec<Element>>);

/// A child of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// A leaf.
    Text(String),
    /// An element with children of its own.
    Node(Document),
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
            self.0
                .entry(key.to_owned())
                .or_default()
                .push(Element::Text(text.into()));
        }
        self
    }

    /// The document with an element added under a key.
    #[must_use]
    pub fn with_node(mut self, key: &str, node: Document) -> Self {
        self.0
            .entry(key.to_owned())
            .or_default()
            .push(Element::Node(node));
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
                Element::Text(_) => None,
            })
        })
    }

    /// Texts under a key, elements left out.
    pub fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|e| match e {
                Element::Text(text) => Some(text.as_str()),
                Element::Node(_) => None,
            })
    }
}
