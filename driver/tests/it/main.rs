//! Integration tests of the driver.

mod attach;
mod cases;
mod check;
mod config;
mod crash;
mod detach;
mod guests;
mod rig;
mod rows;
