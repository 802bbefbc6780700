//! Integration tests of the simulator.

mod coverage;
mod doors;
mod five_steps;
mod hostile_input;
mod native;
mod quirks_doors;
mod quirks_guests;
mod quirks_pools;
mod quirks_queries;
mod quirks_races;
mod quirks_rest;
mod race;
mod recordings;
mod releases;
mod server;
mod site;
mod stage;
mod tables;
mod two_doors;
mod zhcp_down;
