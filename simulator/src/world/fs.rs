//! Files of a simulated Linux: a flat map of absolute paths to contents, as text.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A file system: regular files and the directories that exist without files. Parents of files exist implicitly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SimFs {
    /// Regular files by absolute path.
    pub files: BTreeMap<String, SimFile>,
    /// Directories that were made explicitly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub directories: BTreeSet<String>,
}

/// One regular file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SimFile {
    /// The whole text.
    pub text: String,
    /// Time of the last change, in virtual milliseconds.
    #[serde(default)]
    pub changed_ms: u64,
}

impl SimFs {
    /// Text of the file at `path`, if there is one.
    pub fn read(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|f| f.text.as_str())
    }

    /// Creates or replaces a file.
    pub fn write(&mut self, path: &str, text: impl Into<String>, now_ms: u64) {
        self.files.insert(
            path.to_owned(),
            SimFile {
                text: text.into(),
                changed_ms: now_ms,
            },
        );
    }

    /// Whether `path` is a directory: made explicitly, or the parent of something.
    pub fn is_directory(&self, path: &str) -> bool {
        if path == "/" || self.directories.contains(path) {
            return true;
        }
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let starts = |p: Option<&String>| p.is_some_and(|p| p.starts_with(&prefix));
        starts(self.files.range(prefix.clone()..).next().map(|(k, _)| k))
            || starts(self.directories.range(prefix.clone()..).next())
    }

    /// Names directly below a directory, in byte order.
    pub fn list(&self, directory: &str) -> BTreeSet<String> {
        let prefix = format!("{}/", directory.trim_end_matches('/'));
        let below = |path: &String| {
            path.strip_prefix(&prefix)
                .map(|rest| rest.split('/').next().unwrap_or_default().to_owned())
        };
        let files = self
            .files
            .range(prefix.clone()..)
            .take_while(|(k, _)| k.starts_with(&prefix));
        let directories = self
            .directories
            .range(prefix.clone()..)
            .take_while(|k| k.starts_with(&prefix));
        files
            .filter_map(|(k, _)| below(k))
            .chain(directories.filter_map(below))
            .filter(|n| !n.is_empty())
            .collect()
    }
}

/// Absolute form of a path: relative to `directory`, without `.`, `..` and double slashes.
pub fn absolute(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { directory };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute() {
        assert_eq!(absolute("/root", "a/./b"), "/root/a/b");
        assert_eq!(absolute("/root", "../etc//x"), "/etc/x");
        assert_eq!(absolute("/root", "/"), "/");
        assert_eq!(absolute("/", "../.."), "/");
    }
}
