//! `/tables[/{table}]` (spec: rest-and-xcatd 1.9.4).

use crate::mn::Request;
use crate::rest::body::split_all;
use crate::rest::call::Call;
use crate::rest::query::is_true;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => Ok(get(call)),
        "PUT" | "PATCH" => change(call),
        _ => Err(call.unsupported()),
    }
}

fn get(call: &Call) -> Request {
    let Some(table) = call.part(1) else {
        return call.request("tabdump", [] as [String; 0]);
    };
    let Some(column) = call.b.first("col") else {
        return call.request("tabdump", [table]);
    };
    // RQ11: without `value` the argument ends in `=`.
    let value = call.b.first("value").unwrap_or_default();
    let mut args = vec![format!("{column}={value}")];
    args.extend(
        call.b
            .all("attribute")
            .iter()
            .map(|attribute| format!("{table}.{attribute}")),
    );
    call.request("gettab", args)
}

fn change(call: &Call) -> Result<Request, Stop> {
    let form = call.b.first("condition").map(str::to_owned);
    let data = call.body.data();
    let from_query = form.is_none() && data.is_none();
    let condition = if from_query {
        call.put_data("condition").pop().filter(|c| is_true(c))
    } else {
        form
    };
    let Some(condition) = condition else {
        let Some(data) = data else {
            return Err(Stop::Crash(
                "Can't use an undefined value as an ARRAY reference".to_owned(),
            ));
        };
        let elements = call.decode(data)?;
        if elements.is_empty() {
            return Err(Stop::bad("No set attribute was supplied."));
        }
        // RQ26: the table in the path is not used.
        return Ok(call.request("tabch", split_all(&elements)));
    };
    let Some(table) = call.part(1) else {
        return Err(Stop::Crash(
            "Can't use an undefined value as an ARRAY reference".to_owned(),
        ));
    };
    let delete = if from_query {
        call.a
            .all("putData")
            .iter()
            .any(|value| value.starts_with("delete"))
    } else {
        call.b.has("delete")
    };
    if delete {
        return Ok(call.request("tabch", ["-d", &condition, table]));
    }
    let mut args = vec![condition];
    if call.b.truthy("value").is_some() {
        let values = call.b.all("value");
        args.extend(values.iter().map(|value| format!("{table}.{value}")));
    } else {
        args.extend(call.put_data("value"));
    }
    Ok(call.request("tabch", args))
}
