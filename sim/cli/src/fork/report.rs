//! The result of one fork.

use std::io::{self, Write};

use serde::Serialize;
use turingos::Digest;
use turingos_live::Spending;
use turingos_run::fork::Config;
use turingos_run::{Edit, Fingerprint, Gate, Header, Manifest};

use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::live::watch::dollars;
use crate::terminal::looks::Looks;
use crate::terminal::verdict::{write_verdict, write_verdict_line};

/// Printed before the run.
pub(super) fn write_opening(header: &Header<Config>, out: &mut impl Write) -> io::Result<()> {
    let config = &header.config;
    writeln!(out, "parent    root {}", config.parent)?;
    for edit in &config.edits {
        writeln!(out, "change    {edit}")?;
    }
    Ok(())
}

/// What came of a fork.
pub(super) struct Report<'a> {
    pub(super) header: &'a Header<Config>,
    pub(super) manifest: &'a Manifest,
    pub(super) failure: Option<Fingerprint>,
    /// What the calls of providers used.
    pub(super) spending: Spending,
}

#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    parent: Digest,
    at: u64,
    edits: &'a [Edit],
    ticks: u64,
    root: Digest,
    failure: Option<&'a Fingerprint>,
    tokens: u64,
    micro_dollars: u64,
    gates: &'a [Gate],
    reproduce: &'a str,
}

impl Report<'_> {
    /// Writes the result, and gives the exit code that follows from it.
    pub(super) fn write(
        &self,
        json: bool,
        looks: Looks,
        out: &mut impl Write,
    ) -> Result<Exit, Failure> {
        match json {
            true => self.write_json(out)?,
            false => self.write_text(looks, out)?,
        }
        out.flush()?;
        Ok(match self.manifest.passed() {
            true => Exit::Passed,
            false => Exit::Failed,
        })
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let (config, manifest) = (&self.header.config, self.manifest);
        let json = Json {
            passed: manifest.passed(),
            parent: config.parent,
            at: config.at,
            edits: &config.edits,
            ticks: manifest.records(),
            root: manifest.root(),
            failure: self.failure.as_ref(),
            tokens: self.spending.tokens,
            micro_dollars: self.spending.micro_dollars(),
            gates: manifest.gates(),
            reproduce: manifest.reproduce(),
        };
        write_object("fork-report", &json, out)
    }

    fn write_text(&self, looks: Looks, out: &mut impl Write) -> io::Result<()> {
        let manifest = self.manifest;
        if looks.quiet {
            return write_verdict_line(manifest, manifest.root(), out);
        }
        writeln!(out, "ticks     {}", manifest.records())?;
        if self.header.live_part().is_some() {
            writeln!(out, "tokens    {}", self.spending.tokens)?;
            let cost = dollars(self.spending.micro_dollars());
            writeln!(out, "cost      {cost} dollars")?;
        }
        if let Some(failure) = &self.failure {
            writeln!(out, "failure   {failure}")?;
        }
        write_verdict(manifest, manifest.root(), out)?;
        writeln!(out, "repeat it with {}", manifest.reproduce())
    }
}
