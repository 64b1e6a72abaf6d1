//! Sweeps in memory.

use turingos_run::scenario::run_seed;
use turingos_sweep::{Ended, Limits, Points};

use crate::stage::{plan, sweep};

#[test]
fn lines_and_totals_do_not_depend_on_the_threads() {
    let plan = plan(3..23);
    let one = sweep(&plan, 1, Limits::default());
    assert_eq!(one.ended, Ended::Complete);
    let order: Vec<_> = one
        .lines
        .iter()
        .map(|line| (line.seed, line.subject))
        .collect();
    let expected: Vec<_> = (3..23).flat_map(|seed| [(seed, 0), (seed, 1)]).collect();
    assert_eq!(order, expected);
    for count in [2, 5] {
        let more = sweep(&plan, count, Limits::default());
        assert_eq!(
            (more.lines, more.totals),
            (one.lines.clone(), one.totals.clone())
        );
    }
    let summary = &one.totals.summary;
    assert!((1..40).contains(&summary.failed), "{summary:?}");
    assert!(one.lines.iter().all(|line| line.off != 0), "swarm");
    let reached = one
        .totals
        .ledger
        .named()
        .filter(|(_, entry)| entry.is_some());
    assert!(reached.count() > Points::all().named() / 5);
}

#[test]
fn run_of_a_sweep_is_the_run_of_its_command() {
    let mut plan = plan(0..4);
    plan.swarm = false;
    let swept = sweep(&plan, 2, Limits::default());
    let scenario = turingos_run::scenario::BuiltIn::named("log-hunt")
        .unwrap()
        .scenario();
    for line in swept.lines.iter().filter(|line| line.subject == 1) {
        let alone = run_seed(&scenario, 8_000, line.seed);
        assert_eq!(
            (line.root, line.failure.is_none()),
            (alone.root, alone.passed())
        );
        assert_eq!((line.ticks, line.off), (alone.metrics.ticks, 0));
    }
    let command = turingos_sweep::Outline::of(&plan).command(3, 1);
    assert_eq!(
        command,
        "sim run log-hunt --seed 3 --noise 0.8 --agent worker --profile routine"
    );
}

#[test]
fn limits_end_a_sweep_at_the_same_run_whatever_the_threads() {
    let plan = plan(0..60);
    let limits = Limits {
        max_failures: Some(2),
        until_quiet: None,
    };
    let one = sweep(&plan, 1, limits);
    assert_eq!(
        (one.ended, one.totals.summary.failed),
        (Ended::MaxFailures, 2)
    );
    assert!(one.lines.last().unwrap().failure.is_some());
    assert_eq!(sweep(&plan, 3, limits).lines, one.lines);
    let limits = Limits {
        max_failures: None,
        until_quiet: Some(3),
    };
    let one = sweep(&plan, 1, limits);
    assert_eq!(one.ended, Ended::Quiet);
    let newest = one.totals.ledger.newest_seed().unwrap();
    let last = one.lines.last().unwrap();
    assert_eq!((last.seed, last.subject), (newest + 3, 1));
    assert_eq!(sweep(&plan, 3, limits).lines, one.lines);
}

/// A swarm that were drawn from the range or from the thread could not be repeated.
#[test]
fn swarm_of_a_seed_does_not_depend_on_the_sweep() {
    let whole = sweep(&plan(0..12), 2, Limits::default());
    let part = sweep(&plan(7..9), 1, Limits::default());
    assert_eq!(part.lines, whole.lines[14..18]);
}
