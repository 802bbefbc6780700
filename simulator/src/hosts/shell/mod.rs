//! The shell of the simulated hosts and of the management node: the part of bash that command lines sent by xCAT and
//! by people over `xdsh` use. Parsing gives a tree, expansion gives words, and a [`Machine`] says what running a
//! program or opening a file means. No job control, no arrays, no coprocesses.
//!
//! No input makes it panic or run for ever: nesting is limited, and so is what one command line may do.

mod arithmetic;
mod ast;
mod builtins;
mod condition;
mod expand;
mod host;
mod interpreter;
mod lexer;
mod lines;
mod machine;
mod parameter;
mod parser;
mod pattern;
mod plain;
mod steps;
mod variables;

pub use host::{run, run_in, run_script, run_words};
pub use interpreter::{Shell, interpret};
pub use machine::{Errno, Machine};
pub use pattern::Pattern;
pub use steps::Steps;
pub use variables::Variables;

#[cfg(test)]
mod tests;
