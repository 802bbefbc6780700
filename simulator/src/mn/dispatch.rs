//! From an admitted request to the command that answers it: the plugin, and one run per node
//! (spec: rest-and-xcatd 3.5).

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use super::admission::{Admitted, admit};
use super::registry::{self, Registration};
use super::{Context, Document, Element, Request, Response, commands};
use crate::seam::{Release, Site};

/// Carries out one request of a front door.
pub async fn serve(site: Arc<Site>, mut request: Request) -> Response {
    site.defects.request(&mut request);
    let facts = request.facts();
    let id = if request.journal == 0 {
        site.open(None, facts)
    } else {
        site.describe(request.journal, facts);
        request.journal
    };
    let response = match admit(&site, &request) {
        Ok(admitted) => perform(Arc::clone(&site), id, &request, admitted).await,
        Err(response) => response,
    };
    // A door that opened the request closes it, with the status that it answers.
    if request.journal == 0 {
        site.close(id, None, response.first_error());
    } else {
        site.journal.lock().note_error(id, response.first_error());
    }
    response
}

async fn perform(site: Arc<Site>, id: u64, request: &Request, admitted: Admitted) -> Response {
    let command = request.command.as_deref().unwrap_or_default();
    let release = site.settings.release;
    site.defects.begin(id, request);
    let context =
        Context::new(Arc::clone(&site), id, admitted.user).with_stdin(request.stdin.clone());
    match admitted.registration {
        Registration::Global => {
            global(&context, request, admitted.nodes.as_deref()).await;
        }
        Registration::Lookup(lookups) => {
            let nodes = admitted.nodes.unwrap_or_default();
            if nodes.is_empty() {
                let usage = "Input noderange missing. Usage: zvm <noderange> \n";
                context.push(Document::of("info", [usage]).with("errorcode", ["0"]));
            }
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
    site.defects.end(id, &mut documents);
    documents.retain(|document| !document.0.is_empty());
    if release != Release::E {
        let source = site.world.lock().mn.host.to_string();
        for document in &mut documents {
            let sources = document.0.list("xcatdsource");
            if sources.is_empty() {
                sources.push(Element::Text(source.clone()));
            }
        }
    }
    Response {
        documents,
        done_in_last: false,
        close: false,
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
        match command {
            "mkvm" => commands::mkvm::run(context, nodes, args).await,
            "nodeset" => {
                for node in nodes {
                    commands::nodeset::run(context, node, args).await;
                }
            }
            _ => {
                if let [node] = nodes {
                    run_on_node(context, command, node, args).await;
                    return;
                }
                let each = nodes
                    .iter()
                    .map(|node| run_on_node(context, command, node, args));
                join_all(each).await;
            }
        }
    })
}

/// Options that change pools, or could.
const POOL_OPTIONS: [&str; 10] = [
    "--addzfcp2pool",
    "--removezfcpfrompool",
    "--reservezfcp",
    "--releasezfcp",
    "--copyzfcp",
    "--capturezfcp",
    "--deployzfcp",
    "--addzfcp",
    "--removezfcp",
    "--zfcppoolnames",
];

async fn run_on_node(context: &Context, command: &str, node: &str, args: &[String]) {
    let option = args.first().map_or("", String::as_str);
    if command == "rmvm" || POOL_OPTIONS.contains(&option) {
        context
            .with_pools(async |context| carry_out(context, command, node, args).await)
            .await;
    } else {
        carry_out(context, command, node, args).await;
    }
}

async fn carry_out(context: &Context, command: &str, node: &str, args: &[String]) {
    match command {
        "chhypervisor" => commands::chhypervisor::run(context, node, args).await,
        "chvm" => commands::chvm::run(context, node, args).await,
        "lsvm" => commands::lsvm::run(context, node, args).await,
        "execcmdonvm" => commands::execcmdonvm::run(context, node, args).await,
        "getmacs" => commands::getmacs::run(context, node, args).await,
        "revacuate" => commands::revacuate::run(context, node, args).await,
        "reventlog" => commands::reventlog::run(context, node, args).await,
        "rinv" => commands::rinv::run(context, node, args).await,
        "rmigrate" => commands::rmigrate::run(context, node, args).await,
        "rmvm" => commands::rmvm::run(context, node).await,
        "rnetboot" => commands::rnetboot::run(context, node, args).await,
        "rpower" => commands::rpower::run(context, node, args).await,
        _ => context.push(Document::error(format!(
            "{node}: (Error) {command} is not simulated"
        ))),
    }
}
