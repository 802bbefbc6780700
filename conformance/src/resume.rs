//! The progress file: every finished case of a run on its own line, so that an interrupted run can go on.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::result::{CaseResult, SCHEMA};

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressHead {
    /// Schema of the case lines.
    pub schema: u32,
    /// Version of the kit.
    pub kit: String,
    /// Seed of the run.
    pub seed: u64,
    /// The target.
    pub target: String,
}

/// A progress file that is being written.
#[derive(Debug)]
pub struct ProgressFile(Mutex<File>);

/// Why a progress file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Not a progress file.
    #[error("not a progress file")]
    Shape(#[source] serde_json::Error),
    /// Nothing in it.
    #[error("the progress file is empty")]
    Empty,
    /// Written by another schema.
    #[error("schema {0} is not {SCHEMA}, which this kit writes")]
    Schema(u32),
}

impl ProgressFile {
    /// Begins a file, or goes on with the one of an interrupted run.
    pub fn open(path: &Path, head: &ProgressHead, go_on: bool) -> std::io::Result<Self> {
        let mut file = File::options()
            .create(true)
            .append(go_on)
            .write(true)
            .truncate(!go_on)
            .open(path)?;
        if go_on {
            // The line that was cut by the interruption ends here.
            file.write_all(b"\n")?;
        } else {
            write(&mut file, head)?;
        }
        Ok(Self(Mutex::new(file)))
    }

    /// Appends a finished case. A line that cannot be written costs that case's result on resumption, nothing else.
    pub fn append(&self, case: &CaseResult) -> std::io::Result<()> {
        write(
            &mut self.0.lock().unwrap_or_else(PoisonError::into_inner),
            case,
        )
    }
}

fn write(file: &mut File, value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_string(value).map_err(std::io::Error::other)?;
    line.push('\n');
    file.write_all(line.as_bytes())
}

/// Head and finished cases of a progress file. A cut line is left out: its case runs again.
pub fn read_progress(text: &str) -> Result<(ProgressHead, Vec<CaseResult>), ResumeError> {
    let mut lines = text.lines();
    let first = lines.next().ok_or(ResumeError::Empty)?;
    let head: ProgressHead = serde_json::from_str(first).map_err(ResumeError::Shape)?;
    if head.schema != SCHEMA {
        return Err(ResumeError::Schema(head.schema));
    }
    let finished = lines.filter_map(|l| serde_json::from_str(l).ok()).collect();
    Ok((head, finished))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::case;
    use crate::verdict::Verdict;

    #[test]
    fn a_cut_line_costs_one_case() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("progress.jsonl");
        let head = ProgressHead {
            schema: SCHEMA,
            kit: "1".into(),
            seed: 7,
            target: "t".into(),
        };
        let file = ProgressFile::open(&path, &head, false).unwrap();
        file.append(&case("a/1", Level::Must, Verdict::Pass))
            .unwrap();
        drop(file);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"id\":\"a/2\"");
        std::fs::write(&path, &text).unwrap();
        let file = ProgressFile::open(&path, &head, true).unwrap();
        file.append(&case("a/3", Level::Must, Verdict::Fail))
            .unwrap();
        let (seen, cases) = read_progress(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(seen, head);
        let ids: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["a/1", "a/3"]);
    }

    #[test]
    fn another_schema_is_refused() {
        let text = r#"{"schema":99,"kit":"1","seed":1,"target":"t"}"#;
        assert!(matches!(read_progress(text), Err(ResumeError::Schema(99))));
        assert!(matches!(read_progress(""), Err(ResumeError::Empty)));
    }
}
