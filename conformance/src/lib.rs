//! Certifies an xCAT management node for z/VM volumes: the embedded simulator, another simulator, or real hardware.
//!
//! A [`Case`] is a function with its own facts; [`run`] selects, runs and judges cases against a [`Target`] and gives a
//! [`RunResult`], of which every report is a view:
//!
//! ```
//! use xcat_conformance::{ExitStatus, Profile, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let target = Target::Embedded(Default::default());
//! let result = xcat_conformance::run(&target, Profile::Boot).await?;
//! assert_eq!(result.exit_status(), ExitStatus::Success, "{}", xcat_conformance::report::summary(&result));
//! # Ok(()) }
//! ```

mod budget;
pub mod cases;
pub mod certificate;
mod cleanup;
pub mod cli;
mod context;
mod deviation;
mod expression;
mod fence;
mod ledger;
pub mod matrix;
mod meta;
mod options;
mod outcome;
mod pace;
mod pool;
pub mod report;
mod result;
mod resume;
mod runner;
mod select;
pub mod target;
mod verdict;

pub use budget::Budget;
pub use context::{Address, CaseContext};
pub use deviation::Deviation;
pub use expression::{Expression, ExpressionError};
pub use fence::{Fence, Permit};
pub use ledger::{Ledger, LedgerFile, LedgerHead, Undo};
pub use meta::{Capability, Case, CaseFn, Effect, Level, Need, Profile, Requirement};
pub use options::{ExpectedError, ExpectedFailures, Options};
pub use outcome::{Failure, Stop};
pub use pool::{Pool, Row};
pub use result::{
    CaseResult, ExitStatus, FailureResult, ProfileResult, Recorded, RunResult, SCHEMA, TargetHead,
};
pub use resume::{ProgressFile, ProgressHead, ResumeError, read_progress};
pub use runner::{Event, run_cases};
pub use select::Selection;
pub use target::Target;
pub use verdict::Verdict;

/// Runs the cases of a [`Profile`], or of any other [`Selection`], with default options and silently. Errors only when the
/// target cannot be reached at all.
pub async fn run(
    target: &Target,
    selection: impl Into<Selection>,
) -> Result<RunResult, target::TargetError> {
    run_with(target, &selection.into(), &Options::default(), &|_| {}).await
}

/// [`run`] with options and a watcher of events.
pub async fn run_with(
    target: &Target,
    selection: &Selection,
    options: &Options,
    watch: &(dyn Fn(Event<'_>) + Sync),
) -> Result<RunResult, target::TargetError> {
    run_cases(
        cases::ALL,
        cases::DEVIATIONS,
        target,
        selection,
        options,
        watch,
    )
    .await
}
