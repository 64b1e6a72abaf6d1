//! The prefix of a fork, held to its parent before anything of the fork is written.

use std::path::Path;

use turingos::journal::Chain;
use turingos::manifold::Manifold;
use turingos_run::fork::Config;
use turingos_run::replay::Recording;
use turingos_run::tape::{NoOracle, NoWorld, TapeSession};
use turingos_run::{AnyRun, Fault, Header, Kind, RunIoError, Sink, Tick, on_virtual_time};

/// Compares every tick before the fork tick with the parent's.
struct Compared {
    recording: Recording,
    at: u64,
    begun: Vec<Fault>,
}

impl Sink for Compared {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.recording.tape_mut())
    }

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
/// Gives the faults that begin in the fork tick; none if a provider answers it.
///
/// # Errors
/// A record differs, or a file of the parent is corrupt or cannot be read.
pub fn verify_prefix(directory: &Path, fork: &Header<Config>) -> Result<Vec<Fault>, RunIoError> {
    run_prefix(Recording::open(directory)?, fork, NoWorld)
}

/// Does what the parent in `directory` did before the fork tick to `world` as well, a new directory
/// with the files that the parent began with.
///
/// # Errors
/// As [`verify_prefix`], or `world` answers otherwise than the parent's directory did.
pub fn rebuild_world(
    directory: &Path,
    fork: &Header<Config>,
    world: impl Manifold,
) -> Result<(), RunIoError> {
    run_prefix(Recording::open(directory)?.carried_out(), fork, world).map(|_| ())
}

fn run_prefix(
    recording: Recording,
    fork: &Header<Config>,
    world: impl Manifold,
) -> Result<Vec<Fault>, RunIoError> {
    let kind = Kind::Fork(Box::new(fork.clone()));
    let at = fork.config.at;
    let sink = Compared {
        recording,
        at,
        begun: Vec::new(),
    };
    let mut run = AnyRun::with(&kind, (world, NoOracle), sink);
    let end = match fork.live_part() {
        Some(_) => at,
        None => at.saturating_add(1),
    };
    on_virtual_time(run.drive_to(end))?;
    Ok(run.into_sink().begun)
}
