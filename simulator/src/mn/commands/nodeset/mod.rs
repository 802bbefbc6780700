//! `nodeset`: what a guest starts from next: an installer, a state-lite root, or a deployed image (spec: guests 13).

mod deploy;
mod install;
mod network;
mod parameters;
mod punch;
mod run;
mod statelite;
mod zfcp;

pub use run::run;
