//! OpenStack volumes for z/VM over the REST interface of an xCAT management node (MN).
//!
//! Two halves share one client. The Cinder half ([`volumes`]) keeps volumes as rows of a SCSI pool file on a zHCP; the
//! Nova half ([`attachments`]) gives such a LUN to a Linux guest and takes it back. Beneath them lie [`client`] (what a
//! call means and whether it happened), [`pool`] (what a row says), [`fcp`] (which device serves which guest) and
//! [`steps`] (forward, roll back, journal).
//!
//! The driver meets an MN over HTTP and knows no other way; what it claims it has read back.

pub mod attachments;
pub mod cli;
pub mod client;
pub mod config;
mod error;
pub mod fcp;
pub mod images;
pub mod pool;
mod secret;
pub mod steps;
pub mod types;
pub mod volumes;

pub use error::{Error, ImageFault, Result, StepError};
pub use secret::Secret;
