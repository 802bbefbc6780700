//! What a test may ask of a running site. The control door, the command line and the library all come here.

use super::{
    BadTarget, BreakPoint, ClockSettings, FaultRequest, FaultRule, LatencyState, RuleError, Site,
};

impl Site {
    /// Sets a fault rule.
    ///
    /// # Errors
    /// [`RuleError`]; nothing has changed then.
    pub fn add_fault(&self, request: FaultRequest) -> Result<FaultRule, RuleError> {
        let rule = self.faults.add(request, &mut self.world.lock());
        self.rearm();
        rule
    }

    /// Takes a fault rule away and puts right what its condition changed; gives it with its final counts.
    pub fn remove_fault(&self, id: &str) -> Option<FaultRule> {
        let rule = self.faults.remove(id, &mut self.world.lock());
        self.rearm();
        rule
    }

    /// Takes all fault rules away; says how many there were.
    pub fn clear_faults(&self) -> usize {
        let count = self.faults.clear(&mut self.world.lock());
        self.rearm();
        count
    }

    /// Sets a break point; gives its id.
    ///
    /// # Errors
    /// [`BadTarget`].
    pub fn add_break(&self, point: BreakPoint) -> Result<String, BadTarget> {
        let id = self.breaks.add(point, &self.world.lock());
        self.rearm();
        id
    }

    /// Lets go what a break point holds; says how many requests that were.
    pub fn release_break(&self, id: &str) -> Option<usize> {
        let released = self.breaks.release(id);
        self.happened();
        released
    }

    /// Takes a break point away and lets go what it holds.
    pub fn remove_break(&self, id: &str) -> bool {
        let removed = self.breaks.remove(id);
        self.rearm();
        removed
    }

    /// Takes all break points away.
    pub fn clear_breaks(&self) {
        self.breaks.clear();
        self.rearm();
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

    /// Replaces the latency profiles.
    ///
    /// # Errors
    /// A pattern that is no regular expression.
    pub fn set_latency(&self, state: LatencyState) -> Result<(), BadTarget> {
        self.latency.set(state)?;
        self.rearm();
        Ok(())
    }

    /// Changes how time passes.
    pub fn set_clock(&self, settings: ClockSettings) {
        self.clock.set(settings, &mut self.world.lock());
        self.rearm();
    }

    /// Moves the clock forward, and ends the conditions whose time is over.
    pub fn step_clock(&self, ms: u64) -> u64 {
        let mut world = self.world.lock();
        self.clock.step(&mut world, ms);
        self.faults.expire(&mut world);
        world.now_ms
    }
}
