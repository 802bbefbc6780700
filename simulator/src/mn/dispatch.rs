//! From a request to the command that answers it (spec: rest-and-xcatd 3.3 to 3.5).

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Context, Document, Request, Response, commands};
use crate::seam::Site;

/// Carries out one request of a front door: authentication, policy, noderange, dispatch.
pub async fn serve(site: Arc<Site>, request: Request) -> Response {
    let title = format!(
        "{} {}",
        request.command.as_deref().unwrap_or("-"),
        request.args.join(" ")
    );
    let id = site.journal.lock().open(title);
    let context = Context::new(site, id, None);
    let nodes: Vec<String> = request
        .noderange
        .iter()
        .flat_map(|r| r.split(','))
        .map(str::to_owned)
        .collect();
    let command = request.command.as_deref().unwrap_or_default();
    if commands::global::COMMANDS.contains(&command) {
        let nodes = request.noderange.as_ref().map(|_| &nodes[..]);
        commands::global::run(&context, &request, nodes);
    } else {
        run(&context, command, &nodes, &request.args).await;
    }
    Response {
        documents: context.take_documents(),
        done_in_last: false,
    }
}

/// Runs one command on nodes that are known to exist. Also the way in which one command runs another.
pub fn run<'a>(
    context: &'a Context,
    command: &'a str,
    nodes: &'a [String],
    args: &'a [String],
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        for node in nodes {
            match command {
                "chhypervisor" => commands::chhypervisor::run(context, node, args).await,
                "chvm" => commands::chvm::run(context, node, args).await,
                "lsvm" => commands::lsvm::run(context, node, args).await,
                "rinv" => commands::rinv::run(context, node, args).await,
                "rpower" => commands::rpower::run(context, node, args).await,
                _ => context.push(Document::of("error", ["Unsupported request"])),
            }
        }
    })
}
