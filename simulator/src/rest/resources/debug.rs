//! `/debug` (spec: rest-and-xcatd 1.9.16): a command that no daemon knows, so a refusal at best.

use crate::mn::Request;
use crate::rest::body::unsplit;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    if call.method != "PUT" {
        return Err(if call.quirk("RQ24") {
            Stop::not_a_hash()
        } else {
            call.unsupported()
        });
    }
    let elements = call.decode(call.body.data().unwrap_or_default())?;
    if elements.is_empty() {
        return Err(Stop::bad("No set attribute was supplied."));
    }
    Ok(call.request("xcatclientnnr xcatdebug", unsplit(elements)))
}
