//! The defects of a running site, and the hooks through which the rest of the simulator meets them.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use super::catalogue;
use super::defect::{Asked, Defect, HttpReply, Mistake, Step};
use crate::mn::{Document, Request};
use crate::seam::{Outcome, RemoteCommand};

/// How long a racing command waits before it writes a pool file: long enough for the others to have read it.
const RACING_PAUSE: Duration = Duration::from_millis(60);

/// Active defects. Without any, every hook does nothing and nothing is kept.
#[derive(Debug, Default)]
pub struct Defects {
    active: Vec<&'static Defect>,
    /// Requests that are being carried out, by their number.
    asked: Mutex<HashMap<u64, Asked>>,
}

impl Defects {
    /// The defects with these ids; an id that is not in the catalogue is passed over (see [`super::find`]).
    pub fn new(ids: &[String]) -> Self {
        Self {
            active: ids.iter().filter_map(|id| catalogue::find(id)).collect(),
            asked: Mutex::default(),
        }
    }

    /// Whether any defect is active.
    pub fn are_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// Hook: a request arrives.
    pub(crate) fn request(&self, request: &mut Request) {
        for defect in &self.active {
            if let Mistake::Request(change) = defect.mistake {
                change(request);
            }
        }
    }

    /// Hook: an admitted request begins.
    pub(crate) fn begin(&self, id: u64, request: &Request) {
        if self.are_active() {
            self.asked.lock().insert(id, asked(request));
        }
    }

    /// Hook: a request ends with these documents.
    pub(crate) fn end(&self, id: u64, documents: &mut Vec<Document>) {
        if !self.are_active() {
            return;
        }
        let asked = self.asked.lock().remove(&id).unwrap_or_default();
        for defect in &self.active {
            if let Mistake::Answer(change) = defect.mistake {
                change(&asked, documents);
            }
        }
    }

    /// Hook: a remote command is to cross the seam.
    pub(crate) fn command(&self, id: u64, mut command: RemoteCommand) -> Step {
        for defect in &self.active {
            if let Mistake::Command(change) = defect.mistake {
                match change(&self.asked(id), command) {
                    Step::Go(changed) => command = changed,
                    skip @ Step::Skip(_) => return skip,
                }
            }
        }
        Step::Go(command)
    }

    /// Hook: a remote command came back.
    pub(crate) fn outcome(&self, id: u64, command: &RemoteCommand, outcome: &mut Outcome) {
        for defect in &self.active {
            if let Mistake::Outcome(change) = defect.mistake {
                change(&self.asked(id), command, outcome);
            }
        }
    }

    /// Hook: a reply is ready.
    pub(crate) fn reply(&self, reply: &mut HttpReply<'_>) {
        for defect in &self.active {
            if let Mistake::Reply(change) = defect.mistake {
                change(reply);
            }
        }
    }

    /// Whether a request's work on pools does not take its turn.
    pub(crate) fn races(&self, id: u64) -> bool {
        self.active.iter().any(|defect| match defect.mistake {
            Mistake::Race(option) => self.asked(id).option() == option,
            _ => false,
        })
    }

    /// How long a remote command of a racing request waits.
    pub(crate) fn pause(&self, id: u64, command: &RemoteCommand) -> Option<Duration> {
        let writes = super::edit::text(command).is_some_and(|text| {
            super::edit::is_pool(text) && (text.contains("sed ") || text.contains("> "))
        });
        // Requests that wait equally long would keep in step, and one's steps never fall between another's.
        (writes && self.races(id)).then(|| RACING_PAUSE * (1 + (id % 3) as u32))
    }

    fn asked(&self, id: u64) -> Asked {
        self.asked.lock().get(&id).cloned().unwrap_or_default()
    }
}

fn asked(request: &Request) -> Asked {
    Asked {
        command: request.command.clone().unwrap_or_default(),
        noderange: request.noderange.clone().unwrap_or_default(),
        args: request.args.clone(),
    }
}
