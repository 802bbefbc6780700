//! Cases that run the driver against the target: what OpenStack would do with this release. Its requests take the same
//! way through fence and undo ledger as all others (spec: driver 6.2).

mod bench;
mod clock;
mod concurrency;
mod guests;
mod matrix;
mod rollback;
mod settings;
mod volumes;
mod wire;

pub use concurrency::CASES as CONCURRENCY;
pub use guests::CASES as GUESTS;
pub use rollback::CASES as ROLLBACK;
pub use settings::CASES as SETTINGS;
pub use volumes::CASES as VOLUMES;
