//! `makehosts`: lines of `/etc/hosts` from the `hosts` table (spec: rest-and-xcatd 4.12). Success is silent.

use std::net::IpAddr;

use super::mn_files;
use super::options::Options;
use crate::mn::{Context, Document};
use crate::world::Database;
use crate::world::tables::is_enabled;

const SPEC: &[&str] = &[
    "a|adddomains",
    "d|delete",
    "h|help",
    "l|longnamefirst",
    "m|mactolinklocal",
    "n|new",
    "o|othernamesfirst",
    "V|verbose",
    "v|version",
];
/// The file that is written.
pub(super) const HOSTS: &str = "/etc/hosts";

/// One node of the table.
struct Entry {
    node: String,
    ip: String,
    other: String,
    domain: Option<String>,
}

/// Runs the command; `nodes` is the noderange, `None` when there is none.
pub fn run(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(SPEC, args);
    if !options.unknown.is_empty() || options.has("h") {
        usage(context, !options.has("h"));
        return;
    }
    let entries: Vec<Entry> = context.tables(|db| {
        let names: Vec<String> = match nodes {
            Some(nodes) => nodes.to_vec(),
            None => db
                .rows("hosts")
                .iter()
                .filter(|row| is_enabled(row))
                .filter_map(|row| row.get("node").cloned())
                .collect(),
        };
        names.iter().map(|name| entry(db, name)).collect()
    });
    let mut lines: Vec<String> = if options.has("n") {
        Vec::new()
    } else {
        let text = mn_files::read(context, HOSTS).unwrap_or_default();
        text.split_inclusive('\n')
            .map(|line| {
                if line.ends_with('\n') {
                    line.to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect()
    };
    for entry in &entries {
        if entry.ip.is_empty() {
            continue;
        }
        if entry.ip.parse::<IpAddr>().is_err() {
            context.push(Document::error(format!(
                "Invalid IP Addr '{}' for node '{}'.",
                entry.ip, entry.node
            )));
            continue;
        }
        if options.has("d") {
            lines.retain(|line| !is_of(line, entry));
            continue;
        }
        if nodes.is_some() && entry.domain.is_none() {
            context.push(Document::of(
                "warning",
                [format!(
                    "No domain can be determined for node '{}'. The domain of the xCAT node must be provided in an xCAT network definition or the xCAT site definition.\n",
                    entry.node
                )],
            ));
            continue;
        }
        put(&mut lines, entry, options.has("l"));
    }
    mn_files::write(context, HOSTS, lines.concat());
}

fn usage(context: &Context, failed: bool) {
    let document = Document::of(
        "data",
        [
            "makehosts: [-n|--new] [-d|--delete] [-o|--othernamesfirst] [-a|--adddomains] [-l|--longnamefirst] [-m|--mactolinklocal] [noderange]",
            "makehosts {-h|--help}",
        ],
    );
    context.push(if failed {
        document.with("errorcode", ["1"])
    } else {
        document
    });
}

fn entry(db: &Database, node: &str) -> Entry {
    let value = |column: &str| db.node_value("hosts", node, column).unwrap_or_default();
    let ip = value("ip");
    Entry {
        node: node.to_owned(),
        other: value("hostnames"),
        domain: domain(db, &ip),
        ip,
    }
}

/// The domain of an address: that of its network, else the site's.
pub(super) fn domain(db: &Database, ip: &str) -> Option<String> {
    network(db, ip)
        .and_then(|row| row.get("domain"))
        .filter(|domain| !domain.is_empty())
        .cloned()
        .or_else(|| db.site("domain").map(str::to_owned))
}

/// The defined network to which an address belongs.
pub(super) fn network<'a>(db: &'a Database, ip: &str) -> Option<&'a crate::world::tables::Row> {
    let number = |text: &str| {
        text.parse()
            .ok()
            .map(|ip: std::net::Ipv4Addr| u32::from(ip))
    };
    let ip = number(ip)?;
    db.find("networks", &[]).find(|row| {
        let part = |column: &str| row.get(column).and_then(|text| number(text));
        matches!((part("net"), part("mask")), (Some(net), Some(mask)) if ip & mask == net & mask)
    })
}

/// Whether a line is the node's: it begins with its address, or its first name is the node's.
fn is_of(line: &str, entry: &Entry) -> bool {
    let mut words = line.split_whitespace();
    let Some(address) = words.next() else {
        return false;
    };
    if address == entry.ip {
        return true;
    }
    address.parse::<IpAddr>().is_ok()
        && words.next().is_some_and(|name| {
            name.strip_prefix(entry.node.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
}

/// Takes the place of the first line that is the node's, drops the others, or comes last.
fn put(lines: &mut Vec<String>, entry: &Entry, long_first: bool) {
    let full = entry
        .domain
        .as_ref()
        .map(|domain| format!("{}.{domain}", entry.node));
    let other: Vec<&str> = entry
        .other
        .split([',', ' '])
        .filter(|name| !name.is_empty() && *name != entry.node && Some(*name) != full.as_deref())
        .collect();
    let full = full.unwrap_or_default();
    let (first, second) = if long_first {
        (full.as_str(), entry.node.as_str())
    } else {
        (entry.node.as_str(), full.as_str())
    };
    let line = format!("{} {first} {second} {}\n", entry.ip, other.join(" "));
    let mut replaced = false;
    lines.retain_mut(|present| {
        if !is_of(present, entry) {
            return true;
        }
        if replaced {
            return false;
        }
        replaced = true;
        present.clone_from(&line);
        true
    });
    if !replaced {
        lines.push(line);
    }
}
