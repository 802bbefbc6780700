//! Hosts interpret remote commands on the world: a shell, files, coreutils, the zHCP's programs, the guests' programs.
//! A host knows nothing of xCAT; it sees a command line and answers with exit status and output.

mod coreutils;
mod execute;
mod failing;
pub mod files;
pub mod guest;
pub mod programs;
pub mod shell;
pub mod sysfs;
pub mod zhcp;

pub use execute::{execute, is_up};
pub use programs::{Program, ProgramEnv};
