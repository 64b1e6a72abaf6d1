//! What the ticks of a run that `sim run` or `sim soak` computes go to.

use crate::exit::Failure;
use crate::terminal::progress::Progress;
use crate::trace::Trace;
use turingos_run::tape::TapeSession;
use turingos_run::{RunWriter, Sink, Tick};

/// The recording, the progress bar and `--trace`.
pub(crate) struct RunSinks<'o> {
    pub(crate) writer: Option<RunWriter>,
    pub(crate) progress: Progress,
    pub(crate) trace: Option<Trace<'o>>,
}

impl RunSinks<'_> {
    /// Ends the progress bar and the trace, and gives the writer back for its manifest.
    ///
    /// # Errors
    /// The end of the trace cannot be written.
    pub(crate) fn into_writer(self) -> Result<Option<RunWriter>, Failure> {
        drop(self.progress);
        if let Some(trace) = self.trace {
            trace.end()?;
        }
        Ok(self.writer)
    }
}

impl Sink for RunSinks<'_> {
    type Error = Failure;

    fn tape(&mut self) -> Option<&mut TapeSession> {
        self.writer.as_mut().and_then(Sink::tape)
    }

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Failure> {
        self.progress.set(tick.committed.record.tick + 1);
        if let Some(writer) = &mut self.writer {
            writer.take(tick)?;
        }
        match &mut self.trace {
            Some(trace) => Ok(trace.take(tick)?),
            None => Ok(()),
        }
    }
}
