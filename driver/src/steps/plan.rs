//! An operation as data.

use std::fmt;
use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::lock::LockGuard;
use crate::error::Result;

/// What a read-back shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The step's effect is there.
    Done,
    /// It is not.
    Missing,
    /// Something else is there, which this operation must not touch.
    Conflict(String),
}

impl Proof {
    /// `Done` or `Missing`.
    pub fn of(there: bool) -> Self {
        if there { Self::Done } else { Self::Missing }
    }
}

/// What a step's failure means for the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Undo everything, report this error.
    RollBack,
    /// The same when the read-back shows that the step did nothing; when it did, or that cannot be read, there is no way
    /// back: as `RollForward`.
    RollBackUnlessDone,
    /// Harmless: log it and go on.
    GoOn,
    /// Go on and succeed, but keep the entry: `reconcile` does the step later.
    Pend,
    /// Stop and report; the entry stays and a repetition or `reconcile` finishes it.
    RollForward,
}

/// One change with its proof and its undo. See the module's documentation for the rules.
pub trait Step: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync {
    /// What the step works on.
    type World: Send + Sync + ?Sized;

    /// Which half's steps these are; stands in the journal.
    const HALF: &'static str;

    /// Its name, for errors and the journal.
    fn name(&self) -> &'static str;

    /// Changes the world.
    fn run(&self, world: &Self::World) -> impl Future<Output = Result<()>> + Send;

    /// Reads back whether the change is there.
    fn proof(&self, world: &Self::World) -> impl Future<Output = Result<Proof>> + Send;

    /// The same when nobody knows whether the step ran to its end: after a crash, or an answer that was lost. Where a change that
    /// was made by half cannot be told from a whole one this is [`Proof::Missing`], and the step is run again from its beginning.
    fn proof_in_doubt(&self, world: &Self::World) -> impl Future<Output = Result<Proof>> + Send {
        self.proof(world)
    }

    /// What must be held while a plan that was interrupted is resolved, so that no new operation on the same guest or volume
    /// begins meanwhile (spec: driver 3.8). Operations hold the same before they begin their plan.
    fn lock(
        world: &Self::World,
        plan: &Plan<Self>,
    ) -> impl Future<Output = Result<Vec<LockGuard>>> + Send {
        let _ = (world, plan);
        std::future::ready(Ok(Vec::new()))
    }

    /// Takes the change away, after reading that it is there and this operation's.
    fn undo(&self, world: &Self::World) -> impl Future<Output = Result<()>> + Send;

    /// The same, told which later steps were tried: for an undo that depends on what may have been done with the effect, such
    /// as data written to a LUN. The engine calls this one.
    fn undo_after(
        &self,
        world: &Self::World,
        later: &[Self],
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = later;
        self.undo(world)
    }

    /// Whether the step only says that what the later ones do is this operation's. It is not undone while one of those could
    /// not be: the next attempt would not know any more what it may take away (spec: driver I19).
    fn is_record(&self) -> bool {
        false
    }

    /// What a failure means.
    fn on_failure(&self) -> OnFailure {
        OnFailure::RollBack
    }

    /// How often the step is repeated when the read-back shows that nothing happened.
    fn repeats(&self) -> usize {
        1
    }

    /// The calls that `run` would send, for a dry run.
    fn calls(&self, world: &Self::World) -> Vec<String> {
        let _ = world;
        Vec::new()
    }
}

/// What a crash in the middle means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recovery {
    /// Undo what was tried.
    Back,
    /// Finish it.
    Forward,
    /// Finish it when Cinder's or Nova's records say that it was done, undo it otherwise.
    Ask,
}

/// The steps of one operation on one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan<S> {
    /// `create`, `attach` and the like.
    pub operation: String,
    /// The volume, snapshot or instance that it is about.
    pub subject: String,
    /// What else it touches, for people and for a search: rows, nodes, devices.
    pub touches: Vec<String>,
    /// What a crash means.
    pub recovery: Recovery,
    /// In order.
    pub steps: Vec<S>,
    /// The step after whose proof there is no way back: what is interrupted or fails later is finished, not undone.
    pub committed_by: Option<usize>,
}

impl<S: Step> Plan<S> {
    /// A plan without steps.
    pub fn new(operation: &str, subject: impl Into<String>, recovery: Recovery) -> Self {
        Self {
            operation: operation.to_owned(),
            subject: subject.into(),
            touches: Vec::new(),
            recovery,
            steps: Vec::new(),
            committed_by: None,
        }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: S) -> Self {
        self.steps.push(step);
        self
    }

    /// Adds a step when there is one.
    #[must_use]
    pub fn maybe(mut self, step: Option<S>) -> Self {
        self.steps.extend(step);
        self
    }

    /// The steps so far are the operation; what follows is its cleaning up, which is only ever finished.
    #[must_use]
    pub fn committed(mut self) -> Self {
        self.committed_by = self.steps.len().checked_sub(1);
        self
    }

    /// Another plan's steps after its own.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.steps.extend(next.steps);
        self
    }

    /// Names something that the operation touches.
    #[must_use]
    pub fn touching(mut self, what: impl Into<String>) -> Self {
        self.touches.push(what.into());
        self
    }

    /// Every call that the plan would send when nothing fails, for a dry run.
    pub fn calls(&self, world: &S::World) -> Vec<String> {
        self.steps
            .iter()
            .flat_map(|step| step.calls(world))
            .collect()
    }
}
