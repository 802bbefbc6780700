//! `report`: views of result files.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::args::{ReportArgs, ReportCommand};
use crate::report;
use crate::result::{ExitStatus, RunResult, SCHEMA};

/// Reads a result file.
pub fn load(path: &Path) -> anyhow::Result<RunResult> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    match value["schema"].as_u64() {
        Some(schema) if schema > u64::from(SCHEMA) => bail!(
            "{}: result schema {schema} is newer than {SCHEMA}, the newest this kit understands",
            path.display()
        ),
        Some(_) => {}
        None => bail!("{} is not a result file", path.display()),
    }
    serde_json::from_value(value)
        .with_context(|| format!("{} is not a result file", path.display()))
}

/// Carries out `report`.
pub fn run(args: &ReportArgs) -> anyhow::Result<ExitStatus> {
    match &args.command {
        ReportCommand::Diff { a, b } => {
            let (a, b) = (load(a)?, load(b)?);
            print!("{}", report::diff(&a, &b));
            let worse = report::changes(&a, &b).iter().any(report::Change::is_worse);
            Ok(if worse {
                ExitStatus::Failed
            } else {
                ExitStatus::Success
            })
        }
        ReportCommand::Matrix { results, all } => {
            let mut runs = Vec::new();
            for path in results {
                let run = load(path)?;
                let name = format!(
                    "{} {:?} {:?}",
                    run.target.name, run.target.release, run.target.behaviour
                );
                runs.push((name, run));
            }
            print!("{}", report::matrix(&runs, *all));
            Ok(ExitStatus::Success)
        }
        ReportCommand::Html { result, out } => {
            let text = report::html(&load(result)?);
            std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
            Ok(ExitStatus::Success)
        }
    }
}
