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
mod guests;
mod image_files;
mod luns;
mod nova_defects;
mod nova_matrix;
mod pages;
mod rig;
mod rows;
mod setup;
mod soak;
mod spoil;
mod traces;
