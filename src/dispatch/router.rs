//! The routing decision.

use super::config::Escalation;
use super::health::{Health, LaneHealth};
use super::{Failover, Lane, PerLane, RouteConfig, RouteEntry, RouteReason};
use crate::isa::OpcodeClass;

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
        type Turn = fn(&mut RouteConfig);
        let turns: [(Turn, RouteReason); 4] = [
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
