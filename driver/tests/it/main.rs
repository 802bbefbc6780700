//! Integration tests of the driver.

mod config;
