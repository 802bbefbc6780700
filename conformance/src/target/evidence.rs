//! Every exchange of a case, with secrets struck out (spec: driver 6.5, practice 8).

use serde::{Deserialize, Serialize};

use super::Method;

/// Most bytes of one body that evidence keeps.
pub const BODY_BYTES: usize = 64 * 1024;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Whether the exchange belongs to the case or to its clean-up.
    pub phase: Phase,
    /// Method.
    pub method: Method,
    /// Path and query, credentials struck out.
    pub path: String,
    /// Body sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Status; absent when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Content type of the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// Body received, cut to 64 KiB.
    pub answer: String,
    /// Why no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Time from sending to the end of the answer, in milliseconds.
    pub millis: u64,
}

/// Part of a case's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The case itself.
    #[default]
    Case,
    /// Clean-up and the proof that nothing is left.
    CleanUp,
}

/// Cuts a text to the evidence's limit at a character boundary and says so.
pub fn cut(text: &str) -> String {
    if text.len() <= BODY_BYTES {
        return text.to_owned();
    }
    let end = (0..=BODY_BYTES)
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(0);
    format!("{}[... cut, {} bytes in all]", &text[..end], text.len())
}
