//! The output of `sim sweep`: failures as they come, then groups, the ledger and the verdict.
//!
//! Wall time appears here and in no file.

mod closing;
mod failure;
mod json;
mod text;

use std::io::{self, Write};

use crate::terminal::looks::Looks;
use turingos_sweep::{Outline, Shard};

pub(super) use closing::Closing;
pub(super) use failure::{write_failure_json, write_failure_text};

/// What a report is about.
pub(super) struct Report<'a> {
    pub(super) sweep: &'a Outline,
    pub(super) shard: Option<Shard>,
    pub(super) looks: Looks,
    pub(super) json: bool,
}

impl Report<'_> {
    /// Printed before the first run, so that a killed sweep can be repeated.
    pub(super) fn write_opening(&self, done: u64, out: &mut impl Write) -> io::Result<()> {
        let swarm = match self.sweep.swarm {
            true => "swarm",
            false => "every kind of trouble on",
        };
        writeln!(out, "seeds {}  {swarm}", self.sweep.seeds)?;
        for subject in &self.sweep.subjects {
            writeln!(out, "  {}", subject.name)?;
        }
        if let Some(shard) = self.shard {
            writeln!(out, "shard {shard}")?;
        }
        if done > 0 {
            writeln!(out, "resuming after {done} runs")?;
        }
        Ok(())
    }

    /// The whole report.
    pub(super) fn write(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            return self.write_json(closing, out);
        }
        if !self.looks.quiet {
            self.write_body(closing, out)?;
        }
        self.write_verdict(closing, out)
    }
}
