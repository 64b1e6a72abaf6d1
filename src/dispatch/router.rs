//! The routing decision and the entry that a record keeps of it.

use alloc::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::config::Escalation;
use super::health::{Health, LaneHealth};
use super::{Failover, Lane, PerLane, RouteConfig};
use crate::isa::OpcodeClass;
use crate::named_enum::named_enum;

/// What the tick looks like before anybody answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The pointer is a trap pointer, or this tick's observation trapped.
    pub trapped: bool,
    /// There are tasks and none can run.
    pub blocked_queue: bool,
    /// The plan's next step is BLOCKED.
    pub blocked_step: bool,
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
        /// A blocked run queue, or a blocked step of the plan: P.
        Blocked = "BLOCKED",
        /// The predicted class: P.
        Class = "CLASS",
        /// The preferred lane is weak and the other clearly better.
        HealthFallback = "HEALTH_FALLBACK",
        /// The preferred lane is weak and was left so often that it is tried again.
        HealthProbe = "HEALTH_PROBE",
        /// Only one lane is ever called.
        SingleLane = "SINGLE_LANE",
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
    /// Why lane E failed, if P was called in its place in the same tick: a code of the decoder, the
    /// bus or the oracle.
    pub failover: Option<Cow<'static, str>>,
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
    #[serde(deserialize_with = "Option::deserialize")]
    failover: Option<Cow<'static, str>>,
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
        let health = self.lanes.as_ref().map(|lane| lane.health.health());
        let (preferred, lane, reason) = match self.config.single_lane {
            Some(lane) => (lane, lane, RouteReason::SingleLane),
            None => self.choose(context, health),
        };
        RouteEntry {
            lane,
            preferred,
            reason,
            predicted: context.predicted,
            actual: None,
            health,
            failover: None,
        }
    }

    /// The preferred lane, the lane to call and why.
    fn choose(&self, context: Context, health: PerLane<Health>) -> (Lane, Lane, RouteReason) {
        let (preferred, wish) = match self.config.lanes.escalation(context) {
            Some(Escalation::Trap) => (Lane::P, RouteReason::Trap),
            Some(Escalation::Blocked) => (Lane::P, RouteReason::Blocked),
            Some(Escalation::Class) => (Lane::P, RouteReason::Class),
            None => (Lane::E, RouteReason::Routine),
        };
        let (Health(own), Health(other)) = (health[preferred], health[preferred.other()]);
        let is_weak =
            own < self.config.weak_below && other >= own.saturating_add(self.config.margin);
        let is_due =
            self.config.probe_after > 0 && self.lanes[preferred].left >= self.config.probe_after;
        match (is_weak, is_due) {
            (false, _) => (preferred, preferred, wish),
            (true, false) => (preferred, preferred.other(), RouteReason::HealthFallback),
            (true, true) => (preferred, preferred, RouteReason::HealthProbe),
        }
    }

    /// True if lane P is called in place of `lane`, whose call failed; `has_text` if it brought a text
    /// that does not decode.
    #[must_use]
    pub fn fails_over(&self, lane: Lane, has_text: bool) -> bool {
        lane == Lane::E
            && self.config.single_lane.is_none()
            && (self.config.failover == Failover::Reply || !has_text)
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
        blocked_queue: false,
        blocked_step: false,
        predicted: OpcodeClass::WorldMutation,
    };

    fn routed(config: RouteConfig, context: Context) -> (Lane, RouteReason) {
        let route = Dispatcher::new(config).route(context);
        assert_eq!(route.lane, route.preferred);
        (route.lane, route.reason)
    }

    #[test]
    fn routine_goes_to_e_and_trouble_to_p() {
        let all = Context {
            trapped: true,
            blocked_queue: true,
            blocked_step: true,
            predicted: OpcodeClass::SystemControl,
        };
        let queue = Context {
            trapped: false,
            blocked_step: false,
            ..all
        };
        let step = Context {
            trapped: false,
            blocked_queue: false,
            ..all
        };
        let class = Context {
            blocked_step: false,
            ..step
        };
        for (context, expected) in [
            (ROUTINE, (Lane::E, RouteReason::Routine)),
            (all, (Lane::P, RouteReason::Trap)),
            (queue, (Lane::P, RouteReason::Blocked)),
            (step, (Lane::P, RouteReason::Blocked)),
            (class, (Lane::P, RouteReason::Class)),
        ] {
            assert_eq!(routed(RouteConfig::default(), context), expected);
        }
    }

    #[test]
    fn a_condition_that_asks_for_e_leaves_the_choice_to_the_next() {
        let mut config = RouteConfig::default();
        let context = Context {
            trapped: true,
            blocked_queue: true,
            blocked_step: true,
            predicted: OpcodeClass::SystemControl,
        };
        let turns: [(fn(&mut RouteConfig), RouteReason); 4] = [
            (|config| config.lanes.trap = Lane::E, RouteReason::Blocked),
            (
                |config| config.lanes.blocked_queue = Lane::E,
                RouteReason::Blocked,
            ),
            (
                |config| config.lanes.blocked_step = Lane::E,
                RouteReason::Class,
            ),
            (
                |config| config.lanes.system_control = Lane::E,
                RouteReason::Routine,
            ),
        ];
        for (turn, reason) in turns {
            turn(&mut config);
            let lane = if reason == RouteReason::Routine {
                Lane::E
            } else {
                Lane::P
            };
            assert_eq!(routed(config.clone(), context), (lane, reason));
        }
        config.lanes.world_mutation = Lane::P;
        assert_eq!(routed(config, ROUTINE), (Lane::P, RouteReason::Class));
    }

    #[test]
    fn a_single_lane_is_never_left() {
        for lane in Lane::ALL {
            let config = RouteConfig {
                single_lane: Some(lane),
                ..RouteConfig::default()
            };
            let mut dispatcher = with(&[false; 9], &[true; 9], config);
            for context in [
                ROUTINE,
                Context {
                    trapped: true,
                    ..ROUTINE
                },
            ] {
                let route = dispatcher.route(context);
                assert_eq!((route.lane, route.reason), (lane, RouteReason::SingleLane));
                dispatcher.follow(&route);
            }
            assert!(!dispatcher.fails_over(lane, false));
        }
    }

    #[test]
    fn failover_follows_the_setting() {
        let fails_over = |failover, has_text| {
            let config = RouteConfig {
                failover,
                ..RouteConfig::default()
            };
            Dispatcher::new(config).fails_over(Lane::E, has_text)
        };
        assert!(fails_over(Failover::Call, false) && !fails_over(Failover::Call, true));
        assert!(fails_over(Failover::Reply, false) && fails_over(Failover::Reply, true));
        assert!(!Dispatcher::new(RouteConfig::default()).fails_over(Lane::P, false));
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
                    ..RouteConfig::default()
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
