//! Runs the crash and fault matrices over the one table of operations, on several threads, and counts.
//!
//! By default a seeded sample is done: every operation in one variant, a few points of each. `ZVM_MATRIX=full` does all;
//! `scripts/driver-matrix` sets it, with `ZVM_MATRIX_ONLY` (a part of an operation's name), `ZVM_MATRIX_JOBS` (threads),
//! `ZVM_MATRIX_STRIDE` (of the steps of each fault, one in so many), `ZVM_MATRIX_OFFSET` (which one of them; by default a
//! seeded one for each fault), `ZVM_MATRIX_SECONDS` (no operation is begun later) and `ZVM_MATRIX_JSON` (a file for the
//! figures). All offsets of a stride together are all steps. To look into a breach:
//! `ZVM_MATRIX_AT` (the point), `ZVM_MATRIX_FAULT` (the fault's name), `ZVM_MATRIX_VARIANT`, and `ZVM_MATRIX_TRACE` for the
//! remote commands that led to it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::crash::crash_everywhere;
use crate::faults::strike_everywhere;
use crate::rig::{VARIANTS, Variant};
use crate::stage::{Operation, Stage};

/// Points of the ordinary run for each operation.
pub const SAMPLE: usize = 3;

/// Which points are done.
pub struct Chosen {
    full: bool,
    dice: u64,
    /// Of the steps at which a fault can strike, one in so many is done.
    stride: usize,
    /// Which of them.
    offset: Option<usize>,
    /// The one point that is wanted, when somebody looks into a breach.
    pub only: Option<usize>,
}

impl Chosen {
    fn new(full: bool, seed: u64) -> Self {
        let number = |name| setting(name).and_then(|text| text.parse().ok());
        let stride = number("ZVM_MATRIX_STRIDE").unwrap_or(1).max(1);
        let offset = number("ZVM_MATRIX_OFFSET");
        assert!(
            offset.is_none_or(|offset| offset < stride),
            "the offset is below the stride of {stride}"
        );
        Self {
            full,
            stride,
            offset,
            only: number("ZVM_MATRIX_AT"),
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// Whether all are.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// A number below a bound.
    pub fn roll(&mut self, below: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        usize::try_from(self.dice % (below.max(1) as u64)).unwrap()
    }

    /// The first step at which a fault strikes.
    pub fn first(&mut self) -> usize {
        self.only
            .or(self.offset)
            .unwrap_or_else(|| self.roll(self.stride))
    }

    /// The next step after `at` that is done, not before `next`.
    pub fn next(&self, at: usize, next: usize) -> Option<usize> {
        let steps = next.saturating_sub(at).div_ceil(self.stride).max(1);
        self.only.is_none().then_some(at + steps * self.stride)
    }

    /// Whether the next one of so many is.
    pub fn takes(&mut self, all: usize) -> bool {
        self.full || self.roll(all) < SAMPLE
    }
}

/// Figures of one operation in one variant.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    operation: String,
    variant: String,
    /// Points that there are, where that is known beforehand.
    pub points: usize,
    /// How many were done.
    done: usize,
    /// By outcome.
    outcomes: BTreeMap<&'static str, usize>,
    /// By fault and outcome.
    faults: BTreeMap<String, BTreeMap<&'static str, usize>>,
    /// What must not be.
    breaches: Vec<String>,
}

/// The outcome of what breaks the rules.
const BREACH: &str = "BREACH";

impl Tally {
    /// Counts a point.
    pub fn add(
        &mut self,
        fault: &str,
        ending: Result<&'static str, String>,
        when: impl FnOnce() -> String,
    ) {
        self.done += 1;
        let ending = ending.unwrap_or_else(|text| {
            let line = format!("{} {}, {}: {text}", self.operation, self.variant, when());
            println!("BREACH {line}");
            self.breaches.push(line);
            BREACH
        });
        *self.outcomes.entry(ending).or_default() += 1;
        *self
            .faults
            .entry(fault.to_owned())
            .or_default()
            .entry(ending)
            .or_default() += 1;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matrix {
    Crashes,
    Faults,
}

pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Every operation, in all variants or in one that moves with it.
fn jobs(full: bool) -> VecDeque<(usize, Operation, Variant)> {
    let only = setting("ZVM_MATRIX_ONLY")
        .unwrap_or_default()
        .to_lowercase();
    let wanted = |operation: &Operation| operation.to_string().to_lowercase().contains(&only);
    let mut jobs = VecDeque::new();
    for (number, operation) in Operation::all().into_iter().filter(wanted).enumerate() {
        for (index, variant) in VARIANTS.into_iter().enumerate() {
            let named =
                setting("ZVM_MATRIX_VARIANT").is_none_or(|name| variant.to_string() == name);
            if named && (full || number % VARIANTS.len() == index) {
                jobs.push_back((number, operation, variant));
            }
        }
    }
    jobs
}

async fn job(
    matrix: Matrix,
    operation: Operation,
    variant: Variant,
    chosen: &mut Chosen,
    tally: &mut Tally,
) {
    let stage = Arc::new(Stage::set(operation, variant).await);
    match matrix {
        Matrix::Crashes => crash_everywhere(stage, chosen, tally).await,
        Matrix::Faults => {
            strike_everywhere(&stage, chosen, tally).await;
            drop(stage);
            // One fault has a site of its own; the sample does it for some operations.
            if chosen.is_full() || chosen.roll(8) == 0 {
                let stage = Stage::set_without_npiv(operation, variant).await;
                strike_everywhere(&stage, chosen, tally).await;
            }
        }
    }
}

/// One operation in one variant, on a runtime of its own.
fn work(
    matrix: Matrix,
    number: usize,
    operation: Operation,
    variant: Variant,
    full: bool,
) -> Tally {
    let mut tally = Tally {
        operation: operation.to_string(),
        variant: variant.to_string(),
        ..Tally::default()
    };
    let mut chosen = Chosen::new(full, number as u64 + 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(job(matrix, operation, variant, &mut chosen, &mut tally));
    }));
    if let Err(panic) = done {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        tally.add("panic", Err(text), || "panic".to_owned());
    }
    tally
}

fn run(matrix: Matrix) {
    let full = setting("ZVM_MATRIX").is_some_and(|value| value == "full");
    let number = |name| setting(name).and_then(|text| text.parse::<u64>().ok());
    // More than cores: a fault that stalls only waits.
    let threads = number("ZVM_MATRIX_JOBS").unwrap_or(8);
    let deadline = number("ZVM_MATRIX_SECONDS").map(|s| Instant::now() + Duration::from_secs(s));
    let queue = Mutex::new(jobs(full));
    let tallies = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                        break;
                    }
                    let Some((number, operation, variant)) = queue.lock().unwrap().pop_front()
                    else {
                        break;
                    };
                    let tally = work(matrix, number, operation, variant, full);
                    if full {
                        print!("{}", line(&tally));
                    }
                    tallies.lock().unwrap().push(tally);
                }
            });
        }
    });
    let left = queue.into_inner().unwrap().len();
    report(matrix, &tallies.into_inner().unwrap(), left, full);
}

/// Whether some points of an operation are left out.
fn is_narrowed() -> bool {
    let stride = setting("ZVM_MATRIX_STRIDE").is_some_and(|stride| stride != "1");
    stride
        || ["ZVM_MATRIX_AT", "ZVM_MATRIX_FAULT"]
            .into_iter()
            .any(|name| setting(name).is_some())
}

fn line(tally: &Tally) -> String {
    let mut text = format!(
        "{:<48} {:<12} points {:>5} done {:>5} ",
        tally.operation, tally.variant, tally.points, tally.done
    );
    for (outcome, count) in &tally.outcomes {
        let _ = write!(text, " {outcome} {count}");
    }
    text.push('\n');
    text
}

fn report(matrix: Matrix, tallies: &[Tally], left: usize, full: bool) {
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for (outcome, count) in tallies.iter().flat_map(|tally| &tally.outcomes) {
        *sums.entry(*outcome).or_default() += count;
    }
    let done: usize = tallies.iter().map(|tally| tally.done).sum();
    println!(
        "{matrix:?}: {} operations and variants, {done} points, {sums:?}, not begun in time: {left}",
        tallies.len()
    );
    if let Some(path) = setting("ZVM_MATRIX_JSON") {
        let path = format!("{path}-{}.json", format!("{matrix:?}").to_lowercase());
        let text = serde_json::to_string_pretty(&serde_json::json!({
            "schema": 2, "matrix": format!("{matrix:?}"), "every_point": full && !is_narrowed(), "points": done,
            "outcomes": sums, "not_begun": left, "operations": tallies,
        }));
        std::fs::write(&path, text.unwrap()).unwrap();
    }
    let breaches: Vec<&str> = tallies
        .iter()
        .flat_map(|tally| &tally.breaches)
        .map(String::as_str)
        .collect();
    assert!(
        breaches.is_empty(),
        "{} breaches:\n{}",
        breaches.len(),
        breaches
            .iter()
            .take(20)
            .copied()
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(
        done > 0,
        "nothing was done: no operation, variant or fault is named so, or none met it"
    );
}

#[test]
fn i21_rol_08_a_crash_at_every_point_of_every_operation_is_reconciled() {
    run(Matrix::Crashes);
}

#[test]
fn i9_rol_01_to_07_every_operation_with_every_fault_at_every_step() {
    run(Matrix::Faults);
}
