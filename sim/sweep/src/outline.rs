//! What a sweep is, in words that fit into a file: enough to name each run and to repeat it.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use turingos::Digest;

use crate::plan::{Plan, swarm_kinds};

/// The most seeds of a sweep.
pub const MAX_SEEDS: u64 = 1_000_000_000;

/// A plan without its settings. Files of one sweep have equal ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// The seeds of the whole sweep, `A..B`.
    pub seeds: String,
    /// Whether kinds of noise and fault were off, drawn from the seed.
    pub swarm: bool,
    /// The command of the whole sweep, without where its results are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What each seed runs.
    pub subjects: Vec<OutlineSubject>,
    /// The kinds that the bits of a run's `off` stand for, lowest first.
    pub kinds: Vec<String>,
}

/// One kind of run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlineSubject {
    /// Its name for people.
    pub name: String,
    /// The digest of the header of its run with seed 0 and without swarm, which holds its settings.
    pub digest: Digest,
    /// The command of a run: what stands before the seed, and what after.
    pub command: (String, String),
}

impl Outline {
    /// The outline of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let subjects = plan.subjects.iter().map(|subject| OutlineSubject {
            name: subject.name(),
            digest: subject.digest(),
            command: subject.header(0, plan.swarm).command_around_seed(),
        });
        Self {
            seeds: format!("{}..{}", plan.seeds.start, plan.seeds.end),
            swarm: plan.swarm,
            command: None,
            subjects: subjects.collect(),
            kinds: swarm_kinds().map(str::to_owned).collect(),
        }
    }

    /// The same with the command of the whole sweep. Equal plans must have equal commands.
    #[must_use]
    pub fn with_command(self, command: String) -> Self {
        Self {
            command: Some(command),
            ..self
        }
    }

    /// The name of the subject at this place.
    #[must_use]
    pub fn subject(&self, subject: usize) -> &str {
        { self.subjects.get(subject) }.map_or("", |subject| &subject.name)
    }

    /// The command that repeats a run.
    #[must_use]
    pub fn command(&self, seed: u64, subject: usize) -> String {
        match self.subjects.get(subject) {
            Some(OutlineSubject {
                command: (before, after),
                ..
            }) => format!("{before} {seed} {after}"),
            None => String::new(),
        }
    }

    /// The kinds whose bits are set.
    pub fn kinds_off(&self, off: u64) -> impl Iterator<Item = &str> {
        { self.kinds.iter().take(64).enumerate() }
            .filter(move |(bit, _)| off >> bit & 1 == 1)
            .map(|(_, name)| name.as_str())
    }

    /// The seeds; `None` in a forged file.
    pub(crate) fn seed_range(&self) -> Option<Range<u64>> {
        let (first, end) = self.seeds.split_once("..")?;
        let (first, end) = (first.parse().ok()?, end.parse().ok()?);
        let is_range = first < end && end - first <= MAX_SEEDS;
        (is_range && format!("{first}..{end}") == self.seeds).then_some(first..end)
    }

    /// What differs from `other`, for people.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |name: &str, ours: &str, theirs: &str| {
            (ours != theirs).then(|| format!("its {name} is {theirs}, not {ours}"))
        };
        let names = |it: &Self| -> String {
            let names: Vec<_> = it.subjects.iter().map(|it| it.name.as_str()).collect();
            names.join("; ")
        };
        differs("seed range", &self.seeds, &other.seeds)
            .or_else(|| differs("list of subjects", &names(self), &names(other)))
            .or_else(|| differs("swarm", &self.swarm.to_string(), &other.swarm.to_string()))
            .or_else(|| {
                let changed = { self.subjects.iter().zip(&other.subjects) }
                    .find(|(ours, theirs)| ours != theirs);
                changed.map(|(it, _)| format!("the settings of `{}` differ", it.name))
            })
            .or_else(|| (self.kinds != other.kinds).then(|| "its list of kinds differs".to_owned()))
            .or_else(|| {
                let shown = |it: &Self| it.command.clone().unwrap_or_default();
                differs("command", &shown(self), &shown(other))
            })
    }
}
