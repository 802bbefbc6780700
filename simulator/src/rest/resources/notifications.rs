//! `/notifications` (spec: rest-and-xcatd 1.9.14). Answers carry the debugging prefix of RQ9.

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// Columns that are asked for when none is named.
const COLUMNS: [&str; 5] = ["filename", "tables", "tableops", "comments", "disable"];

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let file = call.b.first("fileName");
    match call.method.as_str() {
        "GET" => {
            let Some(file) = file else {
                return Ok(call.request("tabdump", ["notification"]));
            };
            // RQ21: the `=` is missing.
            let equals = if call.quirk("RQ21") { "" } else { "=" };
            let mut args = vec![format!("filename{equals}{file}")];
            let fields = call.b.all("field");
            if fields.is_empty() {
                args.extend(COLUMNS.map(|column| format!("notification.{column}")));
            } else {
                args.extend(fields);
            }
            Ok(call.request("gettab", args))
        }
        "POST" => {
            let (Some(file), true, true) = (file, call.b.has("table"), call.b.has("operation"))
            else {
                return Err(Stop::bad(
                    "fileName, table and operation must be specified for a POST on /notifications",
                ));
            };
            let mut args = vec![
                file.to_owned(),
                call.b.all("table").join(","),
                "-o".to_owned(),
            ];
            args.extend(call.b.all("operation"));
            Ok(call.request("regnotif", args))
        }
        "DELETE" => {
            let file = file.ok_or_else(|| {
                Stop::bad("fileName must be specified for a DELETE on /notifications")
            })?;
            Ok(call.request("unregnotif", [file]))
        }
        _ => Err(call.unsupported()),
    }
}
