//! Checks every route of a run against the settings, by arithmetic of its own.
//!
//! It shares nothing with the dispatcher but the settings and the record, so that either being wrong
//! shows. A soak has no plan, so no step of one is ever blocked.

use std::collections::BTreeMap;

use turingos::bus::BusFaultCode;
use turingos::dispatch::{Failover, Lane, PerLane, RouteConfig, RouteReason};
use turingos::isa::FaultCode;
use turingos::journal::Record;
use turingos::kernel::Kernel;

/// What the routes of a run were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTally {
    /// How many routes had each reason; a reason that none had is absent.
    pub reasons: BTreeMap<RouteReason, u64>,
    /// Routes that differ from what the settings say.
    pub strays: u64,
    /// The first of them, in a sentence.
    pub first_stray: Option<String>,
}

/// Follows a run from its first tick.
#[derive(Clone, Debug)]
pub(super) struct RouteAudit {
    config: RouteConfig,
    lanes: PerLane<Past>,
    /// The next tick observes a trap.
    at_trap: bool,
    /// No task of the run queue can run.
    is_blocked: bool,
    pub(super) tally: RouteTally,
}

/// What a lane did so far.
#[derive(Clone, Copy, Debug)]
struct Past {
    calls: u64,
    successes: u64,
    failures_in_a_row: u64,
    fallbacks_in_a_row: u64,
    /// In ten-thousandths; computed when a call ends.
    health: u64,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            calls: 0,
            successes: 0,
            failures_in_a_row: 0,
            fallbacks_in_a_row: 0,
            health: 5_000,
        }
    }
}

impl Past {
    fn end(&mut self, succeeded: bool) {
        self.calls += 1;
        self.successes += u64::from(succeeded);
        self.failures_in_a_row = match succeeded {
            true => 0,
            false => self.failures_in_a_row + 1,
        };
        let share = (self.successes + 1) * 10_000 / (self.calls + 2);
        self.health = share.saturating_sub((self.failures_in_a_row * 800).min(3_000));
    }
}

/// The parts of a route that follow from the settings.
type Choice = (Lane, Lane, RouteReason);

impl RouteAudit {
    pub(super) fn new(config: RouteConfig) -> Self {
        Self {
            config,
            lanes: PerLane::default(),
            at_trap: false,
            is_blocked: false,
            tally: RouteTally::default(),
        }
    }

    /// Checks the route of a committed tick, and takes note of it.
    pub(super) fn check(&mut self, record: &Record) {
        let route = &record.route;
        let has_failed_over = route.failover.is_some();
        let called = if has_failed_over { Lane::E } else { route.lane };
        let expected = self.choice(record);
        let found = (route.preferred, called, route.reason);
        let health = self.lanes.map(|lane| lane.health);
        let shown = PerLane::from_fn(|lane| u64::from(route.health[lane].0));
        let must_fail_over = self.must_fail_over(record, called);
        let tick = record.tick;
        let stray = if found != expected {
            let ((_, lane, reason), (_, found_lane, found_reason)) = (expected, found);
            Some(format!(
                "tick {tick}: {found_reason} to {found_lane}, expected {reason} to {lane}"
            ))
        } else if shown != health {
            Some(format!(
                "tick {tick}: health {shown:?}, expected {health:?}"
            ))
        } else if must_fail_over.is_some_and(|expected| expected != has_failed_over) {
            Some(format!("tick {tick}: failover {:?}", route.failover))
        } else {
            None
        };
        self.tally.strays += u64::from(stray.is_some());
        if self.tally.first_stray.is_none() {
            self.tally.first_stray = stray;
        }
        *self.tally.reasons.entry(route.reason).or_default() += 1;
        let fallbacks = &mut self.lanes[route.preferred].fallbacks_in_a_row;
        *fallbacks = match route.reason {
            RouteReason::HealthFallback => *fallbacks + 1,
            _ => 0,
        };
        if has_failed_over {
            self.lanes.e.end(false);
        }
        self.lanes[route.lane].end(record.fault.is_none());
    }

    /// Takes note of what the next tick will see.
    pub(super) fn look_ahead(&mut self, kernel: &Kernel) {
        self.at_trap = kernel.d().trap().is_some();
        self.is_blocked = kernel.queue().is_blocked();
    }

    /// The preferred lane, the lane to call first, and the reason.
    fn choice(&self, record: &Record) -> Choice {
        if let Some(lane) = self.config.single_lane {
            return (lane, lane, RouteReason::SingleLane);
        }
        let table = &self.config.lanes;
        let is_trapped = self.at_trap || record.traps.iter().any(|kind| !kind.is_hard());
        let class_lane = table.of_class(record.route.predicted);
        let (preferred, wish) = if is_trapped && table.trap == Lane::P {
            (Lane::P, RouteReason::Trap)
        } else if self.is_blocked && table.blocked_queue == Lane::P {
            (Lane::P, RouteReason::Blocked)
        } else if class_lane == Lane::P {
            (Lane::P, RouteReason::Class)
        } else {
            (Lane::E, RouteReason::Routine)
        };
        let (own, other) = (&self.lanes[preferred], &self.lanes[preferred.other()]);
        let is_weak = own.health < u64::from(self.config.weak_below)
            && other.health >= own.health + u64::from(self.config.margin);
        let probe_after = u64::from(self.config.probe_after);
        if !is_weak {
            (preferred, preferred, wish)
        } else if probe_after > 0 && own.fallbacks_in_a_row >= probe_after {
            (preferred, preferred, RouteReason::HealthProbe)
        } else {
            (preferred, preferred.other(), RouteReason::HealthFallback)
        }
    }

    /// Whether lane P had to be called in place of `called`; `None` if the record does not tell.
    fn must_fail_over(&self, record: &Record, called: Lane) -> Option<bool> {
        let failure = record.route.failover.as_deref().or(record.fault.as_deref());
        let Some(failure) = failure else {
            return Some(false);
        };
        if called != Lane::E || self.config.single_lane.is_some() {
            return Some(false);
        }
        let is_of_reply = FaultCode::from_name(failure).is_some();
        let is_of_call = BusFaultCode::from_name(failure).is_some();
        match self.config.failover {
            Failover::Reply => Some(true),
            // Some codes are both the bus's and the decoder's.
            Failover::Call if is_of_reply && is_of_call => None,
            Failover::Call => Some(!is_of_reply),
        }
    }
}
