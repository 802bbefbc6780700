//! The ordinary programs of a Linux, as far as command lines of xCAT and of people use them. Messages and exit
//! statuses are those of GNU.

mod basic;
mod changing;
mod cmp;
mod digest;
mod file_tests;
mod grep;
mod listing;
mod lookup;
mod options;
mod pattern;
mod regex;
mod sed;
mod sed_script;
mod system;
mod text;

pub use lookup::lookup;
pub use options::Options;
pub use regex::expression as compile_expression;
pub use system::kernel_release;

#[cfg(test)]
mod tests;
