//! Integration tests of the simulator.

mod tables;
