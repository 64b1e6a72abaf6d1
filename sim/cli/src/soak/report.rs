//! The output of `sim soak`: an opening, a table for people, one JSON object for machines.
//!
//! Wall time appears here and nowhere else; nothing here reaches a record.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde::Serialize;
use turingos::dispatch::RouteReason;
use turingos::trap::TrapKind;

use crate::json::write_object;
use crate::soak::SoakArgs;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use crate::terminal::verdict::{
    write_configuration, write_traps, write_verdict, write_verdict_line,
};
use turingos_run::soak::{Outcome, Settings, Tally};
use turingos_run::{Gate, Header, Manifest, Profile};

/// Measures wall time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "wall time is shown to people and never reaches a run"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A report before its run.
pub(crate) struct Report<'a> {
    arguments: &'a SoakArgs,
    looks: Looks,
    header: &'a Header<Settings>,
}

impl<'a> Report<'a> {
    pub(crate) const fn new(
        arguments: &'a SoakArgs,
        looks: Looks,
        header: &'a Header<Settings>,
    ) -> Self {
        Self {
            arguments,
            looks,
            header,
        }
    }

    /// Printed before the run, so that a killed run can be repeated.
    pub(crate) fn write_opening(&self, out: &mut impl Write) -> io::Result<()> {
        let Header {
            seed,
            profile,
            ticks,
            ..
        } = self.header;
        writeln!(out, "seed {seed}  profile {profile}  ticks {ticks}")?;
        if self.looks.verbose {
            write_configuration(self.header, out)?;
        }
        Ok(())
    }

    pub(crate) fn finish(
        self,
        outcome: Outcome,
        wall: Duration,
        manifest: &'a Manifest,
    ) -> Closing<'a> {
        Closing {
            arguments: self.arguments,
            looks: self.looks,
            outcome,
            wall,
            manifest,
        }
    }
}

/// A report after its run.
pub(crate) struct Closing<'a> {
    arguments: &'a SoakArgs,
    looks: Looks,
    outcome: Outcome,
    wall: Duration,
    manifest: &'a Manifest,
}

#[derive(Serialize)]
struct Json<'a> {
    seed: u64,
    profile: Profile,
    ticks: u64,
    root: turingos::Digest,
    sim_time_us: u64,
    wall_ms: u64,
    ticks_per_s: u64,
    route: SoakRoute,
    fatal_traps: u64,
    /// Fatal traps a tick.
    fatal_trap_rate: f64,
    recoveries: Recoveries,
    halts: u64,
    traps: BTreeMap<&'static str, u64>,
    opcodes: BTreeMap<&'static str, u64>,
    injected: &'a BTreeMap<String, u64>,
    checked: bool,
    gates: &'a [Gate],
    passed: bool,
    reproduce: &'a str,
}

/// How the ticks of a run were routed.
#[derive(Serialize)]
pub(crate) struct Route {
    coverage: f64,
    p: u64,
    e: u64,
    failovers: u64,
}

/// The same for a soak, which counts why.
#[derive(Serialize)]
struct SoakRoute {
    /// Its coverage is the share of ticks that were routed as configured.
    #[serde(flatten)]
    route: Route,
    reasons: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Recoveries {
    begun: u64,
    completed: u64,
    /// Null if none was begun.
    share: Option<f64>,
}

impl Route {
    pub(crate) fn of(p: u64, e: u64, failovers: u64, ticks: u64) -> Self {
        Self {
            coverage: share(p + e, ticks),
            p,
            e,
            failovers,
        }
    }
}

impl Closing<'_> {
    /// One JSON object on one line.
    pub(crate) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let tally = &self.outcome.tally;
        let json = Json {
            seed: self.arguments.seed,
            profile: self.arguments.profile,
            ticks: tally.ticks,
            root: self.outcome.root,
            sim_time_us: self.outcome.sim_time_us,
            wall_ms: u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX),
            ticks_per_s: self.ticks_per_second(),
            route: SoakRoute {
                route: Route {
                    coverage: share(routed_as_configured(tally), tally.ticks),
                    p: tally.p,
                    e: tally.e,
                    failovers: tally.failovers,
                },
                reasons: RouteReason::ALL
                    .into_iter()
                    .map(|reason| (reason.name(), reason_count(tally, reason)))
                    .collect(),
            },
            fatal_traps: tally.fatal_traps(),
            fatal_trap_rate: share(tally.fatal_traps(), tally.ticks),
            recoveries: Recoveries {
                begun: tally.recoveries_begun,
                completed: tally.recoveries_completed,
                share: (tally.recoveries_begun > 0)
                    .then(|| share(tally.recoveries_completed, tally.recoveries_begun)),
            },
            halts: tally.halts,
            traps: TrapKind::ALL
                .into_iter()
                .map(|kind| (kind.name(), tally.trap(kind)))
                .collect(),
            opcodes: tally
                .opcodes
                .iter()
                .map(|(opcode, count)| (opcode.name(), *count))
                .collect(),
            injected: &tally.injections,
            checked: self.arguments.check,
            gates: self.manifest.gates(),
            passed: self.manifest.passed(),
            reproduce: self.manifest.reproduce(),
        };
        write_object("soak-report", &json, out)
    }

    /// A table, the gates, the verdict and the root.
    pub(crate) fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let root = self.outcome.root;
        if self.looks.quiet {
            return write_verdict_line(self.manifest, root, out);
        }
        let tally = &self.outcome.tally;
        let mut metrics = Table::new([Align::Left, Align::Right, Align::Left]);
        metrics.row(["ticks", &tally.ticks.to_string(), ""]);
        metrics.row([
            "virtual time",
            &seconds(Duration::from_micros(self.outcome.sim_time_us)),
            "s",
        ]);
        metrics.row(["wall time", &seconds(self.wall), "s"]);
        let speed_up = u128::from(self.outcome.sim_time_us) / self.wall.as_micros().max(1);
        metrics.row(["speed-up", &speed_up.to_string(), "x"]);
        metrics.row(["ticks per second", &self.ticks_per_second().to_string(), ""]);
        metrics.row([
            "route coverage",
            &percent(routed_as_configured(tally), tally.ticks),
            "%",
        ]);
        metrics.row(["lane P", &percent(tally.p, tally.ticks), "%"]);
        metrics.row(["lane E", &percent(tally.e, tally.ticks), "%"]);
        metrics.row(["failovers", &tally.failovers.to_string(), ""]);
        metrics.row([
            "fatal trap rate",
            &percent(tally.fatal_traps(), tally.ticks),
            "%",
        ]);
        match tally.recoveries_begun {
            0 => metrics.row(["recovered", "-", ""]),
            begun => metrics.row([
                "recovered",
                &percent(tally.recoveries_completed, begun),
                "%",
            ]),
        };
        metrics.row(["halts allowed", &tally.halts.to_string(), ""]);
        writeln!(out)?;
        metrics.write(0, out)?;
        write_traps(|kind| tally.trap(kind), out)?;
        if self.arguments.check {
            let records = tally.ticks;
            writeln!(out)?;
            writeln!(
                out,
                "checked: a second process wrote the same {records} records"
            )?;
        }
        write_verdict(self.manifest, root, out)?;
        if !self.manifest.passed() {
            writeln!(out, "reproduce: {}", self.manifest.reproduce())?;
        }
        Ok(())
    }

    fn ticks_per_second(&self) -> u64 {
        let per_second =
            u128::from(self.outcome.tally.ticks) * 1_000_000 / self.wall.as_micros().max(1);
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }
}

/// How many ticks were routed as the settings say.
fn routed_as_configured(tally: &Tally) -> u64 {
    let routed: u64 = tally.routes.reasons.values().sum();
    routed.saturating_sub(tally.routes.strays)
}

fn reason_count(tally: &Tally, reason: RouteReason) -> u64 {
    let count = tally.routes.reasons.get(&reason);
    count.copied().unwrap_or_default()
}

/// Seconds with three decimals.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

/// A share in percent with two decimals, in integers.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[expect(
    clippy::float_arithmetic,
    reason = "a ratio for machines to read; nothing is computed from it"
)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
