//! Why a call did not succeed, and what is known of its work (spec: driver 3.6.5).

use std::fmt;

use super::transport::{TransportError, TransportFault};

/// Whether the MN did the work of a call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executed {
    /// Certainly not: it may be sent again.
    No,
    /// The MN refused, or tried and says that it failed. It may have done a part.
    Rejected,
    /// Nobody knows. The caller has to read back before it decides.
    Unknown,
}

/// One thing that the MN complained of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Its words.
    pub text: String,
    /// Return and reason code, when there are any.
    pub codes: Option<(u32, u32)>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No answer.
    Transport(TransportError),
    /// An HTTP status other than success.
    Status {
        /// The status.
        status: u16,
        /// The body's text, without tags.
        text: String,
    },
    /// Success by status, but no JSON.
    NotJson {
        /// The body's text, without tags.
        text: String,
    },
    /// xCAT reports errors.
    Xcat {
        /// All of them, in order.
        complaints: Vec<Complaint>,
    },
    /// No error, but not the positive message either.
    NotConfirmed {
        /// What was said instead.
        seen: String,
    },
    /// Not sent: the MN refused these credentials before.
    LockedOut,
    /// Not sent: the MN would read the body as other words than were meant.
    Malformed {
        /// What is wrong with it.
        text: String,
    },
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The call, by its number.
    pub call: &'static str,
    /// Whether it did its work.
    pub executed: Executed,
    /// What happened.
    pub reason: Reason,
}

impl CallError {
    /// The codes of the last complaint that has any.
    pub fn codes(&self) -> Option<(u32, u32)> {
        match &self.reason {
            Reason::Xcat { complaints } => complaints.iter().rev().find_map(|c| c.codes),
            _ => None,
        }
    }

    /// SMAPI or DirMaint had the object locked: worth another try (spec: driver 2.9).
    pub fn is_busy(&self) -> bool {
        matches!(self.codes(), Some((204 | 404 | 400, 12) | (400, 16)))
    }

    /// The level of z/VM does not know the API behind the call (spec: driver 2.9).
    pub fn is_unsupported(&self) -> bool {
        self.codes() == Some((900, 12))
    }

    /// The credentials were refused.
    pub fn is_authentication(&self) -> bool {
        matches!(
            self.reason,
            Reason::Status { status: 401, .. } | Reason::LockedOut
        )
    }

    /// The node or object does not exist, or the guest has no directory entry (spec: driver 2.9, 3.4).
    pub fn is_not_found(&self) -> bool {
        const TEXTS: [&str; 2] = ["Could not find an object", "Invalid nodes and/or groups"];
        if matches!(self.codes(), Some((400 | 200, 4))) {
            return true;
        }
        match &self.reason {
            Reason::Status { status: 404, .. } => true,
            Reason::Status { status: 403, text } => TEXTS.iter().any(|t| text.contains(t)),
            Reason::Xcat { complaints } => complaints
                .iter()
                .any(|c| TEXTS.iter().any(|t| c.text.contains(t))),
            _ => false,
        }
    }

    /// Whether the MN's complaint holds the text.
    pub fn says(&self, text: &str) -> bool {
        match &self.reason {
            Reason::Xcat { complaints } => complaints.iter().any(|c| c.text.contains(text)),
            Reason::Status { text: t, .. } | Reason::NotJson { text: t } => t.contains(text),
            Reason::NotConfirmed { seen } => seen.contains(text),
            Reason::Malformed { text: t } => t.contains(text),
            Reason::Transport(_) | Reason::LockedOut => false,
        }
    }

    /// Whether the same operation may succeed later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match &self.reason {
            Reason::Transport(error) => error.fault != TransportFault::Certificate,
            Reason::LockedOut | Reason::Malformed { .. } => false,
            Reason::Xcat { .. } => self.is_busy(),
            _ => self.executed != Executed::Rejected,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.call)?;
        match &self.reason {
            Reason::Transport(error) => write!(f, "no answer from the management node: {error}")?,
            Reason::Status { status, text } => {
                write!(f, "the management node answered {status}")?;
                if !text.is_empty() {
                    write!(f, ": {text}")?;
                }
            }
            Reason::NotJson { text } => write!(f, "the answer is no JSON: {text}")?,
            Reason::Xcat { complaints } => {
                for (index, complaint) in complaints.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " | " };
                    write!(f, "{separator}{}", complaint.text)?;
                }
                if self.is_unsupported() {
                    f.write_str("; this level of z/VM does not know the API")?;
                }
            }
            Reason::NotConfirmed { seen } if seen.is_empty() => {
                f.write_str("the answer confirms nothing")?;
            }
            Reason::NotConfirmed { seen } => write!(f, "the answer confirms nothing: {seen}")?,
            Reason::LockedOut => {
                f.write_str("not sent, the management node refused the credentials before")?;
            }
            Reason::Malformed { text } => write!(f, "not sent: {text}")?,
        }
        match self.executed {
            Executed::Unknown => f.write_str(" (it is not known whether it was carried out)"),
            Executed::No | Executed::Rejected => Ok(()),
        }
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(codes: (u32, u32)) -> CallError {
        CallError {
            call: "X15",
            executed: Executed::Rejected,
            reason: Reason::Xcat {
                complaints: vec![Complaint {
                    text: format!("Return Code: {}; Reason Code: {}", codes.0, codes.1),
                    codes: Some(codes),
                }],
            },
        }
    }

    #[test]
    fn the_codes_of_smapi_say_what_a_refusal_means() {
        for codes in [(204, 12), (404, 12), (400, 12), (400, 16)] {
            assert!(refused(codes).is_busy() && refused(codes).is_retryable());
        }
        for codes in [(400, 4), (200, 4)] {
            assert!(refused(codes).is_not_found() && !refused(codes).is_busy());
        }
        for codes in [(400, 8), (404, 8), (204, 8), (596, 4)] {
            let error = refused(codes);
            assert!(!error.is_busy() && !error.is_not_found() && !error.is_unsupported());
        }
    }

    #[test]
    fn an_api_that_the_level_does_not_know_is_unsupported() {
        let error = crate::Error::from(refused((900, 12)));
        assert_eq!(error.exception(), "NotImplementedError");
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("does not know the API"));
        let other = crate::Error::from(refused((900, 20)));
        assert_eq!(other.exception(), "VolumeBackendAPIException");
    }
}
