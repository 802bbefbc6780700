//! Instructions of a request, counted by Valgrind: what a busy machine does not change. `scripts/instructions` compares
//! them with the committed figures, so that a regression shows where timings cannot show it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::process::{Server, program};
use super::report::Layer;
use super::sites;

/// Count instructions, compare them with the committed figures or write these.
#[derive(clap::Args)]
pub struct Instructions {
    /// Committed figures.
    #[arg(long, default_value = "docs/instructions.json")]
    committed: PathBuf,
    /// Most that a figure may be above the committed one, in per cent.
    #[arg(long, default_value_t = 5.0)]
    tolerance: f64,
    /// Replace the committed figures.
    #[arg(long)]
    write: bool,
}

/// Instructions of one request, by work.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Figures(BTreeMap<String, u64>);

/// The works: name, arguments of the load client, further options of the server.
const WORKS: [(&str, &[&str], &[&str]); 3] = [
    (
        "reserve and release a named LUN of 1,000",
        &["--kind", "given"],
        &[],
    ),
    (
        "reserve the best fit of 1,000 and release it",
        &["--kind", "best-fit"],
        &[],
    ),
    ("read a pool of 1,000 LUNs", &["--kind", "read"], &[]),
];

/// Instructions by function.
type Profile = BTreeMap<String, u64>;

/// Compares or writes.
pub fn run(arguments: &Instructions) -> anyhow::Result<()> {
    let mut now = Figures::default();
    for (name, load, options) in WORKS {
        let (total, _) = request(load, options)?;
        println!("{name:48} {total:>10} instructions a request");
        now.0.insert(name.to_owned(), total);
    }
    if arguments.write {
        let text = serde_json::to_string_pretty(&now)? + "\n";
        std::fs::write(&arguments.committed, text)?;
        println!("written to {}", arguments.committed.display());
        return Ok(());
    }
    let text = std::fs::read_to_string(&arguments.committed)
        .with_context(|| arguments.committed.display().to_string())?;
    let committed: Figures = serde_json::from_str(&text)?;
    let mut worse = Vec::new();
    for (name, total) in &now.0 {
        let was = *committed
            .0
            .get(name)
            .with_context(|| format!("{name} has no committed figure: --write"))?;
        let change = (*total as f64 / was as f64 - 1.0) * 100.0;
        println!("{name:48} {change:>+9.1} % against {was}");
        if change > arguments.tolerance {
            worse.push(format!("{name}: {change:+.1} %"));
        }
    }
    ensure!(
        worse.is_empty(),
        "more than {} % above the committed figures: {}",
        arguments.tolerance,
        worse.join("; ")
    );
    Ok(())
}

/// Where the instructions of a reservation and its release go; `None` without Valgrind.
pub fn layers() -> anyhow::Result<Option<Vec<Layer>>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let (name, load, options) = WORKS[0];
    let (total, profile) = request(load, options).context(name)?;
    let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (function, count) in profile {
        *sums.entry(layer(&function)).or_default() += count;
    }
    let mut layers: Vec<Layer> = sums
        .into_iter()
        .map(|(name, instructions)| Layer {
            name: name.to_owned(),
            instructions,
            share: instructions as f64 / total.max(1) as f64,
        })
        .collect();
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.instructions));
    Ok(Some(layers))
}

/// Instructions of one request, in all and by function: those of many requests less those of few, so that start and
/// end of the server do not count.
fn request(load: &[&str], options: &[&str]) -> anyhow::Result<(u64, Profile)> {
    const FEW: u64 = 100;
    const MANY: u64 = 500;
    let folder = TempDir::new()?;
    let site = sites::write(folder.path(), 1_000)?;
    let few = profile(folder.path(), &site, load, options, FEW)?;
    let many = profile(folder.path(), &site, load, options, MANY)?;
    let each: Profile = many
        .into_iter()
        .map(|(function, count)| {
            let less = few.get(&function).copied().unwrap_or(0);
            (function, count.saturating_sub(less) / (MANY - FEW))
        })
        .collect();
    Ok((each.values().sum(), each))
}

/// A server under Valgrind that answers so many requests of one client.
fn profile(
    folder: &Path,
    site: &Path,
    load: &[&str],
    options: &[&str],
    requests: u64,
) -> anyhow::Result<Profile> {
    let out = folder.join(format!("callgrind.{requests}"));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program("xcat-sim")?)
        .args(["--quiet", "serve", "--http", "--site"])
        .arg(site)
        .args(options)
        .env("TOKIO_WORKER_THREADS", "1");
    let mut server = Server::start(&mut command, None)
        .context("valgrind could not run the server: is it installed?")?;
    let number = requests.to_string();
    let bounds = [
        "--connections",
        "1",
        "--requests",
        &number,
        "--milliseconds",
        "600000",
    ];
    server.load(&[load, &bounds].concat())?;
    server.interrupt()?;
    let text = std::fs::read_to_string(&out).context("valgrind wrote no profile")?;
    Ok(functions(&text))
}

/// Own instructions of each function of a profile: names are given once with a number and then by it; the line behind
/// `calls=` is what a call cost, which is the callee's.
fn functions(text: &str) -> Profile {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut profile = Profile::new();
    let mut current = String::new();
    let mut is_call = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=").or(line.strip_prefix("cfn=")) {
            let (number, rest) = name.split_once(' ').unwrap_or((name, ""));
            if !rest.is_empty() {
                names.insert(number.to_owned(), rest.to_owned());
            }
            if line.starts_with("fn=") {
                current = names.get(number).cloned().unwrap_or_default();
            }
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '*')) {
            let count = line.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
            if let (false, Some(count)) = (is_call, count) {
                *profile.entry(current.clone()).or_default() += count;
            }
            is_call = false;
        }
    }
    profile
}

/// The layer that a function belongs to, by its name.
fn layer(function: &str) -> &'static str {
    const LAYERS: [(&str, &[&str]); 11] = [
        (
            "allocator (mimalloc)",
            &[
                "mi_",
                "malloc",
                "__rust_alloc",
                "__rust_realloc",
                "__rust_dealloc",
            ],
        ),
        (
            "REST door: query, body, JSON",
            &["xcat_simulator::rest", "serde_json"],
        ),
        (
            "management node: password, policy, tables, commands",
            &[
                "xcat_simulator::mn",
                "xcat_simulator::world::tables",
                "xcat_simulator::world::node_value",
                "indexmap",
            ],
        ),
        (
            "seam: journal, changes, clock, locks",
            &["xcat_simulator::seam", "parking_lot"],
        ),
        ("shell of the zHCP", &["xcat_simulator::hosts::shell"]),
        (
            "programs of the zHCP (sed, grep, test, vmcp)",
            &["xcat_simulator::hosts"],
        ),
        (
            "pool text and its index",
            &["xcat_simulator::world::pool_text", "imbl"],
        ),
        ("world: names, guests, files", &["xcat_simulator::world"]),
        (
            "HTTP server",
            &[
                "xcat_simulator::server",
                "hyper",
                "tokio",
                "axum",
                "tower",
                "http",
                "mio",
                "futures",
            ],
        ),
        (
            "copying and comparing bytes (C library)",
            &["mem", "__mem", "str", "bcmp"],
        ),
        (
            "strings, formatting, maps (standard library)",
            &["core::", "alloc::", "std::", "hashbrown", "memchr"],
        ),
    ];
    let name = function.trim_start_matches(['<', '_', '&', '(']);
    LAYERS
        .iter()
        .find(|(_, prefixes)| {
            prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix.trim_start_matches('_')))
        })
        .map_or("everything else", |(layer, _)| layer)
}
