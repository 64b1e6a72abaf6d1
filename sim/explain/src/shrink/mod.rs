//! Shrinking: the smallest run that fails in the same way.
//!
//! Delta debugging over the injected faults, then the length, then the parts of the scenario, each
//! step accepted only if the failure has the same [`Fingerprint`]. The result is 1-minimal: without
//! any single one of its faults the run does not fail so. Candidates run in parallel; of those that
//! fail the first one counts, so the result does not depend on the number of cores.

mod checkpoint;
mod live;
mod recorded;
mod search;

use serde::Serialize;
use turingos_run::{Fault, Fingerprint};

use crate::trial::Trial;

pub use recorded::{NotShrinkable, RecordedRun};

/// A smaller run: what is left of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The faults that are applied.
    pub faults: Vec<Fault>,
    /// The most ticks of the run.
    pub ticks: u64,
    /// The parts of the scenario that are left, as the subject names them.
    pub parts: Vec<String>,
}

/// Something that can be run with less.
pub trait Subject: Sync {
    /// Runs a candidate that was made from `best`; `None` if there is no such run.
    fn run(&self, candidate: &Candidate, best: &Candidate) -> Option<Trial>;
}

/// The bounds of a search, and who looks on.
pub struct Bounds<'a> {
    /// The most candidates; the run that shows that a mission without some parts passes without
    /// faults is not counted.
    pub max_runs: u64,
    /// Whether to stop with the best so far.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Told after every run, from any thread.
    pub ran: &'a (dyn Fn() + Sync),
}

/// A step of a search: a smaller run that fails in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ShrinkStep {
    /// What was made smaller.
    pub stage: Stage,
    /// How many runs had been made.
    pub runs: u64,
    /// How many faults are left.
    pub faults: u64,
    /// How many ticks are left.
    pub ticks: u64,
    /// How many parts of the scenario are left.
    pub parts: u64,
}

/// What a step of a search makes smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Nothing yet: the original.
    Original,
    /// The injected faults.
    Faults,
    /// The length.
    Length,
    /// The parts of the scenario.
    Parts,
    /// The last pass: each fault taken out alone.
    Blame,
}

/// A remaining fault, and whether the failure needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Blamed {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// What fails: `noise`, `provider`, `world` or `reply`.
    pub class: &'static str,
    /// Whether the run fails otherwise, or not at all, without this fault alone; `None` if the
    /// search ended before that was tried.
    pub necessary: Option<bool>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// What fails.
    pub failure: Fingerprint,
    /// The smallest run that was found.
    pub best: Candidate,
    /// Its faults, with blame.
    pub blame: Vec<Blamed>,
    /// How many runs were counted against the budget: those that a single core would have made.
    pub runs: u64,
    /// Whether it was tried that no single fault can be taken out.
    pub is_minimal: bool,
    /// The original and every smaller run, in the order in which they were found.
    pub history: Vec<ShrinkStep>,
}

/// Shrinks a run that fails with `failure`.
#[must_use]
pub fn shrink(
    subject: &dyn Subject,
    original: Candidate,
    failure: &Fingerprint,
    bounds: &Bounds<'_>,
) -> Shrunk {
    let mut search = search::Search::new(subject, original, failure, bounds);
    let (blame, is_minimal) = search.run();
    Shrunk {
        failure: failure.clone(),
        blame,
        runs: search.runs,
        is_minimal,
        history: search.history,
        best: search.best,
    }
}
