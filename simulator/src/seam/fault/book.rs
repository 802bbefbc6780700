//! The rules that are in force, and which of them a request or remote command meets.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::undo::Undo;
use super::{Effect, FaultRequest, FaultRule, Layer, RuleError};
use crate::seam::{Matcher, RemoteCommand, RequestFacts, When, random};
use crate::world::World;

/// Rules and counters as they are saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaultBookState {
    /// Rules in order.
    pub rules: Vec<FaultRule>,
    /// Number of the last id given.
    pub last_id: u64,
    /// Seed of probabilities.
    pub seed: u64,
}

#[derive(Debug)]
struct Armed {
    number: u64,
    rule: FaultRule,
    matcher: Matcher,
}

#[derive(Debug, Default)]
struct Inner {
    armed: Vec<Armed>,
    last_id: u64,
    last_number: u64,
    seed: u64,
}

/// The faults of a site.
#[derive(Debug, Default)]
pub struct FaultBook {
    inner: Mutex<Inner>,
}

/// A rule that happens now.
#[derive(Clone, Debug)]
pub(crate) struct Fired {
    /// Number by which its counts are found again.
    pub(crate) number: u64,
    /// Its id.
    pub(crate) id: String,
    /// What happens.
    pub(crate) effect: Effect,
    /// Before or after the side effect.
    pub(crate) when: When,
    /// Its target, for places.
    pub(crate) matcher: Matcher,
    /// How often it may still fail a program, when that is known from a record.
    pub(crate) left: Option<u64>,
}

impl Fired {
    /// Whether a remote command is not carried out at all because of it.
    pub(crate) fn is_instead_of(&self, command: &RemoteCommand) -> bool {
        self.when == When::Before && self.effect.ssh_outcome(command).is_some()
    }
}

impl FaultBook {
    /// Sets a rule; a condition that lasts is brought about at once. Gives the rule as it is now.
    ///
    /// # Errors
    /// [`RuleError`]; nothing is changed then.
    pub fn add(&self, request: FaultRequest, world: &mut World) -> Result<FaultRule, RuleError> {
        let mut inner = self.inner.lock();
        let id = format!("f{}", inner.last_id + 1);
        let is_numbered = request.id.is_none();
        let mut rule = request.rule(id, world.now_ms)?;
        if inner.armed.iter().any(|a| a.rule.id == rule.id) {
            return Err(RuleError::Taken(rule.id));
        }
        let matcher = Matcher::new(rule.target.clone(), world)?;
        if let Effect::Condition { condition, ms } = &rule.effect {
            let place = matcher.place(world)?;
            condition.check(world, &place)?;
            if rule.is_lasting() {
                rule.undo = condition.apply(world, &place, *ms)?;
                rule.seen = 1;
                rule.hits = 1;
            }
        }
        inner.last_id += u64::from(is_numbered);
        inner.last_number += 1;
        let number = inner.last_number;
        inner.armed.push(Armed {
            number,
            rule: rule.clone(),
            matcher,
        });
        Ok(rule)
    }

    /// Takes a rule away, and puts right what its condition changed. Gives it as it was at the end.
    pub fn remove(&self, id: &str, world: &mut World) -> Option<FaultRule> {
        let mut inner = self.inner.lock();
        let at = inner.armed.iter().position(|a| a.rule.id == id)?;
        let mut armed = inner.armed.remove(at);
        let undo = std::mem::take(&mut armed.rule.undo);
        put_back(undo, armed.number, &mut inner.armed, world);
        Some(armed.rule)
    }

    /// Takes all rules away; gives how many there were.
    pub fn clear(&self, world: &mut World) -> usize {
        let mut inner = self.inner.lock();
        // In reverse order: each finds the world as it left it.
        let armed = std::mem::take(&mut inner.armed);
        let count = armed.len();
        for mut armed in armed.into_iter().rev() {
            std::mem::take(&mut armed.rule.undo).put_back(world);
            inner.last_number = inner.last_number.max(armed.number);
        }
        count
    }

    /// The rules with their counts.
    pub fn list(&self) -> Vec<FaultRule> {
        let inner = self.inner.lock();
        inner.armed.iter().map(|a| a.rule.clone()).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inner.lock().armed.is_empty()
    }

    /// What is saved.
    pub fn state(&self) -> FaultBookState {
        let inner = self.inner.lock();
        FaultBookState {
            rules: inner.armed.iter().map(|a| a.rule.clone()).collect(),
            last_id: inner.last_id,
            seed: inner.seed,
        }
    }

    /// Goes on from a saved state; the world has been restored to the same moment.
    ///
    /// # Errors
    /// A target that the world does not have.
    pub fn restore(&self, state: FaultBookState, world: &World) -> Result<(), RuleError> {
        let mut armed = Vec::new();
        for (number, rule) in (1..).zip(state.rules) {
            let matcher = Matcher::new(rule.target.clone(), world)?;
            armed.push(Armed {
                number,
                rule,
                matcher,
            });
        }
        *self.inner.lock() = Inner {
            last_number: armed.len() as u64,
            armed,
            last_id: state.last_id,
            seed: state.seed,
        };
        Ok(())
    }

    /// Sets the seed of probabilities.
    pub fn set_seed(&self, seed: u64) {
        self.inner.lock().seed = seed;
    }

    /// Sets the counts of a rule, as they were recorded.
    pub(crate) fn set_counts(&self, id: &str, seen: u64, hits: u64) {
        let mut inner = self.inner.lock();
        if let Some(armed) = inner.armed.iter_mut().find(|a| a.rule.id == id) {
            armed.rule.seen = seen;
            armed.rule.hits = hits;
        }
    }

    /// Counts of rules by their numbers: id, matches, hits.
    pub(crate) fn counts(&self) -> Vec<(String, u64, u64)> {
        let inner = self.inner.lock();
        inner
            .armed
            .iter()
            .map(|a| (a.rule.id.clone(), a.rule.seen, a.rule.hits))
            .collect()
    }

    /// Takes away the conditions whose time is over.
    pub(crate) fn expire(&self, world: &mut World) {
        let mut inner = self.inner.lock();
        let mut over = Vec::new();
        for armed in &mut inner.armed {
            if armed.rule.is_over(world.now_ms) && !armed.rule.undo.is_empty() {
                over.push((armed.number, std::mem::take(&mut armed.rule.undo)));
            }
        }
        for (number, undo) in over.into_iter().rev() {
            put_back(undo, number, &mut inner.armed, world);
        }
    }

    /// When the next rule ends after `now_ms`.
    pub(crate) fn next_end(&self, now_ms: u64) -> Option<u64> {
        let inner = self.inner.lock();
        let ends = inner.armed.iter().filter_map(|a| a.rule.until_ms);
        ends.filter(|t| *t > now_ms).min()
    }

    /// The rules that a remote command meets now, in order. Counts them; those that fail a program are counted when the
    /// program is called ([`Self::count`]).
    pub(crate) fn meet(
        &self,
        facts: &RequestFacts,
        command: &RemoteCommand,
        now_ms: u64,
    ) -> Vec<Fired> {
        self.fire(now_ms, |armed| {
            !matches!(armed.rule.layer, Layer::Http | Layer::Xcatd)
                && !armed.rule.is_lasting()
                && armed.matcher.misses(facts, command).is_empty()
        })
    }

    /// The rule of layer xcatd that a request meets now.
    pub(crate) fn meet_daemon(
        &self,
        facts: &RequestFacts,
        when: When,
        now_ms: u64,
    ) -> Option<Fired> {
        self.fire(now_ms, |armed| {
            armed.rule.layer == Layer::Xcatd
                && armed.rule.when == when
                && armed.matcher.request_misses(facts).is_empty()
        })
        .into_iter()
        .next()
    }

    /// Whether a connection to the daemon meets a rule that it is down.
    pub(crate) fn meet_connection(&self, now_ms: u64) -> bool {
        let any = RequestFacts::default();
        !self
            .fire(now_ms, |armed| {
                armed.rule.effect == Effect::XcatdDown
                    && armed.rule.when == When::Before
                    && armed.matcher.request_misses(&any).is_empty()
            })
            .is_empty()
    }

    /// The rule of layer HTTP that a request meets now.
    pub(crate) fn meet_http(&self, path: &str, when: When, now_ms: u64) -> Option<Fired> {
        self.fire(now_ms, |armed| {
            armed.rule.layer == Layer::Http
                && armed.rule.when == when
                && armed.matcher.is_http(path)
        })
        .into_iter()
        .next()
    }

    fn fire(&self, now_ms: u64, is_met: impl Fn(&Armed) -> bool) -> Vec<Fired> {
        let mut fired = Vec::new();
        let mut inner = self.inner.lock();
        let seed = inner.seed;
        for armed in &mut inner.armed {
            let over = armed.rule.is_over(now_ms)
                || armed.rule.times.is_some_and(|t| armed.rule.hits >= t);
            if over || !is_met(armed) {
                continue;
            }
            let by_program = armed.rule.effect.program().is_some();
            if !by_program {
                armed.rule.seen += 1;
                if !happens(&armed.rule, armed.rule.seen, seed) {
                    continue;
                }
                armed.rule.hits += 1;
            } else if armed.rule.skip > 0 || armed.rule.probability.is_some() {
                // Counted by command: which of its programs is called is not known beforehand.
                armed.rule.seen += 1;
                if !happens(&armed.rule, armed.rule.seen, seed) {
                    continue;
                }
            }
            fired.push(Fired {
                number: armed.number,
                id: armed.rule.id.clone(),
                effect: armed.rule.effect.clone(),
                when: armed.rule.when,
                matcher: armed.matcher.clone(),
                left: None,
            });
        }
        fired
    }

    /// How often a rule may still happen.
    pub(crate) fn left(&self, number: u64) -> u64 {
        let inner = self.inner.lock();
        inner
            .armed
            .iter()
            .find(|a| a.number == number)
            .map_or(0, |a| {
                a.rule
                    .times
                    .map_or(u64::MAX, |t| t.saturating_sub(a.rule.hits))
            })
    }

    /// Counts a fault that a program met.
    pub(crate) fn count(&self, number: u64, times: u64) {
        let mut inner = self.inner.lock();
        if let Some(armed) = inner.armed.iter_mut().find(|a| a.number == number) {
            armed.rule.hits += times;
            if armed.rule.skip == 0 && armed.rule.probability.is_none() {
                armed.rule.seen += times;
            }
        }
    }
}

/// Puts right what a rule put aside, so that what others ask for stays as they ask: what two rules have changed stays
/// changed until both are gone. `number` is that of the rule, `others` are in order of theirs.
fn put_back(undo: Undo, number: u64, others: &mut [Armed], world: &mut World) {
    if undo.is_empty() {
        return;
    }
    let now = world.now_ms;
    let later = |armed: &Armed| {
        armed.number > number && armed.rule.is_lasting() && !armed.rule.is_over(now)
    };
    // What later rules have changed of the same things is taken back first, and then brought about anew.
    let mut meeting = vec![undo];
    let mut unwound = Vec::new();
    for armed in others.iter_mut().filter(|armed| later(armed)) {
        if meeting.iter().any(|undo| undo.meets(&armed.rule.undo)) {
            meeting.push(std::mem::take(&mut armed.rule.undo));
            unwound.push(armed.number);
        }
    }
    for undo in meeting.into_iter().rev() {
        undo.put_back(world);
    }
    for armed in others.iter_mut().filter(|armed| later(armed)) {
        let Effect::Condition { condition, ms } = armed.rule.effect else {
            continue;
        };
        if !unwound.contains(&armed.number) && !condition.is_guarded() {
            continue;
        }
        // What can no longer be brought about is out of order in another way.
        if let Ok(place) = armed.matcher.place(world)
            && let Ok(anew) = condition.apply(world, &place, ms)
        {
            armed.rule.undo.extend(anew);
        }
    }
}

/// Whether a rule happens on its match number `seen`, from 1.
fn happens(rule: &FaultRule, seen: u64, seed: u64) -> bool {
    if seen <= rule.skip {
        return false;
    }
    rule.probability.is_none_or(|p| {
        let name = rule
            .id
            .bytes()
            .fold(seed, |h, b| h.wrapping_mul(0x100_0000_01b3) ^ u64::from(b));
        random::chance(name, seen) < p
    })
}

/// Brings a condition about for one command; what it gives is put back afterwards.
pub(crate) fn for_one_command(fired: &Fired, world: &mut World) -> Option<Undo> {
    let Effect::Condition { condition, ms } = &fired.effect else {
        return None;
    };
    let place = fired.matcher.place(world).ok()?;
    condition.apply(world, &place, *ms).ok()
}
