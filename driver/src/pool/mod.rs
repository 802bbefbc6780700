//! The SCSI pool: what its rows say, who owns them, which of them can be given out (spec: driver 2.2).
//!
//! The pool file on the zHCP is the only truth; everything here is read from a fresh listing and nothing is cached.

mod access;
mod listing;
mod location;
mod owner;
mod row;

pub use access::Pool;
pub use listing::{Capacity, Listing};
pub use location::ProviderLocation;
pub use owner::Owner;
pub use row::{Malformed, Row, RowStatus, Unusable};
