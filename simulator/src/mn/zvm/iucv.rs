//! The IUCV way into a guest: a client on the zHCP talks to a server in the guest (spec: guests 3.3, 3.4).

use super::guest::{Report, add_flag, by_ssh, escape_quotes, set_status, status_of};
use super::os_version::{self, RELEASE_FILES};
use super::remote::Zhcp;
use crate::mn::Context;
use crate::seam::{Outcome, RemoteCommand};

/// Folder of the IUCV programs, on zHCP and management node alike.
const IUCV: &str = "/opt/zhcp/bin/IUCV";
/// What the management node must have before a guest can be given a server.
const SERVER_FILES: [&str; 3] = ["iucvserv", "iucvserd", "iucvserd.service"];

/// Runs a command in a guest through its IUCV server (`zvmUtils.pm execcmdthroughIUCV`; spec: guests 3.4): the trimmed
/// output, `Done` in place of an empty one, or a text that begins with `(Error) `.
pub async fn run(
    context: &Context,
    zhcp: &Zhcp,
    userid: &str,
    command: &str,
    report: Report,
) -> String {
    let line = format!(
        "ssh {}@{} \"{IUCV}/iucvclnt {userid} '{}'\"",
        zhcp.user,
        zhcp.host,
        escape_quotes(command)
    );
    let outcome = context.sh(&line).await;
    let output = outcome.stdout.trim();
    if outcome.rc == 0 {
        return if output.is_empty() {
            "Done".to_owned()
        } else {
            output.to_owned()
        };
    }
    let Some(message) = failure(&outcome, output) else {
        return "(Error) ".to_owned();
    };
    report.error(context, &message);
    format!("(Error) {message}")
}

/// What the client's exit status means; nothing for one that it does not know (ssh's own 255 among them).
fn failure(outcome: &Outcome, output: &str) -> Option<String> {
    Some(match outcome.rc {
        1 => format!(
            "Issued command was not authorized or a generic Linux error occurred. error details {output}"
        ),
        2 => format!("parameter to iucvclient error, {output}"),
        4 => format!("IUCV socket error, error details {output}"),
        8 => format!("Command executed failed, error details {output}"),
        16 | 32 => format!("File Transport failed, error details {output}"),
        _ => return None,
    })
}

/// Runs a command in a guest of which nobody knows yet how it is reached, and writes down what was found (spec: guests
/// 3.3, steps 3 and 6).
pub async fn find_out(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    userid: &str,
    command: &str,
    report: Report,
) -> String {
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    if !may_use_iucv(context, zhcp, &hcp_userid).await {
        add_flag(context, node, "SSH=1");
        return by_ssh(context, node, command, report).await;
    }
    let os = probe_release(context, zhcp, node).await;
    fetch_server_files(context, zhcp).await;

    let answer = run(context, zhcp, userid, command, Report::Silent).await;
    if !answer.contains("(Error)") {
        add_flag(context, node, "IUCV=1");
        return answer;
    }
    if answer.contains("Command executed failed") {
        report.error(context, answer.trim_start_matches("(Error) "));
        return answer;
    }
    if answer.contains("ERROR connecting socket") {
        match start_server(context, zhcp, node, &hcp_userid, &os).await {
            Ok(()) => {
                let probe = run(context, zhcp, userid, "date", Report::Silent).await;
                if !probe.contains("(Error)") {
                    add_flag(context, node, "IUCV=1");
                    report.info(
                        context,
                        &format!(
                            "{node}: successfully initialized IUCV, Set IUCV=1 for {}",
                            zhcp.user
                        ),
                    );
                    return run(context, zhcp, userid, command, report).await;
                }
            }
            Err(message) => return fall_back(context, zhcp, node, command, report, message).await,
        }
    }
    fall_back(context, zhcp, node, command, report, answer).await
}

/// Whether the zHCP may reach any guest by IUCV: a flag in a row of its own, keyed by its host name, which is made
/// from its directory entry when it is missing (GQ31).
async fn may_use_iucv(context: &Context, zhcp: &Zhcp, hcp_userid: &str) -> bool {
    let status = status_of(context, &zhcp.host);
    if status.contains("IUCVANY") {
        return status.contains("IUCVANY=1");
    }
    let query = Zhcp::smcli(&format!("Image_Query_DM -T {hcp_userid}"));
    let entry = zhcp.run(context, &query).await.stdout;
    let any = entry.contains("IUCV ANY");
    let flag = if any { "IUCVANY=1" } else { "IUCVANY=0" };
    // GQ31: flags that the row already had stay beside it.
    if status.is_empty() {
        set_status(context, &zhcp.host, flag);
    } else {
        set_status(context, &zhcp.host, &format!("{status};{flag}"));
    }
    any
}

/// Reads the guest's release files over ssh, to know where its services live.
async fn probe_release(context: &Context, zhcp: &Zhcp, node: &str) -> String {
    let probe = RemoteCommand::Ssh {
        host: node.to_owned(),
        user: zhcp.user.clone(),
        opts: vec!["-qo".to_owned(), "ConnectTimeout=2".to_owned()],
        command: format!("{} {RELEASE_FILES} | xargs grep ''", zhcp.sudo),
    };
    os_version::from_listing(&context.remote(probe).await.stdout)
}

/// Brings the server's files to the management node if one is missing there.
async fn fetch_server_files(context: &Context, zhcp: &Zhcp) {
    let paths = SERVER_FILES.map(|name| format!("{IUCV}/{name}"));
    let missing = context.local(|world| {
        world
            .linuxes
            .get(&world.mn.host)
            .is_none_or(|mn| paths.iter().any(|p| mn.fs.read(p).is_none()))
    });
    if !missing {
        return;
    }
    context.local(|world| {
        let host = world.mn.host.clone();
        if let Some(mn) = world.linuxes.get_mut(&host) {
            mn.fs.directories.insert(IUCV.to_owned());
        }
    });
    let copy = RemoteCommand::Scp {
        opts: vec!["-p".to_owned()],
        from: vec![format!("{}@{}:{IUCV}/iucvser*", zhcp.user, zhcp.host)],
        to: IUCV.to_owned(),
    };
    if context.remote(copy).await.rc == 0 {
        // The copy is on the management node now, also when a recording stood in for the far end.
        context.local(|world| {
            let now = world.now_ms;
            let host = world.mn.host.clone();
            if let Some(mn) = world.linuxes.get_mut(&host) {
                for path in &paths {
                    if mn.fs.read(path).is_none() {
                        mn.fs.write(path, "", now);
                    }
                }
            }
        });
    }
}

/// Installs and starts the IUCV server in a guest; the error is what the client gets to read.
async fn start_server(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    hcp_userid: &str,
    os: &str,
) -> Result<(), String> {
    copy_to_guest(context, zhcp, node, "iucvserv", "/usr/bin/iucvserv").await?;
    let (file, target) = service_place(os);
    copy_to_guest(context, zhcp, node, file, target).await?;
    let start = if target.starts_with("/etc/init.d") {
        "chkconfig --add iucvserd; service iucvserd start"
    } else {
        "systemctl enable iucvserd.service; systemctl start iucvserd.service"
    };
    let authorise = format!("echo -n {hcp_userid} > /etc/iucv_authorized_userid");
    for command in [authorise.as_str(), start] {
        by_ssh(context, node, command, Report::Silent).await;
    }
    Ok(())
}

/// Where a distribution keeps its services, and which file goes there (spec: guests 3.3, step 6).
fn service_place(os: &str) -> (&'static str, &'static str) {
    if os.starts_with("sles11") || os.starts_with("rhel6") {
        ("iucvserd", "/etc/init.d/iucvserd")
    } else if os.starts_with("sles12") {
        (
            "iucvserd.service",
            "/usr/lib/systemd/system/iucvserd.service",
        )
    } else {
        ("iucvserd.service", "/lib/systemd/system/iucvserd.service")
    }
}

async fn copy_to_guest(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    file: &str,
    target: &str,
) -> Result<(), String> {
    let from = format!("{IUCV}/{file}");
    let to = format!("{}@{node}:{target}", zhcp.user);
    let copy = RemoteCommand::Scp {
        opts: vec!["-p".to_owned()],
        from: vec![from.clone()],
        to: to.clone(),
    };
    let outcome = context.remote(copy).await;
    if outcome.rc == 0 {
        Ok(())
    } else {
        Err(format!(
            "Failed to copy {from} to {to}. {}{}",
            outcome.stdout, outcome.stderr
        ))
    }
}

/// Goes on with ssh, for good if the guest answers a ping; otherwise the failure is the answer.
async fn fall_back(
    context: &Context,
    zhcp: &Zhcp,
    node: &str,
    command: &str,
    report: Report,
    failure: String,
) -> String {
    let remove = format!(
        "{} rm -rf /usr/bin/iucvserv /etc/iucv_authorized_userid /etc/init.d/iucvserd \
         /usr/lib/systemd/system/iucvserd.service /lib/systemd/system/iucvserd.service",
        zhcp.sudo
    );
    by_ssh(context, node, &remove, Report::Silent).await;
    let ping = RemoteCommand::Ping {
        host: node.to_owned(),
    };
    if context.remote(ping).await.rc != 0 {
        report.error(context, &failure);
        return failure;
    }
    let answer = by_ssh(context, node, command, report).await;
    add_flag(context, node, "SSH=1");
    report.info(context, &format!("{node}: Set SSH=1 for node {node}."));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_have_their_texts() {
        let of = |rc| failure(&Outcome::fail(rc, ""), "x");
        assert_eq!(
            of(8).as_deref(),
            Some("Command executed failed, error details x")
        );
        assert_eq!(of(4).as_deref(), Some("IUCV socket error, error details x"));
        assert_eq!(of(255), None);
    }

    #[test]
    fn services_live_where_the_distribution_has_them() {
        assert_eq!(service_place("sles11.4").1, "/etc/init.d/iucvserd");
        assert_eq!(
            service_place("sles12").1,
            "/usr/lib/systemd/system/iucvserd.service"
        );
        assert_eq!(
            service_place("ubuntu16.04.1").1,
            "/lib/systemd/system/iucvserd.service"
        );
    }
}
