//! The command `zvm-volume`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    zvm_volume::cli::main().await.into()
}
