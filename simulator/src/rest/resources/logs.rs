//! `/logs/{type}` (spec: rest-and-xcatd 1.9.12).

use crate::mn::Request;
use crate::rest::body::extract_data;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let Some(log) = call.part(1).or_else(|| call.b.first("logType")) else {
        return Err(Stop::bad(
            "Current logs available are auditlog, eventlog, and diagnostics",
        ));
    };
    match call.method.as_str() {
        "GET" => get(call, log),
        "PUT" => put(call, log),
        "POST" => post(call, log),
        _ => Err(call.unsupported()),
    }
}

fn get(call: &Call, log: &str) -> Result<Request, Stop> {
    match log {
        // A capital in one method and none in the other.
        "reventLog" => {
            let Some(nodes) = call.b.first("nodeRange") else {
                return Err(Stop::bad(
                    "nodeRange must be specified to GET remote event logs",
                ));
            };
            let args = [nodes.to_owned()].into_iter().chain(call.b.all("count"));
            Ok(call.request("reventlog", args))
        }
        "diagnostics" => Err(Stop::bad("GET remote diagnostic logs is not supported")),
        _ => Ok(call.request("tabdump", [log])),
    }
}

fn put(call: &Call, log: &str) -> Result<Request, Stop> {
    match log {
        "reventlog" => {
            let Some(nodes) = call.b.first("nodeRange") else {
                return Err(Stop::bad(
                    "nodeRange must be specified to clean remote event logs",
                ));
            };
            Ok(call.request("reventlog", [nodes, "clear"]))
        }
        "diagnostics" => Err(Stop::bad("PUT remote diagnostic logs is not supported")),
        // RQ25: the table is never passed.
        _ => {
            let mut args = Vec::new();
            if call.b.has("showRemoved") {
                args.push("-V");
            }
            let before = args.len();
            for (key, flag) in [("count", "-n"), ("percent", "-p"), ("lastRecord", "-i")] {
                if let Some(value) = call.b.first(key) {
                    args.extend([flag, value]);
                }
            }
            if args.len() == before {
                args.push("-a");
            }
            if !call.quirk("RQ25") {
                args.push(log);
            }
            Ok(call.request("tabprune", args))
        }
    }
}

fn post(call: &Call, log: &str) -> Result<Request, Stop> {
    if log != "diagnostics" {
        return Err(Stop::bad(format!(
            "POST is only valid for logType(s): diagnostics.  It is not valid with the supplied logType: {log}"
        )));
    }
    let Some(nodes) = call.a.first("nodeRange") else {
        return Err(Stop::bad(
            "nodeRange must be specified to collect diagnostics",
        ));
    };
    let mut args = Vec::new();
    for key in ["requestid", "objectid"] {
        if call.a.has(key) {
            args.push(format!("--{key}"));
            args.push(call.a.first(key).unwrap_or_default().to_owned());
        }
    }
    let Some(data) = call.body.true_data() else {
        return Err(Stop::bad(
            "A request body containing parameters is required",
        ));
    };
    let elements = call.decode(data)?;
    if elements.is_empty() {
        return Err(Stop::bad(
            "No request parameters were supplied in the message body.",
        ));
    }
    if let Some(reason) = extract_data(&elements).get("reason") {
        args.extend(["--upstream-reason".to_owned(), reason.clone()]);
    }
    Ok(call.on_nodes("diagnostics", nodes, args))
}
