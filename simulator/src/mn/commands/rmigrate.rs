//! `rmigrate`: a virtual machine is relocated to another system of its cluster (`zvm.pm migrateVM`; spec: guests 12).

use std::fmt::Write as _;

use crate::mn::Context;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{contains_ignoring_case, find_ignoring_case, is_bad, is_true};
use crate::seam::RemoteCommand;

/// How often the relocation's progress is asked for, and the pause after an answer that does not say it is over, in
/// seconds.
const CHECKS: usize = 4;
const PAUSE: u64 = 10;

/// The operands as they are handed on, and the two that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Operands {
    keys: String,
    destination: String,
    action: String,
}

impl Operands {
    fn read(args: &[String]) -> Self {
        let mut operands = Self::default();
        for arg in args.iter().filter(|arg| is_true(arg)) {
            let mut key = arg.clone();
            if contains_ignoring_case(arg, "destination=") {
                operands.destination = arg.replace("destination=", "").replace(['"', '\''], "");
            } else if contains_ignoring_case(arg, "action=") {
                operands.action = arg.replace("action=", "");
            } else {
                for name in ["max_total=", "max_quiesce="] {
                    if find_ignoring_case(arg, name).is_some() {
                        key = without_zeros(arg, name);
                    }
                }
            }
            let _ = write!(operands.keys, " -k {key}");
        }
        operands
    }
}

/// An operand whose number has lost its leading zeros; one that is no number stays as it is.
fn without_zeros(arg: &str, name: &str) -> String {
    let value = arg.replace(name, "");
    if value.chars().any(|c| !c.is_ascii_digit() && c != '.') {
        return arg.to_owned();
    }
    format!("{name}{}", value.trim_start_matches('0'))
}

/// zHCP of a z/VM system, by its name in lower or in upper case.
pub(super) fn zhcp_of_system(context: &Context, name: &str) -> Option<String> {
    [name.to_lowercase(), name.to_uppercase()]
        .iter()
        .find_map(|name| context.column("zvm", name, "hcp"))
}

/// Says that a system has no zHCP.
pub(super) fn say_no_zhcp(context: &Context, node: &str, destination: &str) {
    context.print_ln(format!(
        "{node}: (Error) Failed to find zHCP of {destination}"
    ));
    context.print_ln(format!(
        "{node}: (Solution) Set the hcp appropriately in the zvm table"
    ));
}

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(Target { zhcp, userid }) = Target::of(context, node) else {
        return;
    };
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    let operands = Operands::read(args);
    if !is_true(&operands.action) || !is_true(&operands.destination) {
        return context.print_ln(format!(
            "{node}: (Error) One or more required operands was not specified: 'action' or 'destination'."
        ));
    }
    let is_move = contains_ignoring_case(&operands.action, "MOVE");
    let new_hcp = zhcp_of_system(context, &operands.destination);
    if is_move && new_hcp.is_none() {
        return say_no_zhcp(context, node, &operands.destination);
    }
    let words = format!("VMRELOCATE -T {userid}{}", operands.keys);
    let answer = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    context.print_ln(format!("{node}: {answer}"));
    if is_bad(&answer) || !is_move {
        return;
    }
    let words = format!("VMRELOCATE_Status -T {hcp_userid} -k status_target={userid}");
    for _ in 0..CHECKS {
        let answer = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
        if contains_ignoring_case(&answer, "No active relocations found") {
            let hcp = new_hcp.unwrap_or_default();
            context.tables_mut(|tables| {
                let columns = [
                    ("hcp", hcp.as_str()),
                    ("parent", operands.destination.as_str()),
                ];
                tables.set("zvm", "node", node, &columns);
            });
            return;
        }
        context
            .remote(RemoteCommand::Sleep { seconds: PAUSE })
            .await;
    }
    context.print_ln(format!(
        "{node}: (Error) Could not determine progress of relocation"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_handed_on() {
        let args: Vec<String> = [
            "destination='ZVM2'",
            "action=MOVE",
            "immediate=NO",
            "max_total=0060",
            "max_quiesce=NOLIMIT",
            "",
        ]
        .iter()
        .map(|a| (*a).to_owned())
        .collect();
        let operands = Operands::read(&args);
        assert_eq!(operands.destination, "ZVM2");
        assert_eq!(operands.action, "MOVE");
        assert_eq!(
            operands.keys,
            " -k destination='ZVM2' -k action=MOVE -k immediate=NO -k max_total=60 -k max_quiesce=NOLIMIT"
        );
    }
}
