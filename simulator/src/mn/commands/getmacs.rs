//! `getmacs`: the MAC address of a guest, from the table or from the guest (`zvm.pm getMacs`; spec: guests 14).

use crate::mn::Context;
use crate::mn::zvm::guest::{Report, execcmdon_vm};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text;
use crate::mn::zvm::vswitch::{QUERY_NICS, networks_checked};
use crate::mn::zvm::{filter, mac};

use super::getopt::{Given, Takes};

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let given = Given::read(&[("f", Takes::Nothing)], args);
    let Some(target) = Target::of(context, node) else {
        return;
    };
    if !given.has("f")
        && let Some(mac) = context.column("mac", node, "mac")
    {
        return context.print_ln(format!("{node}: {mac}"));
    }
    let sudo = target.zhcp.sudo;
    let load = format!("{sudo} /sbin/modprobe vmcp");
    execcmdon_vm(context, node, &load, Report::Silent).await;
    let networks = match networks_checked(context, &target.zhcp, "getMacs", node).await {
        Ok(networks) => networks.join("|"),
        Err(message) => return context.print_ln(message),
    };
    let query = format!("{sudo} {QUERY_NICS}");
    let answer = execcmdon_vm(context, node, &query, Report::Callback).await;
    if text::is_bad(&answer) {
        return;
    }
    let found = answer.lines().find(|line| filter::matches(line, &networks));
    let Some(line) = found else {
        return context.print_ln(format!("{node}: (Error) Failed to find MAC address"));
    };
    let address = text::word(line, 1).replace('-', ":");
    context.print_ln(format!("{node}: {address}"));
    mac::keep(context, node, &address);
}
