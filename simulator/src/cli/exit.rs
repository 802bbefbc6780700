//! Exit statuses, the same for every command.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Success,
    /// 1: it could not be done; the reason is on standard error.
    Failure,
    /// 2: the command line is wrong.
    Usage,
    /// 3: the site cannot be used; each problem is reported with its line.
    Site,
    /// 4: an address cannot be listened on, or not without `--allow-remote`.
    Listen,
    /// 5: no control door answers.
    Door,
    /// 6: `state diff` found differences, or an assertion does not hold.
    Different,
}

impl Exit {
    /// The status as a number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Site => 3,
            Self::Listen => 4,
            Self::Door => 5,
            Self::Different => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command failed, and the status that says so.
#[derive(Debug)]
pub struct Failure {
    /// The status.
    pub exit: Exit,
    /// The reason.
    pub error: anyhow::Error,
}

impl Failure {
    /// A failure with a status of its own.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl From<crate::control::ClientError> for Failure {
    fn from(error: crate::control::ClientError) -> Self {
        use crate::control::ClientError as E;
        let exit = match &error {
            E::Address(_) => Exit::Usage,
            E::Connect { .. } | E::Protocol(_) => Exit::Door,
            E::Refused { .. } => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

impl From<crate::server::StartError> for Failure {
    fn from(error: crate::server::StartError) -> Self {
        use crate::server::StartError as E;
        let exit = match &error {
            E::Site(_) => Exit::Site,
            E::Remote(_) | E::Listen { .. } => Exit::Listen,
            E::Quirk(_) | E::Defect(_) | E::World(_) | E::NoNative => Exit::Usage,
            E::MakeCertificate(_) | E::ReadCertificate { .. } | E::Certificate(_) | E::State(_) => {
                Exit::Failure
            }
        };
        Self::new(exit, error)
    }
}
