//! `/version`: any method, further path elements ignored (spec: rest-and-xcatd 1.9.15, RQ30).

use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

#[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers")]
pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    Ok(call.request("lsxcatd", ["-v"]))
}
