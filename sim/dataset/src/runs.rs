//! Rows from a run, by running it again: its journal holds digests only.
//!
//! Never takes a row from a tick that differs from its record.

use std::io::{self, Seek, Write};
use std::path::Path;

use thiserror::Error;
use turingos::bus::{self, Provider};
use turingos::isa;
use turingos::journal::Status;
use turingos::kernel::{Committed, Kernel};
use turingos::trap::TrapFrame;

use super::{Collector, Transition};
use turingos_run::RunIoError;
use turingos_run::replay::{Watcher, replay};
use turingos_run::tape::Call;

/// Why a run did not give all of its rows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// It is corrupt, or its replay diverges.
    #[error(transparent)]
    Replay(#[from] RunIoError),
    /// A row could not be written.
    #[error("cannot write the rows: {0}")]
    Output(#[from] io::Error),
}

/// Replays the run in `directory` to the end of its journal, and reads its rows. Accepts a finished
/// and an unfinished run. The caller has begun the source.
///
/// # Errors
/// [`RunError`]; rows before it have been written.
pub fn from_run<W: Write + Seek>(
    directory: &Path,
    rows: &mut Collector<W>,
) -> Result<(), RunError> {
    let mut written = Ok(());
    let witness = Witness {
        rows,
        written: &mut written,
        d: String::new(),
        q: String::new(),
        frame: String::new(),
        reply: None,
    };
    let report = replay(directory, None, witness)?;
    written?;
    rows.run_ended(report.end());
    Ok(())
}

/// Collects the texts of each tick, of which its journal record has only digests.
struct Witness<'r, W> {
    rows: &'r mut Collector<W>,
    written: &'r mut io::Result<()>,
    /// Where the next tick observes.
    d: String,
    q: String,
    frame: String,
    /// The last call, whose answer is the one that counts.
    reply: Option<(Provider, u16, Vec<u8>)>,
}

impl<W: Write + Seek> Watcher for Witness<'_, W> {
    fn begun(&mut self, kernel: &Kernel) {
        self.d = kernel.d().text().to_owned();
    }

    fn called(&mut self, call: &Call<'_>) {
        self.q.clear();
        self.q.push_str(call.request.q);
        self.frame.clear();
        self.frame.push_str(call.request.frame);
        let reply = call.outcome.ok();
        self.reply = reply.map(|raw| (raw.provider, raw.status, raw.body.clone()));
    }

    fn verified(&mut self, done: u64, committed: &Committed, kernel: &Kernel) {
        if self.written.is_ok() {
            *self.written = self.take(done, committed);
        }
        self.reply = None;
        self.d.clear();
        self.d.push_str(kernel.d().text());
    }
}

impl<W: Write + Seek> Witness<'_, W> {
    /// Takes the tick on `line` of the journal.
    fn take(&mut self, line: u64, committed: &Committed) -> io::Result<()> {
        // A trap that was shown in the frame is answered by this very tick, one that stopped the
        // action by a later one.
        let (hard, soft): (Vec<&TrapFrame>, Vec<_>) =
            { committed.trap_frames.iter() }.partition(|frame| frame.trap_base.0.is_hard());
        self.traps(line, &soft);
        if committed.record.op.is_some()
            && let Some(transition) = self.transition()
        {
            let seen = Transition {
                line,
                tick: committed.record.tick,
                q_t: &self.q,
                s_t: &self.frame,
                d_t: &self.d,
                q_next: &transition.q_next,
            };
            self.rows.transition(&seen, &transition.syscall)?;
        }
        self.traps(line, &hard);
        if committed.record.status != Status::Running {
            self.rows.stopped();
        }
        Ok(())
    }

    fn traps(&mut self, line: u64, frames: &[&TrapFrame]) {
        for frame in frames {
            let json = serde_json::to_string(frame).expect("numbers and text are always JSON");
            let base = frame.trap_base.0.base();
            self.rows.trap(line, base, &frame.details, json);
        }
    }

    /// The outcome of the reply for driver and kernel.
    fn transition(&self) -> Option<isa::Transition> {
        let (provider, status, body) = self.reply.as_ref()?;
        let reply = bus::parse(*provider, *status, body).ok()?;
        isa::decode(reply.text.as_bytes()).ok()
    }
}
