//! What precedes every option, and which option is meant (spec: scsi-pools 0.3, 0.4).

use super::{add_to_pool, copy, image, remove_from_pool, reserve, system};
use crate::mn::Context;
use crate::mn::zvm::{Zhcp, text};

/// A `chhypervisor` call on one node.
pub struct Call<'a> {
    pub context: &'a Context,
    /// The node, as expanded from the noderange.
    pub node: &'a str,
    pub zhcp: Zhcp,
    /// z/VM user ID of the zHCP, in upper case; empty when ssh failed, which nobody reports.
    pub hcp_userid: String,
    /// The option keyword and its arguments.
    pub args: &'a [String],
}

impl Call<'_> {
    /// Argument `index`, 0 being the keyword; a missing one is empty.
    pub fn arg(&self, index: usize) -> &str {
        text::arg(self.args, index)
    }

    /// Reports a text with the node in front.
    pub fn say(&self, text: &str) {
        self.context.print_ln([self.node, ": ", text].concat());
    }

    /// Reports that the number of arguments is wrong.
    pub fn wrong_number(&self) {
        self.say("(Error) Wrong number of parameters");
    }

    /// Runs a command on the zHCP, kind A.
    pub async fn run(&self, command: &str) -> crate::seam::Outcome {
        self.zhcp.run(self.context, command).await
    }
}

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(zhcp) = Zhcp::of(context, node) else {
        context.print_ln(format!("{node}: (Error) Missing node HCP"));
        return;
    };
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    let call = Call {
        context,
        node,
        zhcp,
        hcp_userid,
        args,
    };
    match call.arg(0) {
        "--addzfcp2pool" => add_to_pool::run(&call).await,
        "--removezfcpfrompool" => remove_from_pool::run(&call).await,
        "--reservezfcp" => reserve::reserve(&call).await,
        "--releasezfcp" => reserve::release(&call).await,
        "--copyzfcp" => copy::run(&call).await,
        "--capturezfcp" => image::capture(&call).await,
        "--deployzfcp" => image::deploy(&call).await,
        _ => system::run(&call).await,
    }
}
