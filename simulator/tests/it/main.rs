//! Integration tests of the simulator.

mod doors;
mod native;
mod server;
mod tables;
mod two_doors;
