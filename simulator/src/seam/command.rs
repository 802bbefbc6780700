//! What crosses the seam.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that the management node asks of the world outside it. `Display` is the command line xCAT would show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum RemoteCommand {
    /// A command run by ssh; `command` is what the remote shell receives.
    Ssh {
        host: String,
        user: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        opts: Vec<String>,
        command: String,
    },
    /// A copy between hosts.
    Scp {
        #[serde(default)]
        opts: Vec<String>,
        from: Vec<String>,
        to: String,
    },
    /// A reachability probe.
    Ping { host: String },
    /// A port scan (`nodestat`).
    Nmap { args: Vec<String> },
    /// Removal of a host key.
    SshKeygen { args: String },
    /// A pause of the management node, in seconds.
    Sleep { seconds: u64 },
}

impl RemoteCommand {
    /// About how many bytes it takes in memory beyond itself.
    pub(super) fn size(&self) -> usize {
        let words = |words: &[String]| words.iter().map(|w| w.len() + size_of::<String>()).sum();
        match self {
            Self::Ssh {
                host,
                user,
                opts,
                command,
            } => host.len() + user.len() + command.len() + words(opts),
            Self::Scp { opts, from, to } => to.len() + words(opts) + words(from),
            Self::Ping { host } => host.len(),
            Self::Nmap { args } => words(args),
            Self::SshKeygen { args } => args.len(),
            Self::Sleep { .. } => 0,
        }
    }

    /// The host that is addressed, as the management node names it.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Ssh { host, .. } | Self::Ping { host } => Some(host),
            Self::Scp { to, from, .. } => [to].into_iter().chain(from).find_map(|side| {
                let (host, _) = side.split_once(':')?;
                Some(host.split_once('@').map_or(host, |(_, h)| h))
            }),
            Self::Nmap { args } => args.last().map(String::as_str),
            Self::SshKeygen { .. } | Self::Sleep { .. } => None,
        }
    }
}

impl fmt::Display for RemoteCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssh {
                host,
                user,
                opts,
                command,
            } => {
                f.write_str("ssh ")?;
                for opt in opts {
                    write!(f, "{opt} ")?;
                }
                if user.is_empty() {
                    write!(f, "{host}")?;
                } else {
                    write!(f, "{user}@{host}")?;
                }
                write!(f, " \"{command}\"")
            }
            Self::Scp { opts, from, to } => {
                f.write_str("scp ")?;
                for word in opts.iter().chain(from) {
                    write!(f, "{word} ")?;
                }
                f.write_str(to)
            }
            Self::Ping { host } => write!(f, "ping -W 2 -c 2 -q {host}"),
            Self::Nmap { args } => write!(f, "nmap {}", args.join(" ")),
            Self::SshKeygen { args } => write!(f, "ssh-keygen {args}"),
            Self::Sleep { seconds } => write!(f, "sleep {seconds}"),
        }
    }
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit status; 255 when ssh itself failed.
    pub rc: i32,
    /// Standard output.
    #[serde(default)]
    pub stdout: String,
    /// Standard error.
    #[serde(default)]
    pub stderr: String,
}

impl Outcome {
    /// Success with this output.
    pub fn ok(stdout: impl Into<String>) -> Self {
        Self {
            rc: 0,
            stdout: stdout.into(),
            stderr: String::new(),
        }
    }

    /// Failure with this exit status and standard error.
    pub fn fail(rc: i32, stderr: impl Into<String>) -> Self {
        Self {
            rc,
            stdout: String::new(),
            stderr: stderr.into(),
        }
    }

    /// Adds a line to standard output.
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.stdout.push_str(line.as_ref());
        self.stdout.push('\n');
    }

    /// Adds a line to standard error.
    pub fn complain(&mut self, line: impl AsRef<str>) {
        self.stderr.push_str(line.as_ref());
        self.stderr.push('\n');
    }

    /// The same with another exit status.
    #[must_use]
    pub fn with_status(mut self, rc: i32) -> Self {
        self.rc = rc;
        self
    }
}
