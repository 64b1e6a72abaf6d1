//! The output of `sim longrun`: tables for people, Markdown, or one JSON object for machines.
//!
//! Wall time appears in the table for people only: the other two are the same for the same seeds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::trap::TrapKind;

use super::soak_report::{percent, seconds};
use super::table::{Align, Table};
use super::verdict::write_gates;
use turingos_run::scenario::{Level, Metrics, Plan, noise_text, share};
use turingos_run::{Gate, route_words};

const COLUMNS: usize = 17;

const HEADINGS: [&str; COLUMNS] = [
    "scenario",
    "runs",
    "pass %",
    "done %",
    "p50",
    "p90",
    "plan %",
    "drift %",
    "halted %",
    "limit %",
    "watchdog",
    "routed %",
    "P %",
    "E %",
    "failovers",
    "recovered %",
    "ticks",
];

/// The legend of the columns.
const LEGEND: &str = "\
done: contract steps done, average and quantiles; plan: share of progress lines accepted; \
drift: ticks away from the mission's files, without traps; watchdog, failovers: average per run; \
recovered: traps followed by a useful action; ticks: median from trap to useful action";

fn row(name: &str, metrics: &Metrics) -> [String; COLUMNS] {
    let Metrics { runs, ticks, .. } = *metrics;
    let of_runs = |count| percent(count, runs);
    [
        name.to_owned(),
        runs.to_string(),
        of_runs(metrics.passed),
        percent(metrics.completion_average(), 10_000),
        percent(metrics.completion_at(5_000), 10_000),
        percent(metrics.completion_at(9_000), 10_000),
        percent(
            share(metrics.appends_taken, metrics.appends_tried, 0),
            10_000,
        ),
        percent(metrics.drifted, metrics.placed),
        of_runs(metrics.halted),
        of_runs(metrics.limited),
        average(metrics.trap(TrapKind::WatchdogNmi), runs),
        percent(metrics.p + metrics.e, ticks),
        percent(metrics.p, ticks),
        percent(metrics.e, ticks),
        average(metrics.failovers, runs),
        match metrics.recoveries_begun {
            0 => "-".to_owned(),
            begun => percent(metrics.recovered(), begun),
        },
        match metrics.recovered() {
            0 => "-".to_owned(),
            _ => metrics.recovery_median().to_string(),
        },
    ]
}

/// A count for each run, with two decimals, in integers.
fn average(count: u64, runs: u64) -> String {
    let hundredths = count.saturating_mul(100) / runs.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The average of each trap that fired.
fn traps(metrics: &Metrics) -> String {
    let averages: Vec<_> = TrapKind::ALL
        .into_iter()
        .filter(|kind| metrics.trap(*kind) > 0)
        .map(|kind| format!("{kind} {}", average(metrics.trap(kind), metrics.runs)))
        .collect();
    match &*averages {
        [] => "none".to_owned(),
        averages => averages.join(", "),
    }
}

/// Scenarios and their total, in order.
fn rows(level: &Level) -> impl Iterator<Item = (&str, &Metrics)> {
    (level.scenarios.iter())
        .map(|(name, metrics)| (name.as_str(), metrics))
        .chain([("total", &level.total)])
}

/// Tables for a terminal.
pub(super) fn write_text(
    plan: &Plan,
    levels: &[Level],
    gates: &[Gate],
    wall: Duration,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{} scenarios, seeds {}..{}, {} runs in {} s",
        plan.scenarios.len(),
        plan.seeds.start(),
        plan.seeds.end().saturating_add(1),
        plan.runs(),
        seconds(wall)
    )?;
    for level in levels {
        writeln!(out, "\nnoise {}", noise_text(level.noise))?;
        let mut align = [Align::Right; COLUMNS];
        align[0] = Align::Left;
        let mut table = Table::new(align);
        table.row(HEADINGS);
        for (name, metrics) in rows(level) {
            table.row(row(name, metrics));
        }
        table.write(2, out)?;
        writeln!(out, "\n  traps, average per run")?;
        let mut table = Table::new([Align::Left, Align::Left]);
        for (name, metrics) in rows(level) {
            table.row([name, &traps(metrics)]);
        }
        table.write(2, out)?;
        for ((name, _), seed) in level.scenarios.iter().zip(&level.failed_seeds) {
            if let Some(seed) = seed {
                let noise = noise_text(level.noise);
                write!(
                    out,
                    "  failed: sim run {name} --seed {seed} --noise {noise}"
                )?;
                for word in route_words(&plan.route) {
                    write!(out, " {word}")?;
                }
                writeln!(out)?;
            }
        }
    }
    writeln!(out, "\n{LEGEND}\n\ngates")?;
    write_gates(gates, out)
}

/// The same tables in Markdown, for a document.
pub(super) fn write_markdown(
    levels: &[Level],
    gates: &[Gate],
    out: &mut impl Write,
) -> io::Result<()> {
    for level in levels {
        writeln!(out, "### Noise {}\n", noise_text(level.noise))?;
        writeln!(out, "| {} | traps, average per run |", HEADINGS.join(" | "))?;
        writeln!(out, "|---|{}---|", "---:|".repeat(COLUMNS - 1))?;
        for (name, metrics) in rows(level) {
            writeln!(
                out,
                "| {} | {} |",
                row(name, metrics).join(" | "),
                traps(metrics)
            )?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "{LEGEND}\n\n| gate | holds | measured |\n|---|---|---|"
    )?;
    for gate in gates {
        let holds = if gate.pass { "yes" } else { "no" };
        writeln!(out, "| {} | {holds} | {} |", gate.id, gate.detail)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Json<'a> {
    seeds: [u64; 2],
    levels: Vec<JsonLevel<'a>>,
    gates: &'a [Gate],
    passed: bool,
}

#[derive(Serialize)]
struct JsonLevel<'a> {
    noise_per_10000: u16,
    scenarios: Vec<JsonRow<'a>>,
    total: JsonRow<'a>,
}

/// Shares are in ten-thousandths, averages in hundredths.
#[derive(Serialize)]
struct JsonRow<'a> {
    name: &'a str,
    runs: u64,
    passed: u64,
    pass_rate_per_10000: u64,
    completion_average_per_10000: u64,
    completion_p50_per_10000: u64,
    completion_p90_per_10000: u64,
    plan_adherence_per_10000: Option<u64>,
    pointer_drift_per_10000: u64,
    halted_per_10000: u64,
    tick_limit_per_10000: u64,
    watchdog_average_per_100: u64,
    route_coverage_per_10000: u64,
    lane_p_per_10000: u64,
    lane_e_per_10000: u64,
    failovers: u64,
    recovery_success_per_10000: Option<u64>,
    recovery_median_ticks: Option<u64>,
    traps: BTreeMap<&'static str, u64>,
    traps_average_per_100: BTreeMap<&'static str, u64>,
}

/// One JSON object on one line.
pub(super) fn write_json(
    plan: &Plan,
    levels: &[Level],
    gates: &[Gate],
    out: &mut impl Write,
) -> io::Result<()> {
    let json = Json {
        seeds: [*plan.seeds.start(), *plan.seeds.end()],
        levels: (levels.iter())
            .map(|level| JsonLevel {
                noise_per_10000: level.noise,
                scenarios: (level.scenarios.iter())
                    .map(|(name, metrics)| json_row(name, metrics))
                    .collect(),
                total: json_row("total", &level.total),
            })
            .collect(),
        gates,
        passed: gates.iter().all(|gate| gate.pass),
    };
    writeln!(out, "{}", serde_json::to_string(&json)?)
}

fn json_row<'a>(name: &'a str, metrics: &Metrics) -> JsonRow<'a> {
    let Metrics { runs, ticks, .. } = *metrics;
    let begun = metrics.recoveries_begun;
    let each_trap = |of: &dyn Fn(u64) -> u64| -> BTreeMap<_, _> {
        TrapKind::ALL
            .into_iter()
            .map(|kind| (kind.name(), of(metrics.trap(kind))))
            .collect()
    };
    let per_100 = |count: u64| count.saturating_mul(100) / runs.max(1);
    JsonRow {
        name,
        runs,
        passed: metrics.passed,
        pass_rate_per_10000: share(metrics.passed, runs, 0),
        completion_average_per_10000: metrics.completion_average(),
        completion_p50_per_10000: metrics.completion_at(5_000),
        completion_p90_per_10000: metrics.completion_at(9_000),
        plan_adherence_per_10000: (metrics.appends_tried > 0)
            .then(|| share(metrics.appends_taken, metrics.appends_tried, 0)),
        pointer_drift_per_10000: share(metrics.drifted, metrics.placed, 0),
        halted_per_10000: share(metrics.halted, runs, 0),
        tick_limit_per_10000: share(metrics.limited, runs, 0),
        watchdog_average_per_100: per_100(metrics.trap(TrapKind::WatchdogNmi)),
        route_coverage_per_10000: share(metrics.p + metrics.e, ticks, 0),
        lane_p_per_10000: share(metrics.p, ticks, 0),
        lane_e_per_10000: share(metrics.e, ticks, 0),
        failovers: metrics.failovers,
        recovery_success_per_10000: (begun > 0).then(|| share(metrics.recovered(), begun, 0)),
        recovery_median_ticks: (metrics.recovered() > 0).then(|| metrics.recovery_median()),
        traps: each_trap(&|count| count),
        traps_average_per_100: each_trap(&per_100),
    }
}
