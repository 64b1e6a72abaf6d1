//! A replay's sink: compares every tick with the recording, and shows it to a watcher.

use turingos::journal::Chain;
use turingos::kernel::{Committed, Kernel};

use super::recording::Recording;
use crate::RunIoError;
use crate::session::{Sink, Tick};
use crate::tape::{Call, TapeSession};

/// Watches a replay: for progress, or for texts of which the journal has only digests. Cannot change
/// the replay.
pub trait Watcher {
    /// The run is before its first tick.
    fn begun(&mut self, _kernel: &Kernel) {}

    /// An oracle was called. The last call of a tick decides.
    fn called(&mut self, _call: &Call<'_>) {}

    /// A tick is as it was recorded; `done` ticks are. The kernel is before the next one.
    fn verified(&mut self, done: u64, _committed: &Committed, _kernel: &Kernel);
}

/// For watchers that only count.
impl<F: FnMut(u64)> Watcher for F {
    fn verified(&mut self, done: u64, _: &Committed, _: &Kernel) {
        self(done);
    }
}

/// The recording that a session is compared with.
#[derive(Debug)]
pub(super) struct Replayed<V> {
    pub(super) recording: Recording,
    pub(super) watcher: V,
}

impl<V: Watcher> Sink for Replayed<V> {
    type Error = RunIoError;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        Some(self.recording.tape_mut())
    }

    fn begin(&mut self, kernel: &Kernel) {
        self.watcher.begun(kernel);
    }

    fn called(&mut self, call: &Call<'_>) {
        self.watcher.called(call);
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), RunIoError> {
        self.recording.verify_next(tick)?;
        let done = self.recording.ticks();
        self.watcher.verified(done, tick.committed, tick.kernel);
        Ok(())
    }

    fn recorded_chain(&self) -> Option<Chain> {
        Some(self.recording.chain())
    }
}
