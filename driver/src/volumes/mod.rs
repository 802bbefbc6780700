//! The Cinder half: volumes as rows of a SCSI pool.
//!
//! [`VolumeDriver`] is the contract, [`ZvmDriver`] fulfils it. A volume is a row with its stamp; what else is kept only tells
//! when a stamp is lost. What an
//! operation changes, it changes in the steps of [`VolumeStep`], which the engine of [`crate::steps`] runs.

mod audit;
mod builder;
mod connection;
mod content;
mod contract;
mod copies;
mod driver;
mod life;
mod manage;
mod model;
mod moves;
mod row_work;
mod setup;
mod stale;
mod stamps;
mod stats;
mod step;
mod step_calls;
pub mod table;
mod transfer;
mod world;
mod zhcp;

pub use audit::{Finding, Trouble};
pub use builder::DriverBuilder;
pub use content::{Content, Piece};
pub use contract::VolumeDriver;
pub use driver::ZvmDriver;
pub use model::{
    Capabilities, ConnectionData, ConnectionInfo, Connector, ExistingRef, Figures,
    InitiatorTargetMap, Manageable, ModelUpdate, Page, PoolStats, Snapshot, Stats, TargetHost,
    TargetWwn, TerminatedConnection, TerminatedData, TypeDiff, Volume,
};
pub(crate) use setup::START;
pub use step::VolumeStep;
pub use world::{Place, RowRef, World};
