//! The IUCV way into a guest: a client on the zHCP talks to a server in the guest (spec: guests 3.3, 3.4).

use super::guest::{Report, add_flag, by_ssh, escape_quotes, set_status, status_of};
use super::local;
use super::os_version::{self, RELEASE_FILES};
use super::remote::{TIMEOUT, Zhcp};
use super::text::contains_ignoring_case;
use crate::mn::Context;
use crate::seam::{Outcome, Release, RemoteCommand};

/// Folder of the IUCV programs, on zHCP and management node alike.
const IUCV: &str = "/opt/zhcp/bin/IUCV";
/// The server in a guest.
const SERVER: &str = "/usr/bin/iucvserv";
/// Who may talk to the server of a guest.
const AUTHORISED: &str = "/etc/iucv_authorized_userid";
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
    if !may_use_iucv(context, zhcp, node, &hcp_userid).await {
        add_flag(context, node, "SSH=1");
        return by_ssh(context, node, command, report).await;
    }
    let os = probe_release(context, zhcp, node).await;
    let fallback = Fallback {
        context,
        zhcp,
        node,
        os: &os,
        command,
        report,
    };
    if let Err(message) = fetch_server_files(context, zhcp).await {
        return fallback.run(message).await;
    }
    let answer = run(context, zhcp, userid, command, report).await;
    if !answer.starts_with("(Error)") {
        add_flag(context, node, "IUCV=1");
        return answer;
    }
    if answer.contains("Command executed failed") && context.settings().release != Release::P {
        return answer;
    }
    if !answer.contains("ERROR connecting socket") {
        let message = format!("{node}: IUCV server on VM doesn't start well, result is {answer}");
        return fallback.run(message).await;
    }
    if let Err(message) = start_server(context, zhcp, node, &os).await {
        return fallback.run(message).await;
    }
    let answer = run(context, zhcp, userid, command, report).await;
    if answer.starts_with("(Error)") {
        let message = format!("{node}: Failed to start iucvserver, result is {answer}");
        return fallback.run(message).await;
    }
    report.info(
        context,
        &format!(
            "{node}: successfully initialized IUCV, Set IUCV=1 for {}",
            zhcp.user
        ),
    );
    add_flag(context, node, "IUCV=1");
    answer
}

/// Whether the zHCP may reach any guest by IUCV: a flag in a row of its own, keyed by its host name, which is made
/// from its directory entry when it is missing (GQ31).
async fn may_use_iucv(context: &Context, zhcp: &Zhcp, node: &str, hcp_userid: &str) -> bool {
    let status = status_of(context, &zhcp.host);
    if status.contains("IUCVANY") {
        return status.contains("IUCVANY=1");
    }
    let query = Zhcp::smcli(&format!("Image_Query_DM -T {hcp_userid}"));
    let entry = zhcp.run(context, &query).await.stdout;
    let any = entry.contains("IUCV ANY");
    let flag = if any { "IUCVANY=1" } else { "IUCVANY=0" };
    if status.is_empty() {
        set_status(context, &zhcp.host, flag);
    } else {
        // GQ31: the flags that the row had make room for the guest's.
        let kept = if context.settings().quirk("GQ31") {
            status_of(context, node)
        } else {
            status
        };
        set_status(context, &zhcp.host, &format!("{kept};{flag}"));
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

/// Brings the server's files to the management node if one is missing there; the error is what the client gets to
/// read.
async fn fetch_server_files(context: &Context, zhcp: &Zhcp) -> Result<(), String> {
    let paths = SERVER_FILES.map(|name| format!("{IUCV}/{name}"));
    if paths.iter().all(|path| local::exists(context, path)) {
        return Ok(());
    }
    local::files(context, |fs, _| {
        fs.directories.insert(IUCV.to_owned());
    });
    let from = format!("{}@{}:{IUCV}/iucvser*", zhcp.user, zhcp.host);
    let copy = RemoteCommand::Scp {
        opts: vec!["-p".to_owned()],
        from: vec![from.clone()],
        to: IUCV.to_owned(),
    };
    let outcome = context.remote(copy).await;
    if outcome.rc != 0 {
        return Err(format!(
            "Failed to copy {from} to {IUCV}. {}{}",
            outcome.stdout, outcome.stderr
        ));
    }
    // The copy is on the management node now, also when a recording stood in for the far end.
    for path in &paths {
        if !local::exists(context, path) {
            local::write(context, path, "");
        }
    }
    Ok(())
}

/// Installs and starts the IUCV server in a guest; the error is what the client gets to read.
async fn start_server(context: &Context, zhcp: &Zhcp, node: &str, os: &str) -> Result<(), String> {
    let target = format!("{}@{node}:{SERVER}", zhcp.user);
    let outcome = copy_to_guest(context, "iucvserv", target.clone()).await;
    if outcome.rc != 0 {
        return Err(format!(
            "Failed to copy {IUCV}/iucvserv to {target}. {}{}",
            outcome.stdout, outcome.stderr
        ));
    }
    if let Some((file, target)) = service_place(os) {
        let outcome = copy_to_guest(context, file, format!("{}@{node}:{target}", zhcp.user)).await;
        if outcome.rc != 0 {
            return Err(format!(
                "Failed to copy iucvservice file. {}{}",
                outcome.stdout, outcome.stderr
            ));
        }
    }
    let hcp_userid = zhcp.userid(context).await.to_uppercase();
    let start = if has_init_scripts(os) {
        "chkconfig --add iucvserd && service iucvserd start 2>&1"
    } else {
        "systemctl enable iucvserd.service && systemctl start iucvserd.service 2>&1"
    };
    for command in [
        format!("echo -n {hcp_userid} >{AUTHORISED}"),
        start.to_owned(),
    ] {
        let line = format!("ssh {TIMEOUT} {}@{node} \"{command}\" 2>&1", zhcp.user);
        let outcome = context.sh(&line).await;
        if outcome.rc != 0 {
            return Err(format!(
                "echo -n {} >{AUTHORISED}, failed to create authorized userid for {node}. return {} {}",
                zhcp.host, outcome.rc, outcome.stdout
            ));
        }
    }
    Ok(())
}

/// Whether a distribution starts its services from `/etc/init.d`.
fn has_init_scripts(os: &str) -> bool {
    contains_ignoring_case(os, "sles11") || contains_ignoring_case(os, "rhel6")
}

/// Where a distribution keeps its services, and which file goes there (spec: guests 3.3, step 6); nothing for one that
/// is not known.
fn service_place(os: &str) -> Option<(&'static str, &'static str)> {
    if has_init_scripts(os) {
        Some(("iucvserd", "/etc/init.d/iucvserd"))
    } else if contains_ignoring_case(os, "sles12") {
        Some((
            "iucvserd.service",
            "/usr/lib/systemd/system/iucvserd.service",
        ))
    } else if contains_ignoring_case(os, "rhel7") || contains_ignoring_case(os, "ubuntu16") {
        Some(("iucvserd.service", "/lib/systemd/system/iucvserd.service"))
    } else {
        None
    }
}

async fn copy_to_guest(context: &Context, file: &str, to: String) -> Outcome {
    let copy = RemoteCommand::Scp {
        opts: vec!["-p".to_owned()],
        from: vec![format!("{IUCV}/{file}")],
        to,
    };
    context.remote(copy).await
}

/// What is done when IUCV does not come to life.
struct Fallback<'a> {
    context: &'a Context,
    zhcp: &'a Zhcp,
    node: &'a str,
    os: &'a str,
    command: &'a str,
    report: Report,
}

impl Fallback<'_> {
    /// Goes on with ssh, for good if the guest answers a ping; otherwise the failure is the answer.
    async fn run(&self, failure: String) -> String {
        let Self {
            context,
            node,
            command,
            report,
            ..
        } = *self;
        self.clean().await;
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

    /// Takes the server away again; the list of authorised user ids stays, the server is deleted twice instead.
    async fn clean(&self) {
        let mut commands = vec![format!("rm -rf {SERVER}")];
        if let Some((_, service)) = service_place(self.os) {
            commands.push(format!("rm -rf {service}"));
        }
        commands.push(format!("rm -rf {SERVER}"));
        let stop = if has_init_scripts(self.os) {
            "chkconfig --del iucvserd && service iucvserd stop 2>&1"
        } else {
            "systemctl disable iucvserd.service && systemctl stop iucvserd.service 2>&1"
        };
        commands.push(stop.to_owned());
        for command in commands {
            let line = format!(
                "ssh {TIMEOUT} {}@{} \"{command}\" 2>&1",
                self.zhcp.user, self.node
            );
            self.context.sh(&line).await;
        }
    }
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
        let place = |os| service_place(os).map(|(_, place)| place);
        assert_eq!(place("sles11.4"), Some("/etc/init.d/iucvserd"));
        assert_eq!(
            place("sles12"),
            Some("/usr/lib/systemd/system/iucvserd.service")
        );
        assert_eq!(
            place("ubuntu16.04.1"),
            Some("/lib/systemd/system/iucvserd.service")
        );
        assert_eq!(place("unknown"), None);
    }
}
