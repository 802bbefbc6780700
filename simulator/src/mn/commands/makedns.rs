//! `makedns`: DNS records from `/etc/hosts` (spec: rest-and-xcatd 4.12). Only what a client sees is simulated: no
//! zone is kept.

use super::makehosts::{HOSTS, network};
use super::mn_files;
use super::options::Options;
use crate::mn::{Context, Document};

const SPEC: &[&str] = &[
    "a|all",
    "d|delete",
    "e|external",
    "h|help",
    "n|new",
    "V|verbose",
    "v|version",
];

/// Runs the command; `nodes` is the noderange, `None` when there is none.
pub fn run(context: &Context, nodes: Option<&[String]>, args: &[String]) {
    let options = Options::read(SPEC, args);
    if !options.unknown.is_empty() || options.has("h") {
        let usage = Document::of(
            "data",
            [
                "Usage: makedns [-V|--verbose] [-e|--external] [-n|--new ] [noderange]",
                "       makedns [-V|--verbose] [-e|--external] [-d|--delete noderange]",
                "       makedns [-h|--help]",
            ],
        );
        context.push(if options.has("h") {
            usage
        } else {
            usage.with("errorcode", ["1"])
        });
        return;
    }
    if context.tables(|db| db.site("domain").is_none()) {
        context.push(Document::error("domain not defined in site table"));
        return;
    }
    let say = |text: String| {
        let contents = Document::of("contents", [text]);
        context.push(Document::default().with_node("data", contents));
    };
    for (ip, name) in hosts(context) {
        if nodes.is_some_and(|nodes| !nodes.contains(&name)) {
            continue;
        }
        say(format!("Handling {name} in /etc/hosts."));
        if context.tables(|db| network(db, &ip).is_none()) {
            say(format!(
                "Ignoring host {name}, it does not belong to any nets defined in networks table or the net it belongs to is configured to use an external nameserver."
            ));
        }
    }
    for line in [
        "Getting reverse zones, this may take several minutes for a large cluster.",
        "Completed getting reverse zones.",
        "Updating zones.",
        "Completed updating zones.",
        "Restarting named",
        "Restarting named complete",
        "Updating DNS records, this may take several minutes for a large cluster.",
        "Completed updating DNS records.",
        "DNS setup is completed",
    ] {
        say(line.to_owned());
    }
}

/// Address and first name of every line of `/etc/hosts`.
fn hosts(context: &Context) -> Vec<(String, String)> {
    mn_files::read(context, HOSTS)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            let ip = words.next()?;
            ip.parse::<std::net::IpAddr>().ok()?;
            Some((ip.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}
