//! The shell of the simulated hosts.
