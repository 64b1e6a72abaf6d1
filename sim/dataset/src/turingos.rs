//! Rows from journals of TuringOS.

use std::io::{self, Read, Seek, Write};

use thiserror::Error;

use super::{Collector, Transition};
use turingos_run::turingos_journal::{Entry, JournalFault, verify};

/// Why a journal did not give all of its rows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The journal does not verify.
    #[error("{0}")]
    Fault(#[from] JournalFault),
    /// A row could not be written.
    #[error("cannot write the rows: {0}")]
    Output(#[from] io::Error),
}

/// Reads a journal's rows, verifying it on the way. The caller has begun its source.
///
/// # Errors
/// [`JournalError`]; rows before the fault have been written.
pub fn from_journal<W: Write + Seek>(
    source: impl Read,
    rows: &mut Collector<W>,
) -> Result<(), JournalError> {
    let mut written = Ok(());
    verify(source, |line, entry| {
        if written.is_ok() {
            written = take(line, entry, rows);
        }
    })?;
    written?;
    Ok(())
}

fn take<W: Write + Seek>(line: u64, entry: &Entry<'_>, rows: &mut Collector<W>) -> io::Result<()> {
    match entry {
        Entry::Tuple(tuple) => {
            let syscall = match tuple.syscall() {
                Ok(syscall) => syscall,
                Err(reason) => {
                    rows.foreign(reason);
                    return Ok(());
                }
            };
            let seen = Transition {
                line,
                tick: tuple.tick_seq,
                q_t: &tuple.q_t.decoded(),
                s_t: &tuple.s_t.decoded(),
                d_t: &tuple.d_t.decoded(),
                q_next: &tuple.q_next.decoded(),
            };
            rows.transition(&seen, &syscall)
        }
        Entry::Trap(frame) => {
            let details = frame.details.decoded();
            rows.trap(line, frame.trap_base, &details, frame.json.to_owned());
            if frame.stops_machine {
                rows.stopped();
            }
            Ok(())
        }
        Entry::Route(_) | Entry::Other => Ok(()),
    }
}
