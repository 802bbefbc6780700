//! `xcat-sim journal`.

use serde_json::{Value, json};

use super::args::Journal;
use super::control::ask;
use super::exit::Failure;
use super::talk::Talk;

/// Shows requests, and with `--follow` goes on until interrupted.
pub fn run(args: &Journal) -> Result<(), Failure> {
    let mut path = format!("/journal?since={}", args.since);
    if let Some(limit) = args.limit {
        path.push_str(&format!("&limit={limit}"));
    }
    if args.failed {
        path.push_str("&failed=true");
    }
    let answer = ask(&args.door, "GET", &path, &Value::Null)?;
    let mut last = show(args, &answer)?.max(args.since);
    if !args.follow {
        return Ok(());
    }
    loop {
        let wait = json!({"since": last, "timeout_ms": 30_000});
        let answer = ask(&args.door, "POST", "/journal/wait", &wait)?;
        last = show(args, &answer)?.max(last);
    }
}

/// Shows the requests of an answer; gives the greatest number.
fn show(args: &Journal, answer: &Value) -> Result<u64, Failure> {
    let mut last = 0;
    for request in answer["requests"].as_array().into_iter().flatten() {
        last = last.max(request["id"].as_u64().unwrap_or(0));
        if args.failed && request["error"].is_null() {
            continue;
        }
        if args.json {
            Talk::data(&request.to_string())?;
        } else {
            Talk::data(&lines(request))?;
        }
    }
    Ok(last)
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
