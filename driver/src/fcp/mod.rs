//! Which FCP device serves which guest: the inventory of the z/VM system, the ledger of what is given out, the choice
//! of devices for a guest, and the connector that tells Cinder of it (spec: driver 2.8.1 to 2.8.4).
//!
//! The ledger is plain data with pure transitions; [`LedgerStore`] keeps it in a file that several processes share.
//! Nothing here calls the management node.

mod attachment;
mod connector;
mod device;
mod entry;
mod error;
mod inventory;
mod ledger;
mod reservation;
mod selection;
mod store;
mod swept;

pub use attachment::{Attachment, AttachmentState};
pub use connector::Connector;
pub use device::{Chpid, FcpDevice, FcpStatus};
pub use entry::{Entry, Phase, Withheld};
pub use error::{FcpError, NoFcpAvailable, StateError};
pub use inventory::Inventory;
pub use ledger::Ledger;
pub(crate) use ledger::joined;
pub use selection::{free_by_chpid, select};
pub use store::{LedgerStore, STATE_SCHEMA};
pub use swept::SweptRow;
