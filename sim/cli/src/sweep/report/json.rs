//! The report as one JSON object.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::failure::FingerprintJson;
use super::{Closing, Report};
use crate::exit::Exit;
use crate::json::write_object;
use turingos_sweep::{Ledger, Sample, Shard, Totals};

impl Report<'_> {
    /// The whole report on one line.
    pub(super) fn write_json(&self, closing: &Closing<'_>, out: &mut impl Write) -> io::Result<()> {
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
