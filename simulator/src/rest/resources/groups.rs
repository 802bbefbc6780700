//! `/groups[/{group}]` (spec: rest-and-xcatd 1.9.7). Bodies are forms.

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// Columns that are asked for when none is named.
const COLUMNS: [&str; 6] = [
    "groupname",
    "grouptype",
    "members",
    "wherevals",
    "comments",
    "disable",
];
/// What the program passes instead of the value of `path` (RQ20); the address means nothing.
const PATH_ARGUMENT: &str = "p=CGI=HASH(0x1f0c2a8)->param('path')";

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let group = call.part(1).or_else(|| call.b.first("groupName"));
    match call.method.as_str() {
        "GET" => Ok(get(call, group)),
        "POST" => {
            let (Some(group), Some(nodes)) = (group, call.b.first("nodeRange")) else {
                return Err(Stop::bad(
                    "A node range and group name must be specified for creating a group",
                ));
            };
            let members = format!("members={nodes}");
            Ok(call.request("mkdef", ["-t", "group", "-o", group, &members]))
        }
        "PUT" => put(call, group),
        "DELETE" => {
            let group =
                group.ok_or_else(|| Stop::bad("The group must be specified to delete a group"))?;
            Ok(call.request("rmdef", ["-t", "group", "-o", group]))
        }
        _ => Err(call.unsupported()),
    }
}

fn get(call: &Call, group: Option<&str>) -> Request {
    let Some(group) = group else {
        return call.request("tabdump", ["nodegroup"]);
    };
    let fields = call.b.all("field");
    let mut args = vec![format!("groupname={group}")];
    if fields.is_empty() {
        args.extend(COLUMNS.map(|column| format!("nodegroup.{column}")));
    } else {
        args.extend(fields.iter().map(|field| format!("nodegroup.{field}")));
    }
    call.request("gettab", args)
}

fn put(call: &Call, group: Option<&str>) -> Result<Request, Stop> {
    if call.b.first("command") == Some("4dsh") {
        return match call.b.truthy("path") {
            Some(_) if call.quirk("RQ20") => Ok(call.request("groupfiles4dsh", [PATH_ARGUMENT])),
            Some(path) => Ok(call.request("groupfiles4dsh", [format!("p={path}")])),
            None => Err(Stop::bad(
                "The path must be specified for creating directories for dsh",
            )),
        };
    }
    let (Some(group), true) = (group, call.b.has("fields")) else {
        return Err(Stop::bad(
            "The group and fields must be specified to update groups",
        ));
    };
    let args = [group.to_owned()].into_iter().chain(call.b.all("field"));
    Ok(call.request("nodegrpch", args))
}
