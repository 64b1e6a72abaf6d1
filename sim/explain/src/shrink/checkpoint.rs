//! A run on its way: where the candidates of a search begin that do the same up to there.
//!
//! It saves ticks and nothing else: a candidate ends as it would from tick 0.

use std::collections::VecDeque;
use std::fmt;

use turingos_run::{AnyRun, Edits, Fault, RunIoError, on_virtual_time};

use super::Candidate;
use crate::trial::Witness;

/// A run between ticks.
pub(super) struct Checkpoint {
    /// What it was made with.
    candidate: Candidate,
    run: AnyRun<Witness>,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoint(tick {})", self.run.ticks())
    }
}

impl Checkpoint {
    /// A run made with `candidate`, driven up to tick `tick`; `None` if it cannot be cloned.
    ///
    /// # Errors
    /// The run fails to take its ticks.
    pub(super) fn of(
        candidate: &Candidate,
        edits: &Edits,
        run: &mut AnyRun<Witness>,
        tick: u64,
    ) -> Result<Option<Self>, RunIoError> {
        on_virtual_time(run.drive_to(tick))?;
        Ok(run.branch(edits).map(|run| Self {
            candidate: candidate.clone(),
            run,
        }))
    }

    /// True if `candidate` does the same up to here.
    fn is_on_way_to(&self, candidate: &Candidate) -> bool {
        self.candidate.ticks == candidate.ticks
            && self.candidate.parts == candidate.parts
            && self.run.ticks() <= parting(&self.candidate.faults, &candidate.faults)
    }
}

/// The checkpoints of the last candidates, oldest first. There are several because candidates run side by
/// side: once one of them is the best, those beside it are of no use.
#[derive(Debug, Default)]
pub(super) struct Checkpoints(VecDeque<Checkpoint>);

impl Checkpoints {
    /// How many are kept. Each holds the state of a whole run.
    const KEPT: usize = 4;

    /// A run from a checkpoint on with the faults that `edits` leaves; `None` if `candidate` does something
    /// else before each of them.
    pub(super) fn branch(&self, candidate: &Candidate, edits: &Edits) -> Option<AnyRun<Witness>> {
        let usable = self.0.iter().filter(|it| it.is_on_way_to(candidate));
        usable.max_by_key(|it| it.run.ticks())?.run.branch(edits)
    }

    pub(super) fn keep(&mut self, checkpoint: Option<Checkpoint>) {
        self.0.extend(checkpoint);
        if self.0.len() > Self::KEPT {
            self.0.pop_front();
        }
    }
}

/// The first tick in which two runs may differ that have the same settings and these faults, in the
/// order of their ticks.
pub(super) fn parting(left: &[Fault], right: &[Fault]) -> u64 {
    let same = { left.iter().zip(right) }
        .take_while(|(left, right)| left == right)
        .count();
    let next = [left.get(same), right.get(same)].into_iter().flatten();
    next.map(|fault| fault.tick).min().unwrap_or(u64::MAX)
}
