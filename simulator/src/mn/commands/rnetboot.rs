//! `rnetboot`: a guest is logged on and told to IPL from a device (`zvm.pm netBoot`; spec: guests 14).

use crate::mn::Context;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::reader::send_cp_command;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text;
use crate::seam::RemoteCommand;

/// Pause until the virtual machine is logged on, in seconds.
const PAUSE: u64 = 5;

/// Runs the command on one node; nothing of it is checked.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(Target { zhcp, userid }) = Target::of(context, node) else {
        return;
    };
    let operand = text::arg(args, 0);
    if text::field(operand, '=', 0) != "ipl" {
        return context.print_ln(format!("{node}: (Error) Missing IPL"));
    }
    let device = text::field(operand, '=', 1);
    let words = format!("Image_Activate -T {userid}");
    zhcp.run(context, &Zhcp::smcli(&words)).await;
    context
        .remote(RemoteCommand::Sleep { seconds: PAUSE })
        .await;
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    let command = format!("IPL {device}");
    send_cp_command(context, &zhcp, &hcp_userid, &userid, &command).await;
    context.print_ln(format!("{node}: Booting from {device}... Done"));
}
