//! The search: delta debugging over lists, and bisection of the length.

use rayon::prelude::*;
use turingos_run::{Fault, Fingerprint};

use super::{Blamed, Bounds, Candidate, ShrinkStep, Stage, Subject};

/// A search under way.
pub(super) struct Search<'a> {
    subject: &'a dyn Subject,
    failure: &'a Fingerprint,
    bounds: &'a Bounds<'a>,
    pub(super) best: Candidate,
    pub(super) runs: u64,
    pub(super) history: Vec<ShrinkStep>,
}

/// Not every candidate was tried: the budget is spent, or the search was stopped.
struct Ended;

/// A list of a candidate that is made shorter.
trait List {
    type Item: Clone;
    const STAGE: Stage;

    fn of(candidate: &Candidate) -> &[Self::Item];
    fn with(candidate: &Candidate, items: Vec<Self::Item>) -> Candidate;
}

struct Faults;

impl List for Faults {
    type Item = Fault;
    const STAGE: Stage = Stage::Faults;

    fn of(candidate: &Candidate) -> &[Fault] {
        &candidate.faults
    }

    fn with(candidate: &Candidate, faults: Vec<Fault>) -> Candidate {
        Candidate {
            faults,
            ..candidate.clone()
        }
    }
}

struct Parts;

impl List for Parts {
    type Item = String;
    const STAGE: Stage = Stage::Parts;

    fn of(candidate: &Candidate) -> &[String] {
        &candidate.parts
    }

    fn with(candidate: &Candidate, parts: Vec<String>) -> Candidate {
        Candidate {
            parts,
            ..candidate.clone()
        }
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(
        subject: &'a dyn Subject,
        original: Candidate,
        failure: &'a Fingerprint,
        bounds: &'a Bounds<'a>,
    ) -> Self {
        let mut search = Self {
            subject,
            failure,
            bounds,
            best: original.clone(),
            runs: 0,
            history: Vec::new(),
        };
        search.accept(original, Stage::Original);
        search
    }

    /// Searches until nothing gets smaller; gives the remaining faults with blame, and whether each
    /// was tried.
    pub(super) fn run(&mut self) -> (Vec<Blamed>, bool) {
        let is_tried = self.search().is_ok();
        let blamed = self.best.faults.iter().map(|fault| Blamed {
            fault: *fault,
            class: fault.kind.class(),
            necessary: is_tried.then_some(true),
        });
        (blamed.collect(), is_tried)
    }

    fn search(&mut self) -> Result<(), Ended> {
        self.minimise::<Faults>()?;
        self.shorten()?;
        self.minimise::<Parts>()?;
        // A run without another fault, tick or part may do without a fault that was needed before.
        while self.leave_out::<Faults>(1, Stage::Blame)? {
            self.shorten()?;
        }
        Ok(())
    }

    fn accept(&mut self, candidate: Candidate, stage: Stage) {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.history.push(ShrinkStep {
            stage,
            runs: self.runs,
            faults: count(candidate.faults.len()),
            ticks: candidate.ticks,
            parts: count(candidate.parts.len()),
        });
        self.best = candidate;
    }

    /// Whether a candidate fails in the same way, and by its faults: a mission without a part of what
    /// it needs fails by itself. That is tried first, because most parts are needed.
    fn counts(&self, candidate: &Candidate) -> bool {
        let is_other_mission = candidate.parts != self.best.parts;
        if is_other_mission
            && !candidate.faults.is_empty()
            && self.fails(&Faults::with(candidate, Vec::new()))
        {
            return false;
        }
        self.fails(candidate)
    }

    fn fails(&self, candidate: &Candidate) -> bool {
        if (self.bounds.is_stopped)() {
            return false;
        }
        let trial = self.subject.run(candidate, &self.best);
        (self.bounds.ran)();
        trial.is_some_and(|trial| trial.failure.as_ref() == Some(self.failure))
    }

    /// The first of `count` candidates that fails in the same way. Counts the runs that it takes to
    /// find it one after the other, however many run at once.
    fn first_failing(
        &mut self,
        count: usize,
        candidate: impl Fn(&Candidate, usize) -> Candidate + Sync,
    ) -> Result<Option<(usize, Candidate)>, Ended> {
        let left = self.bounds.max_runs.saturating_sub(self.runs);
        let affordable = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut from = 0;
        // Where several did not fail so, the next hardly will: more run at once, so that no core waits for
        // another.
        let threads = rayon::current_num_threads();
        let mut at_once = threads;
        while from < affordable {
            let to = affordable.min(from + at_once);
            let found = (from..to).into_par_iter().find_map_first(|at| {
                let candidate = candidate(&self.best, at);
                self.counts(&candidate).then_some((at, candidate))
            });
            if (self.bounds.is_stopped)() {
                // What was found may not be the first.
                return Err(Ended);
            }
            let ran = found.as_ref().map_or(to, |(at, _)| at + 1) - from;
            self.runs += u64::try_from(ran).unwrap_or(u64::MAX);
            if found.is_some() {
                return Ok(found);
            }
            from = to;
            at_once = (at_once + threads).min(4 * threads);
        }
        if affordable < count {
            return Err(Ended);
        }
        Ok(None)
    }

    /// Leaves out ever smaller chunks of a list, down to each of its items.
    ///
    /// This is Zeller's ddmin with the complements only. Where it leaves out a chunk, it goes on with
    /// the next one instead of beginning again: many necessary items cost a few runs for each of them,
    /// not one for each pair. Chunks get smaller by quarters: that takes as many runs as by halves
    /// where few items are necessary, and two thirds of them where many are.
    fn minimise<L: List>(&mut self) -> Result<(), Ended> {
        let mut chunk = L::of(&self.best).len();
        while chunk > 0 {
            self.leave_out::<L>(chunk, L::STAGE)?;
            chunk = match chunk {
                2 | 3 => 1,
                _ => chunk / 4,
            };
        }
        Ok(())
    }

    /// Goes over a list once, and leaves out every chunk of so many items without which the run fails
    /// in the same way. Says whether there was one.
    fn leave_out<L: List>(&mut self, chunk: usize, stage: Stage) -> Result<bool, Ended> {
        let mut is_smaller = false;
        let mut start = 0;
        loop {
            let left = L::of(&self.best).len().saturating_sub(start);
            let found = self.first_failing(left.div_ceil(chunk), |best, at| {
                let items = L::of(best);
                let from = start + at * chunk;
                let to = items.len().min(from + chunk);
                L::with(best, [&items[..from], &items[to..]].concat())
            })?;
            let Some((at, smaller)) = found else {
                return Ok(is_smaller);
            };
            start += at * chunk;
            is_smaller = true;
            self.accept(smaller, stage);
        }
    }

    /// Makes the run shorter by ever smaller steps, until one tick less is too few.
    fn shorten(&mut self) -> Result<(), Ended> {
        let mut step = self.best.ticks / 2;
        while step > 0 {
            let shorter = self.first_failing(1, |best, _| Candidate {
                ticks: best.ticks - step,
                ..best.clone()
            })?;
            match shorter {
                Some((_, shorter)) => {
                    self.accept(shorter, Stage::Length);
                    step = step.min(self.best.ticks / 2);
                }
                None => step /= 2,
            }
        }
        Ok(())
    }
}
