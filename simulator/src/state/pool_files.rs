//! Pool files as plain files that a person can read, below `pools/HOST/` in the state's folder. They are written shortly
//! after a change, each as a new file that takes the old one's place: one that is open or is being copied is whole. The
//! change log is what counts; whatever stands in these files is written anew when the site starts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::seam::Site;
use crate::world::{LinuxRole, PoolText, World};

/// The files as they were last written.
#[derive(Debug)]
pub(super) struct PoolFiles {
    folder: PathBuf,
    written: BTreeMap<(String, String), PoolText>,
}

impl PoolFiles {
    /// Files below a folder; what is there is not trusted.
    pub(super) fn new(folder: &Path) -> Self {
        let folder = folder.join("pools");
        // A folder that is not there needs no clearing.
        let _ = fs::remove_dir_all(&folder);
        Self {
            folder,
            written: BTreeMap::new(),
        }
    }

    /// Writes the files that are not as the site has them.
    pub(super) fn write(&mut self, site: &Site) -> io::Result<()> {
        let now = pools(&site.world.lock());
        for key in self.written.keys().filter(|k| !now.contains_key(*k)) {
            fs::remove_file(self.path(key))?;
        }
        self.written.retain(|key, _| now.contains_key(key));
        for (key, text) in now {
            let is_same = self.written.get(&key).is_some_and(|old| {
                let (gone, came) = text.changed_since(old, 1);
                gone.is_empty() && came.is_empty() && old.len() == text.len()
            });
            if is_same {
                continue;
            }
            let path = self.path(&key);
            replace(&path, |file| write_text(file, &text))?;
            self.written.insert(key, text);
        }
        Ok(())
    }

    fn path(&self, (host, name): &(String, String)) -> PathBuf {
        self.folder.join(host).join(name)
    }
}

fn write_text(file: &mut fs::File, text: &PoolText) -> io::Result<()> {
    let mut out = io::BufWriter::new(file);
    write!(out, "{text}")?;
    out.flush()
}

/// Texts of all pool files, by host and file name. They are shared with the world: this copies no text.
fn pools(world: &World) -> BTreeMap<(String, String), PoolText> {
    world
        .linuxes
        .iter()
        .filter(|(_, l)| l.role == LinuxRole::Zhcp)
        .flat_map(|(host, linux)| {
            linux.fs.files.iter().filter_map(move |(path, file)| {
                let name = path.rsplit('/').next()?;
                Some((
                    (host.to_string(), name.to_owned()),
                    file.text.pool()?.clone(),
                ))
            })
        })
        .collect()
}

/// Puts a new file in the place of an old one: whoever looks sees one or the other.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = fs::File::create(&new)?;
    write(&mut file)?;
    drop(file);
    fs::rename(&new, path)
}
