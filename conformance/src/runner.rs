//! The runner: selects, orders, leases, runs, cleans up, judges. It emits one stream of events that every view consumes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::RwLock;

use crate::budget::within;
use crate::cleanup::CleanUp;
use crate::context::CaseContext;
use crate::deviation::Deviation;
use crate::fence::{Fence, Gate, PREFIX};
use crate::ledger::Ledger;
use crate::meta::{Case, Effect, Need};
use crate::options::Options;
use crate::outcome::Stop;
use crate::pace::Pace;
use crate::result::{CaseResult, FailureResult, RunResult, SCHEMA, TargetHead};
use crate::select::Selection;
use crate::target::{Request, Session, Target, TargetError};
use crate::verdict::Verdict;

/// Cases at once on the embedded simulator when nothing is said: each has a site of its own.
const EMBEDDED_JOBS: usize = 4;

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
    let jobs = options.jobs.unwrap_or(if target.isolates_cases() {
        EMBEDDED_JOBS
    } else {
        1
    });
    let run = Run {
        target,
        deviations,
        options,
        ceiling,
        prefix: format!("{PREFIX}{:x}", options.seed),
        lease: RwLock::new(()),
        stopped: AtomicBool::new(false),
    };
    let run = &run;
    // Results are drained in the order of the list, so that the output of a run does not depend on which case ended first.
    let mut running = stream::iter(selected)
        .map(|(number, case)| async move {
            watch(Event::Started(case));
            run.case(number, case).await
        })
        .buffered(jobs.max(1));
    let mut cases: Vec<CaseResult> = Vec::new();
    while let Some(result) = running.next().await {
        watch(Event::Finished(&result));
        cases.push(result);
    }
    let mut result = RunResult {
        schema: SCHEMA,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options.seed,
        started: begin.to_string(),
        millis: millis(started),
        target: TargetHead {
            name: target.describe(),
            release: target.release(),
            behaviour: target.behaviour(),
            version,
            simulated: target.is_simulated(),
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
        .send(&permit)
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
    /// On a shared target a destructive case holds it alone; others share it.
    lease: RwLock<()>,
    stopped: AtomicBool,
}

impl Run<'_> {
    async fn case(&self, number: usize, case: &'static Case) -> CaseResult {
        if let Some(done) = self.options.finished.iter().find(|c| c.id == case.id) {
            return done.clone();
        }
        let mut result = CaseResult::new(case);
        if self.stopped.load(Ordering::Relaxed) {
            result.reason =
                Some("an earlier case was a surprise, and the run was to stop".to_owned());
            return result;
        }
        if case.effect > self.ceiling {
            result.reason = Some(format!(
                "the case is {}, the run is limited to {}",
                case.effect.word(),
                self.ceiling.word()
            ));
            return result;
        }
        let alone = case.effect == Effect::Destructive || case.needs.contains(&Need::Alone);
        let _lease = if self.target.isolates_cases() {
            Lease::None
        } else if alone {
            Lease::Alone(self.lease.write().await)
        } else {
            Lease::Shared(self.lease.read().await)
        };
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            attempt += 1;
            result = CaseResult::new(case);
            match self.target.open().await {
                Err(error) => {
                    result.verdict = Verdict::Error;
                    result.reason = Some(error.to_string());
                }
                Ok(session) => self.in_session(number, case, session, &mut result).await,
            }
            if result.verdict < Verdict::Fail || attempt > self.options.retries {
                break;
            }
        }
        result.attempts = attempt;
        result.millis = millis(started);
        if self.options.stop_early && (result.verdict >= Verdict::Fail || result.surprise.is_some())
        {
            self.stopped.store(true, Ordering::Relaxed);
        }
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
            .find_map(|need| session.inventory.lacks(*need, session.capabilities()));
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
            gate: Gate::new(
                fence.clone(),
                Ledger::new(case.id, self.options.ledger.clone()),
                session.client.clone(),
            ),
            control: session.control.clone(),
            inventory: Arc::clone(&session.inventory),
            release: self.target.release(),
            behaviour: self.target.behaviour(),
            number,
            made: 0,
            recorded: Vec::new(),
            restricted_password: session.restricted_password.clone(),
            pace: match &session.control {
                _ if self.target.isolates_cases() => Pace::Free,
                Some(control) => Pace::Door(control.clone()),
                None => Pace::Real,
            },
        };
        let work = AssertUnwindSafe((case.run)(&mut context)).catch_unwind();
        let budget = self.target.budget();
        let outcome = match within(self.options.case_timeout, budget, work).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(panic)) => Err(Stop::Error(format!("the case panicked: {}", said(&*panic)))),
            None => Err(Stop::fail(
                "in-time",
                format!(
                    "an end within {} s",
                    self.options.case_timeout.as_secs_f32()
                ),
                "no end",
            )),
        };
        let outcome = match context.gate.kept() {
            Some(why) => Err(Stop::Error(why)),
            None => outcome,
        };
        result.recorded = std::mem::take(&mut context.recorded);
        self.judge(case, outcome, result);
        let clean_up = CleanUp::new(&session.client, &fence, session.control.clone());
        let undo = clean_up.undo_all(context.gate.ledger());
        let undone = within(self.options.cleanup_timeout, budget, undo).await;
        result.left_behind =
            undone.unwrap_or_else(|| vec!["clean-up did not end in time".to_owned()]);
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
        let expected = self.options.expected.reason(case.id);
        match outcome {
            Ok(()) => {
                result.verdict = Verdict::Pass;
                result.surprise =
                    Deviation::contradicted(self.deviations, case.id, release, behaviour)
                        .map(|d| d.quirk.to_owned())
                        .or_else(|| expected.map(str::to_owned));
            }
            Err(Stop::Skip(reason)) => result.reason = Some(reason),
            Err(Stop::Error(reason)) => {
                result.verdict = Verdict::Error;
                result.reason = Some(reason);
            }
            Err(Stop::Fail(failure)) => {
                let known =
                    Deviation::explaining(self.deviations, case.id, release, behaviour, &failure);
                result.quirk = known.map(|d| d.quirk.to_owned());
                result.verdict = if known.is_some() {
                    Verdict::Deviation
                } else if let Some(reason) = expected {
                    result.reason = Some(format!("expected by the caller: {reason}"));
                    Verdict::Deviation
                } else {
                    Verdict::Fail
                };
                result.failure = Some(FailureResult {
                    check: failure.check.to_owned(),
                    expected: failure.expected,
                    observed: failure.observed,
                });
            }
        }
    }
}

/// Held while a case runs.
enum Lease<'a> {
    None,
    Shared(#[expect(dead_code, reason = "held for its drop")] tokio::sync::RwLockReadGuard<'a, ()>),
    Alone(#[expect(dead_code, reason = "held for its drop")] tokio::sync::RwLockWriteGuard<'a, ()>),
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
