//! Integration tests of the simulator.

mod doors;
mod native;
mod quirks_guests;
mod quirks_pools;
mod quirks_queries;
mod quirks_rest;
mod releases;
mod server;
mod stage;
mod tables;
mod two_doors;
mod zhcp_down;
