//! A faithful fake xCAT management node (MN) for z/VM: its REST door, its commands, and beneath them simulated z/VM
//! systems, zHCPs, Linux guests and a SAN.
//!
//! The rooms, from the outside in (see `docs/architecture.md`):
//!
//! * [`rest`] turns HTTP into an [`mn::Request`] and an answer back into JSON, XML or HTML;
//! * [`xcatd`] does the same for the daemon's own protocol, XML over TLS;
//! * [`mn`] holds what the management node does: policy, tables, one module per xCAT command;
//! * [`seam`] carries one remote command to a host: locks, journal, playback live here and only here;
//! * [`hosts`] interprets remote commands on the world: shell, files, zHCP programs, guest programs;
//! * [`world`] is plain data and functions on it;
//! * [`replay`] compares the management node with recordings of the real one;
//! * [`defects`] holds the deliberate mistakes by which a conformance kit is proved;
//! * [`site`] reads site files and makes worlds of them;
//! * [`server`] opens the doors of a site; [`cli`] is the program `xcat-sim`.

mod bytes;
pub mod cli;
pub mod control;
pub mod coverage;
pub mod defects;

pub mod hosts;
pub mod ledger;
pub mod mn;
pub mod replay;
pub mod rest;
pub mod seam;
pub mod server;
pub mod site;
pub mod state;
pub mod world;
pub mod xcatd;

pub use server::{Builder, Identity, Simulator, SiteSource, StartError};
