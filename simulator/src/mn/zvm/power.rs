//! Logging a virtual machine off by SMAPI, and what its answers mean (spec: guests 7, 11).

use super::remote::Zhcp;
use super::text::is_bad;
use crate::mn::Context;

/// What became of a request to log off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Done; SMAPI's text.
    Done(String),
    /// 200/12.
    AlreadyOff,
    /// 200/16.
    LoggingOff,
    /// Anything else; SMAPI's text.
    Failed(String),
    /// ssh failed.
    Unreachable,
}

/// Deactivates a virtual machine; `option` follows the user ID in the command.
pub async fn stop(context: &Context, zhcp: &Zhcp, userid: &str, option: &str) -> Stopped {
    let words = format!("Image_Deactivate -T {userid}{option}");
    let outcome = zhcp.run(context, &Zhcp::smcli(&words)).await;
    if outcome.rc == 255 {
        return Stopped::Unreachable;
    }
    let has = |label: &str, code: &str| {
        outcome.stdout.lines().any(|line| {
            line.trim_start()
                .strip_prefix(label)
                .is_some_and(|rest| rest.trim() == code)
        })
    };
    if has("Return Code:", "200") && has("Reason Code:", "12") {
        Stopped::AlreadyOff
    } else if has("Return Code:", "200") && has("Reason Code:", "16") {
        Stopped::LoggingOff
    } else if is_bad(&outcome.stdout) {
        Stopped::Failed(outcome.stdout)
    } else {
        Stopped::Done(outcome.stdout)
    }
}
