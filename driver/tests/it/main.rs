//! Integration tests of the driver.

mod config;
mod rig;
mod rows;
