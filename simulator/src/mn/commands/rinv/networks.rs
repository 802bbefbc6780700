//! `--networknames` and `--network`: from SMAPI, or from CP when the `zvm` table has a row for the zHCP's own name
//! (spec: scsi-pools 4.7, 4.8).

use std::fmt::Write as _;

use super::hypervisor::Inventory;
use crate::mn::zvm::Zhcp;
use crate::mn::zvm::text::{is_true, word};
use crate::seam::Release;

/// `--networknames`.
pub async fn names(inventory: &Inventory<'_>) -> String {
    if is_cp(inventory) {
        let query = if inventory.context.settings().release == Release::P {
            "/sbin/vmcp q lan | egrep \\\"LAN|VSWITCH\\\""
        } else {
            "/sbin/vmcp q lan"
        };
        let answer = cp(inventory, query).await;
        return names_of_cp(&answer);
    }
    match smapi_names(inventory).await {
        Ok(names) => names,
        Err(text) => text,
    }
}

/// `--network [name [type]]`.
pub async fn details(inventory: &Inventory<'_>) -> String {
    let name = inventory.arg(1);
    if is_cp(inventory) {
        let command = if is_true(name) && name != "all" {
            format!("/sbin/vmcp q lan {name}")
        } else {
            "/sbin/vmcp q lan".to_owned()
        };
        return cp(inventory, &command).await;
    }
    let user = match smapi_user(inventory).await {
        Ok(user) => user,
        Err(text) => return text,
    };
    let name = if name == "all" { "*" } else { name };
    let result = if inventory.arg(2).contains("VSWITCH") {
        let words = format!("-T {user} -k 'switch_name='{name} -k 'VEPA_STATUS=YES'");
        smapi(
            inventory,
            "Virtual_Network_Vswitch_Query_Extended",
            &words,
            &user,
            "Failed to",
        )
        .await
    } else {
        let words = format!("-T {user} -n {name} -o '*' ");
        smapi(
            inventory,
            "Virtual_Network_LAN_Query",
            &words,
            &user,
            "unable to",
        )
        .await
    };
    result.unwrap_or_else(|text| text)
}

/// Whether CP is asked: some row of the `zvm` table has the zHCP's name as its node.
fn is_cp(inventory: &Inventory<'_>) -> bool {
    inventory.context.tables(|tables| {
        tables
            .get("zvm", "node", &inventory.zhcp.host, "node")
            .is_some()
    })
}

/// Output of a CP query.
async fn cp(inventory: &Inventory<'_>, command: &str) -> String {
    let context = inventory.context;
    // The zHCP's user ID is looked up once more and not used.
    inventory.zhcp.userid(context).await;
    inventory.zhcp.run_timed(context, command).await.stdout
}

/// The zHCP's user ID, looked up once more; `Err` is the text to show.
async fn smapi_user(inventory: &Inventory<'_>) -> Result<String, String> {
    let user = inventory.zhcp.userid(inventory.context).await;
    if user.is_empty() {
        let host = &inventory.zhcp.host;
        return Err(format!("{host}: (Error) Missing node HCP. Userid: "));
    }
    Ok(user)
}

/// Output of a SMAPI query; `Err` is the text to show.
async fn smapi(
    inventory: &Inventory<'_>,
    api: &str,
    words: &str,
    user: &str,
    verb: &str,
) -> Result<String, String> {
    let outcome = inventory.run(&Zhcp::smcli(&format!("{api} {words}"))).await;
    match outcome.rc {
        0 => Ok(outcome.stdout),
        255 => Err(format!(
            "(Error) {verb} communicate with the zhcp system: {user}"
        )),
        rc => Err(format!(
            "(Error) Error trying to execute smcli {api}. rc:{rc} Output:{}",
            outcome.stdout
        )),
    }
}

async fn smapi_names(inventory: &Inventory<'_>) -> Result<String, String> {
    let user = smapi_user(inventory).await?;
    let switches = smapi(
        inventory,
        "Virtual_Network_Vswitch_Query_Extended",
        &format!("-T {user} -k 'switch_name=*'"),
        &user,
        "Failed to",
    )
    .await?;
    let lans = smapi(
        inventory,
        "Virtual_Network_LAN_Query",
        &format!("-T {user} -n '*' -o '*'"),
        &user,
        "Failed to",
    )
    .await?;
    Ok(names_of_smapi(&switches, &lans))
}

/// All virtual switches, then the LANs that are none.
fn names_of_smapi(switches: &str, lans: &str) -> String {
    let value = |line: &str, label: &str| {
        line.trim_start()
            .strip_prefix(label)
            .map(|rest| rest.trim().to_owned())
    };
    let switches: Vec<String> = switches
        .lines()
        .filter_map(|line| value(line, "switch_name:"))
        .collect();
    let mut out: String = switches
        .iter()
        .map(|name| format!("VSWITCH SYSTEM {name}\n"))
        .collect::<Vec<_>>()
        .concat();
    let (mut name, mut owner) = (String::new(), String::new());
    for line in lans.lines() {
        if let Some(text) = value(line, "Name:") {
            name = text;
        } else if let Some(text) = value(line, "Owner:") {
            owner = text;
        } else if let Some(kind) = value(line, "LAN type:")
            && !switches.contains(&name)
        {
            let kind = if kind.contains("QDIO") {
                "QDIO"
            } else {
                "HIPERS"
            };
            let _ = writeln!(out, "LAN:{kind} {owner} {name}");
        }
    }
    out
}

/// LANs and virtual switches in CP's order.
fn names_of_cp(answer: &str) -> String {
    let mut out = String::new();
    for line in answer.lines() {
        let (owner, name) = (word(line, 1), word(line, 2));
        match word(line, 0) {
            "VSWITCH" => {
                let _ = writeln!(out, "VSWITCH {owner} {name}");
            }
            "LAN" => {
                let is_hipers = line
                    .split_once("Type:")
                    .is_some_and(|(_, rest)| rest.trim_start().starts_with("HIPERS"));
                let kind = if is_hipers { "HIPERS" } else { "QDIO" };
                let _ = writeln!(out, "LAN:{kind} {owner} {name}");
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_come_first_from_smapi() {
        let switches = "VSWITCH: \n switch_name: VSW1\n";
        let lans = "LAN:\n  Name: GLAN1\n  Owner: SYSTEM\n  LAN type: QDIO NIC\n  Connections:\nLAN:\n  Name: VSW1\n  Owner: SYSTEM\n  LAN type: QDIO NIC\nLAN:\n  Name: H\n  Owner: TCPIP\n  LAN type: HiperSockets NIC\n";
        assert_eq!(
            names_of_smapi(switches, lans),
            "VSWITCH SYSTEM VSW1\nLAN:QDIO SYSTEM GLAN1\nLAN:HIPERS TCPIP H\n"
        );
    }

    #[test]
    fn cp_gives_its_own_order() {
        let answer = "LAN SYSTEM GLAN1    Type: QDIO    Connected: 2\n  PERSISTENT\nLAN TCPIP H1   Type: HIPERS  Connected: 2\nVSWITCH SYSTEM V1 Type: QDIO\n";
        assert_eq!(
            names_of_cp(answer),
            "LAN:QDIO SYSTEM GLAN1\nLAN:HIPERS TCPIP H1\nVSWITCH SYSTEM V1\n"
        );
    }
}
