//! `xcat-sim`: see [`xcat_simulator::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    xcat_simulator::cli::main()
}
