//! One run of a fork in memory, and how it ended: what forking and shrinking repeat many times.

use turingos::journal::Status;
use turingos_run::fork::Config;
use turingos_run::{
    AnyRun, FailureTally, Fault, Fingerprint, Header, Kind, Manifest, RunIoError, Sink, Tick,
    on_virtual_time,
};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What failed; `None` if the run passed.
    pub failure: Option<Fingerprint>,
    /// How many ticks it had.
    pub ticks: u64,
    /// Whether its ticks ran out before it halted or failed; those of a soak always do.
    pub ran_out: bool,
    /// The faults that were injected, each with the tick it began in.
    pub faults: Vec<Fault>,
}

/// Notes what a failure may go back to.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    status: Status,
    pub(crate) failure: FailureTally,
    pub(crate) faults: Vec<Fault>,
}

impl Default for Witness {
    fn default() -> Self {
        Self {
            status: Status::Running,
            failure: FailureTally::default(),
            faults: Vec::new(),
        }
    }
}

impl Sink for Witness {
    type Error = RunIoError;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.status = tick.committed.record.status;
        self.failure.count(tick);
        self.faults.extend(Fault::begun_in(tick));
        Ok(())
    }
}

impl Trial {
    /// Runs a fork to its end.
    ///
    /// # Errors
    /// The world of the run is on a tape; no fork that this version makes has one.
    pub fn of(header: Header<Config>) -> Result<Self, RunIoError> {
        Ok(Self::of_kind(&Kind::Fork(Box::new(header)))?.0)
    }

    /// Runs a run of any kind to its end; also gives its manifest.
    ///
    /// # Errors
    /// The world or the oracle of the run is on a tape.
    pub(crate) fn of_kind(kind: &Kind) -> Result<(Self, Manifest), RunIoError> {
        Self::finish(AnyRun::of(kind, Witness::default()), kind)
    }

    /// Runs a run of `kind` on to its end; also gives its manifest.
    ///
    /// # Errors
    /// As [`Trial::of_kind`].
    pub(crate) fn finish(
        mut run: AnyRun<Witness>,
        kind: &Kind,
    ) -> Result<(Self, Manifest), RunIoError> {
        on_virtual_time(run.drive())?;
        let manifest = run.manifest(kind, None)?;
        let ticks = run.ticks();
        let Witness {
            status,
            failure,
            faults,
        } = run.into_sink();
        let trial = Self {
            failure: failure.fingerprint(manifest.gates()),
            ticks,
            ran_out: status == Status::Running,
            faults,
        };
        Ok((trial, manifest))
    }
}
