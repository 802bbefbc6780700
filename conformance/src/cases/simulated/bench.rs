//! Faults and break points of a case: set through the control door, undone with everything else.

use serde_json::{Value, json};

use crate::target::{Answer, Control, Request};
use crate::{CaseContext, Stop, Undo};

/// Real time that a second request gets while the first is held; one that waits for its turn is served afterwards.
const TURN: std::time::Duration = std::time::Duration::from_millis(150);

fn control(c: &CaseContext) -> Result<Control, Stop> {
    let skip = || Stop::Skip("the target has no control door".to_owned());
    c.control.clone().ok_or_else(skip)
}

/// Lets a layer fail until the case is over, or `times` times.
pub async fn fault(
    c: &mut CaseContext,
    name: &str,
    target: Value,
    rest: Value,
) -> Result<String, Stop> {
    let id = c.name();
    c.undo(Undo::Control {
        path: format!("/faults/{id}"),
    })?;
    let mut rule = json!({"target": target});
    if !name.is_empty() {
        rule["name"] = json!(name);
    }
    if let (Some(rule), Some(rest)) = (rule.as_object_mut(), rest.as_object()) {
        rule.extend(rest.clone());
    }
    let door = control(c)?;
    door.fault(&id, rule).await.map_err(Stop::Error)?;
    Ok(id)
}

/// Puts a fault right before the case is over.
pub async fn heal(c: &CaseContext, id: &str) -> Result<(), Stop> {
    let path = format!("/faults/{id}");
    control(c)?.delete(&path).await.map_err(Stop::Error)
}

/// Both requests, the second one while the first is held before (or within) its `nth` remote command. Nothing when the
/// first has fewer.
pub async fn between(
    c: &mut CaseContext,
    (operation, nth, when): (&str, u64, &str),
    first: Request,
    second: Request,
) -> Result<Option<(Answer, Answer)>, Stop> {
    let id = c.name();
    c.undo(Undo::Control {
        path: format!("/breaks/{id}"),
    })?;
    let door = control(c)?;
    let point = json!({"target": {"operation": operation}, "nth": nth, "when": when, "times": 1});
    door.break_point(&id, point).await.map_err(Stop::Error)?;
    let mut running = Box::pin(c.send(first));
    let held = tokio::select! {
        held = door.held(&id) => held.map_err(Stop::Error).map(|()| None),
        answer = &mut running => answer.map(Some),
    }?;
    let path = format!("/breaks/{id}");
    if held.is_some() {
        drop(running);
        door.delete(&path).await.map_err(Stop::Error)?;
        return Ok(None);
    }
    let mut other = Box::pin(c.send(second));
    // The first makes no progress meanwhile: only its connection is kept.
    let early = tokio::time::timeout(TURN, &mut other).await;
    door.delete(&path).await.map_err(Stop::Error)?;
    Ok(Some(if let Ok(answer) = early {
        (running.await?, answer?)
    } else {
        let (held, waiting) = tokio::join!(running, other);
        (held?, waiting?)
    }))
}
