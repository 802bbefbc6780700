//! The single facts of a guest's report (`zvmCPUtils.pm`, `zvmUtils.pm`; spec: guests 9). A question that fails has its
//! error text in place of the fact.

use regex::Regex;

use super::guest::{Guest, quoted_value};
use crate::mn::zvm::text::{self, is_bad};
use crate::mn::zvm::{Zhcp, check_ssh_rc};
use crate::seam::Release;

/// What the head of the long reports says.
pub(super) struct Identity {
    host: String,
    os: String,
    architecture: String,
}

impl Identity {
    /// The first five lines.
    pub(super) fn head(&self, guest: &Guest<'_>) -> String {
        let Self {
            host,
            os,
            architecture,
        } = self;
        format!(
            "z/VM UserID: {}\nz/VM Host: {host}\nOperating System: {os}\nArchitecture: {architecture}\nHCP: {}\n",
            guest.userid, guest.zhcp.host
        )
    }
}

impl Guest<'_> {
    /// System, architecture and operating system, in the order in which they are asked.
    pub(super) async fn identity(&self) -> Identity {
        let host = self.user_and_host(2).await;
        let answer = self.in_guest("uname -m").await;
        let architecture = if is_bad(&answer) {
            answer
        } else {
            answer.trim().to_owned()
        };
        Identity {
            host,
            architecture,
            os: self.operating_system().await,
        }
    }

    /// A word of `vmcp q userid`: 0 the user ID, 2 the z/VM system.
    async fn user_and_host(&self, index: usize) -> String {
        let answer = self.in_guest("/sbin/vmcp q userid").await;
        if is_bad(&answer) {
            return answer;
        }
        text::word(&answer, index).to_owned()
    }

    /// First line of the release files. The current release filters their text in the management node's shell, which
    /// takes the quotes and parentheses in it for its own: most distributions have no name then.
    async fn operating_system(&self) -> String {
        let answer = if self.context.settings().release == Release::P {
            let answer = self
                .in_guest("cat /etc/*release | egrep -v \"LSB_VERSION\"")
                .await;
            if is_bad(&answer) {
                return answer;
            }
            answer
        } else {
            let answer = self.in_guest("cat /etc/*release").await;
            if is_bad(&answer) {
                return answer;
            }
            let line = format!("echo \"{answer}\" | egrep -v \"LSB_VERSION\"");
            self.context.sh(&line).await.stdout
        };
        answer.lines().next().unwrap_or_default().trim().to_owned()
    }

    /// Lines 2 and 3 of `vmcp q priv`, indented.
    pub(super) async fn privileges(&self) -> String {
        let answer = self.in_guest("/sbin/vmcp q priv").await;
        if is_bad(&answer) {
            return answer;
        }
        let line = |index| answer.lines().nth(index).unwrap_or_default().trim();
        format!("    {}\n    {}\n", line(1), line(2))
    }

    /// Third word of `vmcp q virtual storage`.
    pub(super) async fn memory(&self) -> String {
        let answer = self.in_guest("/sbin/vmcp q virtual storage").await;
        if is_bad(&answer) {
            return answer;
        }
        text::word(&answer, 2).to_owned()
    }

    /// What the directory entry allows, with the newline behind it.
    pub(super) async fn max_memory(&self) -> String {
        let userid = self.user_and_host(0).await;
        let words = format!("Image_Definition_Query_DM -T {userid} -k STORAGE_MAXIMUM");
        let answer = self
            .zhcp
            .run(self.context, &Zhcp::smcli(&words))
            .await
            .stdout;
        match answer.split_once('=') {
            Some((_, value)) => value.to_owned(),
            None => answer,
        }
    }

    /// What a CP query says, every line indented.
    pub(super) async fn listing(&self, query: &str) -> String {
        let answer = self.in_guest(query).await;
        if is_bad(&answer) {
            return answer;
        }
        indent(&answer)
    }

    /// How long the guest has been up.
    pub(super) async fn uptime(&self) -> String {
        let answer = self.in_guest("uptime").await;
        if is_bad(&answer) {
            return answer;
        }
        uptime(answer.trim(), self.context.settings().quirk("GQ23"))
    }

    /// CPU time as SMAPI counts it; `None` when a failure was reported.
    pub(super) async fn used_cpu_time(&self) -> Option<String> {
        let userid = self.user_and_host(0).await;
        let words = format!("Image_Performance_Query -T {userid} -c 1");
        let line = self.zhcp.line(&Zhcp::smcli(&words));
        let outcome = self.context.sh(&line).await;
        let failure = check_ssh_rc(
            &outcome,
            "getUsedCpuTime",
            &line,
            &self.zhcp.host,
            Some(self.node),
        );
        if let Some(message) = failure
            && self.context.settings().release != Release::P
        {
            self.context.print_ln(message);
            return None;
        }
        let time = quoted_value(&outcome.stdout, "Used CPU time:");
        Some(if text::is_true(&time) {
            time
        } else {
            "0".to_owned()
        })
    }
}

/// Every line with four blanks in front.
pub(super) fn indent(text: &str) -> String {
    text::lines(text)
        .iter()
        .map(|line| format!("    {line}\n"))
        .collect::<Vec<_>>()
        .concat()
}

/// Days, hours and minutes of an `uptime` line. As executed a clock part that is in minutes is lost (GQ23).
fn uptime(line: &str, quirk: bool) -> String {
    let part = |pattern: &str| {
        Regex::new(pattern).ok().and_then(|pattern| {
            let found = pattern.captures(line)?;
            let group = |index| found.get(index).map_or("", |m| m.as_str()).to_owned();
            Some([group(1), group(2), group(3)])
        })
    };
    let clock = part(r"^.*up +(?:(\d+) days?,? +)?(\d+):(\d+),");
    if let Some([days, hours, minutes]) = clock {
        return match (text::is_true(&days), text::is_true(&hours)) {
            (true, _) => format!("{days} days {hours} hr {minutes} min"),
            (false, true) => format!("0 days {hours} hr {minutes} min"),
            (false, false) => format!("0 days {minutes} min"),
        };
    }
    if !quirk && let Some([days, minutes, _]) = part(r"^.*up +(?:(\d+) days?,? +)?(\d+) min,()") {
        return if days.is_empty() {
            format!("0 days {minutes} min")
        } else {
            format!("{days} days 0 hr {minutes} min")
        };
    }
    "0 days  min".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gq23_uptimes_in_minutes_are_lost() {
        for (line, executed, intended) in [
            (
                "12:00:00 up 3 days,  4:47,  0 users",
                "3 days 4 hr 47 min",
                "",
            ),
            ("12:00:00 up 16:23,  1 user", "0 days 16 hr 23 min", ""),
            ("12:00:00 up 5 min,  1 user", "0 days  min", "0 days 5 min"),
            (
                "12:00:00 up 1 day, 3 min,  1 user",
                "0 days  min",
                "1 days 0 hr 3 min",
            ),
        ] {
            assert_eq!(uptime(line, true), executed, "{line}");
            let intended = if intended.is_empty() {
                executed
            } else {
                intended
            };
            assert_eq!(uptime(line, false), intended, "{line}");
        }
    }

    #[test]
    fn listings_are_indented() {
        assert_eq!(indent("a\n b\n"), "    a\n     b\n");
        assert_eq!(indent(""), "");
    }
}
