//! An xCAT command that runs another one through the command-line client and reads what that prints (spec: guests
//! 1.5).

use std::fmt::Write as _;

use crate::mn::{Context, Document, dispatch};
use crate::seam::Release;

/// Whether the caller also reads what the client prints on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// `2>&1`.
    Merged,
    /// Lost.
    Lost,
}

/// Runs a command on one node and gives what the client prints. The client writes to a pipe, where its standard error
/// arrives at once and its standard output when it ends: errors stand before everything else.
pub async fn command_line(
    context: &Context,
    command: &str,
    node: &str,
    args: &[&str],
    stderr: Stderr,
) -> String {
    command_line_on(context, command, &[node.to_owned()], args, stderr).await
}

/// The same on several nodes.
pub async fn command_line_on(
    context: &Context,
    command: &str,
    nodes: &[String],
    args: &[&str],
    stderr: Stderr,
) -> String {
    let nested = context.nested();
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    dispatch::run(&nested, command, nodes, &args).await;
    show(context, &nested.take_documents(), stderr)
}

/// What the client prints for an answer.
fn show(context: &Context, documents: &[Document], stderr: Stderr) -> String {
    let source = match context.settings().release {
        Release::E => String::new(),
        Release::M | Release::P => {
            let host = context.local(|world| world.mn.host.to_string());
            format!("[{host}]: ")
        }
    };
    let mut out = String::new();
    if stderr == Stderr::Merged {
        for text in documents.iter().flat_map(|d| d.texts("error")) {
            let _ = writeln!(out, "Error: {source}{text}");
        }
    }
    for text in documents.iter().flat_map(|d| d.texts("info")) {
        out.push_str(text);
        out.push('\n');
    }
    out
}

/// Whether CP has the node's virtual machine logged on: the words of `rpower {node} stat` (spec: guests 1.5).
pub async fn is_on(context: &Context, node: &str) -> bool {
    let answer = command_line(context, "rpower", node, &["stat"], Stderr::Lost).await;
    super::text::contains_ignoring_case(&answer, ": on")
}
