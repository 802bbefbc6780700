//! `/accounts`: rows of table `passwd` (spec: rest-and-xcatd 1.9.10). Bodies are forms.
//!
//! What concerns cluster users is sent as a command that no daemon knows, and is so refused.

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// Columns that are asked for when none is named.
const COLUMNS: [&str; 6] = [
    "key",
    "username",
    "password",
    "cryptmethod",
    "comments",
    "disable",
];
/// The client program whose name is sent in place of a command.
const CLIENT: &str = "xcatclientnnr";

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => Ok(get(call)),
        "POST" => post(call),
        "PUT" | "PATCH" => put(call),
        "DELETE" => delete(call),
        _ => Err(call.unsupported()),
    }
}

fn get(call: &Call) -> Request {
    if call.b.has("clusterUser") {
        return call.request(CLIENT, ["clusteruserlist -p"]);
    }
    let Some(key) = call.b.first("key") else {
        return call.request("tabdump", ["passwd"]);
    };
    let fields = call.b.all("field");
    let mut args = vec![format!("key={key}")];
    if fields.is_empty() {
        args.extend(COLUMNS.map(|column| format!("passwd.{column}")));
    } else {
        args.extend(fields.iter().map(|field| format!("passwd.{field}")));
    }
    call.request("gettab", args)
}

fn post(call: &Call) -> Result<Request, Stop> {
    if !call.b.has("clusterUser") {
        return change(
            call,
            "The key must be specified when creating a non-cluster user",
        );
    }
    let (Some(user), true) = (call.b.first("userName"), call.b.has("userPass")) else {
        return Err(Stop::bad(
            "The key must be specified when creating a cluster user",
        ));
    };
    let create = format!("clusteruseradd {user}");
    Ok(call.request(CLIENT, [create.clone(), create]))
}

fn put(call: &Call) -> Result<Request, Stop> {
    if call.b.has("clusterUser") {
        return Ok(call.commandless([] as [String; 0]));
    }
    change(
        call,
        "The key must be specified when updating a non-cluster user",
    )
}

/// `tabch` with every parameter whose name does not contain `key`.
fn change(call: &Call, without_key: &str) -> Result<Request, Stop> {
    let Some(key) = call.b.first("key") else {
        return Err(Stop::bad(without_key));
    };
    let mut args = vec![format!("key={key}")];
    args.extend(
        call.parameters()
            .into_iter()
            .filter(|(name, _)| !name.contains("key"))
            .map(|(name, value)| format!("passwd.{name}={value}")),
    );
    Ok(call.request("tabch", args))
}

fn delete(call: &Call) -> Result<Request, Stop> {
    if call.b.has("clusterUser") {
        let Some(user) = call.b.first("userName") else {
            return Err(Stop::bad(
                "The userName must be specified when deleting a cluster user",
            ));
        };
        return Ok(call.request(CLIENT, [format!("clusteruserdel {user}")]));
    }
    let Some(key) = call.b.first("key") else {
        return Err(Stop::bad(
            "The key must be specified when deleting a non-cluster user",
        ));
    };
    Ok(call.request(
        "tabch",
        ["-d".to_owned(), format!("key={key}"), "passwd".to_owned()],
    ))
}
