//! Brings world and journal together after a crash (spec: driver 4.1).

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::engine::{Engine, Forward};
use super::journal::{Entry, EntryFile, Event};
use super::plan::{Recovery, Step};
use crate::error::{Error, Result};

/// An operation of which nobody knows is undone when it is older than this.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// What Cinder's or Nova's records say of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was done: finish it.
    Done,
    /// It was not, or its object is gone: undo it.
    NotDone,
    /// The records do not know the object: undo it when the entry is older than an hour.
    Unknown,
}

/// Whoever keeps those records.
pub trait Records: Send + Sync {
    /// What is known of an operation that a crash interrupted.
    fn known<'a>(&'a self, entry: &'a Entry) -> BoxFuture<'a, Known>;
}

/// The same answer for every operation.
impl Records for Known {
    fn known<'a>(&'a self, _: &'a Entry) -> BoxFuture<'a, Known> {
        std::future::ready(*self).boxed()
    }
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "resolution")]
pub enum Resolution {
    /// The operation was completed.
    Finished,
    /// It was undone.
    Undone,
    /// Left for later.
    Waiting {
        /// Why.
        why: String,
    },
    /// Something could not be done; the entry stays.
    Stuck {
        /// What, and why.
        why: String,
    },
}

/// One entry and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// The entry.
    pub id: String,
    /// Its operation.
    pub operation: String,
    /// Its volume, snapshot or instance.
    pub subject: String,
    /// What became of it.
    #[serde(flatten)]
    pub resolution: Resolution,
}

impl Resolved {
    fn of(entry: &Entry, resolution: Resolution) -> Self {
        Self {
            id: entry.id.clone(),
            operation: entry.operation.clone(),
            subject: entry.subject.clone(),
            resolution,
        }
    }
}

impl Engine {
    /// Resolves every open entry of this half whose process is gone, oldest first, each under the locks of its guest and volume.
    /// Entries of living processes are left alone.
    pub async fn reconcile<S: Step>(
        &self,
        world: &S::World,
        records: &dyn Records,
    ) -> Result<Vec<Resolved>> {
        if self.is_rehearsing() {
            return Ok(Vec::new());
        }
        let mut resolved = Vec::new();
        for id in self.journal().ids_of_half(S::HALF)? {
            // Locks come before entries, as in every operation; those of a living process are not waited for.
            let Some(file) = self.journal().take_entry(&id)? else {
                continue;
            };
            let (entry, plan) = (file.entry.clone(), file.plan::<S>()?);
            drop(file);
            let _locks = match S::lock(world, &plan).await {
                Ok(locks) => locks,
                Err(error @ Error::Lock { .. }) => {
                    let why = error.to_string();
                    resolved.push(Resolved::of(&entry, Resolution::Waiting { why }));
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Whoever held the locks may have resolved it.
            if let Some(file) = self.journal().take_entry(&id)? {
                resolved.push(self.resolved::<S>(file, world, records).await?);
            }
        }
        Ok(resolved)
    }

    /// Resolves what is open about one subject, before new work on it begins (spec: driver I14). What nobody knows of is
    /// undone at once: the new work replaces it. The caller holds the subject's lock.
    pub async fn settle<S: Step>(&self, subject: &str, world: &S::World) -> Result<Vec<Resolved>> {
        if self.is_rehearsing() {
            return Ok(Vec::new());
        }
        let mut resolved = Vec::new();
        for file in self.journal().open_entries_of(S::HALF, subject)? {
            resolved.push(self.resolved::<S>(file, world, &Known::NotDone).await?);
        }
        Ok(resolved)
    }

    async fn resolved<S: Step>(
        &self,
        file: EntryFile,
        world: &S::World,
        records: &dyn Records,
    ) -> Result<Resolved> {
        let entry = file.entry.clone();
        let resolution = self.resolve::<S>(file, world, records).await?;
        let Entry {
            id,
            operation,
            subject,
            ..
        } = &entry;
        tracing::info!(id, operation, subject, ?resolution, "reconciled");
        Ok(Resolved::of(&entry, resolution))
    }

    async fn resolve<S: Step>(
        &self,
        mut file: EntryFile,
        world: &S::World,
        records: &dyn Records,
    ) -> Result<Resolution> {
        let plan = file.plan::<S>()?;
        let forward = match (file.rolling_back(), file.entry.recovery) {
            (Some(_), _) => false,
            (None, Recovery::Back) => file.is_committed(),
            (None, Recovery::Forward) => true,
            (None, Recovery::Ask) => match records.known(&file.entry).await {
                Known::Done => true,
                Known::NotDone => false,
                Known::Unknown => {
                    let age = self.clock().now().duration_since(file.entry.started);
                    if age.unsigned_abs() < FORGOTTEN {
                        return Ok(Resolution::Waiting {
                            why: "nobody knows its object yet, and it is younger than an hour"
                                .to_owned(),
                        });
                    }
                    false
                }
            },
        };
        if forward {
            return Ok(match self.forward(&plan, world, &mut file).await? {
                Forward::Complete => {
                    file.close().await?;
                    Resolution::Finished
                }
                // The operation itself is over; what pends is nobody's hindrance (spec: driver 2.8.8 T5).
                Forward::Pending => Resolution::Waiting {
                    why: "a step is still to be done".to_owned(),
                },
                Forward::Failed(index, error) => Resolution::Stuck {
                    why: format!("{}: {error}", plan.steps[index].name()),
                },
            });
        }
        if file.rolling_back().is_none() {
            let error = "interrupted".to_owned();
            file.write(Event::RollBack { error }).await?;
        }
        let left = self.back(&plan, world, &mut file).await?;
        if left.is_empty() {
            file.close().await?;
            return Ok(Resolution::Undone);
        }
        let why: Vec<String> = left
            .iter()
            .map(|(step, error)| format!("{step}: {error}"))
            .collect();
        Ok(Resolution::Stuck {
            why: why.join("; "),
        })
    }
}
