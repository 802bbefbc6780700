//! Files that go to a guest's virtual reader by way of the zHCP's punch (spec: guests 3.9).

use super::guest::{Report, execcmdon_vm};
use super::os_version;
use super::remote::{TIMEOUT, Zhcp};
use crate::mn::Context;
use crate::seam::{Outcome, RemoteCommand};

/// Pauses after failed copies to the zHCP, in seconds.
const COPY_PAUSES: [u64; 9] = [1, 2, 3, 5, 8, 15, 22, 34, 60];
/// Pause while another program uses the punch, in seconds, and how often it is waited.
const PUNCH_PAUSE: u64 = 15;
const PUNCH_ATTEMPTS: usize = 12;

/// Copies a file of the management node to the zHCP, trying nine times; nobody looks at the result
/// (`zvmUtils.pm sendFile`).
pub async fn send_file(context: &Context, zhcp: &Zhcp, from: &str, to: &str) {
    for seconds in COPY_PAUSES {
        let copy = RemoteCommand::Scp {
            opts: Vec::new(),
            from: vec![from.to_owned()],
            to: format!("{}@{}:{to}", zhcp.user, zhcp.host),
        };
        if context.remote(copy).await.rc == 0 {
            return;
        }
        context.remote(RemoteCommand::Sleep { seconds }).await;
    }
}

/// Makes sure that the zHCP's punch is online; the error is the reason (`zvmUtils.pm onlineZhcpPunch`).
pub async fn online_punch(context: &Context, zhcp: &Zhcp) -> Result<(), String> {
    let status = zhcp
        .run(context, "cat /sys/bus/ccw/drivers/vmur/0.0.000d/online")
        .await;
    let out = status.stdout.trim();
    match status.rc {
        0 if out == "1" => return Ok(()),
        0 => {}
        255 => {
            return Err(
                "Failed to communicate with the zHCP system to get the punch device status"
                    .to_owned(),
            );
        }
        rc => {
            return Err(format!(
                "Failed to online the punch device on zHCP rc: {rc}, out: {out}"
            ));
        }
    }
    let online = zhcp
        .run(context, "/sbin/cio_ignore -r 000d; /sbin/chccwdev -e 000d")
        .await;
    let out = online.stdout.trim();
    let result = match online.rc {
        0 => Ok(()),
        255 => {
            Err("Failed to communicate with the zHCP system to online the punch device".to_owned())
        }
        _ if out.ends_with("Done") => Ok(()),
        rc => Err(format!(
            "Failed to online the zHCP's punch rc: {rc}, out: {out}"
        )),
    };
    zhcp.run(
        context,
        "which udevadm &> /dev/null && udevadm settle || udevsettle",
    )
    .await;
    result
}

/// A file on the zHCP that is to reach a reader.
#[derive(Clone, Copy, Debug)]
pub struct SpoolRequest<'a> {
    /// User id of the reader's owner.
    pub userid: &'a str,
    /// Path of the file on the zHCP.
    pub file: &'a str,
    /// Spool name.
    pub name: &'a str,
    /// Options of the punch program.
    pub options: &'a str,
    /// Spool class; without one the file goes to the guest directly.
    pub class: &'a str,
}

/// Punches a file into a guest's reader: `Done`, or what failed (`zvmUtils.pm punch2Reader`; spec: guests 3.9).
pub async fn punch_to_reader(
    context: &Context,
    zhcp: &Zhcp,
    request: SpoolRequest<'_>,
) -> Result<(), String> {
    let SpoolRequest {
        userid,
        file,
        name,
        options,
        class,
    } = request;
    let os = os_version::get_os_version(context, &zhcp.host).await;
    let vmur = if os.0.contains("sles10") {
        "/sbin/vmur"
    } else {
        "/usr/sbin/vmur"
    };
    let target = if class.is_empty() {
        format!("-u {userid}")
    } else {
        String::new()
    };
    let punch = format!("{vmur} punch {options} {target} -r {file} -N {name}");
    let punched = punch_when_free(context, zhcp, &punch).await?;
    if class.is_empty() {
        return Ok(());
    }
    let id = punched.split(' ').nth(4).unwrap_or_default();
    let change = timed(
        context,
        zhcp,
        &format!("vmcp change rdr {id} class {class}"),
    )
    .await;
    if change.rc != 0 {
        let failed = if change.rc == 255 {
            format!(
                "Failed to communicate with the zHCP system to change the reader file {id} to class {class}: {}",
                zhcp.host
            )
        } else {
            let out = change.stdout.trim();
            format!("Failed, change rdr info rc: {}, out: '{out}'", change.rc)
        };
        return Err(purge_after(context, zhcp, id, failed).await);
    }
    let transfer = timed(
        context,
        zhcp,
        &format!("vmcp transfer rdr {id} to {userid}"),
    )
    .await;
    if transfer.rc != 0 {
        let failed = if transfer.rc == 255 {
            format!(
                "Failed to communicate with the zHCP system to transfer reader file {id}: {}",
                zhcp.host
            )
        } else {
            let out = transfer.stdout.trim();
            format!("Failed, transfer info rc: {}, out: '{out}'", transfer.rc)
        };
        return Err(purge_after(context, zhcp, id, failed).await);
    }
    Ok(())
}

/// Punches, waiting while another program uses the punch.
async fn punch_when_free(context: &Context, zhcp: &Zhcp, punch: &str) -> Result<String, String> {
    for _ in 0..PUNCH_ATTEMPTS {
        let outcome = timed(context, zhcp, punch).await;
        if outcome.rc == 0 {
            return Ok(outcome.stdout);
        }
        if outcome.rc == 255 {
            return Err(format!(
                "Failed to communicate with the zHCP system: {}",
                zhcp.host
            ));
        }
        if !outcome
            .stdout
            .contains("A concurrent instance of vmur is already active")
        {
            let out = outcome.stdout.trim();
            return Err(format!("Failed, punch info: '{out}'"));
        }
        let wait = RemoteCommand::Sleep {
            seconds: PUNCH_PAUSE,
        };
        context.remote(wait).await;
    }
    Err(format!(
        "Failed, Punch in use on {} for over 3 minutes.",
        zhcp.host
    ))
}

async fn timed(context: &Context, zhcp: &Zhcp, command: &str) -> Outcome {
    context.sh(&zhcp.line_with(TIMEOUT, command)).await
}

/// Purges a reader file that could not be handed on, and adds what fails with that.
async fn purge_after(context: &Context, zhcp: &Zhcp, id: &str, failed: String) -> String {
    let purge = timed(context, zhcp, &format!("vmcp purge reader {id}")).await;
    match purge.rc {
        0 => failed,
        255 => format!(
            "{failed}\nFailed to communicate with the zHCP system to purge reader file {id}: {}",
            zhcp.host
        ),
        rc => format!(
            "{failed}\nUnable to purge reader rc: {rc}, out: '{}'",
            purge.stdout.trim()
        ),
    }
}

/// Empties a guest's reader (`zvmCPUtils.pm purgeReader`); nobody checks the result.
pub async fn purge_reader(
    context: &Context,
    zhcp: &Zhcp,
    hcp_userid: &str,
    userid: &str,
) -> String {
    let outcome = if smapi_for_xcat(context, zhcp, hcp_userid).await {
        let words = format!("xCAT_Commands_IUO -T {userid} -c \\\"CMD=PURGE {userid} RDR ALL\\\"");
        zhcp.run(context, &Zhcp::smcli(&words)).await
    } else {
        zhcp.run(context, &format!("/sbin/vmcp purge {userid} rdr all"))
            .await
    };
    outcome.stdout.trim().to_owned()
}

/// Sends a CP command to a guest's console (`zvmCPUtils.pm sendCPCmd`); it returns nothing.
pub async fn send_cp_command(
    context: &Context,
    zhcp: &Zhcp,
    hcp_userid: &str,
    userid: &str,
    command: &str,
) {
    if smapi_for_xcat(context, zhcp, hcp_userid).await {
        let command = command.to_uppercase();
        let words =
            format!("xCAT_Commands_IUO -T {userid} -c \\\"CMD=SEND CP {userid} {command}\\\"");
        zhcp.run(context, &Zhcp::smcli(&words)).await;
    } else {
        zhcp.run(context, &format!("/sbin/vmcp send cp {userid} {command}"))
            .await;
    }
}

/// Whether SMAPI can run CP commands for xCAT (`zvmUtils.pm smapi4xcat`; spec: guests 3.8): old levels must say so,
/// any other answer, also none, counts as yes.
pub async fn smapi_for_xcat(context: &Context, zhcp: &Zhcp, hcp_userid: &str) -> bool {
    let query = Zhcp::smcli(&format!("Query_API_Functional_Level -T {hcp_userid}"));
    let level = zhcp.run(context, &query).await.stdout;
    if !["V6.2", "V6.1", "V5.4"].iter().any(|v| level.contains(v)) {
        return true;
    }
    let probe = Zhcp::smcli(&format!("xCAT_Commands_IUO -T {hcp_userid} -c ''"));
    let answer = zhcp.run(context, &probe).await.stdout;
    answer.contains("Return Code: 8") && answer.contains("Reason Code: 3002")
}

/// Runs `cio_ignore -r` on the zHCP, so that a device becomes visible there.
pub async fn unignore(context: &Context, zhcp: &Zhcp, device: &str) -> Outcome {
    zhcp.run(context, &format!("/sbin/cio_ignore -r {device}"))
        .await
}

/// Makes a device visible in a guest; the result is nobody's concern.
pub async fn unignore_in_guest(context: &Context, zhcp: &Zhcp, node: &str, device: &str) {
    let command = format!("{} /sbin/cio_ignore -r {device}", zhcp.sudo);
    execcmdon_vm(context, node, &command, Report::Silent).await;
}
