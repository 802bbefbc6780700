//! Verbs of the journal.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Refusal, json as to_json};
use super::query::{Assertion, JournalQuery};
use crate::seam::{JournalRequest, Target};

/// How long a wait lasts when no time is given.
const PATIENCE_MS: u64 = 30_000;

fn shown(call: &Call, requests: &[JournalRequest]) -> Result<Value, Refusal> {
    let journal = call.site.journal.lock();
    let (last_id, dropped) = (journal.last_id(), journal.dropped());
    drop(journal);
    let requests = requests
        .iter()
        .map(|request| {
            let mut value = to_json(request)?;
            // The command lines as xCAT shows them, beside their parts.
            if let Some(Value::Array(entries)) = value.get_mut("commands") {
                for (entry, value) in request.commands.iter().zip(entries) {
                    value["line"] = entry.command.to_string().into();
                }
            }
            Ok(value)
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    Ok(json!({"requests": requests, "last_id": last_id, "dropped": dropped}))
}

pub(super) fn list(call: &Call) -> Result<Value, Refusal> {
    let query = JournalQuery {
        since: call.number("since")?.unwrap_or(0),
        limit: call.number("limit")?.and_then(|n| usize::try_from(n).ok()),
        failed: call.query.get("failed").is_some_and(|v| v == "true"),
        ..JournalQuery::default()
    };
    shown(call, &query.run(&call.site)?)
}

pub(super) fn query(call: &Call) -> Result<Value, Refusal> {
    let query: JournalQuery = call.body()?;
    shown(call, &query.run(&call.site)?)
}

pub(super) fn assert(call: &Call) -> Result<Value, Refusal> {
    let assertion: Assertion = call.body()?;
    to_json(&assertion.check(&call.site)?)
}

pub(super) fn wait(call: Call) -> BoxFuture<'static, Result<Value, Refusal>> {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Wait {
        since: u64,
        target: Target,
        fault: Option<String>,
        timeout_ms: Option<u64>,
        /// Requests that are known already.
        seen: std::collections::BTreeSet<u64>,
    }
    Box::pin(async move {
        let wait: Wait = if call.body.is_null() {
            Wait::default()
        } else {
            call.body()?
        };
        let query = JournalQuery {
            since: wait.since,
            target: wait.target,
            fault: wait.fault,
            ..JournalQuery::default()
        };
        // A target that cannot be is refused before waiting for it.
        query.run(&call.site)?;
        let site = Arc::clone(&call.site);
        let ended = site.wait_for(|site| {
            let found = query.run(site).ok()?;
            let ended: Vec<_> = found
                .into_iter()
                .filter(|r| r.finished_ms.is_some() && !wait.seen.contains(&r.id))
                .collect();
            (!ended.is_empty()).then_some(ended)
        });
        let patience = Duration::from_millis(wait.timeout_ms.unwrap_or(PATIENCE_MS));
        match tokio::time::timeout(patience, ended).await {
            Ok(found) => shown(&call, &found),
            Err(_) => shown(&call, &[]),
        }
    })
}
