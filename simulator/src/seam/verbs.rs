//! What a test may ask of a running site. The control door records each verb itself and comes through [`Verbs`]; programs
//! that hold a [`Site`] call its methods, which keep the whole state where there is a folder for it.

use super::{
    BadTarget, BreakPoint, BreakPointState, ClockSettings, FaultRequest, FaultRule, LatencyState,
    RuleError, Site,
};

/// The verbs without their records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verbs<'a>(&'a Site);

impl<'a> Verbs<'a> {
    /// The site.
    pub(crate) fn site(self) -> &'a Site {
        self.0
    }

    pub(crate) fn add_fault(self, request: FaultRequest) -> Result<FaultRule, RuleError> {
        let rule = self.0.faults.add(request, &mut self.0.world.lock());
        self.0.rearm();
        rule
    }

    pub(crate) fn remove_fault(self, id: &str) -> Option<FaultRule> {
        let rule = self.0.faults.remove(id, &mut self.0.world.lock());
        self.0.rearm();
        rule
    }

    pub(crate) fn clear_faults(self) -> usize {
        let count = self.0.faults.clear(&mut self.0.world.lock());
        self.0.rearm();
        count
    }

    pub(crate) fn add_break(self, point: BreakPoint) -> Result<String, BadTarget> {
        let id = self.0.breaks.add(point, &self.0.world.lock());
        self.0.rearm();
        id
    }

    pub(crate) fn remove_break(self, id: &str) -> bool {
        let removed = self.0.breaks.remove(id);
        self.0.rearm();
        removed
    }

    pub(crate) fn clear_breaks(self) {
        self.0.breaks.clear();
        self.0.rearm();
    }

    pub(crate) fn set_latency(self, state: LatencyState) -> Result<(), BadTarget> {
        self.0.latency.set(state)?;
        self.0.rearm();
        Ok(())
    }

    pub(crate) fn set_clock(self, settings: ClockSettings) {
        self.0.clock.set(settings, &mut self.0.world.lock());
        self.0.rearm();
    }

    pub(crate) fn step_clock(self, ms: u64) -> u64 {
        let mut world = self.0.world.lock();
        self.0.clock.step(&mut world, ms);
        self.0.faults.expire(&mut world);
        let now = world.now_ms;
        drop(world);
        self.0.happened();
        now
    }
}

impl Site {
    /// The verbs as the control door uses them.
    pub(crate) fn verbs(&self) -> Verbs<'_> {
        Verbs(self)
    }

    /// Sets a fault rule.
    ///
    /// # Errors
    /// [`RuleError`]; nothing has changed then.
    pub fn add_fault(&self, request: FaultRequest) -> Result<FaultRule, RuleError> {
        self.by_library(|verbs| verbs.add_fault(request))
    }

    /// The fault rules in force, with their counts.
    pub fn fault_rules(&self) -> Vec<FaultRule> {
        self.faults.list()
    }

    /// Takes a fault rule away and puts right what its condition changed; gives it with its final counts.
    pub fn remove_fault(&self, id: &str) -> Option<FaultRule> {
        self.by_library(|verbs| verbs.remove_fault(id))
    }

    /// Takes all fault rules away; says how many there were.
    pub fn clear_faults(&self) -> usize {
        self.by_library(Verbs::clear_faults)
    }

    /// Sets a break point; gives its id.
    ///
    /// # Errors
    /// [`BadTarget`].
    pub fn add_break(&self, point: BreakPoint) -> Result<String, BadTarget> {
        self.by_library(|verbs| verbs.add_break(point))
    }

    /// Break points, and the requests that they hold.
    pub fn break_points(&self) -> Vec<BreakPointState> {
        self.breaks.list()
    }

    /// Lets go what a break point holds; says how many requests that were.
    pub fn release_break(&self, id: &str) -> Option<usize> {
        let released = self.breaks.release(id);
        self.happened();
        released
    }

    /// Takes a break point away and lets go what it holds.
    pub fn remove_break(&self, id: &str) -> bool {
        self.by_library(|verbs| verbs.remove_break(id))
    }

    /// Takes all break points away.
    pub fn clear_breaks(&self) {
        self.by_library(Verbs::clear_breaks);
    }

    /// Waits until a break point holds a request; gives the request's number. `None`: there is no such break point.
    pub async fn wait_held(&self, id: &str) -> Option<u64> {
        self.wait_for(|site| {
            let state = site.breaks.list().into_iter().find(|b| b.point.id == id);
            match state {
                None => Some(None),
                Some(state) => state.holding.first().map(|request| Some(*request)),
            }
        })
        .await
    }

    /// Latency profiles and the state of their generator.
    pub fn latencies(&self) -> LatencyState {
        self.latency.state()
    }

    /// Replaces the latency profiles.
    ///
    /// # Errors
    /// A pattern that is no regular expression.
    pub fn set_latency(&self, state: LatencyState) -> Result<(), BadTarget> {
        self.by_library(|verbs| verbs.set_latency(state))
    }

    /// How time passes.
    pub fn clock_settings(&self) -> ClockSettings {
        self.clock.settings()
    }

    /// Changes how time passes.
    pub fn set_clock(&self, settings: ClockSettings) {
        self.by_library(|verbs| verbs.set_clock(settings));
    }

    /// Moves the clock forward.
    pub fn step_clock(&self, ms: u64) -> u64 {
        self.by_library(|verbs| verbs.step_clock(ms))
    }
}
