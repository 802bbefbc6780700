//! Text of a SCSI pool file, with an index (spec: scsi-pools 1, 3).
//!
//! The text is the law: a pool is what its file says, however it was written, and everything that is asked of it could
//! be answered by a scan of its lines. The index only spares the scan: it gives the lines that *may* contain a text, and
//! each of them is then looked at. A property test says that index and scan agree.
//!
//! A copy is cheap (everything is shared until it is changed), so a reader keeps what it read while others write: the
//! management node works on such a copy between two remote commands, and can be wrong about the file by then.

mod chunk;
mod diff;
mod edits;
mod framed;
mod head;
mod index;
mod megabytes;
mod plain;
#[cfg(test)]
mod tests;
mod text;

pub use framed::Framed;
pub use head::Head;
pub use index::ChannelClass;
pub use megabytes::megabytes;
pub use plain::is_plain;
pub use text::{PoolText, is_literal, simple_pattern};
