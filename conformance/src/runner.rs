//! The runner: selects, orders, runs, cleans up, judges. It emits one stream of events that every view consumes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::cleanup;
use crate::context::CaseContext;
use crate::deviation::Deviation;
use crate::fence::{Fence, PREFIX};
use crate::ledger::{Ledger, LedgerFile};
use crate::meta::{Case, Effect};
use crate::outcome::Stop;
use crate::result::{CaseResult, FailureResult, RunResult, SCHEMA, TargetHead};
use crate::select::Selection;
use crate::target::{Request, Session, Target, TargetError};
use crate::verdict::Verdict;

/// How a run is carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cases at once; more than one only on a target that isolates cases.
    pub jobs: usize,
    /// Bound of one case.
    pub case_timeout: Duration,
    /// Bound of one case's clean-up.
    pub cleanup_timeout: Duration,
    /// Seed of the run's names.
    pub seed: u64,
    /// File of the undo ledger.
    pub ledger: Option<LedgerFile>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 4,
            case_timeout: Duration::from_mins(5),
            cleanup_timeout: Duration::from_mins(2),
            seed: 1,
            ledger: None,
        }
    }
}

/// What happens in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run begins with this many cases.
    Begin {
        /// Selected cases.
        cases: usize,
    },
    /// A case begins.
    Started(&'a Case),
    /// A case is over.
    Finished(&'a CaseResult),
}

/// Runs the cases of `all` that `selection` takes. The result lists them in the order of `all`, whatever the order in
/// which they ended.
pub async fn run_cases(
    all: &'static [&'static [Case]],
    deviations: &'static [Deviation],
    target: &Target,
    selection: &Selection,
    options: &Options,
    watch: &(dyn Fn(Event<'_>) + Sync),
) -> Result<RunResult, TargetError> {
    let started = Instant::now();
    let begin = jiff::Timestamp::now();
    let selected: Vec<(usize, &'static Case)> = all
        .iter()
        .flat_map(|area| area.iter())
        .enumerate()
        .filter(|(_, case)| selection.takes(case))
        .collect();
    watch(Event::Begin {
        cases: selected.len(),
    });
    let version = probe(target).await?;
    let ceiling = selection.ceiling.unwrap_or(if target.isolates_cases() {
        Effect::Destructive
    } else {
        Effect::Reversible
    });
    let jobs = if target.isolates_cases() {
        options.jobs.max(1)
    } else {
        1
    };
    let run = Run {
        target,
        deviations,
        options,
        ceiling,
        prefix: format!("{PREFIX}{:x}", options.seed),
    };
    let run = &run;
    // Results are drained in the order of the list, so that the output of a run does not depend on which case ended first.
    let mut running = stream::iter(selected)
        .map(|(number, case)| async move {
            watch(Event::Started(case));
            run.case(number, case).await
        })
        .buffered(jobs);
    let mut cases: Vec<CaseResult> = Vec::new();
    while let Some(result) = running.next().await {
        watch(Event::Finished(&result));
        cases.push(result);
    }
    let mut result = RunResult {
        schema: SCHEMA,
        kit: env!("CARGO_PKG_VERSION"),
        seed: options.seed,
        started: begin.to_string(),
        millis: millis(started),
        target: TargetHead {
            name: target.describe(),
            release: target.release(),
            behaviour: target.behaviour(),
            version,
            simulated: target.isolates_cases(),
        },
        verdict: Verdict::Disabled,
        totals: std::collections::BTreeMap::new(),
        profiles: Vec::new(),
        cases,
    };
    result.conclude(selection.is_everything());
    Ok(result)
}

/// The version text; an error when the target gives no answer at all, so that a wrong address is not a hundred failures.
async fn probe(target: &Target) -> Result<Option<String>, TargetError> {
    let session = target.open().await?;
    let fence = Fence::new(
        Arc::clone(&session.inventory),
        PREFIX.to_owned(),
        Effect::ReadOnly,
    );
    let permit = fence
        .check(Request::get("/version"))
        .map_err(TargetError::Unreachable)?;
    let answer = session
        .client
        .send(permit.request())
        .await
        .map_err(TargetError::Unreachable)?;
    Ok(answer.lines("data").into_iter().next())
}

struct Run<'a> {
    target: &'a Target,
    deviations: &'static [Deviation],
    options: &'a Options,
    ceiling: Effect,
    prefix: String,
}

impl Run<'_> {
    async fn case(&self, number: usize, case: &'static Case) -> CaseResult {
        let started = Instant::now();
        let mut result = CaseResult {
            id: case.id,
            title: case.title,
            level: case.level,
            profiles: case.profiles,
            requirement: case.requirement.to_string(),
            effect: case.effect,
            verdict: Verdict::Skip,
            reason: None,
            failure: None,
            quirk: None,
            surprise: None,
            left_behind: Vec::new(),
            millis: 0,
            exchanges: Vec::new(),
        };
        if case.effect > self.ceiling {
            result.reason = Some(format!(
                "the case is {:?}, the run is limited to {:?}",
                case.effect, self.ceiling
            ));
            return result;
        }
        match self.target.open().await {
            Err(error) => {
                result.verdict = Verdict::Error;
                result.reason = Some(error.to_string());
            }
            Ok(session) => self.in_session(number, case, session, &mut result).await,
        }
        result.millis = millis(started);
        result
    }

    async fn in_session(
        &self,
        number: usize,
        case: &'static Case,
        session: Session,
        result: &mut CaseResult,
    ) {
        let lacking = case
            .needs
            .iter()
            .find_map(|need| session.inventory.lacks(*need, &session.capabilities));
        if lacking.is_some() {
            result.reason = lacking;
            return;
        }
        let fence = Fence::new(
            Arc::clone(&session.inventory),
            self.prefix.clone(),
            case.effect,
        );
        let mut context = CaseContext {
            client: session.client.clone(),
            fence: fence.clone(),
            inventory: Arc::clone(&session.inventory),
            ledger: Ledger::new(case.id, self.options.ledger.clone()),
            release: self.target.release(),
            number,
            made: 0,
        };
        let work = AssertUnwindSafe((case.run)(&mut context)).catch_unwind();
        let outcome = match tokio::time::timeout(self.options.case_timeout, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Stop::Error(format!("the case panicked: {}", said(&*panic)))),
            Err(_) => Err(Stop::fail(
                "in-time",
                format!(
                    "an end within {} s",
                    self.options.case_timeout.as_secs_f32()
                ),
                "no end",
            )),
        };
        self.judge(case, outcome, result);
        let undo_client = session.client.for_clean_up();
        let undo = cleanup::undo_all(&mut context.ledger, &undo_client, &fence);
        result.left_behind = match tokio::time::timeout(self.options.cleanup_timeout, undo).await {
            Ok(left) => left,
            Err(_) => vec!["clean-up did not end in time".to_owned()],
        };
        if !result.left_behind.is_empty() {
            result.verdict = result.verdict.max(Verdict::Error);
            let left = format!("left behind: {}", result.left_behind.join("; "));
            result.reason = Some(match result.reason.take() {
                Some(reason) => format!("{reason}; {left}"),
                None => left,
            });
        }
        result.exchanges = session.client.take_evidence();
    }

    fn judge(&self, case: &'static Case, outcome: Result<(), Stop>, result: &mut CaseResult) {
        let (release, behaviour) = (self.target.release(), self.target.behaviour());
        match outcome {
            Ok(()) => {
                result.verdict = Verdict::Pass;
                result.surprise = Deviation::expected(self.deviations, case.id, release, behaviour)
                    .next()
                    .map(|d| d.quirk);
            }
            Err(Stop::Skip(reason)) => result.reason = Some(reason),
            Err(Stop::Error(reason)) => {
                result.verdict = Verdict::Error;
                result.reason = Some(reason);
            }
            Err(Stop::Fail(failure)) => {
                let known =
                    Deviation::explaining(self.deviations, case.id, release, behaviour, &failure);
                result.quirk = known.map(|d| d.quirk);
                result.verdict = if known.is_some() {
                    Verdict::Deviation
                } else {
                    Verdict::Fail
                };
                result.failure = Some(FailureResult {
                    check: failure.check,
                    expected: failure.expected,
                    observed: failure.observed,
                });
            }
        }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
