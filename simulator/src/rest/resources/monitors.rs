//! `/monitors[/{monitor}]` (spec: rest-and-xcatd 1.9.13). Bodies are forms.

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let mut args: Vec<String> = match call.part(1) {
        Some(monitor) => vec![monitor.to_owned()],
        None => call.b.all("monitor"),
    };
    let command = match call.method.as_str() {
        "GET" => "monls",
        "POST" => {
            if call.b.truthy("nodeStatMon").is_some() {
                args.push("-n".to_owned());
            }
            for setting in call.b.all("pluginSetting") {
                args.extend(["-s".to_owned(), setting]);
            }
            "monadd"
        }
        "DELETE" => "monrm",
        "PUT" | "PATCH" => {
            let command = match call.b.first("action").unwrap_or_default() {
                "start" => "monstart",
                "stop" => "monstop",
                "config" => "moncfg",
                "deconfig" => "mondeconfig",
                _ => return Err(call.unsupported()),
            };
            args.extend(call.b.all("nodeRange"));
            if call.b.has("remote") {
                args.push("-r".to_owned());
            }
            command
        }
        _ => return Err(call.unsupported()),
    };
    Ok(call.request(command, args))
}
