//! Integration tests of the driver.

mod cases;
mod check;
mod config;
mod crash;
mod rig;
mod rows;
