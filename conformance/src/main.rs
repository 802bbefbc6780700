//! The command `xcat-conformance`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ExitCode::from(xcat_conformance::cli::main().await as u8)
}
