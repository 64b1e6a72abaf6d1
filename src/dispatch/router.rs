//! The routing decision and the entry that a record keeps of it.

use serde::{Deserialize, Serialize};

use super::health::{Health, LaneHealth};
use super::{Lane, PerLane};
use crate::isa::OpcodeClass;
use crate::named_enum::named_enum;

/// When a lane is left for the other, in ten-thousandths of health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// A preferred lane below this is weak.
    pub weak_below: u16,
    /// A weak lane is left only if the other is at least this much better.
    pub margin: u16,
    /// A lane that was left this many times in a row is tried again: without a try its health
    /// could never change. 0 never tries.
    pub probe_after: u32,
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self {
            weak_below: 4_500,
            margin: 1_500,
            probe_after: 16,
        }
    }
}

/// What the tick looks like before anybody answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The pointer is a trap pointer, or this tick's observation trapped.
    pub trapped: bool,
    /// There are tasks and none can run.
    pub blocked: bool,
    /// What the model is expected to do next.
    pub predicted: OpcodeClass,
}

named_enum! {
    /// Why a lane was chosen.
    #[derive(Deserialize)]
    pub enum RouteReason {
        /// Nothing special: E.
        Routine = "ROUTINE",
        /// A trap in the context: P.
        Trap = "TRAP",
        /// A blocked run queue: P.
        Blocked = "BLOCKED",
        /// The preferred lane is weak and the other clearly better.
        HealthFallback = "HEALTH_FALLBACK",
        /// The preferred lane is weak and was left so often that it is tried again.
        HealthProbe = "HEALTH_PROBE",
    }
}

/// One tick's route, as the record keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenEntry", into = "WrittenEntry")]
pub struct RouteEntry {
    /// The lane whose answer counted.
    pub lane: Lane,
    /// The lane the context asked for.
    pub preferred: Lane,
    /// Why the first call went where it went.
    pub reason: RouteReason,
    /// What the model was expected to do.
    pub predicted: OpcodeClass,
    /// What it did; `None` if the reply could not be decoded.
    pub actual: Option<OpcodeClass>,
    /// Health when the decision was made.
    pub health: PerLane<Health>,
    /// The first call, on E, failed and P answered in the same tick.
    pub failover: bool,
}

/// The entry's members as a record has them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "RouteEntry")]
struct WrittenEntry {
    lane: Lane,
    preferred: Lane,
    reason: RouteReason,
    predicted: OpcodeClass,
    /// Null must be written: serde would otherwise read a missing member as null.
    #[serde(deserialize_with = "Option::deserialize")]
    actual: Option<OpcodeClass>,
    health_p: Health,
    health_e: Health,
    failover: bool,
}

impl From<WrittenEntry> for RouteEntry {
    fn from(written: WrittenEntry) -> Self {
        Self {
            lane: written.lane,
            preferred: written.preferred,
            reason: written.reason,
            predicted: written.predicted,
            actual: written.actual,
            health: PerLane {
                p: written.health_p,
                e: written.health_e,
            },
            failover: written.failover,
        }
    }
}

impl From<RouteEntry> for WrittenEntry {
    fn from(entry: RouteEntry) -> Self {
        Self {
            lane: entry.lane,
            preferred: entry.preferred,
            reason: entry.reason,
            predicted: entry.predicted,
            actual: entry.actual,
            health_p: entry.health.p,
            health_e: entry.health.e,
            failover: entry.failover,
        }
    }
}

/// Decides and keeps score.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    config: RouteConfig,
    lanes: PerLane<LaneState>,
}

/// What is known of one lane.
#[derive(Clone, Debug, Default)]
struct LaneState {
    health: LaneHealth,
    /// How often in a row the lane was preferred and left.
    left: u32,
}

impl Dispatcher {
    /// A dispatcher that has seen no call.
    #[must_use]
    pub fn new(config: RouteConfig) -> Self {
        Self {
            config,
            lanes: PerLane::default(),
        }
    }

    /// Chooses a lane. Pure: the same context and history give the same entry.
    #[must_use]
    pub fn route(&self, context: Context) -> RouteEntry {
        let (preferred, wish) = match context {
            Context { trapped: true, .. } => (Lane::P, RouteReason::Trap),
            Context { blocked: true, .. } => (Lane::P, RouteReason::Blocked),
            _ => (Lane::E, RouteReason::Routine),
        };
        let health = self.lanes.as_ref().map(|lane| lane.health.health());
        let (Health(own), Health(other)) = (health[preferred], health[preferred.other()]);
        let is_weak =
            own < self.config.weak_below && other >= own.saturating_add(self.config.margin);
        let is_due =
            self.config.probe_after > 0 && self.lanes[preferred].left >= self.config.probe_after;
        let (lane, reason) = match (is_weak, is_due) {
            (false, _) => (preferred, wish),
            (true, false) => (preferred.other(), RouteReason::HealthFallback),
            (true, true) => (preferred, RouteReason::HealthProbe),
        };
        RouteEntry {
            lane,
            preferred,
            reason,
            predicted: context.predicted,
            actual: None,
            health,
            failover: false,
        }
    }

    /// Takes note that a route was followed to a tick's commit.
    pub fn follow(&mut self, route: &RouteEntry) {
        let left = &mut self.lanes[route.preferred].left;
        *left = if route.reason == RouteReason::HealthFallback {
            left.saturating_add(1)
        } else {
            0
        };
    }

    /// Counts a call on `lane` by how it ended, after every retry.
    pub fn count(&mut self, lane: Lane, succeeded: bool) {
        self.lanes[lane].health.count(succeeded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTINE: Context = Context {
        trapped: false,
        blocked: false,
        predicted: OpcodeClass::WorldMutation,
    };

    #[test]
    fn routine_goes_to_e_and_trouble_to_p() {
        let dispatcher = Dispatcher::new(RouteConfig::default());
        let route = dispatcher.route(ROUTINE);
        assert_eq!((route.lane, route.reason), (Lane::E, RouteReason::Routine));
        let route = dispatcher.route(Context {
            trapped: true,
            blocked: true,
            ..ROUTINE
        });
        assert_eq!((route.lane, route.reason), (Lane::P, RouteReason::Trap));
        let route = dispatcher.route(Context {
            blocked: true,
            ..ROUTINE
        });
        assert_eq!((route.lane, route.reason), (Lane::P, RouteReason::Blocked));
    }

    /// A dispatcher whose lanes have exactly these healths, by choosing thresholds around them.
    fn with(e_calls: &[bool], p_calls: &[bool], config: RouteConfig) -> Dispatcher {
        let mut dispatcher = Dispatcher::new(config);
        for call in e_calls {
            dispatcher.count(Lane::E, *call);
        }
        for call in p_calls {
            dispatcher.count(Lane::P, *call);
        }
        dispatcher
    }

    #[test]
    fn falls_back_exactly_below_the_threshold() {
        // E: 2/4 = 5,000 after a success; P: 3/4 = 7,500.
        let calls = |weak_below| {
            with(
                &[false, true],
                &[true, true],
                RouteConfig {
                    weak_below,
                    ..RouteConfig::default()
                },
            )
            .route(ROUTINE)
        };
        assert_eq!(calls(5_000).lane, Lane::E);
        assert_eq!(calls(5_001).lane, Lane::P);
        assert_eq!(calls(5_001).reason, RouteReason::HealthFallback);
        assert_eq!(calls(5_001).preferred, Lane::E);
    }

    #[test]
    fn falls_back_only_if_the_other_is_better_by_the_margin() {
        let calls = |margin| {
            with(
                &[false, true],
                &[true, true],
                RouteConfig {
                    weak_below: 10_000,
                    margin,
                    probe_after: 0,
                },
            )
            .route(ROUTINE)
        };
        assert_eq!(calls(2_500).lane, Lane::P);
        assert_eq!(calls(2_501).lane, Lane::E);
    }

    #[test]
    fn a_left_lane_is_probed_after_exactly_probe_after_ticks() {
        let config = RouteConfig {
            probe_after: 3,
            ..RouteConfig::default()
        };
        let mut dispatcher = with(&[false], &[true], config);
        for _ in 0..2 {
            for _ in 0..3 {
                let route = dispatcher.route(ROUTINE);
                assert_eq!(
                    (route.lane, route.reason),
                    (Lane::P, RouteReason::HealthFallback)
                );
                dispatcher.follow(&route);
            }
            let probe = dispatcher.route(ROUTINE);
            assert_eq!(
                (probe.lane, probe.reason),
                (Lane::E, RouteReason::HealthProbe)
            );
            dispatcher.follow(&probe);
        }
        for _ in 0..4 {
            dispatcher.count(Lane::E, true);
        }
        assert_eq!(dispatcher.route(ROUTINE).reason, RouteReason::Routine);
    }
}
