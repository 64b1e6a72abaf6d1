//! The figures of a table of metrics, each from its sums.

use std::collections::BTreeMap;

use turingos::trap::TrapKind;
use turingos_run::scenario::{Average, Better, FIGURES, Metrics};

/// The metrics of four runs, no two sums alike.
fn metrics() -> Metrics {
    let mut prefix = Metrics {
        done_prefix: Average::of_run(3, 4),
        ..Metrics::default()
    };
    prefix.add(&Metrics {
        done_prefix: Average::of_run(1, 4),
        ..Metrics::default()
    });
    Metrics {
        runs: 4,
        passed: 3,
        halted: 2,
        limited: 1,
        ticks: 1_000,
        completions: BTreeMap::from([(2_500, 1), (5_000, 1), (10_000, 2)]),
        appends_tried: 8,
        appends_taken: 5,
        placed: 900,
        drifted: 90,
        right_files: Average::of_run(2, 3),
        done_prefix: prefix.done_prefix,
        unparsed_pointers: Average::of_run(1, 8),
        p: 310,
        e: 680,
        failovers: 7,
        traps: BTreeMap::from([(TrapKind::WatchdogNmi, 6), (TrapKind::CpuFault, 11)]),
        recoveries_begun: 5,
        recovery_ticks: BTreeMap::from([(1, 1), (3, 2), (9, 1)]),
    }
}

fn figures(metrics: &Metrics) -> Vec<(&'static str, Option<u64>)> {
    let of = |figure: &turingos_run::scenario::Figure| (figure.name, (figure.of)(metrics));
    FIGURES.iter().map(of).collect()
}

const OF_FOUR_RUNS: [(&str, Option<u64>); 20] = [
    ("runs", Some(4)),
    ("passed", Some(3)),
    ("pass_rate_per_10000", Some(7_500)),
    ("completion_average_per_10000", Some(6_875)),
    ("completion_p50_per_10000", Some(5_000)),
    ("completion_p90_per_10000", Some(10_000)),
    ("plan_adherence_per_10000", Some(6_250)),
    ("pointer_drift_per_10000", Some(1_000)),
    ("right_files_per_10000", Some(6_666)),
    ("done_prefix_per_10000", Some(5_000)),
    ("unparsed_pointers_per_10000", Some(1_250)),
    ("halted_per_10000", Some(5_000)),
    ("tick_limit_per_10000", Some(2_500)),
    ("watchdog_average_per_100", Some(150)),
    ("route_coverage_per_10000", Some(9_900)),
    ("lane_p_per_10000", Some(3_100)),
    ("lane_e_per_10000", Some(6_800)),
    ("failovers", Some(7)),
    ("recovery_success_per_10000", Some(8_000)),
    ("recovery_median_ticks", Some(3)),
];

#[test]
fn figures_follow_from_the_sums() {
    assert_eq!(figures(&metrics()), OF_FOUR_RUNS);
}

#[test]
fn figure_without_anything_to_measure_has_no_value() {
    let nothing: Vec<&str> = { figures(&Metrics::default()).into_iter() }
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect();
    let expected = [
        "plan_adherence_per_10000",
        "right_files_per_10000",
        "done_prefix_per_10000",
        "unparsed_pointers_per_10000",
        "recovery_success_per_10000",
        "recovery_median_ticks",
    ];
    assert_eq!(nothing, expected);
    let named = |figure: &turingos_run::scenario::Figure| match figure.better {
        Better::Lower => figure.name.ends_with("per_10000"),
        Better::Higher => figure.name.ends_with("per_10000"),
        Better::Neither => true,
    };
    assert!(FIGURES.iter().all(named), "a judged figure is a share");
}

/// Shares and averages of equal runs are those of one of them; counts add up.
#[test]
fn metrics_of_equal_runs_are_multiples() {
    let one = metrics();
    let mut sum = Metrics::default();
    for times in 1..=3 {
        sum.add(&one);
        for ((name, found), (_, single)) in figures(&sum).into_iter().zip(figures(&one)) {
            let times = match name {
                "runs" | "passed" | "failovers" => times,
                _ => 1,
            };
            assert_eq!(found, single.map(|single| single * times), "{name}");
        }
        assert_eq!(sum.ticks, one.ticks * times);
        assert_eq!(sum.trap(TrapKind::CpuFault), 11 * times);
        assert_eq!(sum.recovered(), 4 * times);
    }
}
