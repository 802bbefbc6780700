//! What precedes and follows every option of a hypervisor's inventory, and which option is meant (spec: scsi-pools
//! 0.4, 0.5, 4).

use super::{disk_pools, fcp_devices, networks, system_info, zfcp_pools};
use crate::mn::Context;
use crate::mn::zvm::text::{self, append_hostname, is_true};
use crate::mn::zvm::{Zhcp, check_ssh_rc};
use crate::seam::Outcome;

/// An inventory of one hypervisor node.
pub struct Inventory<'a> {
    pub context: &'a Context,
    /// The node, as expanded from the noderange.
    pub node: &'a str,
    pub zhcp: Zhcp,
    /// z/VM user ID of the zHCP as returned; empty when ssh failed, which nobody reports.
    pub hcp_userid: String,
    /// The option keyword and its arguments.
    pub args: &'a [String],
}

impl Inventory<'_> {
    /// Argument `index`, 0 being the keyword; a missing one is empty.
    pub fn arg(&self, index: usize) -> &str {
        text::arg(self.args, index)
    }

    /// Reports a text with the node in front.
    pub fn say(&self, text: &str) {
        self.context.print_ln(format!("{}: {text}", self.node));
    }

    /// Runs a command on the zHCP, kind A.
    pub async fn run(&self, command: &str) -> Outcome {
        self.zhcp.run(self.context, command).await
    }

    /// Output of `smcli {words}`, whatever its exit status.
    pub async fn smcli(&self, words: &str) -> String {
        self.run(&Zhcp::smcli(words)).await.stdout
    }

    /// Output of a command; a failure is reported under this function's name and is `None`. Release P looks at no
    /// exit status.
    pub async fn checked(&self, command: &str, function: &str) -> Option<String> {
        let line = self.zhcp.line(command);
        let outcome = self.context.sh(&line).await;
        if self.context.settings().release == crate::seam::Release::P {
            return Some(outcome.stdout);
        }
        match check_ssh_rc(&outcome, function, &line, &self.zhcp.host, Some(self.node)) {
            Some(text) => {
                self.context.print_ln(text);
                None
            }
            None => Some(outcome.stdout),
        }
    }
}

/// Runs the command on one hypervisor node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(zhcp) = Zhcp::of(context, node) else {
        context.print_ln(format!("{node}: (Error) Missing node zHCP"));
        return;
    };
    let hcp_userid = zhcp.userid(context).await;
    zhcp.run_timed(context, "/sbin/modprobe vmcp").await;
    let inventory = Inventory {
        context,
        node,
        zhcp,
        hcp_userid,
        args,
    };
    if let Some(output) = query(&inventory).await {
        context.print_ln(append_hostname(node, &output));
    }
}

/// Text of the option meant; `None` when it has reported everything itself.
async fn query(inventory: &Inventory<'_>) -> Option<String> {
    let user = &inventory.hcp_userid;
    let count = inventory.args.len();
    let (a, b, c) = (inventory.arg(1), inventory.arg(2), inventory.arg(3));
    let words = match inventory.arg(0) {
        "config" => return system_info::config(inventory).await,
        "all" => return system_info::all(inventory).await,
        "--diskpoolnames" => return disk_pools::names(inventory).await,
        "--diskpoolspace" => return disk_pools::space(inventory).await,
        "--diskpool" => return Some(disk_pools::extents(inventory).await),
        "--fcpdevices" => return fcp_devices::devices(inventory).await,
        "--luns" => return fcp_devices::luns(inventory).await,
        "--wwpns" => return fcp_devices::wwpns(inventory).await,
        "--networknames" | "--getnetworknames" => {
            return Some(networks::names(inventory).await);
        }
        "--network" | "--getnetwork" => return Some(networks::details(inventory).await),
        "--zfcppool" => {
            zfcp_pools::rows(inventory).await;
            return None;
        }
        "--zfcppoolnames" => return Some(zfcp_pools::names(inventory).await),
        "--userprofilenames" if count == 1 => return Some(profiles(inventory).await),
        "--freefcp" if count == 2 => {
            format!("System_FCP_Free_Query -T {user} -k fcp_dev={a}")
        }
        "--scsidisk" if count == 2 => {
            format!("System_SCSI_Disk_Query -T {user} -k dev_num={a}")
        }
        "--systemdisk" if count == 2 => format!("System_Disk_Query -T {user} -k dev_num={a}"),
        "--systemdiskaccessibility" if count == 2 => {
            format!("System_Disk_Accessibility -T {user} -k dev_num={a}")
        }
        "--freefcp"
        | "--scsidisk"
        | "--systemdisk"
        | "--systemdiskaccessibility"
        | "--userprofilenames" => {
            inventory.say("(Error) Wrong number of parameters");
            return None;
        }
        "--ssi" => "SSI_Query".to_owned(),
        "--smapilevel" => format!("Query_API_Functional_Level -T {user}"),
        "--vlanstats" => {
            let version = if count == 5 {
                format!(" -k fmt_version={}", inventory.arg(4))
            } else {
                String::new()
            };
            format!(
                "Virtual_Network_VLAN_Query_Stats -T {user} -k VLAN_id={a} -k userid={b} -k device={c}{version}"
            )
        }
        "--vswitchstats" => {
            let version = if count == 3 {
                format!(" -k fmt_version={b}")
            } else {
                String::new()
            };
            format!("Virtual_Network_Vswitch_Query_Stats -T {user} -k switch_name={a}{version}")
        }
        "--responsedata" => format!("Response_Recovery -T {user} -k {a}"),
        _ => {
            inventory.say("(Error) Option not supported");
            return None;
        }
    };
    Some(inventory.smcli(&words).await)
}

/// Names of the directory profiles: the leading letters of each line, so that a name is cut at its first digit (Q53).
async fn profiles(inventory: &Inventory<'_>) -> String {
    let answer = inventory
        .smcli(&format!(
            "Directory_Manager_Search_DM -T {} -s PROFILE",
            inventory.hcp_userid
        ))
        .await;
    let cuts_at_digit = inventory.context.settings().quirk("Q53");
    let mut names = String::new();
    for line in answer.lines().filter(|line| is_true(line)) {
        let name = if cuts_at_digit {
            line.split(|c: char| !c.is_ascii_alphabetic()).next()
        } else {
            line.split(':').next()
        };
        names.push_str(name.unwrap_or_default());
        names.push('\n');
    }
    names
}
