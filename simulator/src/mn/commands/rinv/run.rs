//! Whose inventory is asked for: a node of hypervisor type `zvm`, or a virtual machine (spec: scsi-pools 0.2).

use super::{guest, hypervisor};
use crate::mn::Context;

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let is_hypervisor = context.column("hypervisor", node, "type").as_deref() == Some("zvm");
    if is_hypervisor {
        hypervisor::run(context, node, args).await;
    } else {
        guest::run(context, node, args).await;
    }
}
