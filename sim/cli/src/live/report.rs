//! The final report of `sim live`.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;
use turingos::Digest;

use super::arguments::LiveArgs;
use super::watch::dollars;
use crate::table::{Align, Table};
use crate::verdict::write_verdict;
use turingos_live::Spending;
use turingos_run::scenario::Outcome;
use turingos_run::{Gate, Manifest, Sandbox};

/// A finished run.
pub(super) struct Report<'a> {
    pub(super) arguments: &'a LiveArgs,
    pub(super) outcome: &'a Outcome,
    pub(super) manifest: &'a Manifest,
    pub(super) spending: Spending,
    pub(super) wall: Duration,
    pub(super) sandbox: Sandbox,
}

#[derive(Serialize)]
struct Json<'a> {
    ending: &'static str,
    ticks: u64,
    root: Digest,
    tokens: u64,
    micro_dollars: u64,
    p: u64,
    e: u64,
    failovers: u64,
    gates: &'a [Gate],
    passed: bool,
    reproduce: &'a str,
}

impl Report<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self.arguments.json {
            true => self.write_json(out),
            false => self.write_text(out),
        }
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let metrics = &self.outcome.metrics;
        let json = Json {
            ending: self.outcome.ending.name(),
            ticks: metrics.ticks,
            root: self.outcome.root,
            tokens: self.spending.tokens,
            micro_dollars: self.spending.micro_dollars(),
            p: metrics.p,
            e: metrics.e,
            failovers: metrics.failovers,
            gates: self.manifest.gates(),
            passed: self.manifest.passed(),
            reproduce: self.manifest.reproduce(),
        };
        writeln!(out, "{}", serde_json::to_string(&json)?)
    }

    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let metrics = &self.outcome.metrics;
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        let cost = dollars(self.spending.micro_dollars());
        let sandbox = self.sandbox.to_string();
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
