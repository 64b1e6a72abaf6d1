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

#[cfg(test)]
mod tests {
    use turingos::Digest;
    use turingos_run::fork::fork;
    use turingos_run::{Edit, Kind, Profile, soak};

    use super::*;
    use crate::trial::Trial;

    #[test]
    fn candidate_begins_where_the_fewest_ticks_are_left() {
        let soak = Kind::Soak(Box::new(soak::Settings::header(Profile::Hostile, 5, 150)));
        let faults = Trial::of_kind(&soak).unwrap().0.faults;
        let without = |left_out: &[usize]| {
            let left = faults.iter().enumerate();
            let left = left.filter(|(at, _)| !left_out.contains(at));
            let candidate = Candidate {
                faults: left.map(|(_, fault)| *fault).collect(),
                ticks: 150,
                parts: Vec::new(),
            };
            let edits = vec![Edit::Only(candidate.faults.clone())];
            (candidate, fork(&soak, Digest::EMPTY, 0, edits).unwrap())
        };
        let mut checkpoints = Checkpoints::default();
        for left_out in [4, 8, 12, 16, 20] {
            let (candidate, header) = without(&[left_out]);
            let edits = header.edits();
            let mut run = AnyRun::of(&Kind::Fork(Box::new(header)), Witness::default());
            let tick = faults[left_out].tick;
            let checkpoint = Checkpoint::of(&candidate, &edits, &mut run, tick).unwrap();
            checkpoints.keep(checkpoint);
        }
        assert_eq!(checkpoints.0.len(), Checkpoints::KEPT);
        let begins_at = |left_out: &[usize]| {
            let (candidate, header) = without(left_out);
            let run = checkpoints.branch(&candidate, &header.edits());
            run.map(|run| run.ticks())
        };
        // Faults that a checkpoint's candidate lacks happen in these: only ticks before them are the same.
        assert_eq!(begins_at(&[13]), Some(faults[12].tick));
        assert_eq!(begins_at(&[12, 18]), Some(faults[12].tick));
        assert_eq!(begins_at(&[20]), Some(faults[20].tick));
        // The first of the five was given up.
        assert_eq!(begins_at(&[5]), None);
        assert_eq!(begins_at(&[0]), None);
    }
}
