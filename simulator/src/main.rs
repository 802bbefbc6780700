//! `xcat-sim`: see [`xcat_simulator::cli`].

use std::process::ExitCode;

/// A request makes some thousand small allocations, and most of them are gone when it is answered.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    xcat_simulator::cli::main()
}
