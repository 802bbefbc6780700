//! `lsvm`: the directory entry of a virtual machine, and some questions that are handed on to the hypervisor's
//! inventory (spec: guests 8).

use super::rinv;
use crate::mn::Context;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::guest::status_of;
use crate::mn::zvm::text::{append_hostname, arg, contains_ignoring_case};

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(zhcp) = Zhcp::of(context, node) else {
        context.print_ln(format!("{node}: (Error) Missing node HCP"));
        return;
    };
    let Some(userid) = context.column("zvm", node, "userid") else {
        context.print_ln(format!("{node}: (Error) Missing user ID"));
        return;
    };
    let userid = userid.to_uppercase();
    let words = match arg(args, 0) {
        "" => {
            if let Some(entry) = directory_entry(context, node, &zhcp, &userid).await {
                context.print_ln(append_hostname(node, &entry));
            }
            return;
        }
        "--checknics" => return check_nics(context, node, &zhcp, &userid, args).await,
        "--querydisk" => format!("Image_Disk_Query -T {userid} -k {}", arg(args, 1)),
        "--queryalldisks" => {
            "System_Disk_Query -T MAINT -k dev_num=ALL -k disk_size=YES".to_owned()
        }
        "--querypagevolumes" => "System_Page_Utilization_Query -T MAINT".to_owned(),
        "--queryspoolvolumes" => "System_Spool_Utilization_Query -T MAINT".to_owned(),
        "--diskpool" | "--diskpoolnames" | "--getnetworknames" | "--getnetwork"
        | "--userprofilenames" | "--zfcppool" | "--zfcppoolnames" => {
            rinv::hypervisor(context, node, args).await;
            if context.settings().quirk("GQ34") {
                context.print_ln("");
            }
            return;
        }
        _ => {
            let mut text = "(Error) Option not supported".to_owned();
            if context.settings().quirk("GQ34") {
                text = format!("{node}: {text}");
            }
            return context.print_ln(append_hostname(node, &text));
        }
    };
    let output = zhcp.run(context, &Zhcp::smcli(&words)).await.stdout;
    context.print_ln(append_hostname(node, &output));
}

/// The directory entry up to the directory manager's own comment; `None` when a failure was reported.
async fn directory_entry(
    context: &Context,
    node: &str,
    zhcp: &Zhcp,
    userid: &str,
) -> Option<String> {
    let words = format!("Image_Query_DM -T {userid}");
    let outcome = zhcp.run(context, &Zhcp::smcli(&words)).await;
    match outcome.rc {
        0 => {
            let entry = outcome
                .stdout
                .find("*DVHOPT")
                .map_or(outcome.stdout.as_str(), |at| &outcome.stdout[..at]);
            Some(entry.to_owned())
        }
        255 => {
            context.print_ln(format!(
                "{node}: (Error) unable to communicate with the zhcp system: {}",
                zhcp.host
            ));
            None
        }
        _ => {
            context.print_ln(format!("{node}: (Error) calling smcli {words}"));
            None
        }
    }
}

/// `--checknics vdev`: whether the directory entry has a NIC with this address on a LAN of SYSTEM.
async fn check_nics(context: &Context, node: &str, zhcp: &Zhcp, userid: &str, args: &[String]) {
    let Some(entry) = directory_entry(context, node, zhcp, userid).await else {
        return;
    };
    let fail = |text: String| context.print_ln(format!("{node}: (Error) {text}"));
    if !status_of(context, node).contains("CLONE_ONLY=1") {
        if args.len() != 2 {
            return fail("Nodename and only one NIC address must be input".to_owned());
        }
        let address = arg(args, 1);
        if !address.starts_with(|c: char| c.is_ascii_hexdigit()) {
            return fail(format!("input NIC param {address} invalid"));
        }
        if !entry.lines().any(|line| is_nic(line, address)) {
            return fail(format!("not able to find {address} in user direct"));
        }
    }
    context.print_ln("");
}

/// Whether a statement defines a NIC with this address on a LAN of SYSTEM; leading zeros do not count.
fn is_nic(statement: &str, address: &str) -> bool {
    let mut words = statement.split_ascii_whitespace();
    let is_nicdef = words
        .next()
        .is_some_and(|w| w.eq_ignore_ascii_case("NICDEF"));
    let stripped = |text: &str| text.trim_start_matches('0').to_ascii_lowercase();
    is_nicdef
        && words
            .next()
            .is_some_and(|w| stripped(w) == stripped(address))
        && contains_ignoring_case(statement, "TYPE QDIO LAN SYSTEM ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nics_are_found_by_address() {
        let statement = "NICDEF 0600 TYPE QDIO LAN SYSTEM XCATVSW2 DEVICES 3";
        assert!(is_nic(statement, "600") && is_nic(statement, "0600"));
        assert!(!is_nic(statement, "0700"));
        assert!(!is_nic("NICDEF 0600 TYPE HIPER LAN SYSTEM X", "0600"));
    }
}
