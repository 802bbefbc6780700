//! `/objects[/{type}[/{name}]]` (spec: rest-and-xcatd 1.9.11). Bodies are forms.

use crate::mn::{Document, Request};
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// Operators that make a field a condition.
const OPERATORS: [&str; 4] = ["==", "!=", "=~", "!~"];

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => get(call),
        "PUT" => define(call, "chdef"),
        "POST" => define(call, "mkdef"),
        "DELETE" => delete(call),
        _ => Err(call.unsupported()),
    }
}

/// Parameter values if there are any, else the path's element.
fn either(call: &Call, parameter: &str, part: usize) -> Vec<String> {
    let values = call.b.all(parameter);
    if values.is_empty() {
        call.part(part).map(str::to_owned).into_iter().collect()
    } else {
        values
    }
}

/// `-v` when asked for.
fn verbose(call: &Call) -> Vec<String> {
    call.b
        .truthy("verbose")
        .map(|_| "-v".to_owned())
        .into_iter()
        .collect()
}

fn get(call: &Call) -> Result<Request, Stop> {
    let types = either(call, "objectType", 1);
    let info = call.b.truthy("info").map(|_| "-h".to_owned());
    let mut args = verbose(call);
    if types.is_empty() {
        if info.is_some() {
            args.extend(info);
            return Ok(call.commandless(args));
        }
        // RQ14: the list of types is the only document, and dropped as if it were the closing one.
        let types = crate::mn::tables::attributes::ObjectType::all().map(|t| t.name);
        return Err(Stop::Documents(vec![Document::of("data", types)]));
    }
    args.extend(["-l".to_owned(), "-t".to_owned(), types.join(",")]);
    let objects = either(call, "object", 2);
    if !objects.is_empty() {
        args.extend(["-o".to_owned(), objects.join(",")]);
    }
    args.extend(info);
    Ok(call.request("lsdef", args))
}

fn define(call: &Call, command: &str) -> Result<Request, Stop> {
    let types = call.b.all("objectType");
    if types.is_empty() {
        return Err(Stop::bad("The object must be specified."));
    }
    // The flag is sent twice.
    let mut args = verbose(call);
    args.extend(verbose(call));
    args.extend(["-t".to_owned(), types.join(",")]);
    let names = call.b.all("objectName");
    if !names.is_empty() {
        args.push(names.join(","));
    }
    let flags: &[(&str, &str)] = if command == "chdef" {
        &[("dynamic", "-d"), ("minus", "-m"), ("plus", "-p")]
    } else {
        &[("dynamic", "-d"), ("force", "-f")]
    };
    for (key, flag) in flags {
        if call.b.truthy(key).is_some() {
            args.push((*flag).to_owned());
        }
    }
    for field in call.b.all("field") {
        if OPERATORS.iter().any(|operator| field.contains(operator)) {
            args.push("-w".to_owned());
        }
        args.push(field);
    }
    args.extend(call.b.all("nodeRange"));
    Ok(call.request(command, args))
}

fn delete(call: &Call) -> Result<Request, Stop> {
    let types = either(call, "objectType", 1);
    let mut args = verbose(call);
    if call.b.has("info") {
        args.push("-h".to_owned());
    } else if call.b.has("all") {
        args.push("-a".to_owned());
    } else if types.is_empty() {
        return Err(Stop::bad(
            "Either the help info must be requested or the object must be specified or the flag that indicates everything should be removed.",
        ));
    } else {
        args.extend(["-t".to_owned(), types.join(",")]);
        let objects = either(call, "object", 2);
        if !objects.is_empty() {
            args.extend(["-o".to_owned(), objects.join(",")]);
        }
    }
    args.extend(call.b.all("nodeRange"));
    Ok(call.request("rmdef", args))
}
