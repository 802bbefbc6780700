//! The ways in which the z/VM commands reach a zHCP, and the texts they make of a failed ssh (spec: scsi-pools 0.6,
//! 0.8; guests 2, 3.2). Every line goes through the management node's shell, which expands and cuts it as it does the
//! real one (Q12, Q62).

use crate::mn::Context;
use crate::seam::Outcome;

/// Directory of the SCSI pool files on a zHCP.
pub const ZFCP_POOL: &str = "/var/opt/zhcp/zfcp";
/// Directory of the zHCP's programs.
pub const ZHCP_BIN: &str = "/opt/zhcp/bin";
/// ssh's connect timeout, where a command line has one.
pub const TIMEOUT: &str = "-o ConnectTimeout=5";

/// A zHCP as a node names it, and who logs in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zhcp {
    /// Value of `zvm.hcp`: normally a fully qualified host name.
    pub host: String,
    /// Remote user: `passwd` key `sudoer`, else `root`.
    pub user: String,
    /// `sudo`, or nothing for root; a blank always follows it in a command line.
    pub sudo: &'static str,
}

impl Zhcp {
    /// The zHCP of a node; `None` when `zvm.hcp` is unset (or `0`).
    pub fn of(context: &Context, node: &str) -> Option<Self> {
        context
            .column("zvm", node, "hcp")
            .filter(|host| super::text::is_true(host))
            .map(|host| Self::at(context, host))
    }

    /// The host named, reached as the zHCPs are.
    pub fn at(context: &Context, host: impl Into<String>) -> Self {
        let user = remote_user(context);
        let sudo = if user == "root" { "" } else { "sudo" };
        Self {
            host: host.into(),
            user,
            sudo,
        }
    }

    /// Host name up to the first `.`.
    pub fn short(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// `ssh {U}@{hcp} "{S} {command}"`: kind A, the line that the management node's shell gets and that failures
    /// quote.
    pub fn line(&self, command: &str) -> String {
        [
            "ssh ", &self.user, "@", &self.host, " \"", self.sudo, " ", command, "\"",
        ]
        .concat()
    }

    /// The same with options before the host, e.g. [`TIMEOUT`].
    pub fn line_with(&self, options: &str, command: &str) -> String {
        format!(
            "ssh {options} {}@{} \"{} {command}\"",
            self.user, self.host, self.sudo
        )
    }

    /// Runs a command, kind A.
    pub async fn run(&self, context: &Context, command: &str) -> Outcome {
        context.ssh(self, &[], command).await
    }

    /// Runs a command with a connect timeout, without looking at who answers there: kind C on a zHCP, and the probes
    /// that carry a timeout.
    pub async fn run_timed(&self, context: &Context, command: &str) -> Outcome {
        context
            .ssh(self, &["-o", "ConnectTimeout=5"], command)
            .await
    }

    /// `zvmUtils.pm rExecute`, kind B: root runs the command as it is, others in `sudo sh -c '…'` (Q38).
    pub async fn r_execute(&self, context: &Context, command: &str) -> Outcome {
        let remote = if self.user == "root" {
            command.to_owned()
        } else if !context.settings().quirk("Q38") {
            format!("sudo {command}")
        } else {
            format!("sudo sh -c '{command}'")
        };
        context
            .sh(&format!(
                "ssh {TIMEOUT} {}@{} \"{remote}\"",
                self.user, self.host
            ))
            .await
    }

    /// What `vmcp q userid` answers on the zHCP: `ZHCP1    AT ZVMHOST1`; empty when ssh fails.
    pub async fn query_userid(&self, context: &Context) -> String {
        self.run_timed(context, "/sbin/vmcp q userid").await.stdout
    }

    /// z/VM user ID of the zHCP as returned; empty when ssh fails.
    pub async fn userid(&self, context: &Context) -> String {
        super::text::word(&self.query_userid(context).await, 0).to_owned()
    }

    /// `{ZB}/smcli {words}`.
    pub fn smcli(words: &str) -> String {
        format!("{ZHCP_BIN}/smcli {words}")
    }
}

/// User of every remote login (spec: scsi-pools 0.1, guests 2.3).
pub fn remote_user(context: &Context) -> String {
    context.tables(|tables| {
        tables
            .get("passwd", "key", "sudoer", "username")
            .unwrap_or("root")
            .to_owned()
    })
}

/// Text for a failed ssh, `None` when it ended with 0 (`zvmUtils.pm checkSSH_Rc`; spec: scsi-pools 0.8).
pub fn check_ssh_rc(
    outcome: &Outcome,
    function: &str,
    command_line: &str,
    host: &str,
    node: Option<&str>,
) -> Option<String> {
    let prefix = node.map_or_else(String::new, |node| format!("Node: {node} "));
    let output = if outcome.stdout.is_empty() {
        String::new()
    } else {
        format!(" Output: {} ", outcome.stdout)
    };
    match outcome.rc {
        0 => None,
        255 => Some(format!(
            "{prefix}(Error) In {function}(), SSH communication to {host} failed for command: {command_line}{output}"
        )),
        rc => Some(format!(
            "{prefix}(Error) In {function}(), command to {host} failed with return code {rc} for: {command_line}{output}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_quote_the_line_and_the_output() {
        let outcome = Outcome {
            rc: 1,
            stdout: "Failed\n".into(),
            stderr: "lost".into(),
        };
        assert_eq!(
            check_ssh_rc(&outcome, "f", "ssh root@h \" x\"", "h", Some("n")).as_deref(),
            Some(
                "Node: n (Error) In f(), command to h failed with return code 1 for: ssh root@h \" x\" Output: Failed\n "
            )
        );
        let down = Outcome::fail(255, "");
        assert_eq!(
            check_ssh_rc(&down, "f", "ssh h", "h", None).as_deref(),
            Some("(Error) In f(), SSH communication to h failed for command: ssh h")
        );
        assert_eq!(check_ssh_rc(&Outcome::ok("x"), "f", "l", "h", None), None);
    }

    #[test]
    fn lines_keep_the_blank_of_an_absent_sudo() {
        let mut zhcp = Zhcp {
            host: "zhcp1.example.com".into(),
            user: "root".into(),
            sudo: "",
        };
        assert_eq!(zhcp.line("cat x"), "ssh root@zhcp1.example.com \" cat x\"");
        zhcp.user = "adm".into();
        zhcp.sudo = "sudo";
        assert_eq!(
            zhcp.line_with(TIMEOUT, "cat x"),
            "ssh -o ConnectTimeout=5 adm@zhcp1.example.com \"sudo cat x\""
        );
        assert_eq!(zhcp.short(), "zhcp1");
    }
}
