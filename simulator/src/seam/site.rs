//! A running site: the world behind its lock, the far end that answers remote commands, and what is kept and controlled
//! around them.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

use super::changes::Before;
use super::fault::{Fired, for_one_command};
use super::overlap::Reading;
use super::{
    AdaptiveMutex, BreakPoints, Clock, Effect, FaultBook, HttpFacts, Journal, Latency, Matcher,
    Outcome, Playback, RemoteCommand, RequestFacts, Settings, Verbs, When,
};
use crate::defects::Defects;
use crate::state::{ChangeLog, FiredRecord, Record};
use crate::world::scratch::ProgramFault;
use crate::world::{PoolText, World};

/// Who answers remote commands.
#[derive(Debug, Default)]
pub enum FarEnd {
    /// The simulated hosts.
    #[default]
    World,
    /// A recording.
    Playback(Mutex<Playback>),
}

/// A running site.
#[derive(Debug, Default)]
pub struct Site {
    /// The world; locked for one remote command or one table access at a time. From outside: [`Site::look`] and
    /// [`Site::edit`].
    pub(crate) world: AdaptiveMutex<World>,
    /// Who answers remote commands.
    pub far_end: FarEnd,
    /// Requests and their remote commands.
    pub journal: AdaptiveMutex<Journal>,
    /// How it behaves.
    pub settings: Settings,
    /// Deliberate defects.
    pub defects: Defects,
    /// Whose turn it is to change pools, where races are repaired (Q1).
    pub pools: tokio::sync::Mutex<()>,
    /// What fails.
    pub(crate) faults: FaultBook,
    /// Where requests are held.
    pub(crate) breaks: BreakPoints,
    /// How long remote commands take.
    pub(crate) latency: Latency,
    /// How time passes.
    pub(crate) clock: Clock,
    /// Whether a remote command needs more than to be carried out: a fault, break point, latency or the clock.
    pub(super) armed: AtomicBool,
    /// Counts what happened, for those who wait.
    pub(super) events: Events,
    /// Named snapshots of the running site.
    pub(crate) snapshots: Mutex<BTreeMap<String, crate::state::SavedState>>,
    /// Where changes are recorded, when they are.
    pub(crate) log: OnceLock<ChangeLog>,
}

/// The world to be looked at. Nothing happens in it meanwhile.
#[derive(Debug)]
pub struct WorldView<'a>(MutexGuard<'a, World>);

impl Deref for WorldView<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

/// The world to be changed by hand, past remote commands and the control door. When the site is kept in a folder, the
/// whole state is written there when this is dropped.
#[derive(Debug)]
pub struct WorldEdit<'a> {
    site: &'a Site,
    world: MutexGuard<'a, World>,
    _turn: Option<RwLockWriteGuard<'a, ()>>,
}

impl Deref for WorldEdit<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldEdit<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldEdit<'_> {
    fn drop(&mut self) {
        self.site.record_whole(&mut self.world);
        self.site.happened();
    }
}

/// A counter that can be waited for.
#[derive(Debug)]
pub(super) struct Events(pub(super) watch::Sender<u64>);

impl Default for Events {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Site {
    /// A site on this world, answered by the simulated hosts.
    pub fn new(world: World, settings: Settings) -> Self {
        let site = Self {
            defects: Defects::new(&settings.defects),
            settings,
            ..Self::default()
        };
        site.faults.set_seed(world.random_state);
        *site.world.lock() = world;
        site
    }

    /// To be called after any change of faults, break points, latencies or the clock.
    pub(crate) fn rearm(&self) {
        let armed = !self.faults.is_empty()
            || !self.breaks.is_empty()
            || self.latency.is_on()
            || !self.clock.is_virtual();
        self.armed.store(armed, Ordering::Release);
        self.happened();
    }

    /// Whether rules, break points, latencies or the clock are to be looked at.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Something happened that others may wait for.
    pub(crate) fn happened(&self) {
        self.events.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Waits until `is` gives something, looking again whenever something happened in the site.
    pub async fn wait_for<R>(&self, mut is: impl FnMut(&Self) -> Option<R>) -> R {
        let mut events = self.events.0.subscribe();
        loop {
            events.borrow_and_update();
            if let Some(found) = is(self) {
                return found;
            }
            // The sender lives as long as the site.
            let _ = events.changed().await;
        }
    }

    /// Looks at the world. Nothing happens in it until the view is dropped.
    pub fn look(&self) -> WorldView<'_> {
        WorldView(self.world.lock())
    }

    /// Changes the world by hand. Nothing else happens in it until the edit is dropped; what it did then survives the end
    /// of the process like any other change, at the cost of a record of the whole state.
    pub fn edit(&self) -> WorldEdit<'_> {
        let turn = self.log.get().map(ChangeLog::verb_turn);
        let mut world = self.world.lock();
        if let Some(log) = self.log.get() {
            log.capture(&mut world);
        }
        WorldEdit {
            site: self,
            world,
            _turn: turn,
        }
    }

    /// To be held by the management node while it changes something of its own: verbs of the control door, which replace
    /// what is recorded, then wait.
    pub(crate) fn turn(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.log.get().map(ChangeLog::other_turn)
    }

    /// A request enters through a door.
    pub fn open(&self, http: Option<HttpFacts>, facts: RequestFacts) -> u64 {
        let now = self.now_ms();
        let mut journal = self.journal.lock();
        if let Some(log) = self.log.get() {
            log.append(&Record::Opened {
                id: journal.last_id() + 1,
                now_ms: now,
                http: http.clone(),
                facts: facts.clone(),
            });
        }
        journal.open(http, facts, now)
    }

    /// Says what a request that a door opened asks of the management node.
    pub fn describe(&self, request: u64, facts: RequestFacts) {
        let mut journal = self.journal.lock();
        if let Some(log) = self.log.get() {
            let facts = facts.clone();
            log.append(&Record::Described { id: request, facts });
        }
        journal.describe(request, facts);
    }

    /// A request has been answered.
    pub fn close(&self, request: u64, status: Option<u16>, error: Option<String>) {
        let now = self.now_ms();
        let mut journal = self.journal.lock();
        journal.close(request, now, status, error);
        let closed = journal.get(request);
        if let Some(log) = self.log.get() {
            log.append(&Record::Closed {
                id: request,
                now_ms: now,
                status,
                error: closed.and_then(|r| r.error.clone()),
            });
        }
        let facts = closed.filter(|_| self.is_armed()).map(|r| r.facts.clone());
        drop(journal);
        if let Some(facts) = facts {
            self.breaks.done(&facts);
        }
        self.keep();
        self.happened();
    }

    /// Makes everything that has changed so far survive the end of the process, when there is a log.
    pub fn keep(&self) {
        if let Some(log) = self.log.get() {
            let turn = log.other_turn();
            let mut world = self.world.lock();
            log.capture(&mut world);
            self.record_counts();
            drop(world);
            drop(turn);
            log.flush();
        }
    }

    /// Records what rules and break points have counted and latencies have drawn.
    fn record_counts(&self) {
        if let Some(log) = self.log.get()
            && (!self.faults.is_empty() || self.latency.is_on() || !self.breaks.is_empty())
        {
            log.append(&Record::Counts {
                rules: self.faults.counts(),
                latency: self.latency.state().random_state,
                breaks: self.breaks.counts(),
            });
        }
    }

    /// Records at once what was counted by what is no request's remote command.
    pub(super) fn keep_counts(&self) {
        if let Some(log) = self.log.get() {
            let turn = log.other_turn();
            self.record_counts();
            drop(turn);
            log.flush();
        }
    }

    /// Carries out a change that the library makes past the control door; with a log the whole state is recorded after it.
    pub(crate) fn by_library<'a, R>(&'a self, change: impl FnOnce(Verbs<'a>) -> R) -> R {
        let Some(log) = self.log.get() else {
            return change(self.verbs());
        };
        let _turn = log.verb_turn();
        log.capture(&mut self.world.lock());
        let done = change(self.verbs());
        self.record_whole(&mut self.world.lock());
        done
    }

    /// Puts the whole state into the log; it is the caller's turn.
    fn record_whole(&self, world: &mut World) {
        if let Some(log) = self.log.get() {
            match serde_json::to_value(self.state_of(world)) {
                Ok(body) => log.append(&Record::Verb {
                    method: "PUT".to_owned(),
                    path: "/worlds/default/state".to_owned(),
                    body,
                }),
                Err(error) => tracing::error!(%error, "the state cannot be written"),
            }
            log.catch_up(world);
            log.flush();
        }
    }

    /// Whether changes can no longer be kept as was promised.
    pub fn has_failed(&self) -> bool {
        self.log.get().is_some_and(ChangeLog::has_failed)
    }

    /// The virtual time.
    pub fn now_ms(&self) -> u64 {
        let mut world = self.world.lock();
        if self.is_armed() {
            self.clock.tick(&mut world);
        }
        world.now_ms
    }

    /// Carries one remote command across the seam for a request.
    pub async fn remote(&self, request: u64, command: RemoteCommand) -> Outcome {
        if self.is_armed() && matches!(self.far_end, FarEnd::World) {
            return self.controlled(request, command).await;
        }
        let _turn = self.log.get().map(ChangeLog::other_turn);
        let mut world = self.world.lock();
        self.record(&mut world, request, &command, &[], None);
        let before = Before::new(&mut world, &command);
        let outcome = self.carry(&mut world, &command);
        let changes = before.changes(&mut world);
        drop(world);
        self.journal
            .lock()
            .record(request, command, &outcome, Vec::new(), changes);
        outcome
    }

    /// The far end's answer.
    fn carry(&self, world: &mut World, command: &RemoteCommand) -> Outcome {
        match &self.far_end {
            FarEnd::World => crate::hosts::execute(world, command),
            FarEnd::Playback(playback) => {
                // The hosts carry it out as well: where the recorder kept only the head of an output, theirs is given.
                let simulated = crate::hosts::execute(world, command);
                let recorded = playback.lock().answer(command);
                // Of a port scan the recorder keeps no output at all.
                let is_scan = matches!(command, RemoteCommand::Nmap { .. });
                if is_scan || recorded.stdout.contains(Playback::CUT) {
                    Outcome {
                        stdout: simulated.stdout,
                        ..recorded
                    }
                } else {
                    recorded
                }
            }
        }
    }

    /// As [`Self::remote`], with everything that a test may have set.
    async fn controlled(&self, request: u64, command: RemoteCommand) -> Outcome {
        let (facts, nth) = {
            let journal = self.journal.lock();
            journal.get(request).map_or_else(
                || (std::sync::Arc::default(), 1),
                |r| {
                    let nth = r.commands.len() as u64 + r.commands_dropped + 1;
                    (r.facts.clone(), nth)
                },
            )
        };
        self.hold(request, &facts, &command, nth, When::Before)
            .await;
        let reading = self.hold_during(request, &facts, &command, nth).await;
        let takes = self.latency.draw(&command);
        if takes > 0 {
            self.clock.pass(&self.world, takes).await;
        }
        if let RemoteCommand::Sleep { seconds } = command
            && !self.clock.is_virtual()
        {
            let time = seconds.saturating_mul(1_000);
            self.clock.pass(&self.world, time).await;
            let outcome = Outcome::ok("");
            let _turn = self.turn();
            if let Some(log) = self.log.get() {
                log.append(&Record::Slept {
                    request,
                    command: command.clone(),
                    outcome: outcome.clone(),
                });
            }
            self.journal
                .lock()
                .record(request, command, &outcome, Vec::new(), Vec::new());
            return outcome;
        }
        let fired = {
            let now = self.now_ms();
            self.faults.meet(&facts, &command, now)
        };
        for fault in &fired {
            if let Effect::Delay { ms } = fault.effect {
                self.clock.pass(&self.world, ms).await;
            }
        }
        if !fired.iter().any(|fault| fault.is_instead_of(&command)) {
            self.while_it_hangs(&command).await;
        }
        let outcome = self.with_faults(request, &command, &fired, reading);
        self.hold(request, &facts, &command, nth, When::After).await;
        outcome
    }

    async fn hold(
        &self,
        request: u64,
        facts: &RequestFacts,
        command: &RemoteCommand,
        nth: u64,
        when: When,
    ) {
        if let Some(hold) = self.breaks.hold(request, facts, command, nth, when) {
            // Before anybody is told of it.
            self.keep_counts();
            self.happened();
            // An error means that the break point is gone: the request goes on.
            let _ = hold.await;
        }
    }

    /// Holds a request in the middle of an edit; gives what the edit has read.
    async fn hold_during(
        &self,
        request: u64,
        facts: &RequestFacts,
        command: &RemoteCommand,
        nth: u64,
    ) -> Option<Reading> {
        // Before anybody can see that it is held.
        let reading = Reading::of(&self.world.lock(), command);
        let hold = self
            .breaks
            .hold(request, facts, command, nth, When::During)?;
        self.keep_counts();
        self.happened();
        // As above.
        let _ = hold.await;
        reading
    }

    /// Carries out one remote command with the faults that it meets.
    fn with_faults(
        &self,
        request: u64,
        command: &RemoteCommand,
        fired: &[Fired],
        reading: Option<Reading>,
    ) -> Outcome {
        let _turn = self.log.get().map(ChangeLog::other_turn);
        let mut world = self.world.lock();
        self.clock.tick(&mut world);
        let before = Before::new(&mut world, command);
        self.record(&mut world, request, command, fired, reading.as_ref());
        let (outcome, met) = self.carry_with(&mut world, command, fired, reading);
        self.record_counts();
        let changes = before.changes(&mut world);
        drop(world);
        self.journal
            .lock()
            .record(request, command.clone(), &outcome, met, changes);
        outcome
    }

    /// Records a remote command that is about to be carried out.
    fn record(
        &self,
        world: &mut World,
        request: u64,
        command: &RemoteCommand,
        fired: &[Fired],
        reading: Option<&Reading>,
    ) {
        if let Some(log) = self.log.get() {
            log.capture(world);
            log.append(&Record::Remote {
                request,
                now_ms: world.now_ms,
                command: command.clone(),
                fired: fired
                    .iter()
                    .map(|f| FiredRecord {
                        id: f.id.clone(),
                        effect: f.effect.clone(),
                        when: f.when,
                        target: f.matcher.target().clone(),
                        left: self.faults.left(f.number),
                    })
                    .collect(),
                reading: reading.cloned(),
            });
        }
    }

    /// Carries a recorded remote command out again.
    pub(crate) fn replay(
        &self,
        request: u64,
        now_ms: u64,
        command: RemoteCommand,
        fired: Vec<FiredRecord>,
        reading: Option<Reading>,
    ) -> Result<(), String> {
        let mut world = self.world.lock();
        world.now_ms = now_ms;
        let fired = fired
            .into_iter()
            .map(|f| {
                Ok(Fired {
                    number: 0,
                    id: f.id,
                    effect: f.effect,
                    when: f.when,
                    matcher: Matcher::new(f.target, &world).map_err(|e| e.to_string())?,
                    left: Some(f.left),
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        let before = Before::new(&mut world, &command);
        let (outcome, met) = self.carry_with(&mut world, &command, &fired, reading);
        let changes = before.changes(&mut world);
        drop(world);
        self.journal
            .lock()
            .record(request, command, &outcome, met, changes);
        Ok(())
    }

    /// Fetches pool files again, as recorded.
    pub(crate) fn replay_fetch(&self, request: u64, command: RemoteCommand) {
        if let Some(pools) = crate::hosts::zhcp::pools(&self.world.lock(), &command) {
            self.journal.lock().record_pools(request, command, &pools);
        }
    }

    /// The outcome of a remote command with the faults that it meets, and the ids of those that had a hand in it.
    fn carry_with(
        &self,
        world: &mut World,
        command: &RemoteCommand,
        fired: &[Fired],
        reading: Option<Reading>,
    ) -> (Outcome, Vec<String>) {
        let mut met: Vec<String> = Vec::new();
        self.faults.expire(world);
        let ssh = fired
            .iter()
            .find_map(|f| Some((f, f.effect.ssh_outcome(command)?)));
        if let Some((fault, failure)) = &ssh {
            met.push(fault.id.clone());
            if fault.when == When::Before {
                reboot(world, command, &fault.effect);
                return (failure.clone(), met);
            }
        }
        let mut conditions = Vec::new();
        let mut programs = Vec::new();
        for (index, fault) in (0_u64..).zip(fired) {
            if let Some(undo) = for_one_command(fault, world) {
                met.push(fault.id.clone());
                conditions.push(undo);
            }
            if let Some((program, words, failure)) = fault.effect.program() {
                programs.push(ProgramFault {
                    rule: index,
                    host: None,
                    program: program.to_owned(),
                    words,
                    works: fault.when == When::After,
                    failure,
                    left: fault.left.unwrap_or_else(|| self.faults.left(fault.number)),
                    fired: 0,
                });
            }
            if matches!(fault.effect, Effect::Delay { .. }) {
                met.push(fault.id.clone());
            }
        }
        world.scratch.program_faults = programs;
        // Only an edit that runs works on what it has read.
        let others = reading.as_ref().and_then(|r| r.now(world));
        if let Some(reading) = reading {
            reading.restore(world);
        }
        let carried = self.carry(world, command);
        let failed = std::mem::take(&mut world.scratch.program_faults);
        let is_undone = |p: &ProgramFault| p.program == "sed" && p.fired > 0 && !p.works;
        if let Some(others) = others
            && failed.iter().any(is_undone)
        {
            others.restore(world);
        }
        for program in failed {
            if program.fired > 0
                && let Some(fault) = fired.get(program.rule as usize)
            {
                self.faults.count(fault.number, program.fired);
                met.push(fault.id.clone());
            }
        }
        for undo in conditions.into_iter().rev() {
            undo.put_back(world);
        }
        if let Some((fault, _)) = &ssh {
            reboot(world, command, &fault.effect);
        }
        (ssh.map_or(carried, |(_, failure)| failure), met)
    }

    fn pools_of(&self, request: u64, command: &RemoteCommand) -> Option<Vec<PoolText>> {
        let world = self.world.lock();
        let pools = crate::hosts::zhcp::pools(&world, command)?;
        if let Some(log) = self.log.get() {
            let command = command.clone();
            log.append(&Record::Fetched { request, command });
        }
        Some(pools)
    }

    /// Carries a remote command that prints pool files across the seam: as [`Self::remote`], but what the files say
    /// comes back by rows, shared with them, and standard output is then empty. `None` for the rows: it was answered as
    /// text.
    pub async fn fetch_pools(
        &self,
        request: u64,
        command: RemoteCommand,
    ) -> (Outcome, Option<Vec<PoolText>>) {
        if matches!(self.far_end, FarEnd::World)
            && !self.is_armed()
            && let _turn = self.turn()
            && let Some(pools) = self.pools_of(request, &command)
        {
            self.journal.lock().record_pools(request, command, &pools);
            return (Outcome::default(), Some(pools));
        }
        (self.remote(request, command).await, None)
    }
}

/// Lets the Linux on which a remote command runs break down and start again, if that is the effect.
fn reboot(world: &mut World, command: &RemoteCommand, effect: &Effect) {
    if let Effect::Reboot { ms } = effect
        && let Some(host) = command.host().and_then(|h| world.resolve(h)).cloned()
    {
        crate::hosts::guest::reboot(world, &host, *ms);
    }
}
