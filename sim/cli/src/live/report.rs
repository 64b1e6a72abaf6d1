//! The final report of `sim live`.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::Digest;

use super::arguments::LiveArgs;
use super::watch::dollars;
use crate::json::write_object;
use crate::soak::report::Route;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use crate::terminal::verdict::{write_configuration, write_verdict, write_verdict_line};
use turingos_live::Spending;
use turingos_run::providers::Config;
use turingos_run::scenario::Outcome;
use turingos_run::{Gate, Header, Manifest};

/// A finished run.
pub(super) struct Report<'a> {
    pub(super) arguments: &'a LiveArgs,
    pub(super) looks: Looks,
    pub(super) header: &'a Header<Config>,
    pub(super) outcome: &'a Outcome,
    pub(super) manifest: &'a Manifest,
    pub(super) spending: Spending,
    pub(super) wall: Duration,
}

#[derive(Serialize)]
struct Json<'a> {
    seed: u64,
    scenario: &'a str,
    ending: &'static str,
    ticks: u64,
    root: Digest,
    sim_time_us: u64,
    tokens: u64,
    micro_dollars: u64,
    route: Route,
    gates: &'a [Gate],
    passed: bool,
    reproduce: &'a str,
}

impl Report<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self.arguments.json {
            true => self.write_json(out),
            false if self.looks.quiet => write_verdict_line(self.manifest, self.outcome.root, out),
            false => self.write_text(out),
        }
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let metrics = &self.outcome.metrics;
        let json = Json {
            seed: self.header.seed,
            scenario: self.header.config.scenario.name(),
            ending: self.outcome.ending.name(),
            ticks: metrics.ticks,
            root: self.outcome.root,
            sim_time_us: self.outcome.sim_time_us,
            tokens: self.spending.tokens,
            micro_dollars: self.spending.micro_dollars(),
            route: Route::of(metrics.p, metrics.e, metrics.failovers, metrics.ticks),
            gates: self.manifest.gates(),
            passed: self.manifest.passed(),
            reproduce: self.manifest.reproduce(),
        };
        write_object("live-report", &json, out)
    }

    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let metrics = &self.outcome.metrics;
        if self.looks.verbose {
            write_configuration(self.header, out)?;
        }
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        let cost = dollars(self.spending.micro_dollars());
        let sandbox = self.header.config.sandbox;
        let sandbox = sandbox.map_or(String::new(), |sandbox| sandbox.to_string());
        for (name, value, unit) in [
            ("ending", self.outcome.ending.name().to_owned(), ""),
            ("ticks", metrics.ticks.to_string(), ""),
            ("tokens", self.spending.tokens.to_string(), ""),
            ("cost", cost, "dollars"),
            ("wall time", self.wall.as_secs().to_string(), "s"),
            ("failovers", metrics.failovers.to_string(), ""),
            ("sandbox", sandbox, ""),
        ] {
            table.row([name, &value, unit]);
        }
        table.write(0, out)?;
        write_verdict(self.manifest, self.outcome.root, out)?;
        writeln!(out, "reproduce: {}", self.manifest.reproduce())
    }
}
