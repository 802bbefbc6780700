//! Exit statuses: documented, and constant over releases.

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
    /// Something is left that `reconcile` resolves.
    Incomplete = 7,
    /// No FCP device or LUN is free.
    Exhausted = 8,
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_shows_every_status() {
        for status in 0..=ExitStatus::Exhausted as u8 {
            assert!(super::super::args::EXIT.contains(&format!("\n  {status}  ")), "{status}");
        }
    }
}
