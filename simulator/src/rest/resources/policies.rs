//! `/policies[/{priority}]` (spec: rest-and-xcatd 1.9.9). Answers carry the debugging prefix of RQ9.

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// Columns that are asked for when none is named.
const COLUMNS: [&str; 10] = [
    "priority",
    "name",
    "host",
    "commands",
    "noderange",
    "parameters",
    "time",
    "rule",
    "comments",
    "disable",
];

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let priority = call.part(1).or_else(|| call.b.first("priority"));
    match call.method.as_str() {
        "GET" => Ok(get(call, priority)),
        "POST" => change(call, priority, "creating"),
        "PUT" | "PATCH" => change(call, priority, "updating"),
        "DELETE" => Ok(match priority {
            Some(priority) => call.request(
                "tabch",
                [
                    "-d".to_owned(),
                    format!("priority={priority}"),
                    "policy".to_owned(),
                ],
            ),
            None => call.commandless([] as [String; 0]),
        }),
        _ => Err(call.unsupported()),
    }
}

fn get(call: &Call, priority: Option<&str>) -> Request {
    let Some(priority) = priority else {
        return call.request("tabdump", ["policy"]);
    };
    let fields = call.b.all("field");
    let mut args = vec![format!("priority={priority}")];
    if fields.is_empty() {
        args.extend(COLUMNS.map(|column| format!("policy.{column}")));
    } else {
        args.extend(fields);
    }
    call.request("gettab", args)
}

fn change(call: &Call, priority: Option<&str>, doing: &str) -> Result<Request, Stop> {
    let Some(priority) = priority else {
        return Err(Stop::bad(format!(
            "The priority must be specified when {doing} a policy"
        )));
    };
    let mut args = vec![format!("priority={priority}")];
    args.extend(
        call.parameters()
            .into_iter()
            .map(|(name, value)| format!("policy.{name}={value}")),
    );
    Ok(call.request("tabch", args))
}
