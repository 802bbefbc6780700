//! The audit log: requests that the policy allowed or denied, as rows of table `auditlog`
//! (spec: rest-and-xcatd 3.7). New installations switch it off, and so do the sites that come with the program.

use super::Request;
use crate::world::World;
use crate::world::tables::Row;

/// Adds a row, unless `site.auditskipcmds` says otherwise.
pub(super) fn record(world: &mut World, user: Option<&str>, request: &Request, allowed: bool) {
    let command = request.command.as_deref().unwrap_or_default();
    if let Some(skipped) = world.mn.tables.site("auditskipcmds")
        && skipped.split(',').map(str::trim).any(|item| {
            item == "ALL"
                || item == command
                || item.strip_prefix("clienttype:") == Some(request.client_type.as_str())
        })
    {
        return;
    }
    let last = world
        .mn
        .tables
        .rows("auditlog")
        .last()
        .and_then(|row| row.get("recid"))
        .and_then(|id| id.parse::<u64>().ok())
        .unwrap_or(0);
    let args = request.args.join(" ");
    let columns = [
        ("recid", (last + 1).to_string()),
        ("audittime", time(world.now_ms)),
        ("userid", user.unwrap_or_default().to_owned()),
        ("clientname", world.mn.host.to_string()),
        ("clienttype", request.client_type.clone()),
        ("command", command.to_owned()),
        ("noderange", request.noderange.clone().unwrap_or_default()),
        (
            "args",
            if args.is_empty() {
                args
            } else {
                format!(" {args}")
            },
        ),
        (
            "status",
            if allowed { "Allowed" } else { "Denied" }.to_owned(),
        ),
    ];
    let row: Row = columns
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(column, value)| (column.to_owned(), value))
        .collect();
    world.mn.tables.insert("auditlog", row);
}

/// `MM-DD-YYYY hh:mm:ss` of a virtual time, in UTC.
fn time(now_ms: u64) -> String {
    i64::try_from(now_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|t| t.strftime("%m-%d-%Y %H:%M:%S").to_string())
        .unwrap_or_default()
}
