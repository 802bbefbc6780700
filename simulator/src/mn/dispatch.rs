//! From a request to the command that answers it: authentication, policy, noderange, plugin, and one run per node
//! (spec: rest-and-xcatd 3.3 to 3.5).

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use super::policy::{self, Peer};
use super::registry::{self, Registration};
use super::{Context, Document, Element, Request, Response, commands, noderange};
use crate::seam::{Release, Site};

/// Carries out one request of a front door.
pub async fn serve(site: Arc<Site>, request: Request) -> Response {
    match admit(&site, &request) {
        Ok(admitted) => perform(site, &request, admitted).await,
        Err(document) => Response {
            documents: vec![document],
            done_in_last: true,
        },
    }
}

/// A request that passed every check that precedes its command.
struct Admitted {
    user: Option<String>,
    nodes: Option<Vec<String>>,
    registration: Registration,
}

/// The checks before a command, in xcatd's order; the error is the single document of the answer.
fn admit(site: &Site, request: &Request) -> Result<Admitted, Document> {
    let release = site.settings.release;
    let world = site.world.lock();
    let tables = &world.mn.tables;
    if let Some(credentials) = &request.credentials
        && !policy::authenticates(tables, credentials)
    {
        return Err(Document::error("Authentication failure"));
    }
    let user = request.credentials.as_ref().map(|c| c.user.clone());
    let peer = Peer {
        name: user.as_deref(),
        host: world.mn.host.as_str(),
    };
    if !policy::allows(tables, release, peer, request) {
        let text = "Permission denied for request";
        return Err(match release {
            Release::E => Document::of("error", [text]),
            Release::M | Release::P => Document::error(text),
        });
    }
    let command = request.command.as_deref().unwrap_or_default();
    if command == "authcheck" {
        return Err(match &user {
            Some(user) => Document::of("data", ["Authenticated"]).with("username", [user.as_str()]),
            None => Document::of("data", ["Unauthenticated"]),
        });
    }
    let range = request.noderange.as_deref().filter(|r| !r.is_empty());
    let registration = match (registry::registration(command), range) {
        (Some(registration), _) => registration,
        (None, Some(range)) if matches!(command, "noderange" | "extnoderange") => {
            let expansion = noderange::expand(tables, release, range);
            let mut document = Document::of("node", expansion.nodes);
            if !expansion.missing.is_empty() {
                let text = format!("Invalid nodes in noderange:{}", expansion.missing.join(","));
                document = document.with("warning", [text]);
            }
            return Err(document);
        }
        _ => return Err(Document::of("error", ["Unsupported request"])),
    };
    let nodes = match range {
        None => None,
        Some(range) => {
            let expansion = noderange::expand(tables, release, range);
            if !expansion.missing.is_empty() {
                return Err(Document::error(format!(
                    "Invalid nodes and/or groups in noderange: {}",
                    expansion.missing.join(",")
                )));
            }
            let mut nodes = expansion.nodes;
            nodes.sort_by_cached_key(|n| (first_number(n), n.clone()));
            if !nodes.is_empty() && release != Release::E && tables.site("master").is_none() {
                return Err(Document::error(format!(
                    "site.master is not set, unable to dispatch '{command}'"
                )));
            }
            Some(nodes)
        }
    };
    Ok(Admitted {
        user,
        nodes,
        registration,
    })
}

/// Nodes are handed to a plugin by the first number in the name; a name without a number counts as 0.
fn first_number(name: &str) -> u64 {
    let digits: String = name
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

async fn perform(site: Arc<Site>, request: &Request, admitted: Admitted) -> Response {
    let command = request.command.as_deref().unwrap_or_default();
    let release = site.settings.release;
    let title = format!(
        "{command} {} {}",
        request.noderange.as_deref().unwrap_or("-"),
        request.args.join(" ")
    );
    let id = site.journal.lock().open(title);
    let context = Context::new(Arc::clone(&site), id, admitted.user);
    match admitted.registration {
        Registration::Global => {
            global(&context, request, admitted.nodes.as_deref()).await;
        }
        Registration::Lookup(lookups) => {
            let nodes = admitted.nodes.unwrap_or_default();
            let (ours, others): (Vec<String>, Vec<String>) = context.tables(|tables| {
                nodes
                    .into_iter()
                    .partition(|node| registry::is_zvm(tables, lookups, node))
            });
            for node in &others {
                let entry = Document::error(registry::no_plugin(command, release))
                    .with("name", [node.as_str()]);
                context.push(Document::default().with_node("node", entry));
            }
            run(&context, command, &ours, &request.args).await;
        }
    }
    let mut documents = context.take_documents();
    documents.retain(|document| !document.0.is_empty());
    if release != Release::E {
        let source = site.world.lock().mn.host.to_string();
        for document in &mut documents {
            document
                .0
                .entry("xcatdsource".to_owned())
                .or_insert_with(|| vec![Element::Text(source.clone())]);
        }
    }
    Response {
        documents,
        done_in_last: false,
    }
}

/// Runs a command that is not a node's plugin's.
async fn global(context: &Context, request: &Request, nodes: Option<&[String]>) {
    commands::global::run(context, request, nodes).await;
}

/// Runs one command on nodes that are known to be z/VM nodes, side by side. Also the way in which one command runs
/// another.
pub fn run<'a>(
    context: &'a Context,
    command: &'a str,
    nodes: &'a [String],
    args: &'a [String],
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        join_all(
            nodes
                .iter()
                .map(|node| run_on_node(context, command, node, args)),
        )
        .await;
    })
}

async fn run_on_node(context: &Context, command: &str, node: &str, args: &[String]) {
    match command {
        "chhypervisor" => commands::chhypervisor::run(context, node, args).await,
        "chvm" => commands::chvm::run(context, node, args).await,
        "lsvm" => commands::lsvm::run(context, node, args).await,
        "rinv" => commands::rinv::run(context, node, args).await,
        "rpower" => commands::rpower::run(context, node, args).await,
        _ => context.push(Document::error(format!(
            "{node}: (Error) {command} is not simulated"
        ))),
    }
}
