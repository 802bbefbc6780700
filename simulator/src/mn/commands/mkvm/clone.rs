//! A virtual machine as the copy of another: what is checked, and what happens to the source (`zvm.pm cloneVM`; spec:
//! guests 10.4).

use std::net::Ipv4Addr;

use futures_util::future::join_all;

use super::clone_disks::{SourceDisk, detach, link_all, mdisks};
use super::clone_target::{Outcome, clone};
use crate::mn::Context;
use crate::mn::zvm::guest::{Reachable, Report, execcmdon_vm, ping_node};
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{self, contains_ignoring_case};
use crate::mn::zvm::{Zhcp, fcp, local, mac, vswitch};
use crate::seam::RemoteCommand;

/// How many targets are copied at the same time; SMAPI does not bear more.
const AT_A_TIME: usize = 4;
/// Pause after the source was told to shut down, in seconds.
const SHUTDOWN_PAUSE: u64 = 90;

/// The virtual machine that is copied.
pub(super) struct Source {
    pub node: String,
    pub userid: String,
    pub zhcp: Zhcp,
    pub os: String,
    pub ip: String,
    pub network: String,
    pub mask: String,
    /// Address of the adapter on a network that the zHCP is on too.
    pub nic: String,
    pub switches: Vec<String>,
    pub disks: Vec<SourceDisk>,
}

/// Says a line for every target.
pub(super) fn say_all(context: &Context, nodes: &[String], text: &str) {
    for node in nodes {
        context.print_ln(format!("{node}: {text}"));
    }
}

/// Copies the virtual machine of the first argument.
pub(super) async fn run(context: &Context, nodes: &[String], args: &[String]) {
    let node = text::arg(args, 0);
    if !fcp::dedicates(context, node).await.is_empty() {
        return context.print_ln(format!(
            "{node}: (Error) Dedicate statements found in source directory."
        ));
    }
    let Some(mut source) = check(context, nodes, node).await else {
        return;
    };
    let sizes = source.zhcp.clone();
    source.disks = mdisks(context, &sizes, &source.userid).await;
    if !link_all(
        context,
        nodes,
        &source.zhcp,
        &source.userid,
        &mut source.disks,
    )
    .await
    {
        return;
    }
    if !find_network(context, nodes, &mut source).await {
        return;
    }
    source.switches = vswitch::switches(context, &source.zhcp).await;
    if fetch_entry(context, &source).await {
        shut_down(context, nodes, &source).await;
        let lock = "rm -f /tmp/.flashcopy_lock";
        source.zhcp.run(context, lock).await;
        for batch in nodes.chunks(AT_A_TIME) {
            let outcomes = join_all(
                batch
                    .iter()
                    .map(|target| clone(context, target, &source, args)),
            )
            .await;
            // GQ3: the look-up of a device node never ends, and so the command has no more to say.
            if outcomes.contains(&Outcome::Endless) {
                return;
            }
        }
        local::remove(context, &entry_file(&source.node));
    }
    detach(context, nodes, &source.zhcp, &source.disks).await;
    say_all(context, nodes, "Done");
}

/// Where the source's directory entry is kept while it is copied.
pub(super) fn entry_file(node: &str) -> String {
    format!("/tmp/{node}.txt")
}

/// The source, when it and every target are fit; the first that is not ends the command.
async fn check(context: &Context, nodes: &[String], node: &str) -> Option<Source> {
    let hcp = context.column("zvm", node, "hcp").unwrap_or_default();
    let userid = context.column("zvm", node, "userid").unwrap_or_default();
    let os = context.column("nodetype", node, "os").unwrap_or_default();
    let ip = local::ip_of(context, node).unwrap_or_default();
    let subnet = subnet_of(context, &ip);
    for target in nodes {
        let fail = |text: &str| context.print_ln(format!("{target}: (Error) {text}"));
        context.print_ln(format!("{target}: Cloning {node}"));
        if hcp.is_empty() {
            fail("Missing source node HCP");
            return None;
        }
        if userid.is_empty() {
            fail("Missing source user ID");
            return None;
        }
        if os.is_empty() {
            fail("Missing source operating system");
            return None;
        }
        if subnet.is_none() {
            fail("Missing source IP, network, or mask");
            return None;
        }
        let Some(target_hcp) = context.column("zvm", target, "hcp") else {
            fail("Missing target node HCP");
            return None;
        };
        if context.column("zvm", target, "userid").is_none() {
            fail("Missing target user ID");
            return None;
        }
        if target_hcp != hcp {
            fail("Source and target HCP are not equal");
            context.print_ln(format!(
                "{target}: (Solution) Set the source and target HCP appropriately in the zvm table"
            ));
            return None;
        }
        let zhcp = Zhcp::at(context, target_hcp);
        match mac::suffix_of(context, &zhcp, target, "makeVM").await {
            Ok(_) => {}
            Err(mac::NoMac::Reported) => return None,
            Err(mac::NoMac::Counter) => {
                fail("Could not generate MACID");
                return None;
            }
        }
    }
    let (network, mask) = subnet?;
    Some(Source {
        node: node.to_owned(),
        userid: userid.to_uppercase(),
        zhcp: Zhcp::at(context, hcp),
        os,
        ip,
        network,
        mask,
        nic: String::new(),
        switches: Vec::new(),
        disks: Vec::new(),
    })
}

/// Network and mask of the `networks` table in which an address lies.
pub(in crate::mn::commands) fn subnet_of(context: &Context, ip: &str) -> Option<(String, String)> {
    let ip = u32::from(ip.parse::<Ipv4Addr>().ok()?);
    context.tables(|tables| {
        tables.rows("networks").iter().find_map(|row| {
            let (net, mask) = (row.get("net")?, row.get("mask")?);
            let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
            let net_bits = u32::from(net.parse::<Ipv4Addr>().ok()?);
            (ip & bits == net_bits & bits).then(|| (net.clone(), mask.clone()))
        })
    })
}

/// Finds the source's adapter on a network of the zHCP; without one the disks are given back and the command ends.
async fn find_network(context: &Context, nodes: &[String], source: &mut Source) -> bool {
    let networks = vswitch::network_names(context, &source.zhcp).await;
    let load = format!("{} /sbin/modprobe vmcp", source.zhcp.sudo);
    execcmdon_vm(context, &source.node, &load, Report::Silent).await;
    let words = format!("Image_Definition_Query_DM -T {} -k NICDEF", source.userid);
    let answer = source.zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    for line in answer.lines() {
        let is_on = networks
            .iter()
            .any(|name| contains_ignoring_case(line, &format!("SWITCHNAME={name}")));
        if is_on {
            source.nic = first_value(line);
        }
    }
    if !source.nic.is_empty() {
        return true;
    }
    detach(context, nodes, &source.zhcp, &source.disks).await;
    say_all(
        context,
        nodes,
        "(Error) No suitable network device found in user directory entry",
    );
    let list = networks.join(" ");
    say_all(
        context,
        nodes,
        &format!(
            "(Solution) Verify that the node has one of the following network devices: {list}"
        ),
    );
    false
}

/// First value of a definition: `NICDEF=VDEV=0900 TYPE=QDIO` gives `0900`.
pub(super) fn first_value(definition: &str) -> String {
    let definition = definition
        .trim_start_matches("NICDEF_PROFILE=")
        .trim_start_matches("NICDEF=");
    text::field(text::word(definition, 0), '=', 1).to_owned()
}

/// Fetches the source's entry without its disks; says whether it is one (`zvmUtils.pm getUserEntryWODisk`).
async fn fetch_entry(context: &Context, source: &Source) -> bool {
    let userid = context
        .column("zvm", &source.node, "userid")
        .unwrap_or_default();
    let smcli = Zhcp::smcli(&format!("Image_Query_DM -T {userid}"));
    let answer = source.zhcp.run(context, &smcli).await.stdout;
    let mut lines = text::lines(&answer);
    lines.pop();
    let entry: String = lines
        .iter()
        .filter(|line| !line.contains("MDISK"))
        .map(|line| format!("{}\n", line.trim()))
        .collect::<Vec<_>>()
        .concat();
    local::write(context, &entry_file(&source.node), &entry);
    contains_ignoring_case(&entry, &format!("USER {}", source.userid))
}

async fn shut_down(context: &Context, nodes: &[String], source: &Source) {
    if ping_node(context, &source.node).await == Reachable::Yes {
        let line = format!(
            "ssh -o ConnectTimeout=10 {} \"shutdown -h now\"",
            source.node
        );
        context.sh(&line).await;
        let pause = RemoteCommand::Sleep {
            seconds: SHUTDOWN_PAUSE,
        };
        context.remote(pause).await;
        say_all(context, nodes, &format!("Shutting down {}", source.node));
    }
    let Target { zhcp, userid } = &Target {
        zhcp: source.zhcp.clone(),
        userid: source.userid.clone(),
    };
    let words = format!("Image_Deactivate -T {userid}");
    zhcp.run(context, &Zhcp::smcli(&words)).await;
}

#[cfg(test)]
mod tests {
    use super::first_value;

    #[test]
    fn adapters_are_named_by_their_first_value() {
        assert_eq!(first_value("NICDEF=VDEV=0900 TYPE=QDIO LAN=SYSTEM"), "0900");
        assert_eq!(first_value("NICDEF_PROFILE=VDEV=0800 TYPE=QDIO"), "0800");
        assert_eq!(first_value(""), "");
    }
}
