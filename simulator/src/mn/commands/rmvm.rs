//! `rmvm`: a virtual machine is deleted, its LUNs are freed, its node forgotten (`zvm.pm removeVM`; spec: guests 11).

use regex::RegexBuilder;

use crate::mn::Context;
use crate::mn::zvm::contents::Contents;
use crate::mn::zvm::filter::egrep;
use crate::mn::zvm::pool::escape_for_sed;
use crate::mn::zvm::power::{Stopped, stop};
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{self, is_bad, is_true};
use crate::mn::zvm::{Zhcp, check_ssh_rc, vswitch};
use crate::seam::{Release, RemoteCommand};

/// Tables that forget the node; `mac` does not (GQ40).
const TABLES: [&str; 8] = [
    "zvm", "hosts", "nodelist", "nodetype", "noderes", "nodehm", "ppc", "switch",
];

/// Runs the command on one node; arguments do not matter.
pub async fn run(context: &Context, node: &str) {
    let Some(target) = Target::of(context, node) else {
        return;
    };
    let discovered = context
        .column("zvm", node, "discovered")
        .unwrap_or_default();
    if is_true(&discovered) {
        context.print_ln(format!(
            "{node}: 'discovered' property in zvm table is 1.  Node is removed only from xCAT.  Virtual machine was not deleted."
        ));
        forget(context, node).await;
    } else if delete(context, node, &target).await.is_some()
        && free_luns(context, node, &target.zhcp).await.is_some()
    {
        forget(context, node).await;
    }
}

/// Takes the guest off its switches, off CP and out of the directory; `None` when that failed.
async fn delete(context: &Context, node: &str, target: &Target) -> Option<()> {
    let Target { zhcp, userid } = target;
    for switch in switches(context, target).await? {
        vswitch::revoke(context, zhcp, userid, &switch).await;
    }
    match stop(context, zhcp, userid, " -f IMMED").await {
        Stopped::Done(_) | Stopped::AlreadyOff | Stopped::LoggingOff => {}
        Stopped::Unreachable => {
            context.print_ln(format!(
                "(Error) Failed to communicate with the zhcp system: {}",
                zhcp.host
            ));
            return None;
        }
        Stopped::Failed(answer) => {
            context.print_ln(format!("{node}: {answer}"));
            return None;
        }
    }
    let words = format!("Image_Delete_DM -T {userid} -e 0");
    let answer = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    context.print_ln(format!("{node}: {answer}"));
    (!is_bad(&answer)).then_some(())
}

/// Switches that the directory entry names, each once. They are taken by position: the value of the fourth word
/// (GQ26).
async fn switches(context: &Context, target: &Target) -> Option<Vec<String>> {
    let Target { zhcp, userid } = target;
    let smcli = Zhcp::smcli(&format!("Image_Definition_Query_DM -T {userid} -k NICDEF"));
    let answer = if context.settings().release != Release::P {
        let line = zhcp.line(&smcli);
        let outcome = context.sh(&line).await;
        let function = "getVswitchIdsFromDirectory";
        if let Some(message) = check_ssh_rc(&outcome, function, &line, &zhcp.host, None) {
            context.print_ln(message);
            return None;
        }
        outcome.stdout
    } else {
        let command = format!("{smcli} | egrep -i 'SWITCHNAME'");
        zhcp.run(context, &command).await.stdout
    };
    let mut switches: Vec<String> = Vec::new();
    for line in answer
        .lines()
        .filter(|line| text::contains_ignoring_case(line, "SWITCHNAME"))
    {
        let word = if context.settings().quirk("GQ26") {
            text::word(line, 3)
        } else {
            line.split_ascii_whitespace()
                .find(|word| word.starts_with("SWITCHNAME="))
                .unwrap_or_default()
        };
        let switch = text::field(word, '=', 1);
        if !switches.iter().any(|known| known == switch) {
            switches.push(switch.to_owned());
        }
    }
    Some(switches)
}

/// Frees every row that has the node's name anywhere in it (GQ19); `None` when a pool could not be read.
async fn free_luns(context: &Context, node: &str, zhcp: &Zhcp) -> Option<()> {
    let files = zhcp.run(context, &format!("ls {ZFCP_POOL}")).await.stdout;
    for file in files.lines() {
        let command = format!("cat {ZFCP_POOL}/{file}");
        let line = zhcp.line(&command);
        let (outcome, contents) = context.fetch_pools(zhcp, &command).await;
        if context.settings().release != Release::P
            && let Some(message) = check_ssh_rc(&outcome, "removeVM", &line, &zhcp.host, Some(node))
        {
            context.print_ln(message);
            return None;
        }
        let rows = owned_rows(context, node, &contents).await;
        let pool = crate::mn::zvm::pool_file::without_conf(file);
        for row in &rows {
            let field = |index| text::field(row, ',', index);
            let new = format!(
                "free,{},{},{},{},,,",
                field(1),
                field(2),
                field(3),
                field(4)
            );
            let (old, new) = if context.settings().quirk("GQ12") {
                (row.clone(), new)
            } else {
                (escape_for_sed(row), escape_for_sed(&new))
            };
            zhcp.run(
                context,
                &format!("sed -i -e 's#{old}#{new}#i' {ZFCP_POOL}/{pool}.conf"),
            )
            .await;
        }
        if !rows.is_empty() {
            context.print_ln(format!("{node}: Updating FCP device pool {pool}... Done"));
        }
    }
    Some(())
}

async fn owned_rows(context: &Context, node: &str, contents: &Contents) -> Vec<String> {
    let rows = egrep(context, contents, node).await;
    let by_substring = context.settings().quirk("GQ19") && context.settings().quirk("Q13");
    rows.lines()
        .filter(|row| by_substring || text::field(row, ',', 5) == node)
        .map(str::to_owned)
        .collect()
}

/// Removes the node from xCAT's tables, its host key, and every line of `/etc/hosts` in which something follows the
/// name.
async fn forget(context: &Context, node: &str) {
    context.tables_mut(|tables| {
        for table in TABLES {
            tables.delete(table, "node", node);
        }
    });
    let forget_key = RemoteCommand::SshKeygen {
        args: format!("-R {}", node.to_lowercase()),
    };
    context.remote(forget_key).await;
    let is_exact = !context.settings().quirk("GQ19");
    context.local(|world| {
        let host = world.mn.host.clone();
        let now_ms = world.now_ms;
        let Some(mn) = world.linuxes.get_mut(&host) else {
            return;
        };
        let Some(hosts) = mn.fs.read("/etc/hosts").map(std::borrow::Cow::into_owned) else {
            return;
        };
        let kept = without_node(&hosts, node, is_exact);
        if kept != hosts {
            mn.fs.write("/etc/hosts", kept, now_ms);
        }
    });
}

/// The hosts file without the node's lines.
fn without_node(hosts: &str, node: &str, is_exact: bool) -> String {
    let followed = RegexBuilder::new(&format!("{node}.")).build();
    let is_gone = |line: &str| {
        if is_exact {
            return line.split_ascii_whitespace().skip(1).any(|name| {
                name == node || name.split('.').next().is_some_and(|short| short == node)
            });
        }
        followed
            .as_ref()
            .is_ok_and(|pattern| pattern.is_match(line))
    };
    hosts
        .split_inclusive('\n')
        .filter(|line| !is_gone(line.trim_end_matches('\n')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::without_node;

    #[test]
    fn gq19_neighbours_lose_their_hosts_line() {
        let hosts = "10.0.0.1 lnx1 lnx1.x\n10.0.0.2 lnx11 lnx11.x\n10.0.0.3 b lnx1\n";
        assert_eq!(without_node(hosts, "lnx1", false), "10.0.0.3 b lnx1\n");
        assert_eq!(
            without_node(hosts, "lnx1", true),
            "10.0.0.2 lnx11 lnx11.x\n"
        );
    }
}
