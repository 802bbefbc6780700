//! Verbs of faults, break points, latency and time.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use crate::seam::{RuleError, catalogue};

pub(super) fn names(_: &Call) -> Result<Value, Refusal> {
    let faults: Vec<Value> = catalogue()
        .map(|f| {
            json!({
                "name": f.name,
                "layer": (f.effect)().layer(),
                "title": f.title,
                "needs": f.scope,
                "delay_ms": (f.effect)().delay(),
                "seen": f.seen,
                "source": f.source,
            })
        })
        .collect();
    Ok(json!({ "faults": faults }))
}

pub(super) fn list(call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"faults": to_json(&call.site.faults.list())?}))
}

pub(super) fn add(call: &Call) -> Result<Value, Refusal> {
    let rule = call
        .site
        .verbs()
        .add_fault(call.body()?)
        .map_err(|e| match e {
            RuleError::Taken(_) => Refusal::conflict(e),
            e => Refusal::bad(e),
        })?;
    to_json(&rule)
}

pub(super) fn remove(call: &Call) -> Result<Value, Refusal> {
    let id = call.param("id");
    let rule = call
        .site
        .verbs()
        .remove_fault(id)
        .ok_or_else(|| Refusal::missing(format!("no fault '{id}'")))?;
    to_json(&rule)
}

pub(super) fn clear(call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"removed": call.site.verbs().clear_faults()}))
}

pub(super) fn breaks(call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"breaks": to_json(&call.site.breaks.list())?}))
}

pub(super) fn add_break(call: &Call) -> Result<Value, Refusal> {
    let id = call
        .site
        .verbs()
        .add_break(call.body()?)
        .map_err(Refusal::bad)?;
    Ok(json!({ "id": id }))
}

pub(super) fn wait_break(call: Call) -> BoxFuture<'static, Result<Value, Refusal>> {
    Box::pin(async move {
        let id = call.param("id");
        let site = Arc::clone(&call.site);
        let request = site
            .wait_held(id)
            .await
            .ok_or_else(|| Refusal::missing(format!("no break point '{id}'")))?;
        Ok(json!({ "request": request }))
    })
}

pub(super) fn release_break(call: &Call) -> Result<Value, Refusal> {
    let id = call.param("id");
    let released = call
        .site
        .release_break(id)
        .ok_or_else(|| Refusal::missing(format!("no break point '{id}'")))?;
    Ok(json!({ "released": released }))
}

pub(super) fn remove_break(call: &Call) -> Result<Value, Refusal> {
    let id = call.param("id");
    if call.site.verbs().remove_break(id) {
        Ok(json!({"removed": id}))
    } else {
        Err(Refusal::missing(format!("no break point '{id}'")))
    }
}

pub(super) fn latency(call: &Call) -> Result<Value, Refusal> {
    to_json(&call.site.latency.state())
}

pub(super) fn set_latency(call: &Call) -> Result<Value, Refusal> {
    call.site
        .verbs()
        .set_latency(call.body()?)
        .map_err(Refusal::bad)?;
    latency(call)
}

pub(super) fn time(call: &Call) -> Result<Value, Refusal> {
    let settings = call.site.clock.settings();
    Ok(json!({
        "now_ms": call.site.now_ms(),
        "frozen": settings.frozen,
        "scale": settings.scale,
    }))
}

pub(super) fn set_time(call: &Call) -> Result<Value, Refusal> {
    call.site.verbs().set_clock(call.body()?);
    time(call)
}

pub(super) fn step(call: &Call) -> Result<Value, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Step {
        ms: u64,
    }
    call.site.verbs().step_clock(call.body::<Step>()?.ms);
    time(call)
}
