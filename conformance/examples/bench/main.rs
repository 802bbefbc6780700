//! What the simulator costs, measured beside a bare axum server: `scripts/bench` runs it.
//!
//! Everything that is compared runs as a process of its own, the load comes from another, and rounds are interleaved
//! (A B C A B C …), so that whatever else the machine does meets all of them. Each measurement checks that the work
//! was done; one that was not done is an error, not a fast result.

mod bare;
mod cold;
mod connection;
mod load;
mod measure;
mod page;
mod process;
mod report;
mod sites;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the simulator, the driver and the kit beside a bare axum server.
#[derive(Parser)]
#[command(after_help = "Examples:
  bench run                         # everything, 7 rounds
  bench run --only stateful,scale --rounds 9
  bench page docs/performance.json  # the page of an earlier run")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, print a table, write JSON.
    Run(measure::Run),
    /// Print the page of a result file.
    Page {
        /// Result file.
        file: PathBuf,
    },
    /// The bare server that is compared with (started by `run`).
    #[command(hide = true)]
    Bare(bare::Bare),
    /// The load client (started by `run`).
    #[command(hide = true)]
    Load(load::Load),
}

fn main() -> anyhow::Result<()> {
    // Another provider can be installed only by an earlier call in this process; there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Args::parse().command {
        Command::Run(run) => measure::run(&run),
        Command::Page { file } => {
            let text = std::fs::read_to_string(&file)?;
            print!("{}", page::render(&serde_json::from_str(&text)?));
            Ok(())
        }
        Command::Bare(bare) => runtime(true)?.block_on(bare::serve(&bare)),
        Command::Load(load) => runtime(false)?.block_on(load::run(&load)),
    }
}

fn runtime(many: bool) -> std::io::Result<tokio::runtime::Runtime> {
    if many {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    }
    .enable_all()
    .build()
}
