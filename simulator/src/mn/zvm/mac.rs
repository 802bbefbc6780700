//! MAC addresses for new guests: the z/VM system's prefix and a counter on the zHCP (`zvmUtils.pm getMacID`,
//! `generateMacId`, `createMacAddr`; spec: guests 10.3).

use super::remote::{TIMEOUT, Zhcp, check_ssh_rc};
use super::text;
use crate::mn::Context;
use crate::seam::Release;

/// Folder of the counter on a zHCP.
const CONF: &str = "/opt/zhcp/conf";
/// The counter: the next suffix, six hex digits.
const COUNTER: &str = "/opt/zhcp/conf/next_macid";
/// Where it begins; it counts down.
const FIRST: &str = "FFFFF0";

/// Why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMac {
    /// The failure has been reported.
    Reported,
    /// The counter is empty.
    Counter,
}

/// Suffix of the node's MAC address: that of the `mac` table, or of a new address, which is kept there at once (GQ40).
/// `function` names the caller in the text for a failed query.
pub async fn suffix_of(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    function: &str,
) -> Result<String, NoMac> {
    if let Some(mac) = context.column("mac", node, "mac") {
        return Ok(suffix(&mac));
    }
    load_vmcp(context, zhcp).await;
    let prefix = prefix(context, zhcp, node, function).await?;
    loop {
        let id = next_id(context, zhcp, false).await;
        if !text::is_true(&id) {
            return Err(NoMac::Counter);
        }
        let mac = format(&format!("{prefix}{id}"));
        let is_taken =
            context.tables(|tables| tables.find("mac", &[("mac", &mac)]).next().is_some());
        if !is_taken {
            keep(context, node, &mac);
        }
        count(context, zhcp).await;
        if !is_taken {
            return Ok(id);
        }
    }
}

/// Stores a node's address.
pub fn keep(context: &Context, node: &str, mac: &str) {
    context.tables_mut(|tables| tables.set("mac", "node", node, &[("mac", mac)]));
}

/// What follows the first six digits of an address.
pub fn suffix(mac: &str) -> String {
    mac.replace(':', "").chars().skip(6).collect()
}

/// Loads the vmcp module on the zHCP; without sudo and whatever comes of it.
pub async fn load_vmcp(context: &Context, zhcp: &Zhcp) {
    let line = format!(
        "ssh {TIMEOUT} {}@{} \"/sbin/modprobe vmcp\"",
        zhcp.user, zhcp.host
    );
    context.sh(&line).await;
}

/// The system's prefix for addresses of guests, else that of its own.
async fn prefix(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    function: &str,
) -> Result<String, NoMac> {
    let line = zhcp.line_with(TIMEOUT, "/sbin/vmcp q vmlan");
    let outcome = context.sh(&line).await;
    if context.settings().release != Release::P
        && let Some(message) = check_ssh_rc(&outcome, function, &line, &zhcp.host, Some(node))
    {
        context.print_ln(message);
        return Err(NoMac::Reported);
    }
    let mut prefix = prefix_in(&outcome.stdout, "USER Prefix:");
    if prefix.is_empty() {
        // The oldest release asks once more.
        let again = match context.settings().release {
            Release::E | Release::M => outcome,
            Release::P => context.sh(&line).await,
        };
        prefix = prefix_in(&again.stdout, "MACADDR Prefix:");
    }
    if prefix.is_empty() {
        context.print_ln(format!(
            "{node}: (Error) Could not find the MACADDR/USER prefix of the z/VM system"
        ));
        context.print_ln(format!(
            "{node}: (Solution) Verify that the node's zHCP({}) is correct, the node is online, and the SSH keys are setup for the zHCP",
            zhcp.host
        ));
        return Err(NoMac::Reported);
    }
    Ok(prefix)
}

/// What follows a label in the line that has it.
fn prefix_in(answer: &str, label: &str) -> String {
    answer
        .lines()
        .find_map(|line| {
            let at = text::find_ignoring_case(line, label)?;
            Some(line[at + label.len()..].trim().to_owned())
        })
        .unwrap_or_default()
}

/// An address with a zero in front if it is short, and colons.
pub fn format(digits: &str) -> String {
    let digits = if digits.len() == 12 {
        digits.to_owned()
    } else {
        format!("0{digits}")
    };
    let pair = |index: usize| digits.get(2 * index..2 * index + 2).unwrap_or_default();
    (0..6).map(pair).collect::<Vec<_>>().join(":")
}

/// The counter's value; the file is made when it is missing.
pub async fn next_id(context: &Context, zhcp: &Zhcp, open_to_all: bool) -> String {
    let has_directory = zhcp
        .run_timed(
            context,
            &format!("test -d {CONF} && echo 'Directory exists'"),
        )
        .await
        .stdout
        .contains("Directory exists");
    let mut is_missing = true;
    if has_directory {
        is_missing = !zhcp
            .run_timed(context, &format!("test -e {COUNTER} && echo 'File exists'"))
            .await
            .stdout
            .contains("File exists");
    } else {
        zhcp.run_timed(context, &format!("mkdir {CONF}")).await;
    }
    if is_missing {
        zhcp.run_timed(context, &format!("echo '{FIRST}' > {COUNTER}"))
            .await;
        if open_to_all {
            zhcp.run_timed(context, &format!("/bin/chmod 666 {COUNTER}"))
                .await;
        }
    }
    let id = zhcp.run_timed(context, &format!("cat {COUNTER}")).await;
    id.stdout.trim().to_owned()
}

/// Counts down by one.
pub async fn count(context: &Context, zhcp: &Zhcp) {
    let id = next_id(context, zhcp, true).await;
    if text::is_true(&id) {
        let next = super::fcp::hex(&id).wrapping_sub(1);
        zhcp.run_timed(context, &format!("echo {next:X} > {COUNTER}"))
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "VMLAN maintenance level:\n  MACADDR Prefix: 02000A USER Prefix: 02000B\n";

    #[test]
    fn prefixes_stand_behind_their_labels() {
        assert_eq!(prefix_in(ANSWER, "USER Prefix:"), "02000B");
        assert_eq!(
            prefix_in("MACADDR Prefix: 020001\n", "MACADDR Prefix:"),
            "020001"
        );
        assert_eq!(prefix_in("", "USER Prefix:"), "");
    }

    #[test]
    fn addresses_have_colons() {
        assert_eq!(format("02000BFFFFF0"), "02:00:0B:FF:FF:F0");
        assert_eq!(format("2000BFFFFF0"), "02:00:0B:FF:FF:F0");
        assert_eq!(suffix("02:00:0B:FF:FF:F0"), "FFFFF0");
    }
}
