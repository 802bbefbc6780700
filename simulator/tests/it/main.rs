//! Integration tests of the simulator.

mod control;
mod coverage;
mod crash;
mod doors;
mod faults;
mod five_steps;
mod hostile_input;
mod native;
mod process;
mod quirks_doors;
mod quirks_guests;
mod quirks_pools;
mod quirks_queries;
mod quirks_races;
mod quirks_rest;
mod race;
mod recordings;
mod releases;
mod repeat;
mod server;
mod site;
mod stage;
mod tables;
mod two_doors;
mod zhcp_down;
