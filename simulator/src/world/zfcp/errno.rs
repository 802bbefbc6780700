//! Errors of kernel files, as a program sees them.

/// What the kernel answers to a system call on one of its files. `Display` is the C library's text, which a shell
/// prints after `write error: ` (spec: zfcp-and-san 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Errno {
    /// ENOENT.
    #[error("No such file or directory")]
    NoEntry,
    /// ENXIO.
    #[error("No such device or address")]
    NoDeviceOrAddress,
    /// EIO.
    #[error("Input/output error")]
    Io,
    /// EAGAIN.
    #[error("Resource temporarily unavailable")]
    Again,
    /// EACCES.
    #[error("Permission denied")]
    Access,
    /// EBUSY.
    #[error("Device or resource busy")]
    Busy,
    /// EEXIST.
    #[error("File exists")]
    Exists,
    /// ENODEV.
    #[error("No such device")]
    NoDevice,
    /// EISDIR.
    #[error("Is a directory")]
    IsDirectory,
    /// EINVAL.
    #[error("Invalid argument")]
    Invalid,
    /// EBADE: a reservation conflict at `read()`.
    #[error("Invalid exchange")]
    BadExchange,
    /// ENOTDIR.
    #[error("Not a directory")]
    NotDirectory,
    /// ENOTEMPTY.
    #[error("Directory not empty")]
    NotEmpty,
    /// EROFS: a write to a write-protected disk.
    #[error("Read-only file system")]
    ReadOnly,
    /// ENOSPC.
    #[error("No space left on device")]
    NoSpace,
    /// EPERM.
    #[error("Operation not permitted")]
    Permission,
}

impl Errno {
    /// Whether the call that failed is `open()` (the file is not there, or may not be opened) rather than `write()` or
    /// `read()`. A shell reports the two differently: `bash: PATH: TEXT` against `bash: echo: write error: TEXT`.
    pub fn is_open_failure(self) -> bool {
        matches!(self, Self::NoEntry | Self::Access | Self::IsDirectory)
    }
}
