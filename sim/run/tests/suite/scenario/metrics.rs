//! Long runs: metrics of many runs, and their gates.

use std::sync::atomic::{AtomicU64, Ordering};

use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;
use turingos_run::scenario::{BuiltIn, Metrics, Plan, longrun, run_seed, verdicts};
use turingos_run::{Gate, GateVerdict};

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

/// Whether a gate holds; nothing if it was skipped.
fn holds(gate: &Gate) -> Option<bool> {
    (gate.verdict != GateVerdict::Skip).then(|| !gate.failed())
}

#[test]
fn every_longrun_gate_can_fail() {
    let mut levels = longrun(&plan(), &|| {});
    levels[1].noise = 500;
    let passes = |levels: &[_], min_pass| -> Vec<Option<bool>> {
        { verdicts(levels, min_pass).into_iter() }
            .map(|gate| holds(&gate))
            .collect()
    };
    assert_eq!(passes(&levels, None), [Some(true), Some(true)]);
    let mut few = levels.clone();
    few[0].total.passed -= 1;
    assert_eq!(passes(&few, None), [Some(false), Some(true)]);
    // A threshold is for levels with noise.
    assert_eq!(passes(&few, Some(0)), [Some(false), Some(true)]);
    let mut few = levels.clone();
    few[1].total.passed = few[1].total.runs * 9 / 10;
    assert_eq!(passes(&few, None), [Some(true), Some(true)]);
    assert_eq!(passes(&few, Some(9_001)), [Some(true), Some(false)]);
    few[1].total.passed -= 1;
    assert_eq!(passes(&few, None), [Some(true), Some(false)]);
    assert_eq!(passes(&few, Some(8_000)), [Some(true), Some(true)]);
    let mut lost = levels;
    lost[1].total.traps.insert(TrapKind::UnrecoverableLoop, 1);
    assert_eq!(passes(&lost, None), [Some(true), Some(false)]);
    assert_eq!(passes(&lost, Some(8_000)), [Some(true), Some(false)]);
}

/// Half of the replies are bad: such a level used to have no verdict at all.
#[test]
fn loud_level_is_not_judged_without_a_threshold() {
    let mut levels = longrun(&plan(), &|| {});
    levels[1].noise = 5_000;
    levels[1].total.passed = 0;
    let [_, loud] = &verdicts(&levels, None)[..] else {
        panic!("a verdict for each level");
    };
    assert_eq!(
        (loud.id.as_str(), holds(loud)),
        ("noise-5000-per-10000", None)
    );
    assert!(
        loud.detail.ends_with("not judged without --min-pass"),
        "{loud:?}"
    );
    assert_eq!(holds(&verdicts(&levels, Some(1))[1]), Some(false));
    assert_eq!(holds(&verdicts(&levels, Some(0))[1]), Some(true));
}

/// The three figures of TuringOS measure other things than ours of the same name.
#[test]
fn figures_of_turingos_stand_beside_ours() {
    let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let whole = run_seed(&scenario, 0, 1).metrics;
    let averages = |metrics: &Metrics| {
        let averages = [
            metrics.right_files,
            metrics.done_prefix,
            metrics.unparsed_pointers,
        ];
        averages.map(|average| average.average().unwrap())
    };
    assert_eq!(averages(&whole), [10_000, 10_000, 0]);
    // With nothing but noise no file is made and no step is done.
    let noise = run_seed(&scenario, 10_000, 1).metrics;
    let [files, prefix, unparsed] = averages(&noise);
    assert!(files < 10_000 && prefix < 10_000, "{noise:?}");
    assert_eq!(prefix, noise.completion_average());
    let drifted = noise.drifted * 10_000 / noise.placed.max(1);
    assert!((1..drifted).contains(&unparsed), "{noise:?}");
}
