//! A recorded run of a simulation, to be shrunk.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use turingos::Digest;
use turingos_run::fork::{self, Base, Config, NotForkable, Parent};
use turingos_run::{
    AnyRun, Edit, Edits, FaultKind, Fingerprint, Header, Kind, Manifest, RunIoError,
};

use super::checkpoint::{Checkpoint, Checkpoints, parting};
use super::live::in_memory;
use super::{Candidate, Subject};
use crate::trial::{Trial, Witness};

/// A recorded run that failed.
#[derive(Debug)]
pub struct RecordedRun {
    kind: Kind,
    root: Digest,
    failure: Fingerprint,
    original: Candidate,
    /// Whether its ticks ran out.
    ran_out: bool,
    /// Where the last candidates were about to do something else than the best so far.
    checkpoints: Mutex<Checkpoints>,
}

/// Why a run cannot be shrunk.
#[derive(Debug, Error)]
pub enum NotShrinkable {
    /// A file of the run is missing or corrupt, or the run came out otherwise.
    #[error(transparent)]
    Run(#[from] RunIoError),
    /// It cannot be run with other faults.
    #[error(transparent)]
    Kind(#[from] NotForkable),
    /// There is no failure.
    #[error("the run passed: there is no failure to shrink")]
    Passed,
    /// The gate that failed is skipped once faults are taken out.
    #[error(
        "the run failed at the gate {gate}, which judges only runs with every kind of fault: there \
         is nothing to take out"
    )]
    WholeOnly {
        /// The gate.
        gate: String,
    },
    /// A live run whose replies do not fail so in a simulated world.
    #[error(
        "in a simulated world the recorded replies do not fail at the gate {gate}: the failure needs \
         the real directory or its commands"
    )]
    OnlyLive {
        /// The gate that failed in the recording.
        gate: String,
    },
    /// It came out otherwise than it was recorded.
    #[error("the run comes out with root {found}, but its journal ends with {recorded}")]
    Diverged {
        /// The root of the run, made again.
        found: Digest,
        /// The root of the recording.
        recorded: Digest,
    },
}

impl RecordedRun {
    /// Opens the run in `directory`, and runs it again to see how it fails.
    ///
    /// # Errors
    /// The run is corrupt, is not one of a simulation, or passed.
    pub fn open(directory: &Path) -> Result<Self, NotShrinkable> {
        let Parent {
            kind,
            root,
            manifest,
            ..
        } = Parent::open(directory)?;
        let is_live = kind.is_live();
        let kind = in_memory(directory, kind, root)?;
        // Says why a run of another kind cannot be shrunk.
        fork::fork(&kind, root, 0, Vec::new())?;
        let (trial, again) = Trial::of_kind(&kind)?;
        if is_live {
            expect_same_gate(manifest.as_ref(), &trial)?;
        } else if manifest.is_some() && again.root() != root {
            return Err(NotShrinkable::Diverged {
                found: again.root(),
                recorded: root,
            });
        }
        let failure = trial.failure.ok_or(NotShrinkable::Passed)?;
        let parts = match &kind {
            Kind::Scenario(header) => header.config.scenario.parts(),
            Kind::Fork(header) => match &header.config.base {
                Base::Scenario(settings) => settings.scenario.parts(),
                Base::Soak(_) | Base::Live(_) => Vec::new(),
            },
            Kind::Soak(_) | Kind::Live(_) => Vec::new(),
        };
        let recorded = Self {
            original: Candidate {
                faults: trial.faults,
                ticks: trial.ticks,
                parts,
            },
            ran_out: trial.ran_out,
            kind,
            root,
            failure,
            checkpoints: Mutex::default(),
        };
        let same = recorded.run(&recorded.original, &recorded.original);
        match same.and_then(|trial| trial.failure) {
            Some(failure) if failure == recorded.failure => Ok(recorded),
            _ => Err(NotShrinkable::WholeOnly {
                gate: recorded.failure.gate,
            }),
        }
    }

    /// How the run fails.
    #[must_use]
    pub const fn failure(&self) -> &Fingerprint {
        &self.failure
    }

    /// The whole run.
    #[must_use]
    pub const fn original(&self) -> &Candidate {
        &self.original
    }

    /// The root of the recorded run.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// The kinds of noise and provider fault that are off in a candidate: those of the run's rates of
    /// which no fault remains.
    #[must_use]
    pub fn off(&self, candidate: &Candidate) -> Vec<FaultKind> {
        let header = fork::fork(&self.kind, self.root, 0, Vec::new());
        header.map_or_else(|_| Vec::new(), |it| kinds_off(&it.config.base, candidate))
    }

    /// The header of a candidate; `None` if there is no such run.
    #[must_use]
    pub fn header(&self, candidate: &Candidate) -> Option<Header<Config>> {
        let edits = vec![Edit::Only(candidate.faults.clone())];
        let mut header = fork::fork(&self.kind, self.root, 0, edits).ok()?;
        let off = kinds_off(&header.config.base, candidate);
        if !off.is_empty() {
            header.config.edits.push(Edit::Off(off));
        }
        header.ticks = candidate.ticks;
        if let Base::Scenario(settings) = &mut header.config.base
            && candidate.parts != self.original.parts
        {
            settings.scenario = settings.scenario.with_parts(&candidate.parts)?;
            header.world = settings.scenario.world().digest();
        }
        Some(header)
    }

    /// Runs a candidate to its end. Candidates come in the order in which they part from `best`, so
    /// each begins where one before it was about to.
    fn trial(
        &self,
        candidate: &Candidate,
        best: &Candidate,
        kind: &Kind,
        edits: &Edits,
    ) -> Result<Trial, RunIoError> {
        let branch = self.checkpoints().branch(candidate, edits);
        let mut run = branch.unwrap_or_else(|| AnyRun::of(kind, Witness::default()));
        if candidate.ticks == best.ticks && candidate.parts == best.parts {
            let parting = parting(&candidate.faults, &best.faults);
            let checkpoint = Checkpoint::of(candidate, edits, &mut run, parting)?;
            self.checkpoints().keep(checkpoint);
        }
        Ok(Trial::finish(run, kind)?.0)
    }

    fn checkpoints(&self) -> MutexGuard<'_, Checkpoints> {
        // What it holds is whole at any time.
        { self.checkpoints.lock() }.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject for RecordedRun {
    fn run(&self, candidate: &Candidate, best: &Candidate) -> Option<Trial> {
        let header = self.header(candidate)?;
        let is_mission = matches!(header.config.base, Base::Scenario(_));
        // A mission that ran out of ticks runs out of fewer, too: that is not a smaller failure.
        if is_mission && self.ran_out && candidate.ticks < self.original.ticks {
            return None;
        }
        let edits = header.edits();
        let kind = Kind::Fork(Box::new(header));
        let trial = self.trial(candidate, best, &kind, &edits).ok()?;
        // With fewer ticks no mission is done: that is not the failure that is looked for.
        let is_cut_off = trial.ran_out && !self.ran_out;
        (!(is_mission && is_cut_off)).then_some(trial)
    }
}

fn kinds_off(base: &Base, candidate: &Candidate) -> Vec<FaultKind> {
    let remains = |kind: &FaultKind| candidate.faults.iter().any(|fault| fault.kind == *kind);
    let mut kinds = base.drawn_kinds();
    kinds.retain(|kind| !remains(kind));
    kinds
}

/// Checks that the replies of a live run fail in memory at the gate at which the recording failed.
fn expect_same_gate(manifest: Option<&Manifest>, trial: &Trial) -> Result<(), NotShrinkable> {
    let failed = manifest.and_then(|it| it.gates().iter().find(|gate| gate.failed()));
    let Some(gate) = failed.map(|gate| gate.id.clone()) else {
        return Err(NotShrinkable::Passed);
    };
    match &trial.failure {
        Some(failure) if failure.gate == gate => Ok(()),
        _ => Err(NotShrinkable::OnlyLive { gate }),
    }
}
