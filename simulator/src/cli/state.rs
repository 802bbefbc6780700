//! `xcat-sim state`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::{Door, StateCommand};
use super::control::ask;
use super::exit::{Exit, Failure};
use super::talk::Talk;
use crate::control::part;
use crate::state::{self, Difference};

/// Runs a command on the state.
pub fn run(command: StateCommand, talk: &Talk) -> Result<Exit, Failure> {
    match command {
        StateCommand::Save { file, door } => {
            let state = ask(&door, "GET", "/state", &Value::Null)?.to_string();
            match file {
                None => Talk::data(&state)?,
                Some(file) => std::fs::write(&file, state)
                    .with_context(|| format!("cannot write {}", file.display()))?,
            }
        }
        StateCommand::Load { file, door } => {
            ask(&door, "PUT", "/state", &read(&file)?)?;
            talk.note("loaded");
        }
        StateCommand::Reset(door) => {
            ask(&door, "POST", "/state/reset", &Value::Null)?;
            talk.note("reset");
        }
        StateCommand::Snapshot { name, door } => {
            let path = format!("/snapshots/{}", part(&name));
            ask(&door, "PUT", &path, &Value::Null)?;
        }
        StateCommand::Snapshots(door) => {
            let answer = ask(&door, "GET", "/snapshots", &Value::Null)?;
            for name in answer["snapshots"].as_array().into_iter().flatten() {
                Talk::data(name.as_str().unwrap_or_default())?;
            }
        }
        StateCommand::Forget { name, door } => {
            let path = format!("/snapshots/{}", part(&name));
            ask(&door, "DELETE", &path, &Value::Null)?;
        }
        StateCommand::Restore { name, door } => {
            let path = format!("/snapshots/{}/restore", part(&name));
            ask(&door, "POST", &path, &Value::Null)?;
        }
        StateCommand::Diff {
            file,
            other,
            snapshot,
            lasting,
            control,
            world,
        } => {
            let differences: Value = match (file, other) {
                (Some(file), Some(other)) => {
                    let found = state::diff_states(read(&file)?, read(&other)?);
                    serde_json::to_value(found).map_err(anyhow::Error::from)?
                }
                (file, _) => {
                    let Some(control) = control else {
                        return Err(Failure::new(
                            Exit::Usage,
                            anyhow::Error::msg(
                                "give two files, or the control door of a running site with --control",
                            ),
                        ));
                    };
                    let body = match (file, snapshot) {
                        (Some(file), _) => read(&file)?,
                        (None, Some(name)) => json!({ "snapshot": name }),
                        (None, None) => Value::Null,
                    };
                    ask(&Door { control, world }, "POST", "/state/diff", &body)?["differences"]
                        .clone()
                }
            };
            let mut found: Vec<Difference> =
                serde_json::from_value(differences).map_err(anyhow::Error::from)?;
            found.retain(|difference| !lasting || state::is_lasting(difference));
            return show(&found);
        }
    }
    Ok(Exit::Success)
}

fn read(file: &Path) -> Result<Value, Failure> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let value = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no saved state", file.display()))?;
    Ok(value)
}

fn show(differences: &[Difference]) -> Result<Exit, Failure> {
    let mut exit = Exit::Success;
    for difference in differences {
        exit = Exit::Different;
        Talk::data(&difference.path)?;
        for (sign, value) in [('-', &difference.before), ('+', &difference.after)] {
            if let Some(value) = value {
                Talk::data(&format!("  {sign} {value}"))?;
            }
        }
    }
    Ok(exit)
}
