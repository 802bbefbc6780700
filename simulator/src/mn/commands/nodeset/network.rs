//! The network that an installation uses: adapter, layer, address, subnet (spec: guests 13.1).

use std::net::Ipv4Addr;

use super::run::Boot;
use crate::mn::zvm::target::Target;
use crate::mn::zvm::text::{self, contains_ignoring_case};
use crate::mn::zvm::{Zhcp, fcp, local, vswitch};

/// What the installer is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    pub ip: String,
    pub hostname: String,
    /// Name of the LAN or switch.
    pub nic: String,
    /// Address of the adapter's first device.
    pub channel: u64,
    /// 2 or 3.
    pub layer: u8,
    /// Of layer 2 only.
    pub mac: String,
    pub net: String,
    pub mask: String,
    pub gateway: String,
    pub nameserver: String,
}

impl Network {
    /// The adapter's three devices, as bus ids.
    pub(super) fn channels(&self) -> [String; 3] {
        [0, 1, 2].map(|offset| format!("0.0.{:04X}", self.channel + offset))
    }

    /// Broadcast address of the subnet.
    pub(super) fn broadcast(&self) -> String {
        let ip = self.ip.parse::<Ipv4Addr>().map_or(0, u32::from);
        let mask = self.mask.parse::<Ipv4Addr>().map_or(0, u32::from);
        Ipv4Addr::from((ip & mask) | !mask).to_string()
    }
}

/// Collects it all; `None` when something that is missing was reported.
pub(super) async fn find(boot: &Boot<'_>, dhcp: bool) -> Option<Network> {
    let (ip, hostname) = address(boot)?;
    let mut network = Network {
        ip,
        hostname,
        ..Network::default()
    };
    adapter(boot, &mut network, dhcp).await;
    if dhcp && network.layer != 2 {
        boot.say("(Error) The template selected uses DHCP. A layer 2 VSWITCH or GLAN is required. None were found.");
        boot.say("(Solution) Modify the template to use <bootproto>static</bootproto> or change the network device attached to virtual machine");
        return None;
    }
    if network.nic.is_empty() || network.channel == 0 || network.layer == 0 {
        return boot.fail("No suitable network device found in user directory entry");
    }
    boot.say(&format!(
        "Setting up networking on {} (layer:{} | DHCP:{})",
        network.nic,
        network.layer,
        u8::from(dhcp)
    ));
    if network.layer == 2 {
        let Some(mac) = boot.context.column("mac", boot.node, "mac") else {
            return boot.fail("Missing MAC address of node");
        };
        network.mac = mac;
    }
    subnet(boot, &mut network)?;
    Some(network)
}

/// Address and full name of the node in `/etc/hosts`.
fn address(boot: &Boot<'_>) -> Option<(String, String)> {
    let hosts = local::read(boot.context, "/etc/hosts").unwrap_or_default();
    let node = boot.node;
    let names = |line: &str| {
        text::find_ignoring_case(line, node).is_some_and(|at| line.len() > at + node.len())
    };
    let line = hosts.lines().find(|line| names(line)).unwrap_or_default();
    let hostname = match text::word(line, 2) {
        "" => text::word(line, 1),
        name => name,
    };
    let ip = text::word(line, 0);
    if ip.is_empty() || hostname.is_empty() {
        let none = boot.fail(&format!("Missing IP for {node} in /etc/hosts"));
        boot.say("(Solution) Verify that the nodes IP address is specified in the hosts table and then run makehosts");
        return none;
    }
    Some((ip.to_owned(), hostname.to_owned()))
}

/// The adapter of `noderes.primarynic`, else the first that is on a network of the zHCP.
async fn adapter(boot: &Boot<'_>, network: &mut Network, dhcp: bool) {
    let Boot { context, node, .. } = boot;
    let Target { zhcp, userid } = &boot.target;
    let primary = context.column("noderes", node, "primarynic");
    let candidates = if let Some(primary) = &primary {
        vec![primary.clone()]
    } else {
        boot.say("Searching for acceptable network device");
        vswitch::network_names(context, zhcp).await
    };
    let entry = statements(boot, zhcp, userid).await;
    for candidate in candidates {
        let nicdef = entry.iter().find(|line| {
            line.contains("NICDEF") && contains_ignoring_case(line, &format!(" {candidate}"))
        });
        let Some(nicdef) = nicdef else {
            continue;
        };
        let layer = layer(boot, zhcp, &candidate).await;
        if primary.is_none() && dhcp && layer != 2 {
            continue;
        }
        network.nic = candidate;
        network.layer = layer;
        network.channel = fcp::hex(text::word(nicdef, 1));
        return;
    }
}

/// Statements of the directory entry and of the profile that it includes.
async fn statements(boot: &Boot<'_>, zhcp: &Zhcp, userid: &str) -> Vec<String> {
    let smcli = Zhcp::smcli(&format!("Image_Query_DM -T {userid}"));
    let entry = zhcp.run(boot.context, &smcli).await.stdout;
    let mut lines: Vec<String> = text::lines(&entry)
        .iter()
        .map(|l| (*l).to_owned())
        .collect();
    lines.pop();
    let profile = lines
        .iter()
        .find(|line| line.contains("INCLUDE"))
        .map(|line| text::word(line, 1).to_owned());
    if let Some(profile) = profile {
        let text = user_profile(boot, zhcp, &profile).await;
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

/// A profile, kept on the zHCP for five minutes (`zvmUtils.pm getUserProfile`; spec: guests 3.8).
async fn user_profile(boot: &Boot<'_>, zhcp: &Zhcp, profile: &str) -> String {
    const CACHE: &str = "/var/opt/zhcp/cache";
    const SECONDS: f64 = 300.0;
    let context = boot.context;
    let probe = format!("test -d {CACHE} && echo Exists");
    if zhcp.run(context, &probe).await.stdout.is_empty() {
        zhcp.run(context, &format!("mkdir -p {CACHE}")).await;
    }
    let file = format!("{CACHE}/{profile}.profile");
    let is_kept = !zhcp
        .run(context, &format!("ls {file}"))
        .await
        .stdout
        .is_empty();
    let is_fresh = is_kept && {
        let changed = zhcp
            .run(context, &format!("stat -c %Z {file}"))
            .await
            .stdout;
        let now = context.local(|world| world.now_ms) as f64 / 1000.0;
        now <= text::number(&changed) + SECONDS
    };
    if !is_fresh {
        let query = Zhcp::smcli(&format!("Profile_Query_DM -T {profile} > {file}"));
        zhcp.run(context, &query).await;
    }
    zhcp.run(context, &format!("cat {file}")).await.stdout
}

/// Layer of a network: 2 when CP says that it carries Ethernet frames, 3 otherwise; 0 when it says nothing.
async fn layer(boot: &Boot<'_>, zhcp: &Zhcp, name: &str) -> u8 {
    let query = format!("/sbin/vmcp q lan {name}");
    let answer = zhcp.run_timed(boot.context, &query).await.stdout;
    if answer.is_empty() {
        0
    } else if answer.contains("ETHERNET") {
        2
    } else {
        3
    }
}

/// The subnet of the `networks` table that has the node's address.
fn subnet(boot: &Boot<'_>, network: &mut Network) -> Option<()> {
    let found = crate::mn::commands::mkvm::subnet_of(boot.context, &network.ip);
    let Some((net, mask)) = found else {
        let none = boot.fail("Node does not belong to any network in the networks table");
        boot.say("(Solution) Specify the subnet in the networks table. The mask, gateway, tftpserver, and nameservers must be specified for the subnet.");
        return none;
    };
    let column = |column| {
        boot.context.tables(|tables| {
            tables
                .get("networks", "net", &net, column)
                .unwrap_or_default()
                .to_owned()
        })
    };
    network.gateway = column("gateway");
    network.nameserver = match column("nameservers").as_str() {
        "<xcatmaster>" => local::site(boot.context, "master").unwrap_or_default(),
        servers => servers.to_owned(),
    };
    network.net = net;
    network.mask = mask;
    if network.mask.is_empty() || network.nameserver.is_empty() {
        let none = boot.fail("Missing network information");
        boot.say("(Solution) Specify the mask, gateway, and nameservers for the subnet in the networks table");
        return none;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn channels_follow_one_another() {
        let network = Network {
            channel: 0x600,
            ip: "10.1.2.3".into(),
            mask: "255.255.255.0".into(),
            ..Network::default()
        };
        assert_eq!(network.channels(), ["0.0.0600", "0.0.0601", "0.0.0602"]);
        assert_eq!(network.broadcast(), "10.1.2.255");
    }
}
