//! The failures of a sweep, grouped by fingerprint; memory grows with the groups, not with the runs.

use std::collections::BTreeMap;

use turingos_run::Fingerprint;

use crate::ledger::Ledger;
use crate::line::{Differs, RunLine};
use crate::one_run::Finished;

/// The results of the runs of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// How many failed.
    pub failed: u64,
    /// How many ticks they had.
    pub ticks: u64,
    /// How many had another result in a fresh process.
    pub differing: u64,
    /// The first of those.
    pub differences: Vec<(Sample, Differs)>,
    groups: BTreeMap<Fingerprint, Group>,
}

/// The failures with one fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many runs failed so.
    pub runs: u64,
    /// The lowest seed among them.
    pub first_seed: u64,
    /// The cheapest of them, cheapest first.
    pub cheapest: Vec<Sample>,
}

/// One run of a sweep, by what it costs to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// Its ticks.
    pub ticks: u64,
    /// Its seed.
    pub seed: u64,
    /// Its subject's place in the plan.
    pub subject: usize,
}

impl Sample {
    const fn of(line: &RunLine) -> Self {
        Self {
            ticks: line.ticks,
            seed: line.seed,
            subject: line.subject,
        }
    }
}

impl Summary {
    /// How many runs of a group, and how many differences, are kept.
    const KEPT: usize = 5;

    /// Counts one run.
    pub fn add(&mut self, line: &RunLine) {
        self.runs += 1;
        self.ticks = self.ticks.saturating_add(line.ticks);
        let sample = Sample::of(line);
        if let Some(differs) = &line.differs {
            self.differing += 1;
            if self.differences.len() < Self::KEPT {
                self.differences.push((sample, differs.clone()));
            }
        }
        let Some(failure) = &line.failure else {
            return;
        };
        self.failed += 1;
        if !self.groups.contains_key(failure) {
            let group = Group {
                runs: 0,
                first_seed: line.seed,
                cheapest: Vec::new(),
            };
            self.groups.insert(failure.clone(), group);
        }
        let group = self.groups.get_mut(failure).expect("it was just made");
        group.runs += 1;
        group.first_seed = group.first_seed.min(line.seed);
        group.keep([sample]);
    }

    /// Adds the runs of another summary.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.failed += other.failed;
        self.ticks = self.ticks.saturating_add(other.ticks);
        self.differing += other.differing;
        self.differences.extend(other.differences);
        self.differences.truncate(Self::KEPT);
        for (failure, theirs) in other.groups {
            match self.groups.get_mut(&failure) {
                None => {
                    self.groups.insert(failure, theirs);
                }
                Some(group) => {
                    group.runs += theirs.runs;
                    group.first_seed = group.first_seed.min(theirs.first_seed);
                    group.keep(theirs.cheapest);
                }
            }
        }
    }

    /// The groups, the cheapest to repeat first.
    #[must_use]
    pub fn groups(&self) -> Vec<(&Fingerprint, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, group)| group.cheapest.first().copied());
        groups
    }
}

impl Group {
    fn keep(&mut self, samples: impl IntoIterator<Item = Sample>) {
        self.cheapest.extend(samples);
        self.cheapest.sort_unstable();
        self.cheapest.truncate(Summary::KEPT);
    }
}

/// The results of a sweep so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Its runs and failures.
    pub summary: Summary,
    /// What it reached.
    pub ledger: Ledger,
}

impl Totals {
    /// Counts one run.
    pub fn add(&mut self, finished: &Finished) {
        self.summary.add(&finished.line);
        self.ledger.add(finished.line.seed, &finished.reached);
    }

    /// Adds the runs of others.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(other.summary);
        self.ledger.merge(&other.ledger);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos::Digest;

    fn line(seed: u64, ticks: u64, gate: Option<&str>) -> RunLine {
        RunLine {
            seed,
            subject: 0,
            ticks,
            root: Digest::EMPTY,
            off: 0,
            failure: gate.map(|gate| Fingerprint {
                gate: gate.to_owned(),
                trap: None,
            }),
            differs: None,
        }
    }

    #[test]
    fn groups_come_cheapest_first_and_add_up_in_any_order() {
        let lines = [
            line(1, 90, Some("halted")),
            line(2, 50, None),
            line(3, 40, Some("files-as-expected")),
            line(4, 30, Some("halted")),
            line(5, 30, Some("halted")),
        ];
        let mut whole = Summary::default();
        lines.iter().for_each(|line| whole.add(line));
        assert_eq!((whole.runs, whole.failed, whole.ticks), (5, 4, 240));
        let groups = whole.groups();
        let names: Vec<_> = { groups.iter() }
            .map(|(failure, group)| (failure.gate.as_str(), group.runs, group.first_seed))
            .collect();
        assert_eq!(names, [("halted", 3, 1), ("files-as-expected", 1, 3)]);
        let seeds: Vec<_> = groups[0].1.cheapest.iter().map(|it| it.seed).collect();
        assert_eq!(seeds, [4, 5, 1]);
        let (mut late, mut early) = (Summary::default(), Summary::default());
        lines[..2].iter().for_each(|line| early.add(line));
        lines[2..].iter().for_each(|line| late.add(line));
        late.merge(early);
        assert_eq!(late, whole);
    }

    #[test]
    fn a_group_keeps_few_of_many_runs() {
        let mut summary = Summary::default();
        for seed in 0..10_000 {
            summary.add(&line(seed, 10_000 - seed, Some("halted")));
        }
        let groups = summary.groups();
        assert_eq!((groups.len(), groups[0].1.runs), (1, 10_000));
        assert_eq!(groups[0].1.cheapest.len(), Summary::KEPT);
        assert_eq!(groups[0].1.cheapest[0].seed, 9_999);
    }
}
