//! What holds for the dispatcher after any history: the routes of a reference in plain integers.
//!
//! `PROPTEST_CASES=100000 cargo test --test kernel properties_dispatch` tries more histories.

use crate::reference::lanes::{Lanes, Route};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use turingos::dispatch::{Context, Dispatcher, Lane, RouteConfig, RouteEntry, RouteReason};
use turingos::isa::OpcodeClass;

/// What may happen to a dispatcher.
#[derive(Clone, Debug)]
enum Event {
    /// A call ended for good.
    Ended(Lane, bool),
    /// A tick was routed and committed.
    Tick(Context),
    /// A tick was routed and dropped.
    Dropped(Context),
}

fn lane() -> impl Strategy<Value = Lane> {
    select(vec![Lane::P, Lane::E])
}

fn context() -> impl Strategy<Value = Context> {
    let predicted = select(vec![
        OpcodeClass::WorldMutation,
        OpcodeClass::WorldNavigation,
        OpcodeClass::MindScheduling,
        OpcodeClass::SystemControl,
    ]);
    (any::<[bool; 3]>(), predicted).prop_map(
        |([trapped, blocked_queue, blocked_step], predicted)| Context {
            trapped,
            blocked_queue,
            blocked_step,
            predicted,
        },
    )
}

/// Histories lean to one lane's success and the other's failure, so that fallbacks happen.
fn history() -> impl Strategy<Value = Vec<Event>> {
    (lane(), 1..10_u32).prop_flat_map(|(better, bias)| {
        let event = prop_oneof![
            2 => (lane(), 0..10_u32).prop_map(move |(lane, draw)| {
                Event::Ended(lane, (draw < bias) == (lane == better))
            }),
            3 => context().prop_map(Event::Tick),
            1 => context().prop_map(Event::Dropped),
        ];
        prop::collection::vec(event, 0..120)
    })
}

fn thresholds() -> impl Strategy<Value = RouteConfig> {
    let usual = Just(RouteConfig::default());
    let any = (0..=10_000_u16, 0..=10_000_u16, 0..=4_u32).prop_map(
        |(weak_below, margin, probe_after)| RouteConfig {
            weak_below,
            margin,
            probe_after,
            ..RouteConfig::default()
        },
    );
    prop_oneof![1 => usual, 3 => any]
}

fn lanes(config: &RouteConfig) -> Lanes {
    Lanes::new(
        config.weak_below.into(),
        config.margin.into(),
        config.probe_after as usize,
    )
}

fn wish(context: Context) -> &'static str {
    match context {
        Context { trapped: true, .. } => "TRAP",
        Context {
            blocked_queue: true,
            ..
        }
        | Context {
            blocked_step: true, ..
        } => "BLOCKED",
        Context {
            predicted: OpcodeClass::SystemControl,
            ..
        } => "CLASS",
        _ => "ROUTINE",
    }
}

fn shown(route: &RouteEntry) -> Route {
    Route {
        lane: route.lane.name(),
        preferred: route.preferred.name(),
        reason: route.reason.name(),
        health_p: route.health.p.0.into(),
        health_e: route.health.e.0.into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// After any history, fallback, probe and both healths are exactly those of the reference.
    #[test]
    fn routes_are_those_of_the_reference(config in thresholds(), events in history()) {
        let mut lanes = lanes(&config);
        let mut dispatcher = Dispatcher::new(config);
        for event in events {
            match event {
                Event::Ended(lane, succeeded) => {
                    dispatcher.count(lane, succeeded);
                    lanes.ended(lane.name(), succeeded);
                }
                Event::Tick(context) | Event::Dropped(context) => {
                    let route = dispatcher.route(context);
                    let expected = lanes.route(wish(context));
                    prop_assert_eq!(shown(&route), expected);
                    if let Event::Tick(_) = event {
                        dispatcher.follow(&route);
                        lanes.follow(&expected);
                    }
                }
            }
        }
    }

    /// The preferred lane is P exactly if a condition of the context escalates, it is left exactly if
    /// the reason is HEALTH_FALLBACK, and a new entry has neither failed over nor been answered.
    #[test]
    fn trouble_prefers_p_and_routine_e(
        config in thresholds(),
        events in history(),
        context in context(),
    ) {
        let mut dispatcher = Dispatcher::new(config);
        for event in events {
            match event {
                Event::Ended(lane, succeeded) => dispatcher.count(lane, succeeded),
                Event::Tick(context) => {
                    let route = dispatcher.route(context);
                    dispatcher.follow(&route);
                }
                Event::Dropped(_) => {}
            }
        }
        let route = dispatcher.route(context);
        let escalates = context.trapped
            || context.blocked_queue
            || context.blocked_step
            || context.predicted == OpcodeClass::SystemControl;
        prop_assert_eq!(route.preferred, if escalates { Lane::P } else { Lane::E });
        let is_left = route.reason == RouteReason::HealthFallback;
        prop_assert_eq!(route.lane != route.preferred, is_left);
        prop_assert_eq!(route.predicted, context.predicted);
        prop_assert_eq!((route.failover, route.actual), (None, None));
    }

    /// A lane is left if it is one ten-thousandth below the threshold and not if it is at it, and
    /// only for one that is better by the whole margin; a healthier lane is never left.
    #[test]
    fn thresholds_are_exact(events in history(), context in context()) {
        let calls: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Ended(lane, succeeded) => Some((*lane, *succeeded)),
                Event::Tick(_) | Event::Dropped(_) => None,
            })
            .collect();
        let route = |weak_below: i64, margin: i64| {
            let mut dispatcher = Dispatcher::new(RouteConfig {
                weak_below: u16::try_from(weak_below).expect("a health"),
                margin: u16::try_from(margin).expect("a difference of healths"),
                probe_after: 0,
                ..RouteConfig::default()
            });
            for (lane, succeeded) in &calls {
                dispatcher.count(*lane, *succeeded);
            }
            dispatcher.route(context)
        };
        let mut lanes = Lanes::new(0, 0, 0);
        for (lane, succeeded) in &calls {
            lanes.ended(lane.name(), *succeeded);
        }
        let Route { preferred, health_p, health_e, .. } = lanes.route(wish(context));
        let (own, other) = if preferred == "P" { (health_p, health_e) } else { (health_e, health_p) };
        let is_left = |weak_below, margin| {
            let route = route(weak_below, margin);
            route.lane != route.preferred
        };
        if other < own {
            prop_assert!(!is_left(10_000, 0));
        } else {
            prop_assert!(is_left(own + 1, other - own));
            prop_assert!(!is_left(own, other - own));
            prop_assert!(!is_left(own + 1, other - own + 1));
        }
    }

    /// Routing without following is pure: however often it is asked, the answer stays.
    #[test]
    fn asking_for_a_route_changes_nothing(
        config in thresholds(),
        events in history(),
        context in context(),
    ) {
        let mut dispatcher = Dispatcher::new(config);
        for event in events {
            if let Event::Ended(lane, succeeded) = event {
                dispatcher.count(lane, succeeded);
            }
        }
        let first = dispatcher.route(context);
        for _ in 0..20 {
            prop_assert_eq!(&dispatcher.route(context), &first);
        }
    }

    /// Whatever happened before, no preferred lane is left more often in a row than `probe_after`
    /// says, so that a lane that recovers is found out.
    #[test]
    fn a_left_lane_is_probed(
        config in thresholds(),
        events in history(),
        context in context(),
    ) {
        let probe_after = config.probe_after;
        let mut dispatcher = Dispatcher::new(config);
        for event in events {
            if let Event::Ended(lane, succeeded) = event {
                dispatcher.count(lane, succeeded);
            }
        }
        let mut left_in_a_row = 0;
        for _ in 0..40 {
            let route = dispatcher.route(context);
            dispatcher.follow(&route);
            left_in_a_row = if route.lane == route.preferred { 0 } else { left_in_a_row + 1 };
            prop_assert!(probe_after == 0 || left_in_a_row <= probe_after);
        }
    }
}
