//! `/networks[/{network}]` (spec: rest-and-xcatd 1.9.6).

use crate::mn::Request;
use crate::rest::body::unsplit;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match (call.method.as_str(), call.part(1)) {
        ("GET", network) => Ok(call.request("lsdef", call.lsdef_args("network", network))),
        ("PUT", Some(command @ ("makehosts" | "makedns"))) => {
            Ok(call.request(command, [] as [String; 0]))
        }
        ("PUT", network) => define(call, "chdef", network),
        ("POST", network) => define(call, "mkdef", network),
        ("DELETE", network) => {
            let network = named(network)?;
            Ok(call.request("rmdef", ["-t", "network", "-o", network]))
        }
        _ => Err(call.unsupported()),
    }
}

fn named(network: Option<&str>) -> Result<&str, Stop> {
    network.ok_or_else(|| Stop::bad("A network name must be specified."))
}

fn define(call: &Call, command: &str, network: Option<&str>) -> Result<Request, Stop> {
    let network = named(network)?;
    let Some(data) = call.body.data() else {
        return Err(Stop::bad("No Field and Value map was supplied."));
    };
    let mut args: Vec<String> = ["-t", "network", "-o", network].map(str::to_owned).to_vec();
    args.extend(unsplit(call.decode(data)?));
    Ok(call.request(command, args))
}
