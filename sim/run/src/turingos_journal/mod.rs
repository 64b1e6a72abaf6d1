//! Journals of TuringOS, the system that this kernel's protocol comes from: read, and verified.
//!
//! A journal is lines `[time] [KIND] text`. Three kinds carry JSON and are verified: REPLAY_TUPLE,
//! TRAP_FRAME and BUS_ROUTE. Lines of other kinds are counted. Only tuples hold hashes; a line chain
//! beside the journal covers every line.
//!
//! Never repairs a line, never keeps more than one line and what the next one must agree with, and
//! never writes such a journal.

mod events;
mod fault;
mod journal;
mod json;
mod line_chain;
mod members;
mod route;
mod text;
mod trap_frame;
mod tuple;

pub use events::{Action, Event, RecordedTick, RecordedTrap, events};
pub use fault::{FaultCode, JournalFault};
pub use journal::{Counts, Entry, Journal, MAX_LINE_BYTES, verify};
pub use line_chain::{LineChainEnd, verify_line_chain};
pub use route::Route;
pub use text::Text;
pub use trap_frame::TrapFrame;
pub use tuple::{GENESIS, Tuple};

/// True for a time as JavaScript writes it: `2026-01-31T23:59:59.999Z`.
fn is_time(text: &str) -> bool {
    const FORM: &[u8; 24] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}
