//! What the driver's operations fail with, and what Cinder and Nova call it (spec: driver 2.10).

use std::fmt;

use crate::client::{CallError, Reason, TlsError};
use crate::config::ConfigError;
use crate::types::Size;

/// Result of a driver operation.
pub type Result<T> = std::result::Result<T, Error>;

/// An operation that did not succeed. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration file.
    #[error("{0}")]
    ConfigFile(#[from] ConfigError),
    /// A setting that turned out wrong at run time.
    #[error("configuration: {0}")]
    Config(String),
    /// TLS cannot be set up as configured.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// A call to the management node.
    #[error("{0}")]
    Call(#[source] CallError),
    /// The back end's state does not allow it.
    #[error("{0}")]
    Backend(String),
    /// The volume or snapshot is in use.
    #[error("{what} is busy: {by}")]
    Busy {
        /// `volume …` or `snapshot …`.
        what: String,
        /// By what.
        by: String,
    },
    /// The volume is not in the state that the operation needs.
    #[error("{0}")]
    InvalidVolume(String),
    /// The volume is not there.
    #[error("{0}")]
    NotFound(String),
    /// No free LUN is large enough.
    #[error("no free LUN of at least {wanted} in pool {pool}; the largest free one has {}", .largest.map_or("none".to_owned(), |s| s.to_string()))]
    NoSpace {
        /// The pool.
        pool: String,
        /// What was asked for.
        wanted: Size,
        /// The largest free LUN, if there is one.
        largest: Option<Size>,
    },
    /// The volume cannot grow.
    #[error("{0}")]
    Extend(String),
    /// The connector lacks something, or is another system's.
    #[error("invalid connector: {0}")]
    Connector(String),
    /// The reference of a LUN to manage is not usable.
    #[error("{reason}")]
    ManageReference {
        /// Why.
        reason: String,
        /// Another volume has it.
        managed: bool,
    },
    /// An image cannot be used or copied.
    #[error("{text}")]
    Image {
        /// What is wrong with it.
        fault: ImageFault,
        /// In words.
        text: String,
        /// The error of the driver behind it.
        cause: Option<Box<Error>>,
    },
    /// Two instances want one FCP device, or one instance two lists.
    #[error("{0}")]
    FcpConflict(String),
    /// No FCP device is left.
    #[error("{0}")]
    NoFcpAvailable(String),
    /// The guest's state does not allow it.
    #[error("{text}")]
    Instance {
        /// In words.
        text: String,
        /// The instance does not exist.
        missing: bool,
        /// The state may change by itself.
        retryable: bool,
    },
    /// The volume is off the guest's hands, but something is still to be done: repeat the detach.
    #[error("detach of {volume} is not complete: {cause}")]
    DetachIncomplete {
        /// The volume.
        volume: String,
        /// What failed.
        #[source]
        cause: Box<Error>,
    },
    /// The driver or this release cannot do it.
    #[error("{0}")]
    Unsupported(String),
    /// A lock was not to be had in time.
    #[error("lock {name} is held by another operation; gave up after {seconds} s")]
    Lock {
        /// The lock.
        name: String,
        /// How long was waited.
        seconds: u64,
    },
    /// A file of the driver's own.
    #[error("{what}")]
    State {
        /// Which, and what was tried.
        what: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A step of an operation failed.
    #[error("{0}")]
    Step(Box<StepError>),
    /// An operation of the Cinder half failed outside of its steps. What the error is by itself is told by [`root`](Error::root).
    #[error("{0}")]
    Operation(Box<StepError>),
}

impl From<CallError> for Error {
    /// A call that this level of z/VM has no API for is not a failure of the back end: the release cannot do it
    /// (spec: driver 2.9, 900/12).
    fn from(error: CallError) -> Self {
        if error.is_unsupported() {
            Self::Unsupported(error.to_string())
        } else {
            Self::Call(error)
        }
    }
}

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// Not of a kind that can be used.
    Unacceptable,
    /// Larger than the volume.
    TooBig,
    /// It could not be moved.
    CopyFailed,
}

/// The first error of an operation, with what became of its steps (spec: driver I19).
#[derive(Debug)]
pub struct StepError {
    /// The operation.
    pub operation: String,
    /// The volume, snapshot or instance.
    pub subject: String,
    /// The step that failed first. Before the first step and after the last one it is what was being done: `call`, `check`,
    /// `configuration`, `image`, `lock` or `state`.
    pub step: String,
    /// Why.
    pub first: Error,
    /// OpenStack's request id.
    pub request_id: Option<String>,
    /// Steps that could not be undone, with the reason. Empty: nothing is left behind.
    pub left: Vec<(String, Error)>,
    /// The journal entry that `reconcile` will resolve; `None` when it is closed.
    pub journal: Option<String>,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} failed at step {}: {}",
            self.operation, self.subject, self.step, self.first
        )?;
        if let Some(id) = &self.request_id {
            write!(f, " [{id}]")?;
        }
        for (step, error) in &self.left {
            write!(f, "; left behind: {step} ({error})")?;
        }
        match &self.journal {
            Some(entry) => write!(f, "; reconcile will resolve entry {entry}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.first)
    }
}

impl Error {
    /// The first cause: the error itself, or that of the step that failed first.
    pub fn root(&self) -> &Self {
        match self {
            Self::Step(step) | Self::Operation(step) => step.first.root(),
            Self::DetachIncomplete { cause, .. }
            | Self::Image {
                cause: Some(cause), ..
            } => cause.root(),
            other => other,
        }
    }

    /// The error as Cinder sees it: with operation, subject, step and OpenStack's request id (spec: driver 2.10). One that has
    /// them from the engine stays as it is.
    pub(crate) fn in_operation(
        self,
        operation: &str,
        subject: &str,
        request_id: Option<&str>,
    ) -> Self {
        if self.names_step() {
            return self;
        }
        Self::Operation(Box::new(StepError {
            operation: operation.to_owned(),
            subject: subject.to_owned(),
            step: self.doing().to_owned(),
            first: self,
            request_id: request_id.map(str::to_owned),
            left: Vec::new(),
            journal: None,
        }))
    }

    fn names_step(&self) -> bool {
        match self {
            Self::Step(_) | Self::Operation(_) => true,
            Self::DetachIncomplete { cause, .. }
            | Self::Image {
                cause: Some(cause), ..
            } => cause.names_step(),
            _ => false,
        }
    }

    /// What an operation was doing when it failed outside of its steps.
    fn doing(&self) -> &'static str {
        match self {
            Self::ConfigFile(_) | Self::Config(_) | Self::Tls(_) => "configuration",
            Self::Call(_) => "call",
            Self::Lock { .. } => "lock",
            Self::State { .. } => "state",
            Self::Image { cause, .. } => cause.as_ref().map_or("image", |cause| cause.doing()),
            _ => "check",
        }
    }

    /// The class by which Cinder or Nova knows it.
    pub fn exception(&self) -> &'static str {
        match self {
            Self::ConfigFile(_) | Self::Config(_) | Self::Tls(_) => "InvalidConfigurationValue",
            Self::Call(error) if matches!(error.reason, Reason::NotJson { .. }) => {
                "MalformedResponse"
            }
            Self::Call(_) | Self::Backend(_) | Self::NoSpace { .. } | Self::State { .. } => {
                "VolumeBackendAPIException"
            }
            Self::Busy { what, .. } if what.starts_with("snapshot") => "SnapshotIsBusy",
            Self::Busy { .. } => "VolumeIsBusy",
            Self::InvalidVolume(_) => "InvalidVolume",
            Self::NotFound(_) => "VolumeNotFound",
            Self::Extend(_) => "ExtendVolumeError",
            Self::Connector(_) | Self::FcpConflict(_) | Self::NoFcpAvailable(_) => {
                "InvalidConnectorException"
            }
            Self::ManageReference { managed: true, .. } => "ManageExistingAlreadyManaged",
            Self::ManageReference { .. } => "ManageExistingInvalidReference",
            Self::Image { fault, .. } => match fault {
                ImageFault::Unacceptable => "ImageUnacceptable",
                ImageFault::TooBig => "ImageTooBig",
                ImageFault::CopyFailed => "ImageCopyFailure",
            },
            Self::Instance { missing: true, .. } => "InstanceNotFound",
            Self::Instance { .. } => "InvalidInstanceState",
            Self::DetachIncomplete { .. } => "VolumeDetachIncomplete",
            Self::Unsupported(_) => "NotImplementedError",
            Self::Lock { .. } => "VolumeDriverException",
            Self::Step(step) | Self::Operation(step) => step.first.exception(),
        }
    }

    /// Whether the same request may succeed later without anybody's doing.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Call(error) => error.is_retryable(),
            Self::Lock { .. } | Self::DetachIncomplete { .. } | Self::NoFcpAvailable(_) => true,
            Self::Instance { retryable, .. } => *retryable,
            Self::Image {
                cause: Some(cause), ..
            } => cause.is_retryable(),
            Self::Step(step) | Self::Operation(step) => step.first.is_retryable(),
            _ => false,
        }
    }

    /// An image that cannot be used.
    pub(crate) fn image(fault: ImageFault, text: impl Into<String>) -> Self {
        Self::Image {
            fault,
            text: text.into(),
            cause: None,
        }
    }

    /// The failed copy of an image, with its cause.
    pub(crate) fn image_copy(cause: Self) -> Self {
        match cause {
            image @ Self::Image { .. } => image,
            busy @ Self::Busy { .. } => busy,
            other => Self::Image {
                fault: ImageFault::CopyFailed,
                text: other.to_string(),
                cause: Some(Box::new(other)),
            },
        }
    }

    /// Whether nothing is known of the outcome of the call behind the error.
    pub fn is_unknown_outcome(&self) -> bool {
        match self {
            Self::Call(error) => error.executed == crate::client::Executed::Unknown,
            Self::Step(step) | Self::Operation(step) => step.first.is_unknown_outcome(),
            _ => false,
        }
    }

    /// What the operation left behind, for people; empty when nothing.
    pub fn left_behind(&self) -> Vec<String> {
        match self {
            Self::Step(step) => step
                .left
                .iter()
                .map(|(step, error)| format!("{step}: {error}"))
                .collect(),
            Self::Operation(failed) => failed.first.left_behind(),
            Self::DetachIncomplete { cause, .. }
            | Self::Image {
                cause: Some(cause), ..
            } => cause.left_behind(),
            _ => Vec::new(),
        }
    }
}
