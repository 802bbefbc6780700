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
mod faults;
mod guest_cases;
mod guests;
mod image_files;
mod luns;
mod matrix;
mod migrate;
mod nova_defects;
mod pages;
mod rig;
mod rows;
mod setup;
mod soak;
mod spoil;
mod stage;
mod traces;
mod two_machines;
