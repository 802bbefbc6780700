//! The page of what the driver was put through, `docs/driver-figures.md`, and its figures, `docs/driver-figures.json`.
//!
//! ```sh
//! scripts/driver-matrix                      # target/driver-matrix-crashes.json and -faults.json
//! scripts/driver-soak > target/soak.jsonl
//! cargo run -p zvm-volume --example figures -- gather target/driver-matrix-*.json target/soak.jsonl > docs/driver-figures.json
//! cargo run -p zvm-volume --example figures -- page docs/driver-figures.json > docs/driver-figures.md
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};

/// Writes the figures of the driver's matrices and long runs.
#[derive(Parser)]
enum Args {
    /// Put result files together; what a later file has of an operation and variant takes the place of an earlier one's
    Gather {
        /// Files of `scripts/driver-matrix` (.json) and `scripts/driver-soak` (.jsonl)
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What a reader has to know of the runs
        #[arg(long, default_value = "")]
        remark: String,
    },
    /// Write the page
    Page {
        /// The figures
        figures: PathBuf,
    },
}

/// Points by outcome.
type Outcomes = BTreeMap<String, u64>;

/// A file of `scripts/driver-matrix`.
#[derive(Deserialize)]
struct MatrixFile {
    schema: u8,
    matrix: String,
    every_point: bool,
    not_begun: u64,
    operations: Vec<Tally>,
}

/// One operation in one variant.
#[derive(Deserialize)]
struct Tally {
    operation: String,
    variant: String,
    done: u64,
    outcomes: Outcomes,
    faults: BTreeMap<String, Outcomes>,
    breaches: Vec<String>,
}

/// Those of one matrix, by operation and variant.
type Tallies = BTreeMap<(String, String), Tally>;

/// Sums of one matrix.
#[derive(Default, Serialize, Deserialize)]
struct Sums {
    points: u64,
    breaches: u64,
    variants: BTreeMap<String, Outcomes>,
    operations: BTreeMap<String, Outcomes>,
    faults: BTreeMap<String, Outcomes>,
}

/// One long run, as `scripts/driver-soak` prints it.
#[derive(Serialize, Deserialize)]
struct Soak {
    release: String,
    behaviour: String,
    lifecycle: String,
    machines: u8,
    paths: u8,
    clear: bool,
    processes: u8,
    tasks: u32,
    calls: u64,
    attached: u64,
    checked_at_rest: u64,
    checked_at_work: u64,
    violations: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Figures {
    remark: String,
    crashes: Sums,
    faults: Sums,
    soaks: Vec<Soak>,
}

fn main() -> anyhow::Result<()> {
    match Args::parse() {
        Args::Gather { files, remark } => {
            let mut figures = gather(&files)?;
            figures.remark = remark;
            println!("{}", serde_json::to_string_pretty(&figures)?);
        }
        Args::Page { figures } => {
            let text = read(&figures)?;
            let figures = serde_json::from_str(&text)
                .with_context(|| format!("{} holds no figures", figures.display()))?;
            print!("{}", page(&figures));
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn gather(files: &[PathBuf]) -> anyhow::Result<Figures> {
    let mut tallies: BTreeMap<String, Tallies> = BTreeMap::new();
    let mut soaks = Vec::new();
    for path in files {
        let text = read(path)?;
        if path.extension().is_some_and(|suffix| suffix == "jsonl") {
            for line in text.lines().filter(|line| line.starts_with('{')) {
                let soak = serde_json::from_str(line)
                    .with_context(|| format!("{}: not the line of a run", path.display()))?;
                soaks.push(soak);
            }
            continue;
        }
        let file: MatrixFile = serde_json::from_str(&text)
            .with_context(|| format!("{} is no file of a matrix", path.display()))?;
        ensure!(file.schema == 2, "{}: unknown schema", path.display());
        ensure!(
            file.every_point && file.not_begun == 0,
            "{}: points or operations were left out; the page tells of whole runs",
            path.display()
        );
        let of_matrix = tallies.entry(file.matrix).or_default();
        for tally in file.operations {
            of_matrix.insert((tally.operation.clone(), tally.variant.clone()), tally);
        }
    }
    ensure_whole(&tallies)?;
    let mut sums = |matrix: &str| {
        let tallies = tallies.remove(matrix).unwrap_or_default();
        Sums::of(tallies.into_values())
    };
    Ok(Figures {
        remark: String::new(),
        crashes: sums("Crashes"),
        faults: sums("Faults"),
        soaks,
    })
}

/// Refuses matrices that do not have the same operations, each of them in every variant.
fn ensure_whole(matrices: &BTreeMap<String, Tallies>) -> anyhow::Result<()> {
    let all = || matrices.values().flat_map(BTreeMap::keys);
    let operations: BTreeSet<&String> = all().map(|(operation, _)| operation).collect();
    let variants: BTreeSet<&String> = all().map(|(_, variant)| variant).collect();
    ensure!(
        variants.len() == 4,
        "the page tells of four variants; the files have {variants:?}"
    );
    for (matrix, tallies) in matrices {
        for operation in &operations {
            for variant in &variants {
                ensure!(
                    tallies.contains_key(&((*operation).clone(), (*variant).clone())),
                    "{matrix}: '{operation}' {variant} is in none of the files"
                );
            }
        }
    }
    Ok(())
}

impl Sums {
    fn of(tallies: impl Iterator<Item = Tally>) -> Self {
        let mut sums = Self::default();
        for tally in tallies {
            sums.points += tally.done;
            sums.breaches += tally.breaches.len() as u64;
            add(
                sums.variants.entry(tally.variant).or_default(),
                &tally.outcomes,
            );
            add(
                sums.operations.entry(tally.operation).or_default(),
                &tally.outcomes,
            );
            for (fault, outcomes) in &tally.faults {
                add(sums.faults.entry(fault.clone()).or_default(), outcomes);
            }
        }
        sums
    }
}

fn add(sum: &mut Outcomes, outcomes: &Outcomes) {
    for (outcome, count) in outcomes {
        *sum.entry(outcome.clone()).or_default() += count;
    }
}

fn page(figures: &Figures) -> String {
    let mut text = String::from(
        "# What the driver was put through\n\n\
         Written by the example `figures` from `docs/driver-figures.json`; its head has the commands. Each point is one run of an \
         operation on a simulated site, and afterwards the whole site, the driver's files and its answer are looked at. A *breach* \
         is whatever is not as `driver/tests/it/stage.rs` asks.\n\n",
    );
    if !figures.remark.is_empty() {
        let _ = writeln!(text, "{}\n", figures.remark);
    }
    let _ = writeln!(
        text,
        "## Crashes\n\n\
         The process ends before and after each call and each write to its journal; a new one reconciles, and the operation is asked \
         for again: {} points, {} breaches. *Nothing open*: there was nothing to reconcile.\n",
        figures.crashes.points, figures.crashes.breaches
    );
    table(&mut text, "variant", &figures.crashes.variants);
    table(&mut text, "operation", &figures.crashes.operations);
    let _ = writeln!(
        text,
        "## Faults\n\n\
         Every fault of `docs/faults.md` but a daemon that stalls for ever, and every one between driver and management node \
         (`wire`), at every step at which it can strike (F45 on a site without NPIV): {} points, {} breaches. *Failed, nothing left*: with a clear error, all as before. *Failed, reconciled*: it said what \
         it left, and `reconcile` removed it. *Not met*: the operation never came by, or succeeded with every answer the usual one. \
         `lasting`: from that step on until the operation has ended.\n",
        figures.faults.points, figures.faults.breaches
    );
    table(&mut text, "variant", &figures.faults.variants);
    table(&mut text, "operation", &figures.faults.operations);
    table(&mut text, "fault", &figures.faults.faults);
    text.push_str(
        "## Long runs\n\n\
         Two processes create, attach, detach and delete at random against one served site (`scripts/driver-soak`). Meanwhile no \
         device may be given twice, and at each rest the site must be what it was at the beginning.\n\n\
         | release | behaviour | lifecycle | machines | paths | cleared | tasks | calls | attachments | looks at rest | at work | violations |\n\
         |---|---|---|--:|--:|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for soak in &figures.soaks {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            soak.release,
            soak.behaviour,
            soak.lifecycle,
            soak.machines,
            soak.paths,
            if soak.clear { "yes" } else { "no" },
            soak.tasks,
            soak.calls,
            soak.attached,
            soak.checked_at_rest,
            soak.checked_at_work,
            soak.violations
        );
    }
    text
}

/// A table with a row for each name and a column for each outcome.
fn table(text: &mut String, what: &str, rows: &BTreeMap<String, Outcomes>) {
    let columns: BTreeSet<&String> = rows.values().flat_map(BTreeMap::keys).collect();
    let _ = write!(text, "| {what} | points |");
    for column in &columns {
        let _ = write!(text, " {column} |");
    }
    let _ = writeln!(text, "\n|---|--:|{}", "--:|".repeat(columns.len()));
    for (name, outcomes) in rows {
        let _ = write!(text, "| {name} | {} |", outcomes.values().sum::<u64>());
        for column in &columns {
            match outcomes.get(*column) {
                Some(count) => _ = write!(text, " {count} |"),
                None => text.push_str("  |"),
            }
        }
        text.push('\n');
    }
    text.push('\n');
}
