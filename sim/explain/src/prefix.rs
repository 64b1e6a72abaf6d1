//! The prefix of a fork, held to its parent before anything of the fork is written.

use std::path::Path;

use turingos::journal::Chain;
use turingos_run::fork::Config;
use turingos_run::replay::Recording;
use turingos_run::{AnyRun, Fault, Header, Kind, RunIoError, Sink, Tick, on_virtual_time};

/// Compares every tick before the fork tick with the parent's.
struct Compared {
    recording: Recording,
    at: u64,
    begun: Vec<Fault>,
}

impl Sink for Compared {
    type Error = RunIoError;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        if tick.committed.record.tick == self.at {
            self.begun = Fault::begun_in(tick);
            return Ok(());
        }
        self.recording.verify_next(tick)
    }

    fn recorded_chain(&self) -> Option<Chain> {
        Some(self.recording.chain())
    }
}

/// Runs a fork up to its fork tick, and compares each record with that of the parent in `directory`.
/// Gives the faults that begin in the fork tick.
///
/// # Errors
/// A record differs, or a file of the parent is corrupt or cannot be read.
pub fn verify_prefix(directory: &Path, fork: &Header<Config>) -> Result<Vec<Fault>, RunIoError> {
    let kind = Kind::Fork(Box::new(fork.clone()));
    let sink = Compared {
        recording: Recording::open(directory)?,
        at: fork.config.at,
        begun: Vec::new(),
    };
    let mut run = AnyRun::of(&kind, sink);
    on_virtual_time(async {
        while run.ticks() <= fork.config.at && run.tick().await?.is_some() {}
        Ok::<(), RunIoError>(())
    })?;
    Ok(run.into_sink().begun)
}
