//! `revacuate`: all guests of a z/VM system are relocated to another (`zvm.pm evacuate`).

use crate::mn::Context;
use crate::mn::zvm::nested::{Stderr, command_line_on};
use crate::mn::zvm::text::{self, is_true};

use super::rmigrate::{say_no_zhcp, zhcp_of_system};

/// Runs the command on one hypervisor node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let destination = text::arg(args, 0);
    if !is_true(destination) {
        return context.print_ln(format!(
            "{node}: (Error) Missing z/VM SSI cluster name of the destination system"
        ));
    }
    let Some(hcp) = context.column("zvm", node, "hcp") else {
        return context.print_ln(format!("{node}: (Error) Missing node HCP"));
    };
    if context.column("zvm", node, "nodetype").as_deref() != Some("zvm") {
        context.print_ln(format!("{node}: (Error) Invalid nodetype"));
        return context.print_ln(format!(
            "{node}: (Solution) Set the nodetype appropriately in the zvm table"
        ));
    }
    if zhcp_of_system(context, destination).is_none() {
        return say_no_zhcp(context, node, destination);
    }
    let guests = guests_of(context, &hcp);
    if guests.is_empty() {
        return context.print_ln(format!("{node}: No nodes to evacuate"));
    }
    let destination = format!("destination={destination}");
    let args = [
        "action=MOVE",
        &destination,
        "immediate=NO",
        "max_total=NOLIMIT",
    ];
    let answer = command_line_on(context, "rmigrate", &guests, &args, Stderr::Lost).await;
    context.print_ln(answer);
}

/// Guests whose zHCP has this name in its own, the zHCP itself left out.
fn guests_of(context: &Context, hcp: &str) -> Vec<String> {
    context.tables(|tables| {
        tables
            .rows("zvm")
            .iter()
            .filter(|row| row.get("nodetype").map(String::as_str) == Some("vm"))
            .filter(|row| row.get("hcp").is_some_and(|other| other.contains(hcp)))
            .filter_map(|row| row.get("node").cloned())
            .filter(|node| hcp != node.as_str() && !is_part(hcp, node))
            .collect()
    })
}

/// Whether the node's name stands in the zHCP's, something behind it.
fn is_part(hcp: &str, node: &str) -> bool {
    text::find_ignoring_case(hcp, node).is_some_and(|at| at + node.len() < hcp.len())
}
