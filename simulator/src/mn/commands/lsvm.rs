//! The command; see the spec.

use crate::mn::Context;

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let _ = (context, node, args);
}
