//! The gate `dispatcher`: the routing rules at and beside their thresholds.

use turingos::dispatch::{Context, Dispatcher, Lane, RouteConfig, RouteReason};
use turingos::isa::OpcodeClass;

use super::soaks::run;
use super::{Finding, Ledger};
use turingos_run::Profile;

const ROUTINE: Context = Context {
    trapped: false,
    blocked_queue: false,
    blocked_step: false,
    predicted: OpcodeClass::WorldMutation,
};

pub(super) fn gate() -> Finding {
    let mut ledger = Ledger::default();
    contexts(&mut ledger);
    thresholds(&mut ledger);
    let records = run(Profile::Hostile, 42, 1_200, |committed, _| {
        let route = &committed.record.route;
        // A failover is a call on E that P answered; nothing else changes the lane of a route.
        if route.failover.is_some() {
            let wanted = match route.reason {
                RouteReason::HealthFallback => route.preferred.other(),
                RouteReason::Routine
                | RouteReason::Trap
                | RouteReason::Blocked
                | RouteReason::Class
                | RouteReason::SingleLane
                | RouteReason::HealthProbe => route.preferred,
            };
            ledger.expect(route.lane == Lane::P && wanted == Lane::E, || {
                format!(
                    "tick {}: failed over from {wanted:?}",
                    committed.record.tick
                )
            });
        }
    });
    let failovers = records.tally.failovers;
    ledger.expect(failovers > 0, || "no failover in 1,200 ticks".to_owned());
    let checked = ledger.checked;
    ledger.finding(
        "dispatcher",
        format!("{checked} rules held, {failovers} failovers from E to P"),
    )
}

fn contexts(ledger: &mut Ledger) {
    let trapped = Context {
        trapped: true,
        ..ROUTINE
    };
    let blocked_queue = Context {
        blocked_queue: true,
        ..ROUTINE
    };
    let blocked_step = Context {
        blocked_step: true,
        ..ROUTINE
    };
    let complete = Context {
        predicted: OpcodeClass::SystemControl,
        ..ROUTINE
    };
    let all = Context {
        trapped: true,
        blocked_queue: true,
        blocked_step: true,
        ..complete
    };
    for (context, lane, reason) in [
        (ROUTINE, Lane::E, RouteReason::Routine),
        (trapped, Lane::P, RouteReason::Trap),
        (blocked_queue, Lane::P, RouteReason::Blocked),
        (blocked_step, Lane::P, RouteReason::Blocked),
        (complete, Lane::P, RouteReason::Class),
        (all, Lane::P, RouteReason::Trap),
    ] {
        let route = Dispatcher::new(RouteConfig::default()).route(context);
        ledger.expect((route.lane, route.reason) == (lane, reason), || {
            format!("{context:?}: {route:?}")
        });
        for only in Lane::ALL {
            let config = RouteConfig {
                single_lane: Some(only),
                ..RouteConfig::default()
            };
            let route = Dispatcher::new(config).route(context);
            ledger.expect(route.lane == only, || {
                format!("only {only}, {context:?}: {route:?}")
            });
        }
    }
}

/// After a failure and a success the health of E is 5,000; after two successes that of P is 7,500.
fn thresholds(ledger: &mut Ledger) {
    for (weak_below, margin, lane) in [
        (5_000, 2_500, Lane::E),
        (5_001, 2_500, Lane::P),
        (5_001, 2_501, Lane::E),
    ] {
        let mut dispatcher = Dispatcher::new(RouteConfig {
            weak_below,
            margin,
            probe_after: 0,
            ..RouteConfig::default()
        });
        for (lane, succeeded) in [
            (Lane::E, false),
            (Lane::E, true),
            (Lane::P, true),
            (Lane::P, true),
        ] {
            dispatcher.count(lane, succeeded);
        }
        let route = dispatcher.route(ROUTINE);
        ledger.expect(route.lane == lane, || {
            format!("weak below {weak_below}, margin {margin}: {route:?}")
        });
    }
    let mut dispatcher = Dispatcher::new(RouteConfig::default());
    dispatcher.count(Lane::E, false);
    dispatcher.count(Lane::P, true);
    let due = RouteConfig::default().probe_after;
    for tick in 0..=due {
        let route = dispatcher.route(ROUTINE);
        let probes = route.reason == RouteReason::HealthProbe;
        ledger.expect(probes == (tick == due), || {
            format!("after {tick} fallbacks: {route:?}")
        });
        dispatcher.follow(&route);
    }
}
