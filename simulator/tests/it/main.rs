//! Integration tests of the simulator.

mod server;
mod tables;
