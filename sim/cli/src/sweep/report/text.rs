//! The report for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Closing, Report};
use crate::exit::Exit;
use crate::soak::report::seconds;
use crate::terminal::table::{Align, Table};
use turingos_sweep::Ledger;

impl Report<'_> {
    /// Failures, what was reached, and figures.
    pub(super) fn write_body(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
        self.write_groups(closing, out)?;
        self.write_ledger(&closing.totals.ledger, out)?;
        write_figures(closing, out)?;
        writeln!(out)
    }

    fn write_groups(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
        let groups = closing.totals.summary.groups();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        writeln!(out, "failures, the cheapest first")?;
        let mut table = Table::new([Align::Right, Align::Right, Align::Left, Align::Left]);
        table.row(["runs", "first seed", "failure", "cheapest to repeat"]);
        for (failure, group) in groups {
            let cheapest = group.cheapest.first();
            table.row([
                group.runs.to_string(),
                group.first_seed.to_string(),
                failure.to_string(),
                cheapest.map_or_else(String::new, |run| self.sweep.command(run.seed, run.subject)),
            ]);
        }
        table.write(2, out)
    }

    fn write_ledger(&self, ledger: &Ledger, out: &mut impl Write) -> io::Result<()> {
        let (mut families, mut never) = (BTreeMap::<&str, (u64, u64)>::new(), Vec::new());
        for (name, entry) in ledger.named() {
            let family = name.split('/').next().unwrap_or(name);
            let (reached, all) = families.entry(family).or_default();
            *all += 1;
            *reached += u64::from(entry.is_some());
            if entry.is_none() {
                never.push(name);
            }
        }
        let (reached, all) = { families.values() }.fold((0, 0), |(reached, all), family| {
            (reached + family.0, all + family.1)
        });
        let (met, pairs) = ledger
            .combinations()
            .fold((0, 0), |(met, pairs), (_, entry)| {
                (met + u64::from(entry.is_some()), pairs + 1)
            });
        writeln!(out)?;
        writeln!(
            out,
            "reached {reached} of {all} points, {met} of {pairs} combinations of an injection and \
             a trap"
        )?;
        if self.looks.verbose {
            for name in never {
                writeln!(out, "  never {name}")?;
            }
            return Ok(());
        }
        let families: Vec<_> = { families.iter() }
            .map(|(family, (reached, all))| format!("{family} {reached}/{all}"))
            .collect();
        writeln!(
            out,
            "  {}; -v names what was never reached",
            families.join(", ")
        )
    }

    /// What is wrong, and the last line.
    pub(super) fn write_verdict(
        &self,
        closing: &Closing<'_>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let summary = &closing.totals.summary;
        for problem in closing
            .merged
            .into_iter()
            .flat_map(|(_, problems)| problems)
        {
            writeln!(out, "FAIL  {problem}")?;
        }
        for (seed, subject) in closing.merged.into_iter().flat_map(|(it, _)| &it.differing) {
            let command = self.sweep.command(*seed, *subject);
            writeln!(out, "FAIL  two shards computed different roots: {command}")?;
        }
        let runs = summary.runs;
        let verdict = match (summary.failed, summary.differing) {
            (0, 0) => format!("{runs} runs"),
            (failed, 0) => format!("{failed} of {runs} runs failed"),
            (failed, differing) => {
                format!("{failed} of {runs} runs failed, {differing} differ in a fresh process")
            }
        };
        if let Some(by) = closing.stopped_by() {
            let next = match closing.is_kept {
                true => "; run the same command again to resume",
                false => "",
            };
            writeln!(out, "stopped by {by} after {runs} runs{next}")?;
            if closing.was_interrupted || self.shard.is_some() {
                return writeln!(out, "UNFINISHED  {verdict}");
            }
        }
        if let Some(path) = closing.path.filter(|_| !self.looks.quiet) {
            writeln!(out, "written: {}", path.display())?;
        }
        let word = match (self.shard, closing.exit(self.shard)) {
            (Some(_), _) => "COMPLETE",
            (None, Exit::Passed) => "PASSED",
            (None, _) => "FAILED",
        };
        writeln!(out, "{word}  {verdict}")
    }
}

fn write_figures(closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    if let Some((shards, _)) = closing.merged {
        writeln!(
            out,
            "{} of {} shards merged; {} runs made by two shards, {} of them differ",
            shards.good,
            shards.count,
            shards.compared,
            shards.differing.len()
        )?;
    }
    if closing.checked > 0 {
        writeln!(
            out,
            "{} runs made again in a fresh process",
            closing.checked
        )?;
    }
    let summary = &closing.totals.summary;
    match closing.wall {
        None => writeln!(out, "{} runs, {} ticks", summary.runs, summary.ticks),
        Some(wall) => {
            let rate = u128::from(closing.runs_now) * 10_000_000 / wall.as_micros().max(1);
            writeln!(
                out,
                "{} runs in {} s, {}.{} a second",
                closing.runs_now,
                seconds(wall),
                rate / 10,
                rate % 10
            )
        }
    }
}
