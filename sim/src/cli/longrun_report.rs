//! What `sim longrun` says: tables for people, Markdown, or one JSON object for machines.
//!
//! Wall time appears in the table for people only: the other two are the same for the same seeds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::trap::TrapKind;

use super::noise_level;
use super::soak_report::{percent, seconds};
use super::table::{Align, Table};
use super::verdict::write_gates;
use crate::run::Gate;
use crate::scenario::{Figures, Level, Plan, share};

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

/// What the columns are, for whoever reads the table.
const LEGEND: &str = "\
done: steps of the contract, average and quantiles; plan: progress lines taken of those tried; \
drift: ticks away from the mission's files, traps left out; watchdog, failovers: average a run; \
recovered: traps that a useful action followed; ticks: median from trap to useful action";

fn row(name: &str, figures: &Figures) -> [String; COLUMNS] {
    let Figures { runs, ticks, .. } = *figures;
    let of_runs = |count| percent(count, runs);
    [
        name.to_owned(),
        runs.to_string(),
        of_runs(figures.passed),
        percent(figures.completion_average(), 10_000),
        percent(figures.completion_at(5_000), 10_000),
        percent(figures.completion_at(9_000), 10_000),
        percent(
            share(figures.appends_taken, figures.appends_tried, 0),
            10_000,
        ),
        percent(figures.drifted, figures.placed),
        of_runs(figures.halted),
        of_runs(figures.limited),
        average(figures.trap(TrapKind::WatchdogNmi), runs),
        percent(figures.p + figures.e, ticks),
        percent(figures.p, ticks),
        percent(figures.e, ticks),
        average(figures.failovers, runs),
        match figures.recoveries_begun {
            0 => "-".to_owned(),
            begun => percent(figures.recovered(), begun),
        },
        match figures.recovered() {
            0 => "-".to_owned(),
            _ => figures.recovery_median().to_string(),
        },
    ]
}

/// A count for each run, with two decimals, in integers.
fn average(count: u64, runs: u64) -> String {
    let hundredths = count.saturating_mul(100) / runs.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The average of each trap that fired.
fn traps(figures: &Figures) -> String {
    let averages: Vec<_> = TrapKind::ALL
        .into_iter()
        .filter(|kind| figures.trap(*kind) > 0)
        .map(|kind| format!("{kind} {}", average(figures.trap(kind), figures.runs)))
        .collect();
    match &*averages {
        [] => "none".to_owned(),
        averages => averages.join(", "),
    }
}

/// Scenarios and their total, in order.
fn rows(level: &Level) -> impl Iterator<Item = (&str, &Figures)> {
    (level.scenarios.iter())
        .map(|(name, figures)| (name.as_str(), figures))
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
        writeln!(out, "\nnoise {}", noise_level::text(level.noise))?;
        let mut align = [Align::Right; COLUMNS];
        align[0] = Align::Left;
        let mut table = Table::new(align);
        table.row(HEADINGS);
        for (name, figures) in rows(level) {
            table.row(row(name, figures));
        }
        table.write(2, out)?;
        writeln!(out, "\n  traps, average a run")?;
        let mut table = Table::new([Align::Left, Align::Left]);
        for (name, figures) in rows(level) {
            table.row([name, &traps(figures)]);
        }
        table.write(2, out)?;
        for ((name, _), seed) in level.scenarios.iter().zip(&level.failed_seeds) {
            if let Some(seed) = seed {
                let noise = noise_level::text(level.noise);
                writeln!(
                    out,
                    "  failed: sim run {name} --seed {seed} --noise {noise}"
                )?;
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
        writeln!(out, "### Noise {}\n", noise_level::text(level.noise))?;
        writeln!(out, "| {} | traps, average a run |", HEADINGS.join(" | "))?;
        writeln!(out, "|---|{}---|", "---:|".repeat(COLUMNS - 1))?;
        for (name, figures) in rows(level) {
            writeln!(
                out,
                "| {} | {} |",
                row(name, figures).join(" | "),
                traps(figures)
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
                    .map(|(name, figures)| json_row(name, figures))
                    .collect(),
                total: json_row("total", &level.total),
            })
            .collect(),
        gates,
        passed: gates.iter().all(|gate| gate.pass),
    };
    writeln!(out, "{}", serde_json::to_string(&json)?)
}

fn json_row<'a>(name: &'a str, figures: &Figures) -> JsonRow<'a> {
    let Figures { runs, ticks, .. } = *figures;
    let begun = figures.recoveries_begun;
    let each_trap = |of: &dyn Fn(u64) -> u64| -> BTreeMap<_, _> {
        TrapKind::ALL
            .into_iter()
            .map(|kind| (kind.name(), of(figures.trap(kind))))
            .collect()
    };
    let per_100 = |count: u64| count.saturating_mul(100) / runs.max(1);
    JsonRow {
        name,
        runs,
        passed: figures.passed,
        pass_rate_per_10000: share(figures.passed, runs, 0),
        completion_average_per_10000: figures.completion_average(),
        completion_p50_per_10000: figures.completion_at(5_000),
        completion_p90_per_10000: figures.completion_at(9_000),
        plan_adherence_per_10000: (figures.appends_tried > 0)
            .then(|| share(figures.appends_taken, figures.appends_tried, 0)),
        pointer_drift_per_10000: share(figures.drifted, figures.placed, 0),
        halted_per_10000: share(figures.halted, runs, 0),
        tick_limit_per_10000: share(figures.limited, runs, 0),
        watchdog_average_per_100: per_100(figures.trap(TrapKind::WatchdogNmi)),
        route_coverage_per_10000: share(figures.p + figures.e, ticks, 0),
        lane_p_per_10000: share(figures.p, ticks, 0),
        lane_e_per_10000: share(figures.e, ticks, 0),
        failovers: figures.failovers,
        recovery_success_per_10000: (begun > 0).then(|| share(figures.recovered(), begun, 0)),
        recovery_median_ticks: (figures.recovered() > 0).then(|| figures.recovery_median()),
        traps: each_trap(&|count| count),
        traps_average_per_100: each_trap(&per_100),
    }
}
