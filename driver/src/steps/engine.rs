//! Runs a plan: forward, proof after each step, and back in reverse order when one fails.

use std::sync::Arc;

use super::journal::{EntryFile, Event, Journal};
use super::plan::{OnFailure, Plan, Proof, Step};
use crate::client::{Clock, Rehearsal, SystemClock};
use crate::error::{Error, Result, StepError};

/// The engine of all operations.
#[derive(Clone)]
pub struct Engine {
    journal: Journal,
    clock: Arc<dyn Clock>,
    rehearsal: Option<Rehearsal>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// OpenStack's request id.
    pub request_id: Option<String>,
    /// Whether a failure is rolled back; when not, the steps that took effect stay and the entry is closed.
    pub rollback: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            request_id: None,
            rollback: true,
        }
    }
}

/// How the forward run ended.
pub(super) enum Forward {
    /// Every step is over.
    Complete,
    /// Every step is over but for those that have to be done later.
    Pending,
    /// A step failed.
    Failed(usize, Error),
}

impl Engine {
    /// An engine on a journal.
    pub fn new(journal: Journal) -> Self {
        Self::with_clock(journal, Arc::new(SystemClock))
    }

    /// The same, whose journal does not wait for the disk: for simulations.
    #[must_use]
    pub fn not_durable(mut self) -> Self {
        self.journal = self.journal.not_durable();
        self
    }

    /// An engine with another clock than the machine's.
    pub fn with_clock(journal: Journal, clock: Arc<dyn Clock>) -> Self {
        Self {
            journal,
            clock,
            rehearsal: None,
        }
    }

    /// An engine that only notes the calls of its plans, when `rehearsal` is there: for dry runs.
    #[must_use]
    pub fn rehearsing(mut self, rehearsal: Option<Rehearsal>) -> Self {
        self.rehearsal = rehearsal;
        self
    }

    /// Whether nothing is changed.
    pub fn is_rehearsing(&self) -> bool {
        self.rehearsal.is_some()
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Runs a plan with rollback.
    pub async fn run<S: Step>(&self, plan: &Plan<S>, world: &S::World) -> Result<()> {
        self.run_with(plan, world, &RunOptions::default()).await
    }

    /// Runs a plan. `Ok` means that every step is proved (or was harmless, or is noted to be done later). An error is
    /// [`Error::Step`] with the first cause; it says what could not be undone and which entry `reconcile` will resolve.
    pub async fn run_with<S: Step>(
        &self,
        plan: &Plan<S>,
        world: &S::World,
        options: &RunOptions,
    ) -> Result<()> {
        if plan.steps.is_empty() {
            return Ok(());
        }
        if let Some(rehearsal) = &self.rehearsal {
            plan.calls(world)
                .into_iter()
                .for_each(|call| rehearsal.note_text(call));
            return Ok(());
        }
        let request_id = options.request_id.as_deref();
        let mut file = self
            .journal
            .begin(plan, self.clock.now(), request_id)
            .await?;
        match self.forward(plan, world, &mut file).await? {
            Forward::Complete => file.close().await,
            Forward::Pending => Ok(()),
            Forward::Failed(index, first) => {
                let step = &plan.steps[index];
                let mut failure = StepError {
                    operation: plan.operation.clone(),
                    subject: plan.subject.clone(),
                    step: step.name().to_owned(),
                    first,
                    request_id: options.request_id.clone(),
                    left: Vec::new(),
                    journal: None,
                };
                let is_final = match step.on_failure() {
                    OnFailure::RollForward => true,
                    OnFailure::RollBackUnlessDone => {
                        !matches!(step.proof(world).await, Ok(Proof::Missing))
                    }
                    _ => file.is_committed(),
                };
                if is_final {
                    failure.journal = Some(file.entry.id.clone());
                    return Err(Error::Step(Box::new(failure)));
                }
                if options.rollback {
                    let error = failure.first.to_string();
                    file.write(Event::RollBack { error }).await?;
                    failure.left = self.back(plan, world, &mut file).await?;
                }
                if failure.left.is_empty() {
                    file.close().await?;
                } else {
                    failure.journal = Some(file.entry.id.clone());
                }
                Err(Error::Step(Box::new(failure)))
            }
        }
    }

    /// Runs every step that is not over yet.
    pub(super) async fn forward<S: Step>(
        &self,
        plan: &Plan<S>,
        world: &S::World,
        file: &mut EntryFile,
    ) -> Result<Forward> {
        let mut pending = false;
        for (index, step) in plan.steps.iter().enumerate() {
            if file.is_over(index) {
                continue;
            }
            let Err(error) = self.one(step, index, world, file).await? else {
                file.write(Event::Done { step: index }).await?;
                continue;
            };
            match step.on_failure() {
                OnFailure::RollBack | OnFailure::RollBackUnlessDone | OnFailure::RollForward => {
                    return Ok(Forward::Failed(index, error));
                }
                OnFailure::GoOn => {
                    tracing::warn!(operation = plan.operation, step = step.name(), %error, "passed over");
                    file.write(Event::Skipped { step: index }).await?;
                }
                OnFailure::Pend => {
                    tracing::warn!(operation = plan.operation, step = step.name(), %error, "to be done later");
                    file.write(Event::Pending { step: index }).await?;
                    pending = true;
                }
            }
        }
        Ok(if pending {
            Forward::Pending
        } else {
            Forward::Complete
        })
    }

    /// Runs one step until its proof is there. The outer result is the journal's, the inner one the step's.
    async fn one<S: Step>(
        &self,
        step: &S,
        index: usize,
        world: &S::World,
        file: &mut EntryFile,
    ) -> Result<Result<()>> {
        // After a crash the step may have taken effect already.
        if file.is_attempted(index) {
            match step.proof_in_doubt(world).await {
                Ok(Proof::Done) => return Ok(Ok(())),
                Ok(Proof::Missing) => {}
                Ok(Proof::Conflict(text)) => return Ok(Err(Error::Backend(text))),
                Err(error) => return Ok(Err(error)),
            }
        } else {
            file.write(Event::Attempt { step: index }).await?;
        }
        let mut repeats = step.repeats();
        loop {
            let outcome = step.run(world).await;
            let proof = match &outcome {
                Ok(()) => step.proof(world).await,
                Err(error) if error.is_unknown_outcome() => step.proof_in_doubt(world).await,
                Err(_) => return Ok(outcome),
            };
            let missing = match (proof, outcome) {
                (Ok(Proof::Done), _) => return Ok(Ok(())),
                (Ok(Proof::Conflict(text)), _) => return Ok(Err(Error::Backend(text))),
                // The first error is the one to report (I19).
                (Ok(Proof::Missing) | Err(_), Err(error)) | (Err(error), Ok(())) => error,
                (Ok(Proof::Missing), Ok(())) => Error::Backend(format!(
                    "{}: the management node said that it was done, but a read-back shows nothing of it",
                    step.name()
                )),
            };
            if repeats == 0 {
                return Ok(Err(missing));
            }
            repeats -= 1;
        }
    }

    /// Undoes every step that was attempted, last first. What could not be undone is returned, the rest goes on.
    pub(super) async fn back<S: Step>(
        &self,
        plan: &Plan<S>,
        world: &S::World,
        file: &mut EntryFile,
    ) -> Result<Vec<(String, Error)>> {
        let mut left = Vec::new();
        for (index, step) in plan.steps.iter().enumerate().rev() {
            if !file.is_attempted(index) {
                continue;
            }
            if step.is_record() && !left.is_empty() {
                let kept = Error::Backend("kept until what it stands for is undone".to_owned());
                left.push((step.name().to_owned(), kept));
                continue;
            }
            let later: Vec<S> = (index + 1..plan.steps.len())
                .filter(|later| file.events.contains(&Event::Attempt { step: *later }))
                .map(|later| plan.steps[later].clone())
                .collect();
            match step.undo_after(world, &later).await {
                Ok(()) => file.write(Event::Undone { step: index }).await?,
                Err(error) => {
                    tracing::warn!(operation = plan.operation, step = step.name(), %error, "not undone");
                    left.push((step.name().to_owned(), error));
                }
            }
        }
        Ok(left)
    }
}
