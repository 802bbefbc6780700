//! Integration tests of the driver.

mod attach;
mod cases;
mod check;
mod cli;
mod config;
mod connection;
mod crash;
mod defects;
mod detach;
mod doubts;
mod faults;
mod guest_cases;
mod guests;
mod image_files;
mod luns;
mod matrix;
mod migrate;
mod nova_contract;
mod nova_defects;
mod pages;
mod random;
mod rig;
mod rows;
mod setup;
mod soak;
mod spoil;
mod stage;
mod traces;
mod two_machines;

/// The matrices make and drop worlds all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
