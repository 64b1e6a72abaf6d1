//! The output of `sim sweep`: failures as they come, then groups, the ledger and the verdict.
//!
//! Wall time appears here and in no file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use turingos::Digest;

use crate::exit::Exit;
use crate::json::write_object;
use crate::soak::report::seconds;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use turingos_run::Fingerprint;
use turingos_sweep::{Ended, Ledger, Outline, RunLine, Sample, Shard, Shards, Totals};

/// What a report is about.
pub(super) struct Report<'a> {
    pub(super) sweep: &'a Outline,
    pub(super) shard: Option<Shard>,
    pub(super) looks: Looks,
    pub(super) json: bool,
}

/// How the sweep ended.
pub(super) struct Closing<'a> {
    pub(super) totals: &'a Totals,
    /// `None` if it was finished before.
    pub(super) ended: Option<Ended>,
    /// A signal ended it.
    pub(super) was_interrupted: bool,
    /// The same command goes on where it stopped.
    pub(super) is_kept: bool,
    /// How many runs this process made.
    pub(super) runs_now: u64,
    pub(super) wall: Option<Duration>,
    /// How many runs a fresh process made again.
    pub(super) checked: u64,
    /// The finished file.
    pub(super) path: Option<&'a Path>,
    /// What is known of the shards, if they were merged.
    pub(super) merged: Option<(&'a Shards, &'a [String])>,
}

impl<'a> Closing<'a> {
    /// The result of a sweep that needed no run any more.
    pub(super) const fn finished_before(totals: &'a Totals) -> Self {
        Self {
            totals,
            ended: None,
            was_interrupted: false,
            is_kept: true,
            runs_now: 0,
            wall: None,
            checked: 0,
            path: None,
            merged: None,
        }
    }

    /// The exit code: that of the seeds' verdict, except for a shard, where it says whether an
    /// engine should run it again.
    pub(super) fn exit(&self, shard: Option<Shard>) -> Exit {
        let summary = &self.totals.summary;
        let is_complete = matches!(self.ended, None | Some(Ended::Complete));
        let differing = self
            .merged
            .is_some_and(|(shards, _)| !shards.differing.is_empty());
        if self
            .merged
            .is_some_and(|(_, problems)| !problems.is_empty())
        {
            Exit::Corrupt
        } else if shard.is_some() && is_complete {
            Exit::Passed
        } else if self.was_interrupted || shard.is_some() {
            Exit::System
        } else if summary.differing > 0 || differing {
            Exit::Nondeterminism
        } else if summary.failed > 0 {
            Exit::Failed
        } else {
            Exit::Passed
        }
    }

    /// Why not every run was made.
    fn stopped_by(&self) -> Option<&'static str> {
        Some(match self.ended {
            None | Some(Ended::Complete) => return None,
            Some(Ended::MaxFailures) => "--max-failures",
            Some(Ended::Quiet) => "--until-quiet",
            Some(Ended::Stopped) if self.was_interrupted => "a signal",
            Some(Ended::Stopped) => "--time-limit",
        })
    }
}

/// One line for a run that failed, or that a fresh process made differently.
pub(super) fn write_failure_text(
    sweep: &Outline,
    line: &RunLine,
    out: &mut impl Write,
) -> io::Result<()> {
    let command = sweep.command(line.seed, line.subject);
    if let Some(differs) = &line.differs {
        let tick = match differs.tick {
            Some(tick) => format!("first at tick {tick}"),
            None => "and a second run here agreed with it: earlier runs left state behind".into(),
        };
        let root = differs.root;
        writeln!(
            out,
            "FAIL  nondeterminism: a fresh process came to root {root}, {tick}: {command}"
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
struct FingerprintJson<'a> {
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
pub(super) fn write_failure_json(
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
            writeln!(out, "going on after {done} runs")?;
        }
        Ok(())
    }

    /// The whole report.
    pub(super) fn write(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            return self.write_json(closing, out);
        }
        if !self.looks.quiet {
            self.write_groups(closing, out)?;
            self.write_ledger(&closing.totals.ledger, out)?;
            write_figures(closing, out)?;
            writeln!(out)?;
        }
        self.write_verdict(closing, out)
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

    fn write_verdict(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
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
            writeln!(out, "FAIL  two shards came to different roots: {command}")?;
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
                true => "; the same command goes on from here",
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

    fn write_json(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
        let Totals { summary, ledger } = closing.totals;
        let of = |run: &Sample| RunJson {
            seed: run.seed,
            subject: self.sweep.subject(run.subject),
            ticks: run.ticks,
            reproduce: self.sweep.command(run.seed, run.subject),
        };
        let json = Json {
            passed: closing.exit(None) == Exit::Passed,
            stopped_by: closing.stopped_by(),
            seeds: &self.sweep.seeds,
            shard: self.shard,
            swarm: self.sweep.swarm,
            subjects: self
                .sweep
                .subjects
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
            runs: summary.runs,
            failed: summary.failed,
            ticks: summary.ticks,
            checked: closing.checked,
            wall_ms: { closing.wall }
                .map(|wall| u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)),
            groups: { summary.groups().into_iter() }
                .map(|(failure, group)| GroupJson {
                    failure: failure.into(),
                    runs: group.runs,
                    first_seed: group.first_seed,
                    cheapest: group.cheapest.iter().map(of).collect(),
                })
                .collect(),
            differing: summary.differing,
            ledger: LedgerJson::of(ledger),
            merged: closing.merged.map(|(shards, problems)| MergedJson {
                count: shards.count,
                good: shards.good,
                compared: shards.compared,
                differing: shards.differing.iter().map(|(seed, _)| *seed).collect(),
                problems,
            }),
            file: closing.path.map(|path| path.display().to_string()),
        };
        write_object("sweep-report", &json, out)
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

#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    stopped_by: Option<&'static str>,
    seeds: &'a str,
    shard: Option<Shard>,
    swarm: bool,
    subjects: Vec<&'a str>,
    runs: u64,
    failed: u64,
    differing: u64,
    ticks: u64,
    checked: u64,
    wall_ms: Option<u64>,
    groups: Vec<GroupJson<'a>>,
    ledger: LedgerJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<MergedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    #[serde(flatten)]
    failure: FingerprintJson<'a>,
    runs: u64,
    first_seed: u64,
    cheapest: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct RunJson<'a> {
    seed: u64,
    subject: &'a str,
    ticks: u64,
    reproduce: String,
}

#[derive(Serialize)]
struct MergedJson<'a> {
    count: u64,
    good: u64,
    compared: u64,
    differing: Vec<u64>,
    problems: &'a [String],
}

#[derive(Serialize)]
struct LedgerJson {
    points: usize,
    combinations: usize,
    reached: BTreeMap<&'static str, Entry>,
    never: Vec<&'static str>,
    never_combined: Vec<&'static str>,
}

#[derive(Serialize)]
struct Entry {
    count: u64,
    first_seed: u64,
}

impl LedgerJson {
    fn of(ledger: &Ledger) -> Self {
        let never = |entries: &mut dyn Iterator<Item = (&'static str, Option<(u64, u64)>)>| {
            entries
                .filter(|(_, entry)| entry.is_none())
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        let reached = ledger.named().chain(ledger.combinations());
        let reached = reached.filter_map(|(name, entry)| {
            entry.map(|(count, first_seed)| (name, Entry { count, first_seed }))
        });
        Self {
            points: ledger.named().count(),
            combinations: ledger.combinations().count(),
            reached: reached.collect(),
            never: never(&mut ledger.named()),
            never_combined: never(&mut ledger.combinations()),
        }
    }
}
