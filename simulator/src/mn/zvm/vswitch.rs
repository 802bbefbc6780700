//! Virtual switches: which of them a zHCP is on, who may use them (`zvmCPUtils.pm`; spec: guests 3.10, 10.3, 11).

use super::remote::{TIMEOUT, Zhcp, check_ssh_rc};
use super::text;
use crate::mn::Context;
use crate::seam::Release;

/// `vmcp q v nic` of a zHCP.
pub const QUERY_NICS: &str = "/sbin/vmcp q v nic";

/// Networks of a zHCP, each once, in the order of its adapters: the fifth word of a line with a LAN or a switch.
pub async fn network_names(context: &Context, zhcp: &Zhcp) -> Vec<String> {
    let answer = zhcp.run_timed(context, QUERY_NICS).await.stdout;
    if text::is_bad(&answer) {
        return Vec::new();
    }
    let mut names = Vec::new();
    for line in answer.lines() {
        let is_network = text::contains_ignoring_case(line, "VSWITCH")
            || text::contains_ignoring_case(line, "LAN");
        let name = text::word(line, 4);
        if is_network && name != "None" && !name.is_empty() && !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Networks as [`network_names`] finds them, one for each adapter; the error is the text for a failed query.
pub async fn networks_checked(
    context: &Context,
    zhcp: &Zhcp,
    function: &str,
    node: &str,
) -> Result<Vec<String>, String> {
    let line = zhcp.line_with(TIMEOUT, QUERY_NICS);
    let outcome = context.sh(&line).await;
    if let Some(message) = check_ssh_rc(&outcome, function, &line, &zhcp.host, Some(node)) {
        return Err(message);
    }
    Ok(outcome
        .stdout
        .lines()
        .filter(|line| {
            text::contains_ignoring_case(line, "VSWITCH")
                || text::contains_ignoring_case(line, "LAN")
        })
        .map(|line| text::word(line, 4).to_owned())
        .collect())
}

/// Switches of a zHCP, one for each of its adapters that is on a switch.
pub async fn switches(context: &Context, zhcp: &Zhcp) -> Vec<String> {
    let query = if context.settings().release != Release::P {
        QUERY_NICS.to_owned()
    } else {
        format!("{QUERY_NICS} | grep \\\"VSWITCH\\\"")
    };
    let answer = zhcp.run_timed(context, &query).await.stdout;
    answer
        .lines()
        .filter(|line| line.contains("VSWITCH"))
        .map(|line| text::word(line, 4).to_owned())
        .collect()
}

/// Grants a guest access to a switch: `Done` or the failure, with a newline. The keys for port type and VLAN never
/// get there; in their place stands a bare number (GQ7).
pub async fn grant(
    context: &Context,
    zhcp: &Zhcp,
    userid: &str,
    switch: &str,
    port_type: &str,
    vlan: &str,
) -> String {
    let extra = if context.settings().quirk("GQ7") {
        match (port_type, vlan) {
            ("", "") => String::new(),
            (_, "") => "0".to_owned(),
            (_, vlan) => text::show_number(text::number(vlan)),
        }
    } else {
        let mut keys = Vec::new();
        if !port_type.is_empty() {
            keys.push(format!("-k 'user_port_type='{port_type}"));
        }
        if !vlan.is_empty() {
            keys.push(format!("-k 'user_vlan_id='{vlan}"));
        }
        keys.join(" ")
    };
    let words = format!(
        "Virtual_Network_Vswitch_Set_Extended -T SYSTEM -k 'switch_name='{switch} -k 'grant_userid='{userid} -k 'persist=YES' {extra}"
    );
    judged(&zhcp.run(context, &Zhcp::smcli(&words)).await.stdout)
}

/// Takes a guest's access to a switch away: `Done` or the failure, with a newline.
pub async fn revoke(context: &Context, zhcp: &Zhcp, userid: &str, switch: &str) -> String {
    let words = format!(
        "Virtual_Network_Vswitch_Set_Extended -T SYSTEM -k 'switch_name='{switch} -k 'revoke_userid='{userid} -k 'persist=YES'"
    );
    judged(&zhcp.run(context, &Zhcp::smcli(&words)).await.stdout)
}

fn judged(answer: &str) -> String {
    if answer.contains("Done") {
        "Done\n".to_owned()
    } else {
        format!("Failed Error output: {answer}\n")
    }
}
