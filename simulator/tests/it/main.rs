//! Integration tests of the simulator.

mod doors;
mod native;
mod quirks_guests;
mod quirks_pools;
mod server;
mod stage;
mod tables;
mod two_doors;
