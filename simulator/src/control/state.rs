//! Verbs of the state: save, load, reset, snapshots, differences.

use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use crate::state::{self, SavedState};

pub(super) fn save(call: &Call) -> Result<Value, Refusal> {
    to_json(&call.site.save())
}

pub(super) fn load(call: &Call) -> Result<Value, Refusal> {
    let state = SavedState::from_value(call.body.clone()).map_err(|e| bad(&e))?;
    call.site.verbs().restore(state).map_err(|e| bad(&e))?;
    super::world::show(call)
}

pub(super) fn reset(call: &Call) -> Result<Value, Refusal> {
    let first = call.origin.first(&call.site).map_err(Refusal::bad)?;
    call.site.verbs().restore(first).map_err(|e| bad(&e))?;
    super::world::show(call)
}

/// An error with its causes in one line.
fn bad(error: &dyn std::error::Error) -> Refusal {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Refusal::bad(text)
}

pub(super) fn diff(call: &Call) -> Result<Value, Refusal> {
    let before = match call.body.get("snapshot").and_then(Value::as_str) {
        _ if call.body.is_null() => to_json(&call.origin.first(&call.site).map_err(Refusal::bad)?)?,
        Some(name) => to_json(&named(call, name)?)?,
        None => call.body.clone(),
    };
    let differences = state::diff_states(before, to_json(&call.site.save())?);
    Ok(json!({"differences": to_json(&differences)?}))
}

fn named(call: &Call, name: &str) -> Result<SavedState, Refusal> {
    call.site
        .snapshot(name)
        .ok_or_else(|| Refusal::missing(format!("no snapshot '{name}'")))
}

pub(super) fn snapshots(call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"snapshots": call.site.snapshot_names()}))
}

pub(super) fn snapshot(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("name");
    call.site.verbs().take_snapshot(name);
    Ok(json!({ "snapshot": name }))
}

pub(super) fn restore(call: &Call) -> Result<Value, Refusal> {
    let state = named(call, call.param("name"))?;
    call.site.verbs().restore(state).map_err(|e| bad(&e))?;
    super::world::show(call)
}

pub(super) fn forget(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("name");
    if call.site.verbs().forget_snapshot(name) {
        Ok(json!({ "removed": name }))
    } else {
        Err(Refusal::missing(format!("no snapshot '{name}'")))
    }
}
