//! Running a command in a guest, whatever way leads there: ssh, or IUCV through the zHCP (spec: guests 3.3, 3.5, 3.6).
//!
//! What a guest is reached by is kept in `zvm.status`, as flags; a command that meets a guest without a flag finds
//! out and writes it down.

use super::iucv;
use super::remote::{TIMEOUT, Zhcp, check_ssh_rc, remote_user};
use super::text;
use crate::mn::{Context, Document};
use crate::seam::Release;
use crate::seam::RemoteCommand;

/// Pauses between the attempts to bring a device online or offline, in seconds (spec: guests 3.6).
const DEVICE_PAUSES: [u64; 15] = [1, 2, 3, 5, 8, 15, 22, 34, 60, 60, 60, 60, 60, 90, 120];
/// How often CP is asked whether a guest is logged on while no answer comes (spec: guests 3.3).
const POWER_QUERIES: usize = 10;

/// Whether a routine may report failures itself; xCAT's callback argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The caller alone judges the answer.
    Silent,
    /// Some failures are answered to the client as they happen.
    Callback,
}

impl Report {
    /// Raises an error with the text as it is, without a node's prefix.
    pub fn error(self, context: &Context, text: &str) {
        if self == Self::Callback {
            context.push(Document::error(text));
        }
    }

    /// Raises information with the text as it is.
    pub fn info(self, context: &Context, text: &str) {
        if self == Self::Callback {
            context.push(Document::of("info", [text]));
        }
    }
}

/// A text that the management node's shell is to hand on unchanged from within double quotes, as far as xCAT cares:
/// `"` becomes `\"`, and `\"` becomes `\\\"`; `$` and backquotes are left to the shell (spec: guests 3.3, quoting).
pub fn escape_quotes(command: &str) -> String {
    let mut out = String::with_capacity(command.len() + 8);
    let mut after_backslash = false;
    for c in command.chars() {
        if c == '"' {
            out.push('\\');
            if after_backslash {
                out.push('\\');
            }
        }
        after_backslash = c == '\\';
        out.push(c);
    }
    out
}

/// Runs a command in a guest and gives what it printed, or a text that says what went wrong; most callers judge it
/// with [`text::is_bad`] (`zvmUtils.pm execcmdonVM`; spec: guests 3.3).
pub async fn execcmdon_vm(context: &Context, node: &str, command: &str, report: Report) -> String {
    let columns = (
        context.column("zvm", node, "hcp"),
        context.column("zvm", node, "userid"),
    );
    let (Some(hcp), Some(userid)) = columns else {
        let status = status_of(context, node);
        if status.contains("IUCV=1") {
            set_status(context, node, &status.replace("IUCV=1", "SSH=1"));
        }
        return by_ssh(context, node, command, report).await;
    };
    let userid = userid.to_uppercase();
    let zhcp = Zhcp::at(context, hcp);
    // GQ41: a node whose name is part of the zHCP's host name is taken for the zHCP.
    let direct = zhcp.host.contains(node) || is_management_node(context, &userid);
    if direct {
        return by_ssh(context, node, command, report).await;
    }
    if is_off(context, &zhcp, &userid).await {
        let message = format!("{node}: (Error) VM {userid} is powered off");
        report.error(context, &message);
        return message;
    }
    let status = status_of(context, node);
    if status.contains("SSH=1") {
        return by_ssh(context, node, command, report).await;
    }
    if status.contains("IUCV=1") {
        return iucv::run(context, &zhcp, &userid, command, report).await;
    }
    iucv::find_out(context, &zhcp, node, &userid, command, report).await
}

/// Runs a command by ssh. Standard error is lost; only a failure of ssh itself is noticed, and even then the answer is
/// the empty output, which callers take for success (GQ6; kept in every behaviour, since clients see the difference
/// between the transports).
pub async fn by_ssh(context: &Context, node: &str, command: &str, report: Report) -> String {
    let user = remote_user(context);
    let line = format!("ssh {TIMEOUT} {user}@{node} \"{}\"", escape_quotes(command));
    let outcome = context.sh(&line).await;
    if outcome.rc == 255
        && let Some(message) = check_ssh_rc(&outcome, "execcmdonVM", &line, node, Some(node))
    {
        report.error(context, &message);
    }
    outcome.stdout
}

/// Whether CP gives no answer at all about the guest. A guest that is logged off is never recognised: the comparison
/// meets a text with a newline (GQ5). Release P has no such test and goes on in any case.
async fn is_off(context: &Context, zhcp: &Zhcp, userid: &str) -> bool {
    let query = format!("/sbin/vmcp q user {userid} 2>/dev/null");
    for _ in 0..POWER_QUERIES {
        if !zhcp.run(context, &query).await.stdout.is_empty() {
            return false;
        }
    }
    context.settings().release != Release::P
}

/// Whether the user id is the management node's own.
fn is_management_node(context: &Context, userid: &str) -> bool {
    context.local(|world| {
        world
            .linuxes
            .get(&world.mn.host)
            .is_some_and(|mn| mn.userid.to_string().eq_ignore_ascii_case(userid))
    })
}

/// Flags of `zvm.status` of a node.
pub fn status_of(context: &Context, node: &str) -> String {
    context.column("zvm", node, "status").unwrap_or_default()
}

/// Writes the flags of a node.
pub fn set_status(context: &Context, node: &str, status: &str) {
    context.tables_mut(|tables| tables.set("zvm", "node", node, &[("status", status)]));
}

/// Adds a flag to `zvm.status`.
pub fn add_flag(context: &Context, node: &str, flag: &str) {
    let status = status_of(context, node);
    if status.is_empty() {
        set_status(context, node, flag);
    } else {
        set_status(context, node, &format!("{status};{flag}"));
    }
}

/// What a reachability test says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reachable {
    /// `ping`.
    Yes,
    /// `noping`.
    No,
    /// Neither: an error text of the transport, which most callers take for unreachable and `rinv` for reachable
    /// (GQ22).
    Error(String),
}

/// Whether a node answers a ping, or failing that runs `date` (`zvmUtils.pm pingNode`; spec: guests 3.5).
pub async fn ping_node(context: &Context, node: &str) -> Reachable {
    let ping = RemoteCommand::Ping {
        host: node.to_owned(),
    };
    if context.remote(ping).await.rc == 0 {
        return Reachable::Yes;
    }
    let answer = execcmdon_vm(context, node, "date", Report::Silent).await;
    if text::is_bad(&answer) {
        Reachable::Error(answer)
    } else if answer.is_empty() {
        Reachable::No
    } else {
        Reachable::Yes
    }
}

/// What is to happen to a subchannel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subchannel {
    /// `-e`.
    Enable,
    /// `-d`.
    Disable,
}

/// Brings a device of a guest (or of a zHCP, named by its host name) online or offline, trying for ten minutes of
/// virtual time (`zvmUtils.pm disableEnableDisk`; spec: guests 3.6). The error is the text for the client.
pub async fn disable_enable_disk(
    context: &Context,
    node: &str,
    what: Subchannel,
    device: &str,
) -> Result<(), String> {
    let zhcp = Zhcp::at(context, node);
    let option = match what {
        Subchannel::Enable => "-e",
        Subchannel::Disable => "-d",
    };
    let chccwdev = format!("{} /sbin/chccwdev {option} {device}", zhcp.sudo);
    let merged = match context.settings().release {
        Release::P => chccwdev.clone(),
        Release::E | Release::M => format!("{chccwdev} 2>&1"),
    };
    let mut output = String::new();
    for seconds in DEVICE_PAUSES {
        output = execcmdon_vm(context, node, &merged, Report::Silent).await;
        if !text::is_bad(&output) {
            return Ok(());
        }
        context.remote(RemoteCommand::Sleep { seconds }).await;
    }
    Err(format!(
        "Error: failed to ssh {}@{node} {chccwdev}, Output: {output}",
        zhcp.user
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_survive_one_shell() {
        assert_eq!(escape_quotes("echo \"a\" > b"), "echo \\\"a\\\" > b");
        assert_eq!(
            escape_quotes("sed -e /X=\\\"vdb\\%n\\\"/d"),
            "sed -e /X=\\\\\\\"vdb\\%n\\\\\\\"/d"
        );
        assert_eq!(escape_quotes("plain 'x' $y"), "plain 'x' $y");
    }
}
