//! The figures of a table of metrics: one list for reports, JSON and comparisons.
//!
//! Shares are in ten-thousandths, averages in hundredths.

use turingos::trap::TrapKind;

use super::metrics::{Metrics, share};

/// One figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name, stable across versions; the ending is the unit.
    pub name: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Its value; nothing where there was nothing to measure.
    pub of: fn(&Metrics) -> Option<u64>,
}

/// Which way a figure gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// A share that should be high.
    Higher,
    /// A share that should be low.
    Lower,
    /// A figure that describes a run and does not judge it.
    Neither,
}

const fn figure(name: &'static str, better: Better, of: fn(&Metrics) -> Option<u64>) -> Figure {
    Figure { name, better, of }
}

/// Every figure, in print order.
pub const FIGURES: &[Figure] = &[
    figure("runs", Better::Neither, |it| Some(it.runs)),
    figure("passed", Better::Neither, |it| Some(it.passed)),
    figure("pass_rate_per_10000", Better::Higher, |it| {
        Some(share(it.passed, it.runs, 0))
    }),
    figure("completion_average_per_10000", Better::Higher, |it| {
        Some(it.completion_average())
    }),
    figure("completion_p50_per_10000", Better::Higher, |it| {
        Some(it.completion_at(5_000))
    }),
    figure("completion_p90_per_10000", Better::Higher, |it| {
        Some(it.completion_at(9_000))
    }),
    figure("plan_adherence_per_10000", Better::Higher, |it| {
        (it.appends_tried > 0).then(|| share(it.appends_taken, it.appends_tried, 0))
    }),
    figure("pointer_drift_per_10000", Better::Lower, |it| {
        Some(share(it.drifted, it.placed, 0))
    }),
    figure("right_files_per_10000", Better::Higher, |it| {
        it.right_files.average()
    }),
    figure("done_prefix_per_10000", Better::Higher, |it| {
        it.done_prefix.average()
    }),
    figure("unparsed_pointers_per_10000", Better::Lower, |it| {
        it.unparsed_pointers.average()
    }),
    figure("halted_per_10000", Better::Higher, |it| {
        Some(share(it.halted, it.runs, 0))
    }),
    figure("tick_limit_per_10000", Better::Lower, |it| {
        Some(share(it.limited, it.runs, 0))
    }),
    figure("watchdog_average_per_100", Better::Neither, |it| {
        Some(it.trap_average(TrapKind::WatchdogNmi))
    }),
    figure("route_coverage_per_10000", Better::Higher, |it| {
        Some(share(it.p + it.e, it.ticks, 0))
    }),
    figure("lane_p_per_10000", Better::Neither, |it| {
        Some(share(it.p, it.ticks, 0))
    }),
    figure("lane_e_per_10000", Better::Neither, |it| {
        Some(share(it.e, it.ticks, 0))
    }),
    figure("failovers", Better::Neither, |it| Some(it.failovers)),
    figure("recovery_success_per_10000", Better::Higher, |it| {
        let begun = it.recoveries_begun;
        (begun > 0).then(|| share(it.recovered(), begun, 0))
    }),
    figure("recovery_median_ticks", Better::Neither, |it| {
        (it.recovered() > 0).then(|| it.recovery_median())
    }),
];
