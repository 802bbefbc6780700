//! What can be wrong with a site file.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// A site that cannot be used.
#[derive(Debug, Error)]
pub enum SiteError {
    /// The file cannot be read.
    #[error(
        "cannot read site file {path}; give a file, or the name of a site that comes with the program: {known}",
        path = path.display(),
        known = super::names().collect::<Vec<_>>().join(", ")
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text has problems.
    #[error("site {name} has {} problem(s):{}", problems.len(), list(name, problems))]
    Invalid {
        /// File or site name.
        name: String,
        /// What is wrong, in order of lines.
        problems: Vec<SiteProblem>,
    },
}

/// One problem of a site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteProblem {
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl SiteProblem {
    /// A problem at a byte offset of the text.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        Self {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for SiteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

fn list(name: &str, problems: &[SiteProblem]) -> String {
    let mut sorted: Vec<_> = problems.iter().collect();
    sorted.sort_by_key(|p| p.line);
    sorted
        .iter()
        .map(|p| format!("\n  {name}:{}: {}", p.line, p.message))
        .collect()
}
