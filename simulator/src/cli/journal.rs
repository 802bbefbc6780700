//! `xcat-sim journal`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::args::Journal;
use super::control::ask;
use super::exit::Failure;
use super::talk::Talk;

/// Shows requests, and with `--follow` goes on until interrupted.
pub fn run(args: &Journal) -> Result<(), Failure> {
    if args.follow {
        return follow(args);
    }
    let mut path = format!("/journal?since={}", args.since);
    if let Some(limit) = args.limit {
        path.push_str(&format!("&limit={limit}"));
    }
    if args.failed {
        path.push_str("&failed=true");
    }
    let answer = ask(&args.door, "GET", &path, &Value::Null)?;
    requests(&answer).try_for_each(|request| show(args, request))
}

/// Shows requests as they end. They end in another order than they begin: one that still runs is shown later.
fn follow(args: &Journal) -> Result<(), Failure> {
    let path = format!("/journal?since={}", args.since);
    let answer = ask(&args.door, "GET", &path, &Value::Null)?;
    let ended: Vec<&Value> = requests(&answer)
        .filter(|request| !request["finished_ms"].is_null())
        .collect();
    let wanted: Vec<&&Value> = ended.iter().filter(|r| is_wanted(args, r)).collect();
    let limit = args.limit.and_then(|limit| usize::try_from(limit).ok());
    let before = wanted.len().saturating_sub(limit.unwrap_or(usize::MAX));
    for request in &wanted[before..] {
        show(args, request)?;
    }
    // Everything up to `since` is known, and what is in `seen`.
    let first = requests(&answer).find_map(number);
    let mut since = first.map_or(args.since, |first| first - 1);
    let mut seen: BTreeSet<u64> = ended.into_iter().filter_map(number).collect();
    let mut last = answer["last_id"].as_u64().unwrap_or_default();
    loop {
        while seen.remove(&(since + 1)) {
            since += 1;
        }
        let wait = json!({"since": since, "seen": seen, "timeout_ms": 30_000});
        let answer = ask(&args.door, "POST", "/journal/wait", &wait)?;
        for request in requests(&answer) {
            if is_wanted(args, request) {
                show(args, request)?;
            }
            seen.extend(number(request));
        }
        let now = answer["last_id"].as_u64().unwrap_or_default();
        if now < last {
            // Another state was loaded: its requests count anew.
            since = 0;
            seen.clear();
        }
        last = now;
    }
}

/// Whether a request is among those that were asked for.
fn is_wanted(args: &Journal, request: &Value) -> bool {
    !args.failed || !request["error"].is_null()
}

fn requests(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["requests"].as_array().into_iter().flatten()
}

fn number(request: &Value) -> Option<u64> {
    request["id"].as_u64()
}

/// Shows one request.
fn show(args: &Journal, request: &Value) -> Result<(), Failure> {
    Ok(Talk::data(&if args.json {
        request.to_string()
    } else {
        lines(request)
    })?)
}

/// One request for a person.
fn lines(request: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let args: Vec<String> = request["args"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let mut out = format!("#{}", request["id"]);
    if let Some(http) = request.get("http") {
        out.push_str(&format!(
            " {} {}",
            text(&http["method"]),
            text(&http["path"])
        ));
        if let Some(status) = http["status"].as_u64() {
            out.push_str(&format!(" -> {status}"));
        }
    }
    if !text(&request["command"]).is_empty() {
        out.push_str(&format!(
            "\n  {} {} {}",
            text(&request["command"]),
            request["noderange"].as_str().unwrap_or("-"),
            args.join(" ")
        ));
    }
    for entry in request["commands"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "\n    [{}] {}",
            entry["outcome"]["rc"],
            text(&entry["line"])
        ));
        for fault in entry["faults"].as_array().into_iter().flatten() {
            out.push_str(&format!("\n        fault {}", text(fault)));
        }
        for change in entry["changes"].as_array().into_iter().flatten() {
            out.push_str(&format!("\n        {}", text(change)));
        }
    }
    if let Some(error) = request["error"].as_str() {
        out.push_str(&format!("\n  error: {}", error.trim_end()));
    }
    out
}
