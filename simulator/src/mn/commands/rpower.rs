//! `rpower`: what CP and SMAPI do with a virtual machine, and whether its Linux answers (spec: guests 7).

use crate::mn::Context;
use crate::mn::zvm::guest::{Reachable, Report, execcmdon_vm, ping_node, set_status, status_of};
use crate::mn::zvm::power::{Stopped, stop};
use crate::mn::zvm::text::{arg, is_bad};
use crate::mn::zvm::{Zhcp, local, remote};
use crate::seam::{Outcome, RemoteCommand};

/// Pause before a guest that was told to shut down is deactivated, in seconds.
const SHUTDOWN_PAUSE: u64 = 15;
/// Pause between two questions whether a guest is logged off, in seconds.
const LOGOFF_PAUSE: u64 = 5;
/// Most questions whether a guest is logged off. xCAT asks without limit; a simulated request must end some day.
const LOGOFF_QUERIES: usize = 720;
/// Script of the site that gives back the network ports of a cloned guest.
const PORT_DELETE: &str = "/var/lib/sspmod/portdelete";
/// Longest wait for a rebooting guest to go away, and again to come back, in seconds.
const REBOOT_WAIT: u64 = 180;

/// One power command on one node.
struct Power<'a> {
    context: &'a Context,
    node: &'a str,
    zhcp: Zhcp,
    userid: String,
}

/// Runs the command on one node.
pub async fn run(context: &Context, node: &str, args: &[String]) {
    let Some(zhcp) = Zhcp::of(context, node) else {
        context.print_ln(format!("{node}: (Error) Missing node HCP"));
        return;
    };
    let action = arg(args, 0);
    let stored = context.column("zvm", node, "userid");
    let userid = match stored {
        Some(userid) => userid,
        None if action == "stat" => match userid_of_host(context, node, &zhcp) {
            Ok(userid) => userid,
            Err(text) => return context.print_ln(text),
        },
        None => return context.print_ln(format!("{node}: (Error) Missing user ID")),
    };
    let power = Power {
        context,
        node,
        zhcp,
        userid: userid.to_uppercase(),
    };
    match action {
        "stat" => power.stat().await,
        "on" => power.on().await,
        "off" => {
            power.stop(" -f IMMED").await;
        }
        "softoff" => power.soft_off().await,
        "reset" => power.reset().await,
        "reboot" => power.reboot().await,
        "pause" => power.pause("YES").await,
        "unpause" => power.pause("NO").await,
        "isreachable" => power.is_reachable().await,
        _ => power.say("(Error) Option not supported"),
    }
}

/// The user ID to ask for when a node has none, as a host node: that of the zHCP's node.
fn userid_of_host(context: &Context, node: &str, zhcp: &Zhcp) -> Result<String, String> {
    let host = &zhcp.host;
    let zhcp_node = context
        .tables(|tables| {
            tables
                .get("hosts", "hostnames", host, "node")
                .map(str::to_owned)
        })
        .ok_or_else(|| format!("{node}: (Error) Unable to look up zhcp node for {host}"))?;
    context
        .column("zvm", &zhcp_node, "userid")
        .ok_or_else(|| format!("{node}: (Error) Missing user ID on zhcp node {zhcp_node}"))
}

impl Power<'_> {
    fn say(&self, text: &str) {
        self.context.print_ln(format!("{}: {text}", self.node));
    }

    async fn smcli(&self, words: &str) -> Outcome {
        self.zhcp.run(self.context, &Zhcp::smcli(words)).await
    }

    /// `vmcp q user`, its answer turned into `on` or `off` on the management node.
    async fn stat(&self) {
        let query = format!("/sbin/vmcp q user {} 2>/dev/null", self.userid);
        let answer = self.zhcp.run_timed(self.context, &query).await.stdout;
        self.say(&power_state(&answer, &self.userid));
    }

    async fn on(&self) {
        let outcome = self
            .smcli(&format!("Image_Activate -T {}", self.userid))
            .await;
        if outcome.rc == 255 {
            return;
        }
        self.say(outcome.stdout.trim());
        let status = status_of(self.context, self.node);
        let is_cloned = status.contains("CLONE_ONLY=1");
        if is_cloned && status.contains("CLONING=1") && !self.delete_ports().await {
            return;
        }
        if is_cloned {
            set_status(
                self.context,
                self.node,
                &status.replace("CLONING=1", "CLONING=0"),
            );
            self.mark_powered_up();
        }
    }

    /// Runs the site's own script on the ports of a guest that has just been cloned, if there is one; says whether that
    /// worked.
    async fn delete_ports(&self) -> bool {
        if !local::exists(self.context, PORT_DELETE) {
            return true;
        }
        let ports = self.context.tables(|tables| {
            tables
                .find("switch", &[("node", self.node)])
                .filter_map(|row| row.get("port").cloned())
                .collect::<Vec<_>>()
        });
        let line = format!("{PORT_DELETE} {}", ports.join(" "));
        let outcome = self.context.sh(&line).await;
        if outcome.rc != 0 {
            return false;
        }
        self.say(outcome.stdout.trim());
        true
    }

    /// Deactivates the virtual machine; says whether it is, or will be, off.
    async fn stop(&self, option: &str) -> bool {
        match stop(self.context, &self.zhcp, &self.userid, option).await {
            Stopped::Unreachable => {
                self.context.print_ln(format!(
                    "(Error) Failed to communicate with the zhcp system: {}",
                    self.zhcp.host
                ));
                false
            }
            Stopped::AlreadyOff => {
                self.say(&format!("{} already logged off.", self.userid));
                true
            }
            Stopped::LoggingOff => {
                self.say(&format!("{} in process of logging off.", self.userid));
                true
            }
            Stopped::Done(answer) => {
                self.say(&answer);
                true
            }
            Stopped::Failed(answer) => {
                self.say(&answer);
                false
            }
        }
    }

    async fn soft_off(&self) {
        if ping_node(self.context, self.node).await == Reachable::Yes {
            self.in_guest("shutdown -h now", Report::Silent).await;
            self.sleep(SHUTDOWN_PAUSE).await;
        }
        self.stop("").await;
    }

    /// A guest that is off is switched on by this.
    async fn reset(&self) {
        if !self.stop("").await {
            return;
        }
        let query = format!("/sbin/vmcp q user {} 2>/dev/null", self.userid);
        for attempt in 0..LOGOFF_QUERIES {
            if attempt > 0 {
                self.sleep(LOGOFF_PAUSE).await;
            }
            let answer = self.zhcp.run(self.context, &query).await.stdout;
            if answer.contains("HCPCQU045E") {
                break;
            }
        }
        let outcome = self
            .smcli(&format!("Image_Activate -T {}", self.userid))
            .await;
        self.say(&outcome.stdout);
        self.note_power_up();
    }

    async fn reboot(&self) {
        self.in_guest("shutdown -r now", Report::Callback).await;
        let went = self
            .wait_until(|reachable| *reachable != Reachable::Yes)
            .await;
        self.say(&format!(
            "Shutting down {}... {}\n",
            self.userid,
            done(went)
        ));
        let came = self
            .wait_until(|reachable| *reachable == Reachable::Yes)
            .await;
        self.say(&format!("Rebooting {}... {}\n", self.userid, done(came)));
        if came {
            self.note_power_up();
        }
    }

    async fn wait_until(&self, is_so: impl Fn(&Reachable) -> bool) -> bool {
        for _ in 0..REBOOT_WAIT {
            if is_so(&ping_node(self.context, self.node).await) {
                return true;
            }
            self.sleep(1).await;
        }
        false
    }

    async fn pause(&self, value: &str) {
        let outcome = self
            .smcli(&format!("Image_Pause -T {} -k PAUSE={value}", self.userid))
            .await;
        self.say(&outcome.stdout);
    }

    /// Never an error: a guest answers `date`, or it does not.
    async fn is_reachable(&self) {
        let answer = self.in_guest("date", Report::Silent).await;
        if answer.is_empty() || is_bad(&answer) {
            self.say("unreachable");
        } else {
            self.say("reachable");
        }
    }

    async fn in_guest(&self, command: &str, report: Report) -> String {
        let sudo = if remote::remote_user(self.context) == "root" {
            ""
        } else {
            "sudo"
        };
        execcmdon_vm(
            self.context,
            self.node,
            &format!("{sudo} {command}"),
            report,
        )
        .await
    }

    async fn sleep(&self, seconds: u64) {
        self.context.remote(RemoteCommand::Sleep { seconds }).await;
    }

    fn note_power_up(&self) {
        if status_of(self.context, self.node).contains("CLONE_ONLY=1") {
            self.mark_powered_up();
        }
    }

    fn mark_powered_up(&self) {
        let status = status_of(self.context, self.node);
        let marked = if status.contains("POWER_UP=1") {
            return;
        } else if status.contains("POWER_UP=0") {
            status.replace("POWER_UP=0", "POWER_UP=1")
        } else {
            format!("{status};POWER_UP=1")
        };
        set_status(self.context, self.node, &marked);
    }
}

fn done(is_done: bool) -> &'static str {
    if is_done { "Done" } else { "Failed" }
}

/// CP's answer with everything from the two messages for a guest that is off, or from the user ID, replaced: line by
/// line, wherever it stands in the line.
pub fn power_state(answer: &str, userid: &str) -> String {
    let mut out = String::with_capacity(8);
    for line in answer.split_inclusive('\n') {
        let (text, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |text| (text, "\n"));
        let replaced = [("HCPCQU045E", "off"), ("HCPCQU361E", "off"), (userid, "on")]
            .into_iter()
            .fold(text.to_owned(), |text, (mark, state)| {
                match text.find(mark) {
                    Some(at) if !mark.is_empty() => format!("{}{state}", &text[..at]),
                    _ => text,
                }
            });
        out.push_str(&replaced);
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_states_in_their_place() {
        for (answer, state) in [
            ("LNX1     - DSC\n", "on\n"),
            ("HCPCQU045E LNX1 not logged on\n", "off\n"),
            ("HCPCQU361E LOGOFF/FORCE pending for user LNX1\n", "off\n"),
            (
                "HCPCQU003E Invalid option - LNX1\n",
                "HCPCQU003E Invalid option - on\n",
            ),
            ("", ""),
        ] {
            assert_eq!(power_state(answer, "LNX1"), state);
        }
    }
}
