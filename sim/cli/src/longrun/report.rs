//! The output of `sim longrun`: tables for people, Markdown, or one JSON object for machines.
//!
//! Wall time appears in the table for people only: the other two are the same for the same seeds.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::dispatch::RouteConfig;
use turingos::trap::TrapKind;

use crate::json::write_object;
use crate::longrun::baseline::{Delta, write_deltas};
use crate::soak::report::{percent, seconds};
use crate::terminal::table::{Align, Table};
use crate::terminal::verdict::write_gates;
use turingos_run::scenario::{Average, FIGURES, Metrics, noise_text, share};
use turingos_run::{Gate, route_words};
use turingos_sweep::table::{Level, Plan};

/// How the names of the figures that are averages of a trap begin.
pub(crate) const TRAP_PREFIX: &str = "traps_average_per_100/";

/// A column: its heading and its cell.
type Column = (&'static str, fn(&Metrics) -> String);

/// The columns, in tables that fit 80 characters. Markdown has all of them in one.
const TABLES: [&[Column]; 3] = [
    &[
        ("runs", |it| it.runs.to_string()),
        ("pass %", |it| percent(it.passed, it.runs)),
        ("done %", |it| percent(it.completion_average(), 10_000)),
        ("p50", |it| percent(it.completion_at(5_000), 10_000)),
        ("p90", |it| percent(it.completion_at(9_000), 10_000)),
        ("halted %", |it| percent(it.halted, it.runs)),
        ("limit %", |it| percent(it.limited, it.runs)),
    ],
    &[
        ("plan %", |it| {
            percent(share(it.appends_taken, it.appends_tried, 0), 10_000)
        }),
        ("drift %", |it| percent(it.drifted, it.placed)),
        ("files %", |it| average_share(it.right_files)),
        ("prefix %", |it| average_share(it.done_prefix)),
        ("unparsed %", |it| average_share(it.unparsed_pointers)),
        ("failovers", |it| average(it.failovers, it.runs)),
    ],
    &[
        ("watchdog", |it| {
            average(it.trap(TrapKind::WatchdogNmi), it.runs)
        }),
        ("routed %", |it| percent(it.p + it.e, it.ticks)),
        ("P %", |it| percent(it.p, it.ticks)),
        ("E %", |it| percent(it.e, it.ticks)),
        ("recovered %", |it| match it.recoveries_begun {
            0 => "-".to_owned(),
            begun => percent(it.recovered(), begun),
        }),
        ("ticks", |it| match it.recovered() {
            0 => "-".to_owned(),
            _ => it.recovery_median().to_string(),
        }),
    ],
];

/// The most cells of a row, its name counted.
const MAX_CELLS: usize = 8;

/// The legend of the columns.
const LEGEND: &str = "\
done: contract steps done, average and quantiles; plan: share of progress lines accepted; \
drift: ticks away from the mission's files, without traps; files, prefix, unparsed: completion, \
plan and drift as TuringOS measures them, right files of expected ones, steps that the DONE lines \
begin with, pointers that do not parse; watchdog, failovers: average per run; recovered: traps \
followed by a useful action; ticks: median from trap to useful action";

/// The result of a long run.
pub(crate) struct Report<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) levels: &'a [Level],
    pub(crate) gates: &'a [Gate],
    /// Against the baseline, if there is one.
    pub(crate) deltas: Option<&'a [Delta]>,
    /// Why the exit code is 1, if it is.
    pub(crate) failure: Option<&'static str>,
}

/// The seeds of a plan, the end excluded.
pub(crate) fn seeds(plan: &Plan) -> String {
    let (first, last) = (plan.seeds.start(), plan.seeds.end());
    format!("{first}..{}", last.saturating_add(1))
}

/// A count for each run, with two decimals, in integers.
fn average(count: u64, runs: u64) -> String {
    let hundredths = count.saturating_mul(100) / runs.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn average_share(average: Average) -> String {
    { average.average() }.map_or_else(|| "-".to_owned(), |share| percent(share, 10_000))
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
pub(crate) fn rows(level: &Level) -> impl Iterator<Item = (&str, &Metrics)> {
    (level.scenarios.iter())
        .map(|(name, metrics)| (name.as_str(), metrics))
        .chain([("total", &level.total)])
}

/// Every figure of a row by its name.
pub(crate) fn figures_of(metrics: &Metrics) -> impl Iterator<Item = (String, Option<u64>)> {
    let figures = { FIGURES.iter() }.map(|it| (it.name.to_owned(), (it.of)(metrics)));
    let traps = { TrapKind::ALL.into_iter() }.map(|kind| {
        let name = format!("{TRAP_PREFIX}{}", kind.name());
        (name, Some(metrics.trap_average(kind)))
    });
    figures.chain(traps)
}

/// Tables for a terminal.
pub(crate) fn write_text(
    report: &Report<'_>,
    wall: Duration,
    out: &mut impl Write,
) -> io::Result<()> {
    let plan = report.plan;
    writeln!(
        out,
        "{} scenarios, seeds {}, {} runs in {} s",
        plan.scenarios.len(),
        seeds(plan),
        plan.runs(),
        seconds(wall)
    )?;
    for level in report.levels {
        write_level(level, &report.plan.route, out)?;
    }
    writeln!(out)?;
    writeln!(out, "{LEGEND}")?;
    if let Some(deltas) = report.deltas {
        write_deltas(deltas, out)?;
    }
    writeln!(out)?;
    writeln!(out, "gates")?;
    write_gates(report.gates, out)?;
    writeln!(out)
}

/// The last line, and all that `--quiet` leaves.
pub(crate) fn write_verdict(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    match report.failure {
        None => writeln!(out, "PASSED"),
        Some(failure) => writeln!(out, "FAILED  {failure}"),
    }
}

fn write_level(level: &Level, route: &RouteConfig, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "noise {}", noise_text(level.noise))?;
    for columns in TABLES {
        let mut align = [Align::Right; MAX_CELLS];
        align[0] = Align::Left;
        let mut table = Table::new(align);
        let cells = |name: &str, cell: &dyn Fn(&Column) -> String| {
            let mut cells = [const { String::new() }; MAX_CELLS];
            cells[0] = name.to_owned();
            for (slot, column) in cells.iter_mut().skip(1).zip(columns) {
                *slot = cell(column);
            }
            cells
        };
        table.row(cells("scenario", &|(heading, _)| (*heading).to_owned()));
        for (name, metrics) in rows(level) {
            table.row(cells(name, &|(_, cell)| cell(metrics)));
        }
        table.write(2, out)?;
        writeln!(out)?;
    }
    writeln!(out, "  traps, average per run")?;
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
            for word in route_words(route) {
                write!(out, " {word}")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The same tables in Markdown, for a document.
pub(crate) fn write_markdown(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let columns: Vec<Column> = TABLES.into_iter().flatten().copied().collect();
    let headings: Vec<_> = columns.iter().map(|(heading, _)| *heading).collect();
    for level in report.levels {
        writeln!(out, "### Noise {}", noise_text(level.noise))?;
        writeln!(out)?;
        let headings = headings.join(" | ");
        writeln!(out, "| scenario | {headings} | traps, average per run |")?;
        writeln!(out, "|---|{}---|", "---:|".repeat(columns.len()))?;
        for (name, metrics) in rows(level) {
            let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(metrics)).collect();
            writeln!(
                out,
                "| {name} | {} | {} |",
                cells.join(" | "),
                traps(metrics)
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{LEGEND}")?;
    writeln!(out)?;
    writeln!(out, "| gate | verdict | measured |")?;
    writeln!(out, "|---|---|---|")?;
    for gate in report.gates {
        writeln!(
            out,
            "| {} | {} | {} |",
            gate.id,
            gate.verdict.name(),
            gate.detail
        )?;
    }
    match report.deltas {
        Some(deltas) => write_deltas(deltas, out),
        None => Ok(()),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    seeds: String,
    levels: Vec<JsonLevel<'a>>,
    gates: &'a [Gate],
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'a [Delta]>,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonLevel<'a> {
    noise_per_10000: u16,
    scenarios: Vec<JsonRow<'a>>,
    total: JsonRow<'a>,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    name: &'a str,
    #[serde(flatten)]
    figures: BTreeMap<&'static str, Option<u64>>,
    traps: BTreeMap<&'static str, u64>,
    traps_average_per_100: BTreeMap<&'static str, u64>,
}

/// One JSON object on one line.
pub(crate) fn write_json(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let json = Json {
        seeds: seeds(report.plan),
        levels: (report.levels.iter())
            .map(|level| JsonLevel {
                noise_per_10000: level.noise,
                scenarios: (level.scenarios.iter())
                    .map(|(name, metrics)| json_row(name, metrics))
                    .collect(),
                total: json_row("total", &level.total),
            })
            .collect(),
        gates: report.gates,
        baseline: report.deltas,
        passed: report.failure.is_none(),
        failure: report.failure,
    };
    write_object("longrun-report", &json, out)
}

fn json_row<'a>(name: &'a str, metrics: &Metrics) -> JsonRow<'a> {
    let each_trap = |of: &dyn Fn(TrapKind) -> u64| -> BTreeMap<_, _> {
        { TrapKind::ALL.into_iter() }
            .map(|kind| (kind.name(), of(kind)))
            .collect()
    };
    JsonRow {
        name,
        figures: { FIGURES.iter() }
            .map(|figure| (figure.name, (figure.of)(metrics)))
            .collect(),
        traps: each_trap(&|kind| metrics.trap(kind)),
        traps_average_per_100: each_trap(&|kind| metrics.trap_average(kind)),
    }
}
