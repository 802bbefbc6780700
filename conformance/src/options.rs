//! How a run is carried out, apart from which cases it takes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::LedgerFile;
use crate::result::CaseResult;

/// How a run is carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cases at once. On a target that is shared, destructive cases always run alone; without a number, four on the embedded
    /// simulator and one elsewhere.
    pub jobs: Option<usize>,
    /// Bound of one case.
    pub case_timeout: Duration,
    /// Bound of one case's clean-up.
    pub cleanup_timeout: Duration,
    /// Seed of the run's names.
    pub seed: u64,
    /// File of the undo ledger.
    pub ledger: Option<LedgerFile>,
    /// How often a case that failed is run again; the last outcome counts, and every attempt is counted.
    pub retries: u32,
    /// No case starts after the first one that fails, errs or surprises.
    pub stop_early: bool,
    /// Cases that the caller expects to fail, with his reasons.
    pub expected: ExpectedFailures,
    /// Results of an interrupted run with the same seed: their cases do not run again.
    pub finished: Vec<CaseResult>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: None,
            case_timeout: Duration::from_mins(5),
            cleanup_timeout: Duration::from_mins(2),
            seed: 1,
            ledger: None,
            retries: 0,
            stop_early: false,
            expected: ExpectedFailures::default(),
            finished: Vec::new(),
        }
    }
}

/// Newest schema of a file of expected failures that is understood.
const SCHEMA: u32 = 1;

/// Cases that are expected to fail, by id. Such a failure is a deviation with the caller's reason; a pass is a surprise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedFailures(BTreeMap<String, String>);

/// Why a file of expected failures cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectedError {
    /// Not TOML, or not of this shape.
    #[error("not a list of expected failures")]
    Shape(#[from] toml::de::Error),
    /// Written for a newer kit.
    #[error("schema {0} is newer than {SCHEMA}, the newest this kit understands")]
    Newer(u32),
    /// An entry says nothing.
    #[error("case {0} has no reason")]
    Reason(String),
    /// No such case.
    #[error("there is no case {0}")]
    Unknown(String),
    /// Two entries for one case.
    #[error("case {0} is listed twice")]
    Twice(String),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    #[serde(default)]
    expect: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    case: String,
    reason: String,
}

impl ExpectedFailures {
    /// Reads a file; `known` tells which case ids exist, so that a typing error is not a silent exemption.
    pub fn parse(text: &str, known: impl Fn(&str) -> bool) -> Result<Self, ExpectedError> {
        let file: File = toml::from_str(text)?;
        if file.schema > SCHEMA {
            return Err(ExpectedError::Newer(file.schema));
        }
        let mut map = BTreeMap::new();
        for entry in file.expect {
            if entry.reason.trim().is_empty() {
                return Err(ExpectedError::Reason(entry.case));
            }
            if !known(&entry.case) {
                return Err(ExpectedError::Unknown(entry.case));
            }
            if map.insert(entry.case.clone(), entry.reason).is_some() {
                return Err(ExpectedError::Twice(entry.case));
            }
        }
        Ok(Self(map))
    }

    /// The reason for which a case is expected to fail.
    pub fn reason(&self, case: &str) -> Option<&str> {
        self.0.get(case).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exemption_has_a_reason_and_a_case() {
        let parse = |text: &str| ExpectedFailures::parse(text, |id| id == "a/b");
        let one = "schema = 1\n[[expect]]\ncase = 'a/b'\nreason = 'ticket 7'\n";
        assert_eq!(parse(one).unwrap().reason("a/b"), Some("ticket 7"));
        assert_eq!(parse(one).unwrap().reason("a/c"), None);
        let problem = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            problem(&one.replace("ticket 7", " ")),
            "case a/b has no reason"
        );
        assert_eq!(problem(&one.replace("a/b", "a/x")), "there is no case a/x");
        assert!(problem("schema = 2").contains("newer than 1"));
        let twice = format!("{one}[[expect]]\ncase = 'a/b'\nreason = 'again'\n");
        assert_eq!(problem(&twice), "case a/b is listed twice");
    }
}
