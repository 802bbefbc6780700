//! What belongs to the one remote command under way and is no part of the state: what it wrote, and which of its
//! programs are to fail. It is never saved, compares equal to any other, and a clone starts without it.

use crate::world::HostName;

/// Most notes that one remote command leaves.
const NOTES: usize = 64;
/// Longest text that is compared line by line, in bytes.
const COMPARED: usize = 256 * 1024;
/// Most bytes of one line that are noted.
const LINE: usize = 160;

/// See the module.
#[derive(Debug, Default)]
pub struct Scratch {
    notes: Vec<FileNote>,
    /// Programs that are to fail.
    pub program_faults: Vec<ProgramFault>,
    /// Whether a program waited for a map that has lost all its paths and queues.
    pub hangs: bool,
}

/// A file that was written or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNote {
    /// On which Linux.
    pub host: HostName,
    /// Absolute path.
    pub path: String,
    /// What changed in it, in words.
    pub change: String,
}

/// A program that fails instead of working, or after it worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramFault {
    /// Number of the rule that asks for it.
    pub rule: u64,
    /// The Linux on which the program must run; `None`: any.
    pub host: Option<HostName>,
    /// Last part of the program's name.
    pub program: String,
    /// Words that must be among its arguments.
    pub words: Vec<String>,
    /// Whether the program does its work before it fails.
    pub works: bool,
    /// How it fails.
    pub failure: ProgramFailure,
    /// How often it may still fail.
    pub left: u64,
    /// How often it has failed.
    pub fired: u64,
}

/// How a program fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProgramFailure {
    /// The shell does not find it.
    #[default]
    Missing,
    /// With this exit status and output.
    Output {
        /// Exit status.
        rc: i32,
        /// Standard output.
        stdout: String,
        /// Standard error.
        stderr: String,
    },
    /// CP answers `vmcp` with this message.
    Cp {
        /// The message.
        message: String,
        /// CP's return code.
        rc: i32,
    },
    /// `smcli` gets this return and reason code from SMAPI; 0 and 0: SMAPI says that it is done.
    Smapi {
        /// Return code.
        rc: i32,
        /// Reason code.
        rs: i32,
    },
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Scratch {
    /// Notes that a file's text changed; `None` stands for no file.
    pub fn file(&mut self, host: &HostName, path: &str, old: Option<&str>, new: Option<&str>) {
        if self.notes.len() == NOTES || old == new {
            return;
        }
        let change = match (old, new) {
            (_, None) => "removed".to_owned(),
            (None, Some(new)) => format!("created, {} bytes", new.len()),
            (Some(old), Some(new)) if old.len() > COMPARED || new.len() > COMPARED => {
                format!("changed, {} bytes", new.len())
            }
            (Some(old), Some(new)) => lines_changed(old, new),
        };
        self.notes.push(FileNote {
            host: host.clone(),
            path: path.to_owned(),
            change,
        });
    }

    /// The notes so far, leaving none.
    pub fn take_notes(&mut self) -> Vec<FileNote> {
        std::mem::take(&mut self.notes)
    }

    /// The fault of a program that is called now, if it is to fail; counts it.
    pub fn program_fault(&mut self, host: &HostName, words: &[String]) -> Option<ProgramFault> {
        let name = words.first()?.rsplit('/').next()?;
        let fault = self.program_faults.iter_mut().find(|fault| {
            fault.left > 0
                && fault.program == name
                && fault.host.as_ref().is_none_or(|h| h == host)
                && fault.words.iter().all(|word| {
                    words[1..]
                        .iter()
                        .any(|given| given.eq_ignore_ascii_case(word))
                })
        })?;
        fault.left -= 1;
        fault.fired += 1;
        Some(fault.clone())
    }
}

/// The lines that differ, without what is equal before and after them.
fn lines_changed(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let after = old[before..]
        .iter()
        .rev()
        .zip(new[before..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut parts = Vec::new();
    for (sign, lines) in [
        ("-", &old[before..old.len() - after]),
        ("+", &new[before..new.len() - after]),
    ] {
        match lines {
            [] => {}
            [line] => parts.push(format!("{sign}'{}'", cut(line))),
            lines => parts.push(format!("{sign}{} lines", lines.len())),
        }
    }
    if parts.is_empty() {
        "line ends changed".to_owned()
    } else {
        parts.join(" ")
    }
}

fn cut(line: &str) -> &str {
    let end = (0..=LINE.min(line.len()))
        .rev()
        .find(|i| line.is_char_boundary(*i))
        .unwrap_or(0);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_row_is_noted_as_such() {
        let host = HostName::new("zhcp1");
        let mut scratch = Scratch::default();
        scratch.file(&host, "/p", Some("#h\na\nb\nc\n"), Some("#h\na\nB\nc\n"));
        scratch.file(&host, "/p", Some("a\n"), Some("a\nb\n"));
        scratch.file(&host, "/p", Some("a\n"), Some("a\n"));
        scratch.file(&host, "/p", Some("a\n"), None);
        let changes: Vec<String> = scratch.take_notes().into_iter().map(|n| n.change).collect();
        assert_eq!(changes, ["-'b' +'B'", "+'b'", "removed"]);
    }
}
