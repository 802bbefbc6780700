//! Break points: a request is held at one of its remote commands until it is released, or until another request is
//! done. So every interleaving of two requests is a test that can be repeated.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{BadTarget, Matcher, RemoteCommand, RequestFacts, Target};
use crate::world::World;

/// When something happens, seen from the remote command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before its side effect.
    #[default]
    Before,
    /// After its side effect.
    After,
    /// Between the reading and the writing of a file that it edits in place; elsewhere as before. Of break points only.
    During,
}

/// A break point as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakPoint {
    /// Its name; given when it is not.
    pub id: String,
    /// Which request, and which of its remote commands.
    pub target: Target,
    /// Only the request's remote command of this number, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Whether it holds before, during or after the side effect.
    pub when: When,
    /// Holds until a request of this kind is done, once that is given; it can be released by hand all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Target>,
    /// How many requests it holds; 1 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// A break point and how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct BreakPointState {
    /// As written.
    #[serde(flatten)]
    pub point: BreakPoint,
    /// How many requests it has held.
    pub hits: u64,
    /// Numbers of the requests that it holds now.
    pub holding: Vec<u64>,
}

#[derive(Debug)]
struct Armed {
    point: BreakPoint,
    matcher: Matcher,
    until: Option<Matcher>,
    hits: u64,
    /// What `until` waits for has happened.
    over: bool,
    held: Vec<(u64, oneshot::Sender<()>)>,
}

/// A break point as it is saved. Requests that it holds are not: they end with the process that serves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedBreak {
    /// As written.
    pub point: BreakPoint,
    /// How many requests it has held.
    pub hits: u64,
    /// Whether what `until` waits for has happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

/// The break points as they are saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakPointsState {
    /// In order.
    pub points: Vec<SavedBreak>,
    /// Number of the last id given.
    pub last_id: u64,
}

/// How a break point stands, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakCount {
    /// Its id.
    pub id: String,
    /// How many requests it has held.
    pub hits: u64,
    /// Whether what `until` waits for has happened.
    pub over: bool,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    armed: Vec<Armed>,
    /// The site ends: nothing is held any more.
    is_closed: bool,
}

/// The break points of a site.
#[derive(Debug, Default)]
pub struct BreakPoints {
    inner: Mutex<Inner>,
}

impl BreakPoints {
    /// Sets a break point; gives its id.
    ///
    /// # Errors
    /// It names what the site does not have, or an id that is taken.
    pub fn add(&self, mut point: BreakPoint, world: &World) -> Result<String, BadTarget> {
        let matcher = Matcher::new(point.target.clone(), world)?;
        let until = point
            .until
            .clone()
            .map(|t| Matcher::new(t, world))
            .transpose()?;
        let mut inner = self.inner.lock();
        if point.id.is_empty() {
            inner.last_id += 1;
            point.id = format!("b{}", inner.last_id);
        }
        if inner.armed.iter().any(|a| a.point.id == point.id) {
            return Err(BadTarget {
                field: "id",
                reason: format!("break point '{}' is there already", point.id),
            });
        }
        let id = point.id.clone();
        inner.armed.push(Armed {
            point,
            matcher,
            until,
            hits: 0,
            over: false,
            held: Vec::new(),
        });
        Ok(id)
    }

    /// Lets go what a break point holds; it may hold others later. Says how many were held; `None`: no such break point.
    pub fn release(&self, id: &str) -> Option<usize> {
        let mut inner = self.inner.lock();
        let armed = inner.armed.iter_mut().find(|a| a.point.id == id)?;
        Some(let_go(armed))
    }

    /// Takes a break point away, and lets go what it holds.
    pub fn remove(&self, id: &str) -> bool {
        let mut inner = self.inner.lock();
        let before = inner.armed.len();
        inner.armed.retain_mut(|armed| {
            let goes = armed.point.id == id;
            if goes {
                let_go(armed);
            }
            !goes
        });
        inner.armed.len() < before
    }

    /// Takes all away.
    pub fn clear(&self) {
        for mut armed in std::mem::take(&mut self.inner.lock().armed) {
            let_go(&mut armed);
        }
    }

    /// Lets everything go and holds nothing any more; the break points stay.
    /// Whether nothing is held any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().is_closed
    }

    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.is_closed = true;
        for armed in &mut inner.armed {
            let_go(armed);
        }
    }

    /// What is saved.
    pub fn state(&self) -> BreakPointsState {
        let inner = self.inner.lock();
        BreakPointsState {
            points: inner
                .armed
                .iter()
                .map(|a| SavedBreak {
                    point: a.point.clone(),
                    hits: a.hits,
                    over: a.over,
                })
                .collect(),
            last_id: inner.last_id,
        }
    }

    /// Goes on from saved break points; what is held now is let go.
    ///
    /// # Errors
    /// A target that the world does not have; nothing has changed then.
    pub fn restore(&self, state: BreakPointsState, world: &World) -> Result<(), BadTarget> {
        let armed = state
            .points
            .into_iter()
            .map(|saved| {
                Ok(Armed {
                    matcher: Matcher::new(saved.point.target.clone(), world)?,
                    until: saved
                        .point
                        .until
                        .clone()
                        .map(|t| Matcher::new(t, world))
                        .transpose()?,
                    point: saved.point,
                    hits: saved.hits,
                    over: saved.over,
                    held: Vec::new(),
                })
            })
            .collect::<Result<Vec<_>, BadTarget>>()?;
        let mut inner = self.inner.lock();
        inner.last_id = state.last_id;
        for mut gone in std::mem::replace(&mut inner.armed, armed) {
            let_go(&mut gone);
        }
        Ok(())
    }

    /// How they stand.
    pub(crate) fn counts(&self) -> Vec<BreakCount> {
        let inner = self.inner.lock();
        inner
            .armed
            .iter()
            .map(|a| BreakCount {
                id: a.point.id.clone(),
                hits: a.hits,
                over: a.over,
            })
            .collect()
    }

    /// Sets how one stands, as it was recorded.
    pub(crate) fn set_count(&self, count: &BreakCount) {
        let mut inner = self.inner.lock();
        if let Some(armed) = inner.armed.iter_mut().find(|a| a.point.id == count.id) {
            armed.hits = count.hits;
            armed.over = count.over;
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inner.lock().armed.is_empty()
    }

    /// All of them.
    pub fn list(&self) -> Vec<BreakPointState> {
        self.inner
            .lock()
            .armed
            .iter()
            .map(|armed| BreakPointState {
                point: armed.point.clone(),
                hits: armed.hits,
                holding: armed.held.iter().map(|(request, _)| *request).collect(),
            })
            .collect()
    }

    /// A hold for the request's `nth` remote command, if one is set; it ends when the break point lets go.
    pub(super) fn hold(
        &self,
        request: u64,
        facts: &RequestFacts,
        command: &RemoteCommand,
        nth: u64,
        when: When,
    ) -> Option<oneshot::Receiver<()>> {
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return None;
        }
        let armed = inner.armed.iter_mut().find(|a| {
            !a.over
                && a.point.when == when
                && a.hits < a.point.times.unwrap_or(1)
                && a.point.nth.is_none_or(|n| n == nth)
                && a.matcher.misses(facts, command).is_empty()
        })?;
        armed.hits += 1;
        let (sender, receiver) = oneshot::channel();
        armed.held.push((request, sender));
        Some(receiver)
    }

    /// A request is done: what waits for it goes on.
    pub(super) fn done(&self, facts: &RequestFacts) {
        for armed in &mut self.inner.lock().armed {
            if armed
                .until
                .as_ref()
                .is_some_and(|until| until.request_misses(facts).is_empty())
            {
                armed.over = true;
                let_go(armed);
            }
        }
    }
}

fn let_go(armed: &mut Armed) -> usize {
    let held = std::mem::take(&mut armed.held);
    let count = held.len();
    for (_, sender) in held {
        // Whoever waited may be gone.
        let _ = sender.send(());
    }
    count
}
