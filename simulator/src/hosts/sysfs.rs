//! Files that a kernel makes up: `/sys`, `/proc`, `/dev`.
