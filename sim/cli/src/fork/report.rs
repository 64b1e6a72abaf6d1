//! The result of one fork.

use std::io::{self, Write};

use serde::Serialize;
use turingos::Digest;
use turingos_run::fork::Config;
use turingos_run::{Edit, Fingerprint, Gate, Header, Manifest};

use crate::json::write_object;
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
    gates: &'a [Gate],
    reproduce: &'a str,
}

impl Report<'_> {
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let (config, manifest) = (&self.header.config, self.manifest);
        let json = Json {
            passed: manifest.passed(),
            parent: config.parent,
            at: config.at,
            edits: &config.edits,
            ticks: manifest.records(),
            root: manifest.root(),
            failure: self.failure.as_ref(),
            gates: manifest.gates(),
            reproduce: manifest.reproduce(),
        };
        write_object("fork-report", &json, out)
    }

    pub(super) fn write_text(&self, looks: Looks, out: &mut impl Write) -> io::Result<()> {
        let manifest = self.manifest;
        if looks.quiet {
            return write_verdict_line(manifest, manifest.root(), out);
        }
        writeln!(out, "ticks     {}", manifest.records())?;
        if let Some(failure) = &self.failure {
            writeln!(out, "failure   {failure}")?;
        }
        write_verdict(manifest, manifest.root(), out)?;
        writeln!(out, "repeat it with {}", manifest.reproduce())
    }
}
