//! Operations of more than one call: steps with their undo, run by one engine, written down before each is tried.
//!
//! # Writing an operation
//!
//! 1. Make an enum of the steps of your half, with plain data in each variant, and derive `Serialize` and `Deserialize`: the
//!    journal keeps the steps themselves, so that another process can finish or undo them after a crash. No secret may be in it.
//! 2. Implement [`Step`] for it: `run` changes the world, `proof` reads back whether the change is there, `undo` takes it away.
//!    * `run` is one change. It returns the call's error as it is; the engine looks at it, reads back when the outcome is not
//!      known, and repeats the step [`Step::repeats`] times when the read-back shows that nothing happened.
//!    * `proof` only reads. It is also asked after a success: the MN's word alone is not believed.
//!    * `undo` must **read before it changes** and must do nothing when the effect is not there or is not this operation's. It is
//!      called for every step that was *attempted*, also for one that failed half-way, and may be called twice.
//!    * [`Step::on_failure`] says what a failure means: roll everything back (the default), go on without the step, keep the
//!      entry open for later (`Pend`), or stop and finish later (`RollForward`).
//! 3. Build a [`Plan`] and hand it to [`Engine::run`]. A plan is made *after* reading, so it may hold what was read.
//! 4. Say with [`Recovery`] what a crash means: undo, finish, or ask Cinder's or Nova's records.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use zvm_volume::steps::{Engine, Journal, Plan, Proof, Recovery, Step};
//!
//! #[derive(Clone, Debug, Serialize, Deserialize)]
//! enum Light { On }
//!
//! impl Step for Light {
//!     type World = std::sync::atomic::AtomicBool;
//!     const HALF: &'static str = "example";
//!     fn name(&self) -> &'static str { "light on" }
//!     async fn run(&self, lamp: &Self::World) -> zvm_volume::Result<()> {
//!         lamp.store(true, std::sync::atomic::Ordering::Relaxed);
//!         Ok(())
//!     }
//!     async fn proof(&self, lamp: &Self::World) -> zvm_volume::Result<Proof> {
//!         Ok(Proof::of(lamp.load(std::sync::atomic::Ordering::Relaxed)))
//!     }
//!     async fn undo(&self, lamp: &Self::World) -> zvm_volume::Result<()> {
//!         lamp.store(false, std::sync::atomic::Ordering::Relaxed);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> zvm_volume::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! let engine = Engine::new(Journal::open(folder.path())?);
//! let lamp = std::sync::atomic::AtomicBool::new(false);
//! let plan = Plan::new("light", "lamp-1", Recovery::Back).step(Light::On);
//! engine.run(&plan, &lamp).await?;
//! assert!(lamp.into_inner());
//! assert!(engine.journal().open_entries()?.is_empty());
//! # Ok(()) }
//! ```

mod engine;
mod journal;
mod lock;
mod plan;
mod reconcile;
mod scribe;

pub use engine::{Engine, RunOptions};
pub use journal::{Entry, EntryFile, Event, Journal, SCHEMA};
pub use lock::{LockGuard, Locks};
pub use plan::{OnFailure, Plan, Proof, Recovery, Step};
pub use reconcile::{Known, Records, Resolution, Resolved};
pub use scribe::Scribe;
