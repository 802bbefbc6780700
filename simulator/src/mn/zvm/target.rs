//! The virtual machine that a command is about: its zHCP and its user ID, checked in xCAT's order (spec: guests 2.2).

use super::remote::Zhcp;
use crate::mn::Context;

/// What every command on a guest looks up first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The zHCP of the node.
    pub zhcp: Zhcp,
    /// User ID, upper-cased.
    pub userid: String,
}

impl Target {
    /// Looks a node up; what is missing is reported, and then there is no target.
    pub fn of(context: &Context, node: &str) -> Option<Self> {
        let Some(zhcp) = Zhcp::of(context, node) else {
            context.print_ln(format!("{node}: (Error) Missing node HCP"));
            return None;
        };
        let Some(userid) = context.column("zvm", node, "userid") else {
            context.print_ln(format!("{node}: (Error) Missing user ID"));
            return None;
        };
        Some(Self {
            zhcp,
            userid: userid.to_uppercase(),
        })
    }
}
