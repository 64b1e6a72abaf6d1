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

/// What became of some candidates.
enum Found {
    /// This one fails in the same way.
    Smaller(Candidate),
    /// None of them does.
    None,
    /// Not all of them were tried: the budget is spent, or somebody stopped the search.
    Ended,
}

/// A list of a candidate that is made shorter.
trait List {
    type Item: Clone + PartialEq;
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
        loop {
            self.minimise::<Faults>();
            self.shorten();
            self.minimise::<Parts>();
            // A shorter run may do without a fault that the longer one needed.
            match self.blame() {
                Ok(blame) => return blame,
                Err(smaller) => self.accept(smaller, Stage::Blame),
            }
        }
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

    fn fails(&self, candidate: &Candidate) -> bool {
        if (self.bounds.is_stopped)() {
            return false;
        }
        let trial = self.subject.run(candidate);
        (self.bounds.ran)();
        trial.is_some_and(|trial| trial.failure.as_ref() == Some(self.failure))
    }

    /// The first of the candidates that fails in the same way, as far as the budget goes. Counts the
    /// runs that it takes to find it one after the other.
    fn first_failing(&mut self, mut candidates: Vec<Candidate>) -> Found {
        let left = self.bounds.max_runs.saturating_sub(self.runs);
        let wanted = candidates.len();
        candidates.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let found = candidates
            .par_iter()
            .position_first(|candidate| self.fails(candidate));
        if (self.bounds.is_stopped)() {
            // What was found may not be the first.
            return Found::Ended;
        }
        let ran = found.map_or(candidates.len(), |at| at + 1);
        self.runs += u64::try_from(ran).unwrap_or(u64::MAX);
        match found {
            Some(at) => Found::Smaller(candidates.swap_remove(at)),
            None if candidates.len() < wanted => Found::Ended,
            None => Found::None,
        }
    }

    /// Delta debugging (Zeller's ddmin): tries each chunk of the list alone, then the list without
    /// each chunk, in ever smaller chunks.
    fn minimise<L: List>(&mut self) {
        if !L::of(&self.best).is_empty() {
            let empty = L::with(&self.best, Vec::new());
            if let Found::Smaller(smaller) = self.first_failing(vec![empty]) {
                self.accept(smaller, L::STAGE);
                return;
            }
        }
        let mut chunks = 2;
        while L::of(&self.best).len() >= 2 {
            let items = L::of(&self.best);
            let count = items.len();
            let pieces: Vec<_> = items.chunks(count.div_ceil(chunks)).collect();
            let alone = pieces.iter().map(|piece| piece.to_vec());
            let without = (0..pieces.len()).map(|left_out| {
                let others = pieces.iter().enumerate();
                let others = others.filter(|(at, _)| *at != left_out);
                others
                    .flat_map(|(_, piece)| piece.iter().cloned())
                    .collect()
            });
            // Of two halves, each is what is left without the other.
            let lists: Vec<Vec<L::Item>> = match pieces.len() {
                2 => alone.collect(),
                _ => alone.chain(without).collect(),
            };
            let candidates = lists.into_iter().map(|list| L::with(&self.best, list));
            let candidates: Vec<_> = candidates.collect();
            let is_fine = pieces.len() == count;
            let pieces = pieces.len();
            match self.first_failing(candidates) {
                Found::Smaller(smaller) => {
                    let is_chunk = L::of(&smaller).len() <= count.div_ceil(chunks);
                    self.accept(smaller, L::STAGE);
                    chunks = if is_chunk { 2 } else { (pieces - 1).max(2) };
                }
                Found::Ended => return,
                Found::None if is_fine => return,
                Found::None => chunks = (chunks * 2).min(count),
            }
        }
    }

    /// Makes the run shorter by ever smaller steps, until one tick less is too few.
    fn shorten(&mut self) {
        let mut step = self.best.ticks / 2;
        while step > 0 {
            let shorter = Candidate {
                ticks: self.best.ticks - step,
                ..self.best.clone()
            };
            match self.first_failing(vec![shorter]) {
                Found::Smaller(shorter) => {
                    self.accept(shorter, Stage::Length);
                    step = step.min(self.best.ticks / 2);
                }
                Found::None => step /= 2,
                Found::Ended => return,
            }
        }
    }

    /// Takes out each fault alone. Gives blame, and whether every fault was tried, if the failure needs all of them, else the first
    /// smaller run that fails in the same way.
    fn blame(&mut self) -> Result<(Vec<Blamed>, bool), Candidate> {
        let faults = &self.best.faults;
        let without: Vec<_> = (0..faults.len())
            .map(|left_out| {
                let mut faults = faults.clone();
                faults.remove(left_out);
                Faults::with(&self.best, faults)
            })
            .collect();
        let is_tried = match self.first_failing(without) {
            Found::Smaller(smaller) => return Err(smaller),
            Found::None => true,
            Found::Ended => false,
        };
        let blamed = self.best.faults.iter().map(|fault| Blamed {
            fault: *fault,
            class: fault.kind.class(),
            necessary: is_tried.then_some(true),
        });
        Ok((blamed.collect(), is_tried))
    }
}
