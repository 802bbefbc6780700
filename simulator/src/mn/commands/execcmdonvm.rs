//! `execcmdonvm`: a command runs in a guest, and nobody learns what it said (GQ21, RQ15; spec: guests 15).

use crate::mn::Context;
use crate::mn::zvm::guest::{Report, execcmdon_vm};
use crate::mn::zvm::text::{append_hostname, arg};

/// Runs the first argument in the guest.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let answer = execcmdon_vm(context, node, arg(args, 0), Report::Silent).await;
    let settings = context.settings();
    if !settings.quirk("GQ21") || !settings.quirk("RQ15") {
        context.print_ln(append_hostname(node, &answer));
    }
}
