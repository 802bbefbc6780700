//! Exit statuses: documented, and constant over releases.

use crate::Error;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Done.
    Done = 0,
    /// Failed, and nothing is left behind.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration is wrong.
    Config = 3,
    /// The thing does not exist.
    NotFound = 4,
    /// Refused: in use, owned by somebody else, or not supported.
    Refused = 5,
    /// The management node cannot be reached, or is busy.
    Unavailable = 6,
    /// Something is left that `reconcile` resolves, or something does not fit that it only reports.
    Incomplete = 7,
    /// No FCP device or LUN is free.
    Exhausted = 8,
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// A wrong argument that only shows when it is used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

/// The status of a failure.
pub(super) fn of(error: &anyhow::Error) -> ExitStatus {
    if error.is::<UsageError>() {
        return ExitStatus::Usage;
    }
    if error.is::<crate::config::ConfigError>() {
        return ExitStatus::Config;
    }
    error
        .downcast_ref::<Error>()
        .map_or(ExitStatus::Failed, of_driver)
}

fn of_driver(error: &Error) -> ExitStatus {
    match error {
        Error::DetachIncomplete { .. } => return ExitStatus::Incomplete,
        Error::Step(step) if step.journal.is_some() || !step.left.is_empty() => {
            return ExitStatus::Incomplete;
        }
        _ => {}
    }
    match error.root() {
        Error::ConfigFile(_) | Error::Config(_) | Error::Tls(_) => ExitStatus::Config,
        Error::Call(call) if call.is_authentication() => ExitStatus::Config,
        Error::Call(call) if call.is_not_found() => ExitStatus::NotFound,
        Error::NotFound(_) | Error::Instance { missing: true, .. } => ExitStatus::NotFound,
        Error::NoSpace { .. } | Error::NoFcpAvailable(_) => ExitStatus::Exhausted,
        Error::Busy { .. }
        | Error::InvalidVolume(_)
        | Error::Extend(_)
        | Error::Connector(_)
        | Error::ManageReference { .. }
        | Error::FcpConflict(_)
        | Error::Unsupported(_)
        | Error::Instance {
            retryable: false, ..
        } => ExitStatus::Refused,
        root if root.is_retryable() => ExitStatus::Unavailable,
        _ => ExitStatus::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_shows_every_status() {
        for status in 0..=ExitStatus::Exhausted as u8 {
            assert!(
                super::super::args::EXIT.contains(&format!("\n  {status}  ")),
                "{status}"
            );
        }
    }

    #[test]
    fn what_is_left_behind_outweighs_its_cause() {
        let step = crate::StepError {
            operation: "attach".to_owned(),
            subject: "v".to_owned(),
            step: "add units".to_owned(),
            first: Error::NotFound("x".to_owned()),
            request_id: None,
            left: Vec::new(),
            journal: Some("1".to_owned()),
        };
        assert_eq!(
            of_driver(&Error::Step(Box::new(step))),
            ExitStatus::Incomplete
        );
        assert_eq!(
            of(&Error::NotFound("x".to_owned()).into()),
            ExitStatus::NotFound
        );
        assert_eq!(of(&UsageError("x".to_owned()).into()), ExitStatus::Usage);
    }
}
