//! `/site`: the site table as one object (spec: rest-and-xcatd 1.9.8). Further path elements are ignored.

use crate::mn::Request;
use crate::rest::body::unsplit;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// The name under which the site table is an object.
const OBJECT: &str = "clustersite";

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => Ok(call.request("lsdef", call.lsdef_args("site", Some(OBJECT)))),
        "PUT" => {
            let mut args: Vec<String> = ["-t", "site", "-o", OBJECT].map(str::to_owned).to_vec();
            if let Some(data) = call.body.true_data() {
                args.extend(unsplit(call.decode(data)?));
            } else if call.a.has("putData") {
                args.extend(call.put_data("field"));
            } else {
                return Err(Stop::bad("No set attribute was supplied."));
            }
            Ok(call.request("chdef", args))
        }
        _ => Err(call.unsupported()),
    }
}
