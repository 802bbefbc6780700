//! One fault of a configuration file.

use std::fmt;

use serde::Serialize;

/// Whether the driver can start in spite of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The back end cannot be used.
    Error,
    /// The back end works, but probably not as meant.
    Warning,
}

/// A fault with the place where it is. Never holds a secret's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub level: Level,
    /// The section, or empty for the file as a whole.
    pub section: String,
    /// The key, when one is meant.
    pub key: Option<String>,
    /// The line, counted from 1, when the file has one.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.section.is_empty() {
            write!(f, "[{}] ", self.section)?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)
    }
}
