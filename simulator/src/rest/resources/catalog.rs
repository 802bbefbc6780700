//! Which resources there are.

use std::fmt::Write as _;

use super::{
    accounts, debug, groups, hypervisor, images, logs, monitors, networks, nodes, notifications,
    objects, policies, site, tables, version, vms,
};
use crate::mn::Request;
use crate::rest::call::Call;
use crate::rest::dumper;
use crate::rest::reply::Stop;

/// Turns a call into one request to the daemon, or says why not.
pub(in crate::rest) type Handler = fn(&Call) -> Result<Request, Stop>;

/// Every resource in the root page's order.
const RESOURCES: [(&str, Handler); 16] = [
    ("accounts", accounts::handle),
    ("debug", debug::handle),
    ("groups", groups::handle),
    ("hypervisor", hypervisor::handle),
    ("images", images::handle),
    ("logs", logs::handle),
    ("monitors", monitors::handle),
    ("networks", networks::handle),
    ("nodes", nodes::handle),
    ("notifications", notifications::handle),
    ("objects", objects::handle),
    ("policies", policies::handle),
    ("site", site::handle),
    ("tables", tables::handle),
    ("version", version::handle),
    ("vms", vms::handle),
];

/// The handler of a resource, by its exact name.
pub(in crate::rest) fn handler(resource: &str) -> Option<Handler> {
    RESOURCES
        .iter()
        .find(|(name, _)| *name == resource)
        .map(|(_, handler)| *handler)
}

/// The root page (spec: rest-and-xcatd 1.9.0).
pub(in crate::rest) fn root_page() -> String {
    let mut page =
        "<p>This is the root page for the xCAT Rest Web Service.  Available resources are:</p>"
            .to_owned();
    for (name, _) in RESOURCES {
        let _ = write!(page, "<p>{name}</p>");
    }
    page
}

/// The debugging text that two resources print before their answer (RQ9).
pub(in crate::rest) fn debug_prefix(call: &Call, request: &Request) -> String {
    match call.part(0) {
        Some("policies" | "notifications") if call.quirk("RQ9") => {
            format!("request is {}", dumper::dump(request))
        }
        _ => String::new(),
    }
}

/// Whether HTML shows the data of this call as a table dump (spec: rest-and-xcatd 2.6).
pub(in crate::rest) fn is_table_dump(call: &Call) -> bool {
    call.part(0) == Some("tables")
        && call.method == "GET"
        && call.part(1).is_some()
        && !call.b.has("desc")
}
