//! The ordinary programs of a Linux, as far as command lines of xCAT and of people use them. Messages and exit
//! statuses are those of GNU.

mod basic;
mod grep;
mod options;
mod regex;

pub use basic::lookup;
