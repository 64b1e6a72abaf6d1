//! What a search found: what remains, with blame, and the command that repeats it.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use turingos::Digest;
use turingos_explain::{Blamed, RecordedRun, ShrinkStep, Shrunk};
use turingos_run::{FaultKind, Fingerprint, Header, Manifest, fork};

use crate::json::write_object;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};

pub(super) struct Report<'a> {
    pub(super) recorded: &'a RecordedRun,
    pub(super) shrunk: &'a Shrunk,
    pub(super) header: &'a Header<fork::Config>,
    pub(super) manifest: &'a Manifest,
    pub(super) written: &'a [PathBuf],
}

#[derive(Serialize)]
struct Json<'a> {
    failure: &'a Fingerprint,
    minimal: bool,
    runs: u64,
    original: Size,
    smallest: Size,
    faults: &'a [Blamed],
    off: &'a [FaultKind],
    parts: &'a [String],
    history: &'a [ShrinkStep],
    reproduce: &'a str,
}

/// A run, and how large it is.
#[derive(Serialize)]
struct Size {
    root: Digest,
    faults: usize,
    ticks: u64,
    parts: usize,
}

impl Report<'_> {
    fn sizes(&self) -> (Size, Size) {
        let (original, best) = (self.recorded.original(), &self.shrunk.best);
        (
            Size {
                root: self.recorded.root(),
                faults: original.faults.len(),
                ticks: original.ticks,
                parts: original.parts.len(),
            },
            Size {
                root: self.manifest.root(),
                faults: best.faults.len(),
                ticks: self.manifest.records(),
                parts: best.parts.len(),
            },
        )
    }

    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let (original, smallest) = self.sizes();
        let json = Json {
            failure: &self.shrunk.failure,
            minimal: self.shrunk.is_minimal,
            runs: self.shrunk.runs,
            original,
            smallest,
            faults: &self.shrunk.blame,
            off: &self.recorded.off(&self.shrunk.best),
            parts: &self.shrunk.best.parts,
            history: &self.shrunk.history,
            reproduce: self.manifest.reproduce(),
        };
        write_object("shrink-report", &json, out)
    }

    pub(super) fn write_text(&self, looks: Looks, out: &mut impl Write) -> io::Result<()> {
        let (original, smallest) = self.sizes();
        if !looks.quiet {
            writeln!(out, "failure   {}", self.shrunk.failure)?;
            writeln!(
                out,
                "seed {}  profile {}  {} runs",
                self.header.seed, self.header.profile, self.shrunk.runs
            )?;
            writeln!(out)?;
            let mut sizes = Table::new([Align::Left, Align::Right, Align::Right]);
            sizes.row(["", "original", "smallest"]);
            for (what, before, after) in [
                (
                    "faults",
                    original.faults.to_string(),
                    smallest.faults.to_string(),
                ),
                (
                    "ticks",
                    original.ticks.to_string(),
                    smallest.ticks.to_string(),
                ),
                (
                    "scenario parts",
                    original.parts.to_string(),
                    smallest.parts.to_string(),
                ),
            ] {
                sizes.row([what.to_owned(), before, after]);
            }
            sizes.write(2, out)?;
            writeln!(out)?;
            self.write_blame(out)?;
            self.write_off(looks, out)?;
            for place in self.written {
                writeln!(out, "written to {}", place.display())?;
            }
            if self.written.is_empty() {
                writeln!(out, "not written: name a directory with --out")?;
            } else {
                writeln!(out, "repeat it with {}", self.manifest.reproduce())?;
            }
        }
        let verdict = match self.shrunk.is_minimal {
            true => "MINIMAL",
            false => "NOT MINIMAL: the search ended early",
        };
        writeln!(out, "{verdict}  root {}", smallest.root)
    }

    /// The kinds of fault that can be drawn no more; their names with `-v`.
    fn write_off(&self, looks: Looks, out: &mut impl Write) -> io::Result<()> {
        let off = self.recorded.off(&self.shrunk.best);
        if off.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = off.iter().map(|kind| kind.name()).collect();
        match looks.verbose {
            true => writeln!(out, "off: {}", names.join(", "))?,
            false => writeln!(
                out,
                "off: {} kinds of fault of which none remains",
                names.len()
            )?,
        }
        writeln!(out)
    }

    fn write_blame(&self, out: &mut impl Write) -> io::Result<()> {
        if self.shrunk.blame.is_empty() {
            writeln!(out, "it needs no injected fault")?;
            return writeln!(out);
        }
        let mut table = Table::new([Align::Right, Align::Left, Align::Left, Align::Left]);
        table.row(["tick", "class", "fault", "necessary"]);
        for blamed in &self.shrunk.blame {
            let necessary = match blamed.necessary {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not tried",
            };
            table.row([
                &blamed.fault.tick.to_string(),
                blamed.class,
                blamed.fault.kind.name(),
                necessary,
            ]);
        }
        table.write(2, out)?;
        writeln!(out)
    }
}

/// The name of a regression case: the failure and the run that it was found in.
pub(super) fn case_name(recorded: &RecordedRun) -> String {
    let failure = recorded.failure().to_string().to_lowercase();
    let words: Vec<_> = failure
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let root = recorded.root().to_string();
    format!("{}-{}", words.join("-"), root.get(..8).unwrap_or_default())
}
