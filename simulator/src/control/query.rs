//! Questions to the journal.

use serde::{Deserialize, Serialize};

use super::call::Refusal;
use crate::seam::{JournalRequest, Matcher, Site, Target};

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalQuery {
    /// Only requests with a greater number.
    pub since: u64,
    /// The latest so many.
    pub limit: Option<usize>,
    /// Only those whose answer had an error.
    pub failed: bool,
    /// Only those with a remote command that this means; without criteria on remote commands, those that it means.
    pub target: Target,
    /// Only those in which this fault rule had a hand.
    pub fault: Option<String>,
}

/// What is asserted of remote commands.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assertion {
    /// Which remote commands.
    pub target: Target,
    /// Only of requests with a greater number.
    pub since: u64,
    /// At least so many; 1 when neither bound is given.
    pub at_least: Option<u64>,
    /// At most so many; 0: none.
    pub at_most: Option<u64>,
}

/// How an assertion came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// How many remote commands matched.
    pub count: u64,
    /// The first that matched.
    pub matching: Vec<String>,
    /// When there were too few: those that came nearest, and what did not fit.
    pub near_misses: Vec<NearMiss>,
}

/// A remote command that nearly matched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMiss {
    /// Number of its request.
    pub request: u64,
    /// Its line.
    pub command: String,
    /// Criteria that did not hold.
    pub differs: Vec<&'static str>,
}

/// Most examples in a verdict.
const EXAMPLES: usize = 5;

impl JournalQuery {
    /// The requests, oldest first.
    ///
    /// # Errors
    /// The target names what the site does not have.
    pub fn run(&self, site: &Site) -> Result<Vec<JournalRequest>, Refusal> {
        let matcher =
            Matcher::new(self.target.clone(), &site.world.lock()).map_err(Refusal::bad)?;
        let asks_commands = Target {
            operation: None,
            node: None,
            ..self.target.clone()
        } != Target::default();
        let journal = site.journal.lock();
        let mut found: Vec<JournalRequest> = journal
            .requests()
            .rev()
            .take_while(|r| r.id > self.since)
            .filter(|r| !self.failed || r.error.is_some())
            .filter(|r| {
                if asks_commands {
                    r.commands
                        .iter()
                        .any(|c| matcher.misses(&r.facts, &c.command).is_empty())
                } else {
                    matcher.request_misses(&r.facts).is_empty()
                }
            })
            .filter(|r| {
                self.fault
                    .as_ref()
                    .is_none_or(|id| r.commands.iter().any(|c| c.faults.contains(id)))
            })
            .take(self.limit.unwrap_or(usize::MAX))
            .cloned()
            .collect();
        found.reverse();
        Ok(found)
    }
}

impl Assertion {
    /// Compares the assertion with the journal.
    ///
    /// # Errors
    /// The target names what the site does not have, or requests since then are no longer kept: then nothing can be
    /// asserted.
    pub fn check(&self, site: &Site) -> Result<Verdict, Refusal> {
        let matcher =
            Matcher::new(self.target.clone(), &site.world.lock()).map_err(Refusal::bad)?;
        let journal = site.journal.lock();
        let (first, asked) = (journal.first_id(), self.since.saturating_add(1));
        if first > asked {
            return Err(Refusal::conflict(format!(
                "requests {asked} to {} are no longer in the journal",
                first - 1
            )));
        }
        let mut count = 0;
        let (mut matching, mut near) = (Vec::new(), Vec::new());
        for request in journal.requests().filter(|r| r.id > self.since) {
            for entry in &request.commands {
                let differs = matcher.misses(&request.facts, &entry.command);
                if differs.is_empty() {
                    count += 1;
                    if matching.len() < EXAMPLES {
                        matching.push(format!("request {}: {}", request.id, entry.command));
                    }
                } else {
                    near.push(NearMiss {
                        request: request.id,
                        command: entry.command.to_string(),
                        differs,
                    });
                }
            }
        }
        drop(journal);
        let at_least = match (self.at_least, self.at_most) {
            (None, None) => 1,
            (least, _) => least.unwrap_or(0),
        };
        let enough = count >= at_least;
        // What fits in nothing is not near, unless there was one thing only in which to fit.
        let criteria = self.target.criteria();
        near.retain(|n| n.differs.len() < criteria.max(2));
        near.sort_by_key(|n| n.differs.len());
        near.truncate(if enough { 0 } else { EXAMPLES });
        Ok(Verdict {
            holds: enough && self.at_most.is_none_or(|most| count <= most),
            count,
            matching,
            near_misses: near,
        })
    }
}
