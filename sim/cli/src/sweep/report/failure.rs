//! One failure, as soon as it is known.

use std::io::{self, Write};

use serde::Serialize;
use turingos::Digest;

use crate::json::write_object;
use turingos_run::Fingerprint;
use turingos_sweep::{Outline, RunLine};

/// One line for a run that failed, or that a fresh process made differently.
pub(in crate::sweep) fn write_failure_text(
    sweep: &Outline,
    line: &RunLine,
    out: &mut impl Write,
) -> io::Result<()> {
    let command = sweep.command(line.seed, line.subject);
    if let Some(differs) = &line.differs {
        let tick = match differs.tick {
            Some(tick) => format!("first at tick {tick}"),
            None => "and a second run here had it too: earlier runs left state behind".into(),
        };
        let root = differs.root;
        writeln!(
            out,
            "FAIL  nondeterminism: a fresh process computed root {root}, {tick}: {command}"
        )?;
    }
    if let Some(failure) = &line.failure {
        writeln!(out, "FAIL  {failure}: {command}")?;
    }
    out.flush()
}

#[derive(Serialize)]
struct FailureJson<'a> {
    seed: u64,
    subject: &'a str,
    ticks: u64,
    root: Digest,
    off: Vec<&'a str>,
    #[serde(flatten)]
    failure: Option<FingerprintJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differs: &'a Option<turingos_sweep::Differs>,
    reproduce: String,
}

#[derive(Serialize)]
pub(super) struct FingerprintJson<'a> {
    gate: &'a str,
    trap: Option<&'static str>,
    cause: Option<&'a str>,
}

impl<'a> From<&'a Fingerprint> for FingerprintJson<'a> {
    fn from(failure: &'a Fingerprint) -> Self {
        Self {
            gate: &failure.gate,
            trap: { failure.trap.as_ref() }.map(|trap| trap.kind.name()),
            cause: { failure.trap.as_ref() }.map(|trap| trap.code.as_str()),
        }
    }
}

/// The same as one JSON object.
pub(in crate::sweep) fn write_failure_json(
    sweep: &Outline,
    line: &RunLine,
    out: &mut impl Write,
) -> io::Result<()> {
    let failure = FailureJson {
        seed: line.seed,
        subject: sweep.subject(line.subject),
        ticks: line.ticks,
        root: line.root,
        off: sweep.kinds_off(line.off).collect(),
        failure: line.failure.as_ref().map(Into::into),
        differs: &line.differs,
        reproduce: sweep.command(line.seed, line.subject),
    };
    write_object("sweep-failure", &failure, out)?;
    out.flush()
}
