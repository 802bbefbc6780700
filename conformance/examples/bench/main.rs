//! What the simulator costs, measured beside a bare axum server: `scripts/bench` runs it.
//!
//! Everything that is compared runs as a process of its own, the load comes from another, and rounds are interleaved
//! (A B C A B C …), so that whatever else the machine does meets all of them. Each measurement checks that the work
//! was done; one that was not done is an error, not a fast result.

mod attach;
mod bare;
mod cold;
mod connection;
mod instructions;
mod load;
mod measure;
mod page;
mod peers;
mod process;
mod report;
mod sites;
mod soak;

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
    /// Count instructions with Valgrind and compare them with the committed figures.
    Instructions(instructions::Instructions),
    /// A load that is not kind, with bounds.
    Soak(soak::Soak),
    /// The bare server that is compared with (started by `run`).
    #[command(hide = true)]
    Bare(bare::Bare),
    /// The load client (started by `run`).
    #[command(hide = true)]
    Load(load::Load),
    /// The driver at work (started by `run`).
    #[command(hide = true)]
    Cycle(attach::Cycle),
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
        Command::Cycle(cycle) => runtime(false)?.block_on(attach::run(&cycle)),
        Command::Instructions(arguments) => instructions::run(&arguments),
        Command::Soak(soak) => soak::run(&soak),
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
