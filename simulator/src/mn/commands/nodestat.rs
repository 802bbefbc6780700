//! `nodestat`: what of a node answers (spec: rest-and-xcatd 4.10).

use std::collections::{BTreeMap, BTreeSet};

use crate::mn::{Context, Document, dispatch};
use crate::seam::RemoteCommand;

/// Port, name of the service. The order is that in which the real program names them to `nmap`.
const SERVICES: [(&str, &str); 6] = [
    ("22", "sshd"),
    ("8002", "xend"),
    ("3389", "rdp"),
    ("135", "msrpc"),
    ("15002", "pbs"),
    ("443", "https"),
];
/// Asked for as well; its being open says nothing of a service.
const INSTALL_PORT: &str = "3001";

/// Runs the command; `nodes` is the noderange.
pub async fn run(context: &Context, nodes: Option<&[String]>) {
    let mut nodes = nodes.unwrap_or_default().to_vec();
    nodes.sort_unstable();
    if nodes.is_empty() {
        return;
    }
    let mut by_address: BTreeMap<String, String> = BTreeMap::new();
    let mut addresses = Vec::new();
    for node in &nodes {
        if let Some(address) = address(context, node) {
            addresses.push(address.clone());
            by_address.insert(address, node.clone());
        } else {
            context.push(Document::of(
                "info",
                [format!(
                    "{node}: Please make sure {node} exists in /etc/hosts or DNS or hosts table"
                )],
            ));
        }
    }
    let mut found = scan(context, addresses).await;
    for node in &nodes {
        let status = match by_address
            .iter()
            .find(|(_, n)| *n == node)
            .and_then(|(address, _)| found.remove(address))
        {
            None => "noping".to_owned(),
            Some(services) if services.is_empty() => boot_state(context, node).await,
            Some(services) => services.into_iter().collect::<Vec<_>>().join(","),
        };
        let entry = Document::of("data", [status]).with("name", [node.as_str()]);
        context.push(Document::default().with_node("node", entry));
    }
}

/// The node's address: its row in `hosts`, else what its name resolves to.
fn address(context: &Context, node: &str) -> Option<String> {
    context.column("hosts", node, "ip").or_else(|| {
        context.local(|world| {
            let name = world.resolve(node)?;
            let ip = world.linuxes.get(name)?.ip.clone();
            (!ip.is_empty()).then_some(ip)
        })
    })
}

/// The hosts that answer, by address, with the services that are open.
async fn scan(
    context: &Context,
    addresses: Vec<String>,
) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut ports = SERVICES.map(|(port, _)| port).to_vec();
    ports.push(INSTALL_PORT);
    let mut args: Vec<String> = [
        "--unprivileged",
        "-PA80,443,22",
        "-PE",
        "-n",
        "--send-ip",
        "-p",
    ]
    .map(str::to_owned)
    .to_vec();
    args.push(ports.join(","));
    if let Some(options) = context.tables(|db| db.site("nmapoptions").map(str::to_owned)) {
        args.extend(options.split_whitespace().map(str::to_owned));
    }
    args.extend(addresses);
    let outcome = context.remote(RemoteCommand::Nmap { args }).await;
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in outcome.stdout.lines() {
        let heading = ["Nmap scan report for ", "Interesting ports on "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(host) = heading {
            let host = host.split([' ', ':']).next().unwrap_or_default().to_owned();
            found.entry(host.clone()).or_default();
            current = Some(host);
        } else if let Some(services) = current.as_ref().and_then(|host| found.get_mut(host)) {
            let mut words = line.split_whitespace();
            let (Some(port), Some("open")) = (words.next(), words.next()) else {
                continue;
            };
            let port = port.split('/').next().unwrap_or_default();
            let service = SERVICES.iter().find(|(number, _)| *number == port);
            services.extend(service.map(|(_, name)| *name));
        }
    }
    found
}

/// What `nodeset stat` says of a node that answers but offers no service.
async fn boot_state(context: &Context, node: &str) -> String {
    let nested = context.nested();
    let nodes = [node.to_owned()];
    let args = ["stat".to_owned()];
    dispatch::run(&nested, "nodeset", &nodes, &args).await;
    let documents = nested.take_documents();
    documents
        .iter()
        .flat_map(|d| d.texts("data").chain(d.texts("info")))
        .next()
        .map(|text| text.strip_prefix(&format!("{node}: ")).unwrap_or(text))
        .unwrap_or_default()
        .trim()
        .to_owned()
}
