//! Files of a simulated Linux: a flat map of absolute paths to contents, as text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PoolText;

/// Directory of the SCSI pool files on a zHCP (spec: scsi-pools 1.1).
pub const POOL_DIRECTORY: &str = "/var/opt/zhcp/zfcp";

/// A file system: regular files and the directories that exist without files. Parents of files exist implicitly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SimFs {
    /// Regular files by absolute path.
    #[serde(deserialize_with = "files_by_path")]
    pub files: BTreeMap<String, SimFile>,
    /// Directories that were made explicitly.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub directories: BTreeSet<String>,
    #[serde(skip)]
    touched: Touched,
}

/// Pools that have been changed, as they were before; no part of the state.
#[derive(Debug, Default)]
struct Touched(Vec<(String, PoolText)>);

impl Clone for Touched {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Touched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Touched {
    /// The pool of a file is about to be changed.
    fn keep(&mut self, path: &str, file: &mut SimFile) {
        if let Some(pool) = file.text.pool_mut()
            && self.0.iter().all(|(known, _)| known != path)
        {
            self.0.push((path.to_owned(), pool.keep()));
        }
    }
}

/// One regular file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SimFile {
    /// The whole text.
    pub text: FileText,
    /// Time of the last change, in virtual milliseconds.
    #[serde(default)]
    pub changed_ms: u64,
}

/// How the text of a file is kept: that of a SCSI pool with an index, any other as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum FileText {
    /// Any file. Copies share it until one of them is changed.
    Plain(Arc<String>),
    /// A pool file (see [`is_pool_file`]). Saved as its text; [`SimFs`] makes it one again.
    Pool(PoolText),
}

impl Serialize for FileText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => text.as_str().serialize(serializer),
            Self::Pool(pool) => pool.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FileText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::Plain(Arc::new(text)))
    }
}

impl Default for FileText {
    fn default() -> Self {
        Self::Plain(Arc::default())
    }
}

impl FileText {
    /// The text as it is to be kept for a file at `path`.
    fn of(path: &str, text: String) -> Self {
        if is_pool_file(path) {
            Self::Pool(PoolText::new(&text))
        } else {
            Self::Plain(Arc::new(text))
        }
    }

    /// The text. That of a pool is put together for the caller.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text.as_str()),
            Self::Pool(pool) => Cow::Owned(pool.to_string()),
        }
    }

    /// The text of a pool, by rows.
    pub fn pool(&self) -> Option<&PoolText> {
        match self {
            Self::Plain(_) => None,
            Self::Pool(pool) => Some(pool),
        }
    }

    /// The text of a pool, by rows, to be changed.
    pub fn pool_mut(&mut self) -> Option<&mut PoolText> {
        match self {
            Self::Plain(_) => None,
            Self::Pool(pool) => Some(pool),
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Pool(pool) => pool.len(),
        }
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends to the text.
    pub fn push_str(&mut self, text: &str) {
        match self {
            Self::Plain(kept) => Arc::make_mut(kept).push_str(text),
            Self::Pool(pool) => pool.push_str(text),
        }
    }
}

/// Whether a path is that of a pool file: directly in [`POOL_DIRECTORY`], with the suffix `.conf`.
pub fn is_pool_file(path: &str) -> bool {
    path.strip_prefix(POOL_DIRECTORY)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|name| name.strip_suffix(".conf"))
        .is_some_and(|name| !name.contains('/'))
}

/// Files as they were saved; the path says which of them are pools.
fn files_by_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, SimFile>, D::Error> {
    let mut files = BTreeMap::<String, SimFile>::deserialize(deserializer)?;
    for (path, file) in &mut files {
        if is_pool_file(path) {
            file.text = FileText::of(path, file.text.text().into_owned());
        }
    }
    Ok(files)
}

impl SimFs {
    /// Text of the file at `path`, if there is one.
    pub fn read(&self, path: &str) -> Option<Cow<'_, str>> {
        self.files.get(path).map(|f| f.text.text())
    }

    /// The pool at `path`, if there is one.
    pub fn pool(&self, path: &str) -> Option<&PoolText> {
        self.files.get(path)?.text.pool()
    }

    /// All pools by path.
    pub fn pools(&self) -> impl Iterator<Item = (&str, &PoolText)> {
        self.files
            .range::<str, _>((Bound::Excluded(POOL_DIRECTORY), Bound::Unbounded))
            .take_while(|(path, _)| path.starts_with(POOL_DIRECTORY))
            .filter_map(|(path, file)| Some((path.as_str(), file.text.pool()?)))
    }

    /// The pool at `path`, to be changed at a time.
    pub fn pool_mut(&mut self, path: &str, now_ms: u64) -> Option<&mut PoolText> {
        let file = self.files.get_mut(path)?;
        self.touched.keep(path, file);
        let pool = file.text.pool_mut()?;
        file.changed_ms = now_ms;
        Some(pool)
    }

    /// Appends to a file, which is made if there is none.
    pub fn append(&mut self, path: &str, text: &str, now_ms: u64) {
        match self.files.get_mut(path) {
            Some(file) => {
                self.touched.keep(path, file);
                file.text.push_str(text);
                file.changed_ms = now_ms;
            }
            None => self.write(path, text, now_ms),
        }
    }

    /// Creates or replaces a file.
    pub fn write(&mut self, path: &str, text: impl Into<String>, now_ms: u64) {
        let file = SimFile {
            text: FileText::of(path, text.into()),
            changed_ms: now_ms,
        };
        if let Some(mut old) = self.files.insert(path.to_owned(), file) {
            self.touched.keep(path, &mut old);
        }
    }

    /// Removes a file and gives it.
    pub fn remove(&mut self, path: &str) -> Option<SimFile> {
        let mut old = self.files.remove(path)?;
        self.touched.keep(path, &mut old);
        Some(old)
    }

    /// Whether a pool was changed since [`Self::take_touched`].
    pub fn has_touched(&self) -> bool {
        !self.touched.0.is_empty()
    }

    /// The pools that were changed or removed since this was asked last, by path, as they were then.
    pub fn take_touched(&mut self) -> Vec<(String, PoolText)> {
        let mut touched = std::mem::take(&mut self.touched.0);
        touched.sort_by(|(a, _), (b, _)| a.cmp(b));
        touched
    }

    /// Creates or replaces a file that is no pool with a text that others may share.
    pub fn write_shared(&mut self, path: &str, text: &Arc<String>, now_ms: u64) {
        let text = FileText::Plain(Arc::clone(text));
        let file = SimFile {
            text,
            changed_ms: now_ms,
        };
        self.files.insert(path.to_owned(), file);
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
    if path.starts_with('/') && is_clean(path) {
        return path.to_owned();
    }
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

/// Whether an absolute path has neither empty parts nor any that begin with a dot.
fn is_clean(path: &str) -> bool {
    path.len() > 1
        && !path.ends_with('/')
        && path
            .as_bytes()
            .windows(2)
            .all(|pair| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_file_is_saved_as_text_and_loaded_with_its_index() {
        let mut fs = SimFs::default();
        fs.write("/var/opt/zhcp/zfcp/p.conf", "free,a,b,8G,,,,\n", 1);
        fs.write("/var/opt/zhcp/zfcp/p.txt", "x", 1);
        fs.append("/var/opt/zhcp/zfcp/p.conf", "free,a,c,4G,,,,\n", 2);
        let saved = serde_json::to_string(&fs).unwrap();
        assert!(saved.contains(r#""text":"free,a,b,8G,,,,\nfree,a,c,4G,,,,\n","changed_ms":2"#));
        let loaded: SimFs = serde_json::from_str(&saved).unwrap();
        assert_eq!(loaded, fs);
        let pool = loaded.pool("/var/opt/zhcp/zfcp/p.conf").unwrap();
        assert_eq!(pool.best_fit(1.0), Some("free,a,c,4G,,,,"));
        assert!(loaded.pool("/var/opt/zhcp/zfcp/p.txt").is_none());
    }

    #[test]
    fn pools_are_kept_as_they_were_before_any_change() {
        let path = |name: &str| format!("{POOL_DIRECTORY}/{name}.conf");
        let mut fs = SimFs::default();
        for name in ["a", "b", "c", "d", "e"] {
            fs.write(&path(name), "1\n", 0);
        }
        fs.write("/x", "1", 0);
        assert!(!fs.has_touched());
        fs.pool_mut(&path("a"), 1).unwrap().push_str("2\n");
        fs.append(&path("a"), "3\n", 1);
        fs.append(&path("b"), "2\n", 1);
        fs.write(&path("c"), "2\n", 1);
        fs.remove(&path("d"));
        fs.write("/x", "2", 1);
        let copy = fs.clone();
        assert_eq!(copy, fs);
        assert!(!copy.has_touched());
        let (paths, pools): (Vec<_>, Vec<_>) = fs.take_touched().into_iter().unzip();
        assert_eq!(paths, ["a", "b", "c", "d"].map(path));
        assert!(pools.iter().all(|pool| pool.to_string() == "1\n"));
        assert!(!fs.has_touched());
    }

    #[test]
    fn paths_become_absolute() {
        assert_eq!(absolute("/root", "a/./b"), "/root/a/b");
        assert_eq!(absolute("/root", "../etc//x"), "/etc/x");
        assert_eq!(absolute("/root", "/"), "/");
        assert_eq!(absolute("/", "../.."), "/");
        assert_eq!(absolute("/root", "/a/.b"), "/a/.b");
        assert_eq!(absolute("/root", "/a/b/"), "/a/b");
        assert_eq!(absolute("/root", "/a//b/./c"), "/a/b/c");
    }
}
