//! Long runs: metrics of many runs, and their gates.

use std::sync::atomic::{AtomicU64, Ordering};

use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;
use turingos_run::scenario::{BuiltIn, Metrics, Plan, longrun, run_seed, verdicts};

fn plan() -> Plan {
    let names = ["ordered-pipeline", "interrupted-edit"];
    let scenarios = names.map(|name| BuiltIn::named(name).unwrap().scenario());
    Plan {
        scenarios: scenarios.to_vec(),
        seeds: 3..=7,
        levels: vec![0, 2_000],
        route: RouteConfig::default(),
    }
}

#[test]
fn threads_change_no_metric() {
    let plan = plan();
    let done = AtomicU64::new(0);
    let levels = longrun(&plan, &|| {
        done.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!((done.into_inner(), plan.runs()), (20, 20));
    for level in &levels {
        let mut total = Metrics::default();
        for (scenario, (name, metrics)) in plan.scenarios.iter().zip(&level.scenarios) {
            let mut sum = Metrics::default();
            for seed in plan.seeds.clone() {
                sum.add(&run_seed(scenario, level.noise, seed).metrics);
            }
            assert_eq!(sum, *metrics, "{name}");
            total.add(&sum);
        }
        assert_eq!(total, level.total);
    }
}

#[test]
fn metrics_match_the_run() {
    let scenario = BuiltIn::named("interrupted-edit").unwrap().scenario();
    let metrics = run_seed(&scenario, 0, 1).metrics;
    // Two torn edits, a full disk and a torn progress file, one after the other.
    assert_eq!(metrics.trap(TrapKind::IoFault), 4);
    assert_eq!(metrics.recoveries_begun, 4);
    assert_eq!(metrics.recovered(), 4);
    assert_eq!((metrics.appends_tried, metrics.appends_taken), (6, 5));
    assert_eq!(metrics.p + metrics.e, metrics.ticks);
    assert_eq!(metrics.completion_at(5_000), 10_000);
    let quiet = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let metrics = run_seed(&quiet, 0, 1).metrics;
    assert_eq!((metrics.drifted, metrics.recoveries_begun), (0, 0));
    let noisy = run_seed(&quiet, 3_000, 1).metrics;
    assert!(noisy.drifted > 0 && noisy.recoveries_begun > 0, "{noisy:?}");
    assert!(noisy.placed < noisy.ticks, "{noisy:?}");
}

#[test]
fn every_longrun_gate_can_fail() {
    let mut levels = longrun(&plan(), &|| {});
    // Louder than 5%: measured, not judged.
    assert_eq!(verdicts(&levels).len(), 1);
    levels[1].noise = 500;
    let passes =
        |levels: &[_]| -> Vec<bool> { verdicts(levels).iter().map(|gate| gate.pass).collect() };
    assert_eq!(passes(&levels), [true, true]);
    let mut few = levels.clone();
    few[0].total.passed -= 1;
    assert_eq!(passes(&few), [false, true]);
    let mut few = levels.clone();
    few[1].total.passed = few[1].total.runs * 9 / 10;
    assert_eq!(passes(&few), [true, true]);
    few[1].total.passed -= 1;
    assert_eq!(passes(&few), [true, false]);
    let mut lost = levels;
    lost[1].total.traps.insert(TrapKind::UnrecoverableLoop, 1);
    assert_eq!(passes(&lost), [true, false]);
}
