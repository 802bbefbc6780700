//! Verbs of the state: save, load, reset, snapshots, differences.

use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use crate::seam::{ClockSettings, LatencyState};
use crate::state::{self, SCHEMA, SavedState};

pub(super) fn save(call: &Call) -> Result<Value, Refusal> {
    to_json(&call.site.save())
}

pub(super) fn load(call: &Call) -> Result<Value, Refusal> {
    let state = SavedState::from_value(call.body.clone()).map_err(|e| bad(&e))?;
    call.site.restore(state).map_err(|e| bad(&e))?;
    super::world::show(call)
}

pub(super) fn reset(call: &Call) -> Result<Value, Refusal> {
    call.site.restore(first(call)?).map_err(|e| bad(&e))?;
    super::world::show(call)
}

/// The state in which the site was at first.
fn first(call: &Call) -> Result<SavedState, Refusal> {
    let world = call.origin.world().map_err(Refusal::bad)?;
    let faults = crate::seam::FaultBookState {
        seed: world.random_state,
        ..Default::default()
    };
    Ok(SavedState {
        schema: SCHEMA,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        settings: call.site.settings.clone(),
        world,
        faults,
        latency: LatencyState::default(),
        clock: ClockSettings::default(),
        last_request: 0,
    })
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
        _ if call.body.is_null() => to_json(&first(call)?)?,
        Some(name) => to_json(&named(call, name)?)?,
        None => call.body.clone(),
    };
    let differences = state::diff(&before, &to_json(&call.site.save())?);
    Ok(json!({"differences": to_json(&differences)?}))
}

fn named(call: &Call, name: &str) -> Result<SavedState, Refusal> {
    call.site
        .snapshots
        .lock()
        .get(name)
        .cloned()
        .ok_or_else(|| Refusal::missing(format!("no snapshot '{name}'")))
}

pub(super) fn snapshots(call: &Call) -> Result<Value, Refusal> {
    let names: Vec<String> = call.site.snapshots.lock().keys().cloned().collect();
    Ok(json!({ "snapshots": names }))
}

pub(super) fn snapshot(call: &Call) -> Result<Value, Refusal> {
    let state = call.site.save();
    let name = call.param("name").to_owned();
    call.site.snapshots.lock().insert(name.clone(), state);
    Ok(json!({ "snapshot": name }))
}

pub(super) fn restore(call: &Call) -> Result<Value, Refusal> {
    let mut load_it = call.clone();
    load_it.body = to_json(&named(call, call.param("name"))?)?;
    // What is kept is the state itself: a snapshot is gone when the process ends.
    let path = format!("/worlds/{}/state", call.param("world"));
    super::door::changed(&load_it, "PUT", &path, load)
}

pub(super) fn forget(call: &Call) -> Result<Value, Refusal> {
    let name = call.param("name");
    match call.site.snapshots.lock().remove(name) {
        Some(_) => Ok(json!({ "removed": name })),
        None => Err(Refusal::missing(format!("no snapshot '{name}'"))),
    }
}
