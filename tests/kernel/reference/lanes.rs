//! The two lanes in plain integers, over the whole history of calls and decisions.

/// What of a lane's past matters.
#[derive(Clone, Debug, Default)]
struct Past {
    /// How its calls ended.
    calls: Vec<bool>,
    /// Why the ticks that preferred it went where they went.
    reasons: Vec<&'static str>,
}

/// Lane P, lane E and the thresholds, in ten-thousandths and ticks.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    pub(crate) weak_below: i64,
    pub(crate) margin: i64,
    pub(crate) probe_after: usize,
    p: Past,
    e: Past,
}

/// Where a tick goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) lane: &'static str,
    pub(crate) preferred: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) health_p: i64,
    pub(crate) health_e: i64,
}

impl Lanes {
    pub(crate) fn new(weak_below: i64, margin: i64, probe_after: usize) -> Self {
        Self {
            weak_below,
            margin,
            probe_after,
            p: Past::default(),
            e: Past::default(),
        }
    }

    /// `wish` is TRAP, BLOCKED, CLASS or ROUTINE. A weak lane is left for one that is better by the
    /// margin, unless it was left in all of the last `probe_after` ticks that preferred it.
    pub(crate) fn route(&self, wish: &'static str) -> Route {
        let (health_p, health_e) = (self.p.health(), self.e.health());
        let (preferred, other, own, others, past) = match wish {
            "ROUTINE" => ("E", "P", health_e, health_p, &self.e),
            _ => ("P", "E", health_p, health_e, &self.p),
        };
        let is_left = own < self.weak_below && others - own >= self.margin;
        let newest = past.reasons.iter().rev();
        let left_in_a_row = newest.take_while(|why| **why == "HEALTH_FALLBACK").count();
        let is_due = self.probe_after > 0 && left_in_a_row >= self.probe_after;
        let (lane, reason) = match (is_left, is_due) {
            (true, false) => (other, "HEALTH_FALLBACK"),
            (true, true) => (preferred, "HEALTH_PROBE"),
            (false, _) => (preferred, wish),
        };
        Route {
            lane,
            preferred,
            reason,
            health_p,
            health_e,
        }
    }

    /// The tick of this route was committed.
    pub(crate) fn follow(&mut self, route: &Route) {
        self.past(route.preferred).reasons.push(route.reason);
    }

    pub(crate) fn ended(&mut self, lane: &str, succeeded: bool) {
        self.past(lane).calls.push(succeeded);
    }

    fn past(&mut self, lane: &str) -> &mut Past {
        if lane == "P" {
            &mut self.p
        } else {
            &mut self.e
        }
    }
}

impl Past {
    /// (successes + 1) / (attempts + 2) less 0.08 for each failure at the end, at most 0.3, in
    /// ten-thousandths, never below 0.
    fn health(&self) -> i64 {
        let successes = self.calls.iter().filter(|succeeded| **succeeded).count() as i64;
        let attempts = self.calls.len() as i64;
        let failures_at_the_end = self.calls.iter().rev().take_while(|ok| !**ok).count() as i64;
        let share = (successes + 1) * 10_000 / (attempts + 2);
        (share - (failures_at_the_end * 800).min(3_000)).max(0)
    }
}
