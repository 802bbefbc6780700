//! `/hypervisor/{noderange}[/{command}]` (spec: rest-and-xcatd 1.9.3, RQ24).

use crate::mn::Request;
use crate::rest::body::split_all;
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
    let Some(nodes) = call.part(1) else {
        return Err(Stop::bad(
            "Invalid nodes and/or groups in node in noderange",
        ));
    };
    let elements = call.decode(call.body.data().unwrap_or_default())?;
    if elements.is_empty() {
        return Err(Stop::bad("No set attribute was supplied."));
    }
    let command = call.part(2).unwrap_or("chhypervisor");
    Ok(call.on_nodes(command, nodes, split_all(&elements)))
}
