//! The shell of the simulated hosts and of the management node: the part of bash that command lines sent by xCAT and
//! by people over `xdsh` use. Parsing gives a tree, expansion gives words, and a [`Machine`] says what running a
//! program or opening a file means. No job control, no arrays, no arithmetic, no here documents.

mod ast;
mod expand;
mod host;
mod interpreter;
mod lexer;
mod machine;
mod parser;
mod pattern;

pub use host::{run, run_in, run_words};
pub use interpreter::{Shell, interpret};
pub use machine::{Errno, Machine};
pub use pattern::Pattern;

#[cfg(test)]
mod tests;
