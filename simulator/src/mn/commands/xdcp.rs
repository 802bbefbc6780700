//! `xdcp`: copies files to nodes, or from them with `-P` (spec: rest-and-xcatd 4.13).

use super::dsh::{chunks, login, node_options, probe, refuse};
use super::options::Options;
use super::xdsh::exists;
use crate::mn::{Context, Document, Request};
use crate::seam::RemoteCommand;

const SPEC: &[&str] = &[
    "f|fanout=",
    "F|File=",
    "h|help",
    "i|rootimg=",
    "l|user=",
    "o|node-options=",
    "p|preserve",
    "P|pull",
    "q|show-config",
    "Q|silent",
    "r|node-rcp=",
    "R|recursive",
    "s",
    "t|timeout=",
    "T|trace",
    "V|version",
];

/// Runs the command; `nodes` is the noderange, `None` when there is none.
pub async fn run(context: &Context, request: &Request, nodes: Option<&[String]>) {
    let options = Options::read(SPEC, &request.args);
    let Some(nodes) = nodes else {
        refuse(
            context,
            "Unless using -i option,  noderange is required.",
            "0",
        );
        return;
    };
    if let Some(file) = options.value("F")
        && !exists(context, file)
    {
        refuse(context, format!("File {file} does not exist"), "1");
        return;
    }
    let Some((target, sources)) = (match options.operands.as_slice() {
        [] => None,
        // A single operand is what is copied, to an empty target.
        [only] => Some((String::new(), vec![only.clone()])),
        [sources @ .., target] => Some((target.clone(), sources.to_vec())),
    }) else {
        refuse(context, "Missing file arguments", "0");
        return;
    };
    probe(context).await;
    let user = login(context, request, &options);
    let mut opts = node_options(&options);
    for (option, word) in [("p", "-p"), ("R", "-r")] {
        if options.has(option) {
            opts.push(word.to_owned());
        }
    }
    let mut failed = 0;
    for node in nodes {
        let remote = |path: &str| format!("{user}@{node}:{path}");
        let (from, to) = if options.has("P") {
            let from = sources.iter().map(|path| remote(path)).collect();
            (from, format!("{target}._{node}"))
        } else {
            (sources.clone(), remote(&target))
        };
        let copy = RemoteCommand::Scp {
            opts: opts.clone(),
            from,
            to,
        };
        let outcome = context.remote(copy).await;
        if outcome.rc != 0 {
            failed += 1;
            // RQ27: what went wrong is data here.
            let lines = chunks(node, &outcome.stderr);
            if !lines.is_empty() {
                context.push(Document::of("data", lines));
            }
        }
    }
    context.push(Document::of("errorcode", [failed.to_string()]));
}
