//! A running simulator: what listens where, with which certificate, on which site. Nothing here knows xCAT.

mod authority;
mod builder;
mod error;
mod http_fault;
mod listener;
mod simulator;
mod source;
mod tls;
mod wire;
mod worlds;

pub use authority::ClientAuthority;
pub use builder::Builder;
pub use error::StartError;
pub use listener::Listener;
pub use simulator::Simulator;
pub use source::SiteSource;
pub use tls::Identity;
pub use worlds::{DEFAULT_WORLD, Hosted, ResetError, WorldError, WorldOptions, Worlds};
