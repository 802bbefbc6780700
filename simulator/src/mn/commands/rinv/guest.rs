//! Inventory of a virtual machine: which report, and what precedes each (`zvm.pm inventoryVM`; spec: guests 9).

use std::fmt::Write as _;

use super::{console, zfcp_disks};
use crate::mn::Context;
use crate::mn::zvm::guest::{Reachable, Report, execcmdon_vm, ping_node};
use crate::mn::zvm::remote::remote_user;
use crate::mn::zvm::text::{append_hostname, contains_ignoring_case, is_true, number, show_number};
use crate::mn::zvm::{Zhcp, local, text};

/// Kilobytes of a megabyte.
const KILOBYTES: f64 = 1024.0;
/// Microseconds of a second.
const MICROSECONDS: f64 = 1_000_000.0;

/// A virtual machine whose inventory is taken.
pub(super) struct Guest<'a> {
    pub context: &'a Context,
    /// The node, as expanded from the noderange.
    pub node: &'a str,
    pub zhcp: Zhcp,
    /// z/VM user ID, in upper case.
    pub userid: String,
    /// `sudo`, or nothing.
    pub sudo: &'static str,
}

/// Runs the command on one node.
pub(super) async fn run(context: &Context, node: &str, args: &[String]) {
    let field = text::arg(args, 0);
    let needs_answer = field != "--consoleoutput" && field != "cpumempowerstat";
    if needs_answer {
        let is_unreachable = match ping_node(context, node).await {
            Reachable::Yes => false,
            Reachable::No => true,
            // GQ22: an error of the transport is no `noping`.
            Reachable::Error(_) => !context.settings().quirk("GQ22"),
        };
        if is_unreachable {
            return context.print_ln(format!("{node}: (Error) Host is unreachable"));
        }
    }
    let Some(zhcp) = Zhcp::of(context, node) else {
        return context.print_ln(format!("{node}: (Error) Missing node HCP"));
    };
    let Some(userid) = context.column("zvm", node, "userid") else {
        return context.print_ln(format!("{node}: (Error) Missing user ID"));
    };
    let sudo = if remote_user(context) == "root" {
        ""
    } else {
        "sudo"
    };
    let guest = Guest {
        context,
        node,
        zhcp,
        userid: userid.to_uppercase(),
        sudo,
    };
    guest.in_guest("/sbin/modprobe vmcp").await;
    let report = match field {
        "config" => Some(guest.config().await),
        "all" => guest.all().await,
        "cpumem" => guest.cpu_and_memory().await,
        "cpumempowerstat" => guest.power_state().await,
        "--freerepospace" => guest.free_repository_space().await,
        "--consoleoutput" => return console::output(&guest, text::arg(args, 1)).await,
        _ => {
            context.print_ln(format!("{node}: (Error) Option not supported"));
            None
        }
    };
    if let Some(report) = report {
        context.print_ln(append_hostname(node, &report));
    }
}

impl Guest<'_> {
    /// What a command prints in the guest, or what the transport says instead.
    pub(super) async fn in_guest(&self, command: &str) -> String {
        let command = format!("{} {command}", self.sudo);
        execcmdon_vm(self.context, self.node, &command, Report::Silent).await
    }

    async fn config(&self) -> String {
        let identity = self.identity().await;
        let privileges = self.privileges().await;
        let memory = self.memory().await;
        let max_memory = self.max_memory().await;
        let processors = self.listing("/sbin/vmcp q virtual cpus").await;
        let mut report = identity.head(self);
        let _ = write!(
            report,
            "Privileges: \n{privileges}\nTotal Memory: {memory}\nMax Memory: {max_memory}\nProcessors: \n{processors}\n"
        );
        self.end(report)
    }

    async fn all(&self) -> Option<String> {
        let identity = self.identity().await;
        let privileges = self.privileges().await;
        let memory = self.memory().await;
        let max_memory = self.max_memory().await;
        let processors = self.listing("/sbin/vmcp q virtual cpus").await;
        let disks = self.listing("/sbin/vmcp q virtual dasd").await;
        let nics = self.listing("/sbin/vmcp q virtual nic").await;
        let zfcp = zfcp_disks::listing(self).await;
        let uptime = self.uptime().await;
        let cpu_time = self.used_cpu_time().await?;
        let mut report = identity.head(self);
        let _ = write!(
            report,
            "Uptime: {uptime}\nCPU Used Time: {cpu_time}\nPrivileges: \n{privileges}\nTotal Memory: {memory}\nMax Memory: {max_memory}\nProcessors: \n{processors}\nDisks: \n{disks}\n"
        );
        if is_true(&zfcp) {
            let _ = writeln!(report, "zFCP: \n{zfcp}");
        }
        let _ = writeln!(report, "NICs: \n{nics}");
        Some(self.end(report))
    }

    /// The last line of the long reports: the node of the z/VM system.
    fn end(&self, mut report: String) -> String {
        let host = self.context.tables(|tables| {
            tables
                .find("zvm", &[("nodetype", "zvm"), ("hcp", &self.zhcp.host)])
                .last()
                .and_then(|row| row.get("node").cloned())
        });
        let host = host.unwrap_or_else(|| "unknown".to_owned());
        let _ = writeln!(report, "xCAT Hypervisor Node: {host}");
        report
    }

    async fn cpu_and_memory(&self) -> Option<String> {
        let memory = self.memory().await;
        let processors = self.listing("/sbin/vmcp q virtual cpus").await;
        let cpu_time = self.used_cpu_time().await?;
        Some(format!(
            "Total Memory: {memory}\nProcessors: \n{processors}\nCPU Used Time: {cpu_time}\n"
        ))
    }

    /// `cpumempowerstat`: what CP and SMAPI know, without asking the guest.
    async fn power_state(&self) -> Option<String> {
        let Self {
            context,
            node,
            zhcp,
            userid,
            ..
        } = self;
        let query = format!("/sbin/vmcp q user {userid} 2>/dev/null");
        let answer = zhcp.run_timed(context, &query).await.stdout;
        if answer.contains("HCPCQU045E") || answer.contains("HCPCQU361E") {
            return Some(
                "Power state: off\nTotal Memory: 0M\nProcessors: 0\nCPU Used Time: 0 sec\n"
                    .to_owned(),
            );
        }
        if !answer.contains(userid.as_str()) {
            context.print_ln(format!(
                "{node}: (Error) power stat query return not parsable, the result is {answer}"
            ));
            return None;
        }
        let words = format!("Image_Performance_Query -T {userid} -c 1");
        let outcome = zhcp.run(context, &Zhcp::smcli(&words)).await;
        match outcome.rc {
            0 => {}
            255 => {
                context.print_ln(format!(
                    "{node}: (Error) unable to communicate with the zhcp system: {}",
                    zhcp.host
                ));
                return None;
            }
            _ => {
                context.print_ln(format!("{node}: (Error) calling smcli {words}"));
                return None;
            }
        }
        let value = |label: &str| number(&quoted_value(&outcome.stdout, label));
        Some(format!(
            "Power state: on\nTotal Memory: {}M\nProcessors: {}\nCPU Used Time: {} sec\n",
            show_number(value("Max memory:") / KILOBYTES),
            show_number(value("Guest CPUs:")),
            show_number(value("Used CPU time:") / MICROSECONDS),
        ))
    }

    /// `--freerepospace`: answered by the management node alone; any other node says nothing at all.
    async fn free_repository_space(&self) -> Option<String> {
        if !local::is_master(self.context, self.node) {
            return None;
        }
        let line = format!("{} /bin/df -h /install | sed 1d", self.sudo);
        let answer = self.context.sh(&line).await.stdout;
        let space = match text::word(&answer, 3) {
            "0" => "0M",
            space => space,
        };
        is_true(space).then(|| format!("Free Image Repository: {space}\n"))
    }
}

/// Value of a line of `Image_Performance_Query`, without its quotes; empty when there is none.
pub(super) fn quoted_value(answer: &str, label: &str) -> String {
    answer
        .lines()
        .find(|line| contains_ignoring_case(line, label))
        .and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.replace('"', "").trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::quoted_value;

    #[test]
    fn performance_values_lose_their_quotes() {
        let answer =
            "Guest flags: \"0\"\nUsed CPU time: \"61234567 uS\"\nMax memory: \"4194304 KB\"\n";
        assert_eq!(quoted_value(answer, "Used CPU time:"), "61234567 uS");
        assert_eq!(quoted_value(answer, "Guest CPUs:"), "");
    }
}
