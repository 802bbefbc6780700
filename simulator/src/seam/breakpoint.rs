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

/// The break points of a site.
#[derive(Debug, Default)]
pub struct BreakPoints {
    inner: Mutex<(u64, Vec<Armed>)>,
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
            inner.0 += 1;
            point.id = format!("b{}", inner.0);
        }
        if inner.1.iter().any(|a| a.point.id == point.id) {
            return Err(BadTarget {
                field: "id",
                reason: format!("break point '{}' is there already", point.id),
            });
        }
        let id = point.id.clone();
        inner.1.push(Armed {
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
        let armed = inner.1.iter_mut().find(|a| a.point.id == id)?;
        Some(let_go(armed))
    }

    /// Takes a break point away, and lets go what it holds.
    pub fn remove(&self, id: &str) -> bool {
        let mut inner = self.inner.lock();
        let before = inner.1.len();
        inner.1.retain_mut(|armed| {
            let goes = armed.point.id == id;
            if goes {
                let_go(armed);
            }
            !goes
        });
        inner.1.len() < before
    }

    /// Takes all away.
    pub fn clear(&self) {
        for mut armed in std::mem::take(&mut self.inner.lock().1) {
            let_go(&mut armed);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inner.lock().1.is_empty()
    }

    /// All of them.
    pub fn list(&self) -> Vec<BreakPointState> {
        self.inner
            .lock()
            .1
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
        let armed = inner.1.iter_mut().find(|a| {
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
        for armed in &mut self.inner.lock().1 {
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
