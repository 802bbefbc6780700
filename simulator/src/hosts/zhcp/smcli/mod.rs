//! `smcli`, the command line for every SMAPI function (spec: zhcp-and-smapi 2). One file per family of functions; what
//! they do to the system is in [`crate::world::zvm`], here are their options and what they print.

mod adapter;
mod api;
mod arguments;
mod call;
mod cpu;
mod definition;
mod describe;
mod device;
mod disk;
mod entry;
mod help;
mod ipl;
mod lan;
mod life;
mod other;
mod profile;
mod program;
mod real;
mod relocate;
mod reply;
mod system;
mod table;
#[cfg(test)]
mod tests;
mod volume;
mod vswitch;

pub use describe::describe;
pub use program::{failure, run};
