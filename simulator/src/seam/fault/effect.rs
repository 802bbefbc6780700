//! What a fault does, by the layer that fails.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Condition;
use crate::seam::{Outcome, RemoteCommand, When};
use crate::world::scratch::ProgramFailure;

/// The layer in which something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The connection between client and web server.
    Http,
    /// xCAT's daemon.
    Xcatd,
    /// The management node's remote shell.
    Ssh,
    /// SMAPI and the directory manager.
    Smapi,
    /// CP.
    Cp,
    /// A Linux guest.
    Guest,
    /// Channels, switches, zones.
    Fabric,
    /// Storage controllers, LUNs, masking.
    Storage,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Xcatd => "xcatd",
            Self::Ssh => "ssh",
            Self::Smapi => "smapi",
            Self::Cp => "cp",
            Self::Guest => "guest",
            Self::Fabric => "fabric",
            Self::Storage => "storage",
        })
    }
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// HTTP: the connection is reset before a byte is answered, as one that nobody accepts.
    HttpRefuse,
    /// HTTP: the connection is reset; after the side effect when so asked.
    HttpReset,
    /// HTTP: nothing is answered for this long, then the request goes on; without a time, never.
    HttpStall {
        /// Real milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
    /// HTTP: the connection ends after this many bytes of the body.
    HttpTruncate {
        /// Bytes of the body that are sent.
        #[serde(default)]
        bytes: u64,
    },
    /// HTTP: what is answered is no HTTP.
    HttpGarbage,
    /// HTTP: the body is sent at this rate.
    HttpSlow {
        /// Bytes in a real second.
        bytes_per_second: u64,
    },
    /// HTTP: the web server answers with this status and a page of its own.
    HttpStatus {
        /// Status.
        status: u16,
    },
    /// xcatd: the daemon does not listen.
    XcatdDown,
    /// xcatd: the daemon closes the connection before its answer is complete.
    XcatdClosed,
    /// xcatd: the daemon answers with this error.
    XcatdError {
        /// The text.
        text: String,
    },
    /// xcatd: the daemon stalls for this long, then goes on; without a time, never.
    XcatdStall {
        /// Real milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
    /// xcatd: the daemon's answer ends after so many bytes, and the connection with it.
    XcatdTruncate {
        /// Bytes of the answer that are sent.
        #[serde(default)]
        bytes: u64,
    },
    /// xcatd: what the daemon answers is no XML.
    XcatdGarbage,
    /// ssh: no route to the host.
    SshNoRoute,
    /// ssh: the connection is refused.
    SshRefused,
    /// ssh: the connection cannot be made in time.
    SshTimeout,
    /// ssh: the host name cannot be resolved.
    SshUnknownHost,
    /// ssh: the key is not accepted.
    SshDenied,
    /// ssh: the host's key has changed.
    SshHostKey,
    /// ssh: the connection drops; the command may have run.
    SshDropped,
    /// ssh: the remote command ends with this status and output.
    SshExit {
        /// Exit status.
        rc: i32,
        /// Standard output.
        #[serde(default)]
        stdout: String,
        /// Standard error.
        #[serde(default)]
        stderr: String,
    },
    /// SMAPI answers a function with this return and reason code.
    Smapi {
        /// The function; empty: any.
        #[serde(default)]
        function: String,
        /// Return code.
        rc: i32,
        /// Reason code.
        rs: i32,
    },
    /// SMAPI says that a function is done, and it is not.
    SmapiLost {
        /// The function.
        function: String,
    },
    /// CP answers with this message; `vmcp` ends with 1.
    Cp {
        /// The message, such as `HCPCQU045E LNX1 not logged on`.
        message: String,
        /// CP's return code.
        rc: i32,
    },
    /// A program of the guest ends with this status and output instead of working (or after it, when so asked).
    Program {
        /// Its name.
        program: String,
        /// Exit status.
        rc: i32,
        /// Standard output.
        #[serde(default)]
        stdout: String,
        /// Standard error.
        #[serde(default)]
        stderr: String,
    },
    /// A program is not installed.
    Missing {
        /// Its name.
        program: String,
    },
    /// The remote command takes this much longer, in virtual milliseconds.
    Delay {
        /// Virtual milliseconds.
        ms: u64,
    },
    /// The Linux on which the remote command runs breaks down before or after it, and starts again; it does not answer
    /// for so many virtual milliseconds. ssh drops.
    Reboot {
        /// Virtual milliseconds.
        ms: u64,
    },
    /// A part of the site is in this condition as long as the rule is there; with `times`, only while the remote commands
    /// that match run.
    Condition {
        /// Which.
        condition: Condition,
        /// How long what it delays is late, in virtual milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
}

impl Effect {
    /// The layer that fails.
    pub fn layer(&self) -> Layer {
        match self {
            Self::HttpRefuse
            | Self::HttpReset
            | Self::HttpStall { .. }
            | Self::HttpTruncate { .. }
            | Self::HttpGarbage
            | Self::HttpSlow { .. }
            | Self::HttpStatus { .. } => Layer::Http,
            Self::XcatdDown
            | Self::XcatdClosed
            | Self::XcatdError { .. }
            | Self::XcatdStall { .. }
            | Self::XcatdTruncate { .. }
            | Self::XcatdGarbage => Layer::Xcatd,
            Self::SshNoRoute
            | Self::SshRefused
            | Self::SshTimeout
            | Self::SshUnknownHost
            | Self::SshDenied
            | Self::SshHostKey
            | Self::SshDropped
            | Self::SshExit { .. }
            | Self::Delay { .. } => Layer::Ssh,
            Self::Smapi { .. } | Self::SmapiLost { .. } => Layer::Smapi,
            Self::Cp { .. } => Layer::Cp,
            Self::Program { .. } | Self::Missing { .. } | Self::Reboot { .. } => Layer::Guest,
            Self::Condition { condition, .. } => condition.layer(),
        }
    }

    /// How long it delays or lasts, in milliseconds, when that can be chosen (`delay_ms` of a rule).
    pub fn delay(&self) -> Option<u64> {
        match self {
            Self::Delay { ms } | Self::Reboot { ms } => Some(*ms),
            Self::Condition { condition, ms } => condition.usual_delay().map(|d| ms.unwrap_or(d)),
            _ => None,
        }
    }

    /// The same effect with another delay; `None` when it has none.
    pub(super) fn delayed(mut self, by: u64) -> Option<Self> {
        self.delay()?;
        match &mut self {
            Self::Delay { ms } | Self::Reboot { ms } => *ms = by,
            Self::Condition { ms, .. } => *ms = Some(by),
            _ => return None,
        }
        Some(self)
    }

    /// When it happens unless the rule says otherwise: what can only come after the work does so.
    pub fn usual_time(&self) -> When {
        match self {
            Self::SshDropped
            | Self::HttpTruncate { .. }
            | Self::HttpSlow { .. }
            | Self::XcatdTruncate { .. }
            | Self::XcatdGarbage => When::After,
            _ => When::Before,
        }
    }

    /// What ssh itself says and ends with, when it fails.
    pub(crate) fn ssh_outcome(&self, command: &RemoteCommand) -> Option<Outcome> {
        let host = command.host().unwrap_or_default();
        let text = match self {
            Self::SshNoRoute => {
                format!("ssh: connect to host {host} port 22: No route to host\r\n")
            }
            Self::SshRefused => {
                format!("ssh: connect to host {host} port 22: Connection refused\r\n")
            }
            Self::SshTimeout => {
                format!("ssh: connect to host {host} port 22: Connection timed out\r\n")
            }
            Self::SshUnknownHost => {
                format!("ssh: Could not resolve hostname {host}: Name or service not known\r\n")
            }
            Self::SshDenied => "Permission denied (publickey,password).\r\n".to_owned(),
            Self::SshHostKey => "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
                 @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n\
                 @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
                 Host key verification failed.\r\n"
                .to_owned(),
            Self::SshDropped | Self::Reboot { .. } => {
                format!("Connection to {host} closed by remote host.\r\n")
            }
            Self::SshExit { rc, stdout, stderr } => {
                return Some(Outcome {
                    rc: *rc,
                    stdout: stdout.clone(),
                    stderr: stderr.clone(),
                });
            }
            _ => return None,
        };
        // A ping and a copy fail with a status of their own.
        let rc = match command {
            RemoteCommand::Ssh { .. } => 255,
            _ => 1,
        };
        Some(Outcome::fail(rc, text))
    }

    /// The program that fails, the words that must be among its arguments, and how it fails.
    pub(crate) fn program(&self) -> Option<(&str, Vec<String>, ProgramFailure)> {
        let words = |function: &String| {
            if function.is_empty() {
                Vec::new()
            } else {
                vec![function.clone()]
            }
        };
        Some(match self {
            Self::Smapi { function, rc, rs } => (
                "smcli",
                words(function),
                ProgramFailure::Smapi { rc: *rc, rs: *rs },
            ),
            Self::SmapiLost { function } => (
                "smcli",
                words(function),
                ProgramFailure::Smapi { rc: 0, rs: 0 },
            ),
            Self::Cp { message, rc } => (
                "vmcp",
                Vec::new(),
                ProgramFailure::Cp {
                    message: message.clone(),
                    rc: *rc,
                },
            ),
            Self::Program {
                program,
                rc,
                stdout,
                stderr,
            } => (
                program,
                Vec::new(),
                ProgramFailure::Output {
                    rc: *rc,
                    stdout: stdout.clone(),
                    stderr: stderr.clone(),
                },
            ),
            Self::Missing { program } => (program, Vec::new(), ProgramFailure::Missing),
            _ => return None,
        })
    }
}
