//! The table of a long run, and its gates.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;
use turingos_run::scenario::{BuiltIn, Metrics, run_seed};
use turingos_run::{Gate, GateVerdict};
use turingos_sweep::table::{Plan, longrun, verdicts};

const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

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
    let levels = longrun(&plan, THREADS, &|| {
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

/// Whether a gate holds; nothing if it was skipped.
fn holds(gate: &Gate) -> Option<bool> {
    (gate.verdict != GateVerdict::Skip).then(|| !gate.failed())
}

#[test]
fn every_longrun_gate_can_fail() {
    let mut levels = longrun(&plan(), THREADS, &|| {});
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
    let mut levels = longrun(&plan(), THREADS, &|| {});
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
