//! Files of class X that wait in a guest's reader: the guest's activation service runs them at its start, in their
//! order (spec: guests 6.11). The service belongs to the images that are deployed to guests; the management node and the zHCP,
//! in whose reader a file lies for a moment on its way to a guest, have none and leave it there.

use super::setup_disk;
use crate::hosts::{ProgramEnv, shell};
use crate::world::LinuxRole;

/// Ending of the names of archives that hold a script to run.
const SCRIPTS: &str = ".doscript";
/// Script of an archive that calls its worker.
const INVOKE: &str = "invokeScript.sh";
/// Where archives are unpacked.
const FOLDER: &str = "/var/opt/xcat/transport";
/// The worker that the management node ships; this model knows what it does.
const SHIPPED: &str = "setupDisk";

/// Runs the archives of the reader and takes them out of it. Other files are left to whoever reads them.
pub fn run_waiting(env: &mut ProgramEnv<'_>) {
    let Some(linux) = env.linux() else {
        return;
    };
    if linux.role != LinuxRole::Guest {
        return;
    }
    let user = linux.userid.clone();
    let Some(files) = env.system_mut().and_then(|zvm| zvm.readers.get_mut(&user)) else {
        return;
    };
    let (run, keep): (Vec<_>, Vec<_>) = std::mem::take(files)
        .into_iter()
        .partition(|f| f.class == 'X' && f.name.to_ascii_lowercase().ends_with(SCRIPTS));
    *files = keep;
    for file in run {
        run_archive(env, &unpack(&file.text));
    }
}

fn run_archive(env: &mut ProgramEnv<'_>, members: &[(String, String)]) {
    let Some((_, invoke)) = members.iter().find(|(name, _)| name == INVOKE) else {
        return;
    };
    let now = env.world.now_ms;
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        for (name, text) in members {
            linux
                .fs
                .write(&format!("{FOLDER}/{name}"), text.clone(), now);
        }
    }
    for line in invoke.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match words.as_slice() {
            [bash, worker, parameters @ ..] if bash.ends_with("bash") && worker == SHIPPED => {
                setup_disk::run(env, parameters);
            }
            _ => {
                let directory = std::mem::replace(&mut env.directory, FOLDER.into());
                shell::run_in(env, "bash", line, "");
                env.directory = directory;
            }
        }
    }
    if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
        for (name, _) in members {
            linux.fs.files.remove(&format!("{FOLDER}/{name}"));
        }
    }
}

/// Members of a tar archive. A text that is none has no members.
fn unpack(archive: &str) -> Vec<(String, String)> {
    const BLOCK: usize = 512;
    let bytes = archive.as_bytes();
    let mut members = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        let field = |range: std::ops::Range<usize>| {
            let field = &header[range];
            let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let name = field(0..100);
        let Ok(size) = usize::from_str_radix(&field(124..136), 8) else {
            break;
        };
        let start = at + BLOCK;
        let Some(text) = start
            .checked_add(size)
            .and_then(|end| bytes.get(start..end))
        else {
            break;
        };
        if name.is_empty() {
            break;
        }
        members.push((
            name.trim_start_matches("./").to_owned(),
            String::from_utf8_lossy(text).into_owned(),
        ));
        at = start + size.next_multiple_of(BLOCK);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_has_no_members() {
        for text in ["", "hello", &"x".repeat(512), &"\0".repeat(2048)] {
            assert_eq!(unpack(text), []);
        }
    }
}
