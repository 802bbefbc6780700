//! The virtual machine that `chvm` changes: what every option needs to know of it, and how options speak.

use crate::mn::Context;
use crate::mn::zvm::guest::status_of;
use crate::mn::zvm::text;
use crate::mn::zvm::{Zhcp, check_ssh_rc};
use crate::seam::Outcome;

/// One node of one `chvm` request.
pub(super) struct Guest<'a> {
    /// The request.
    pub context: &'a Context,
    /// Name as in the request.
    pub node: &'a str,
    /// User id, upper-cased.
    pub userid: String,
    /// Its zHCP.
    pub zhcp: Zhcp,
    /// User id of the zHCP, upper-cased; empty when it does not answer.
    pub hcp_userid: String,
    /// Arguments; the first is the option.
    pub args: &'a [String],
}

impl Guest<'_> {
    /// Argument `index`, empty when it is absent; 0 is the option.
    pub fn arg(&self, index: usize) -> &str {
        text::arg(self.args, index)
    }

    /// Says a line with the node's name in front of it, and only of its first line (spec: guests 1.2, P1).
    pub fn say(&self, line: impl AsRef<str>) {
        self.context
            .print_ln(format!("{}: {}", self.node, line.as_ref()));
    }

    /// Says the text that every wrong number of arguments gets.
    pub fn say_wrong_count(&self) {
        self.say("(Error) Wrong number of parameters");
    }

    /// Whether there are as many arguments, the option included, as one of these; otherwise says so.
    pub fn has_count(&self, counts: &[usize]) -> bool {
        let fits = counts.contains(&self.args.len());
        if !fits {
            self.say_wrong_count();
        }
        fits
    }

    /// Runs a command on the zHCP.
    pub async fn on_zhcp(&self, command: &str) -> Outcome {
        self.zhcp.run(self.context, command).await
    }

    /// Runs smcli on the zHCP.
    pub async fn smcli(&self, words: &str) -> Outcome {
        self.on_zhcp(&Zhcp::smcli(words)).await
    }

    /// Runs smcli for an option whose result no published release but the oldest shows (GQ1).
    pub async fn smcli_text(&self, words: &str) -> Hidden {
        Hidden::prefixed(self.smcli(words).await.stdout)
    }

    /// Runs a whole line on the zHCP and reports a bad exit status as `changeVM` does; `None` then.
    pub async fn checked(&self, line: &str) -> Option<Outcome> {
        let outcome = self.context.sh(line).await;
        match check_ssh_rc(&outcome, "changeVM", line, &self.zhcp.host, Some(self.node)) {
            Some(message) => {
                self.context.print_ln(message);
                None
            }
            None => Some(outcome),
        }
    }

    /// Whether `zvm.status` says that the guest's image is not configured by xCAT's own agent.
    pub fn is_without_xcatconf4z(&self) -> bool {
        status_of(self.context, self.node).contains("XCATCONF4Z=0")
    }
}

/// Text that an option collects for the final print that only the oldest releases have (GQ1; spec: guests 4.2).
#[derive(Debug, Default)]
pub(super) struct Hidden {
    text: String,
    raw: bool,
}

impl Hidden {
    /// Nothing more to say.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Text of which every line gets the node's name.
    pub fn prefixed(text: String) -> Self {
        Self { text, raw: false }
    }

    /// Text that is shown as it is.
    pub fn raw(text: String) -> Self {
        Self { text, raw: true }
    }

    /// One text after the other.
    pub fn and(mut self, other: &Self) -> Self {
        self.text.push_str(&other.text);
        self
    }

    /// What the final print shows; nothing when there is no text.
    pub fn shown(&self, node: &str) -> Option<String> {
        if self.text.is_empty() {
            None
        } else if self.raw {
            Some(self.text.clone())
        } else {
            Some(text::append_hostname(node, &self.text))
        }
    }
}
