//! The output of `sim run`: the configuration first, then metrics, gates and the verdict.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::trap::TrapKind;

use crate::json::write_object;
use crate::soak::report::{Route, percent, seconds};
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use crate::terminal::verdict::{write_configuration, write_traps, write_verdict};
use turingos_run::scenario::{AgentKind, Outcome, Settings};
use turingos_run::{Gate, Header, Manifest};

/// Printed before the run, so that a killed run can be repeated.
pub(crate) fn write_opening(
    header: &Header<Settings>,
    looks: Looks,
    out: &mut impl Write,
) -> io::Result<()> {
    let settings = &header.config;
    let sandbox = settings
        .sandbox
        .map_or(String::new(), |sandbox| format!("  sandbox {sandbox}"));
    writeln!(
        out,
        "seed {}  scenario {}  profile {}  agent {}  tick limit {}{sandbox}",
        header.seed,
        settings.scenario.name(),
        header.profile,
        settings.agent.name(),
        header.ticks,
    )?;
    writeln!(out, "{}", settings.scenario.about())?;
    if looks.verbose {
        write_configuration(header, out)?;
    }
    Ok(())
}

/// A table, the gates, the verdict and the root.
pub(crate) fn write_text(
    outcome: &Outcome,
    wall: Duration,
    manifest: &Manifest,
    out: &mut impl Write,
) -> io::Result<()> {
    let metrics = &outcome.metrics;
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    let virtual_time = Duration::from_micros(outcome.sim_time_us);
    for (name, value, unit) in [
        ("ending", outcome.ending.name().to_owned(), ""),
        ("ticks", metrics.ticks.to_string(), ""),
        ("virtual time", seconds(virtual_time), "s"),
        ("wall time", seconds(wall), "s"),
        (
            "completion",
            percent(metrics.completion_average(), 10_000),
            "%",
        ),
        (
            "plan adherence",
            format!("{} of {}", metrics.appends_taken, metrics.appends_tried),
            "progress lines accepted",
        ),
        (
            "pointer drift",
            percent(metrics.drifted, metrics.placed),
            "%",
        ),
        ("lane P", percent(metrics.p, metrics.ticks), "%"),
        ("lane E", percent(metrics.e, metrics.ticks), "%"),
        ("failovers", metrics.failovers.to_string(), ""),
        (
            "recoveries",
            format!("{} of {}", metrics.recovered(), metrics.recoveries_begun),
            "",
        ),
    ] {
        table.row([name, &value, unit]);
    }
    writeln!(out)?;
    table.write(0, out)?;
    write_traps(|kind| metrics.trap(kind), out)?;
    write_verdict(manifest, outcome.root, out)?;
    writeln!(out, "reproduce: {}", manifest.reproduce())
}

#[derive(Serialize)]
struct Json<'a> {
    seed: u64,
    scenario: &'a str,
    agent: AgentKind,
    ending: &'static str,
    ticks: u64,
    root: turingos::Digest,
    sim_time_us: u64,
    completion_average_per_10000: u64,
    route: Route,
    traps: BTreeMap<&'static str, u64>,
    gates: &'a [Gate],
    passed: bool,
    reproduce: &'a str,
}

/// One JSON object on one line. It is the same for every run of the same seed.
pub(crate) fn write_json(
    header: &Header<Settings>,
    outcome: &Outcome,
    manifest: &Manifest,
    out: &mut impl Write,
) -> io::Result<()> {
    let metrics = &outcome.metrics;
    let json = Json {
        seed: header.seed,
        scenario: header.config.scenario.name(),
        agent: header.config.agent,
        ending: outcome.ending.name(),
        ticks: metrics.ticks,
        root: outcome.root,
        sim_time_us: outcome.sim_time_us,
        completion_average_per_10000: metrics.completion_average(),
        route: Route::of(metrics.p, metrics.e, metrics.failovers, metrics.ticks),
        traps: TrapKind::ALL
            .into_iter()
            .map(|kind| (kind.name(), metrics.trap(kind)))
            .collect(),
        gates: manifest.gates(),
        passed: manifest.passed(),
        reproduce: manifest.reproduce(),
    };
    write_object("scenario-report", &json, out)
}
