//! A journal as the ticks and traps that it records, with every text decoded: what a person looks
//! at, one after another.
//!
//! Verifies on the way, and holds one event at a time.

use std::io::Read;

use percent_encoding::percent_decode_str;
use turingos::isa::Syscall;

use super::fault::JournalFault;
use super::journal::{Entry, Journal, verify};
use super::trap_frame::{BASE, DETAILS, TrapFrame};
use super::tuple::{Tuple, trap_mark};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A tick whose reply was a syscall.
    Tick(Box<RecordedTick>),
    /// A trap; it belongs to the tick before it.
    Trap(RecordedTrap),
}

/// A tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTick {
    /// Its line, from 1.
    pub line: u64,
    /// Its number, from 0. A tick whose reply was not a syscall has none.
    pub number: u64,
    /// The lane that answered, if a route stands before it: true for P, the strong one.
    pub is_strong_lane: Option<bool>,
    /// The state register that it began with.
    pub state: String,
    /// Where it observed.
    pub pointer: String,
    /// The frame that the model saw, with the observed slice in it.
    pub frame: String,
    /// What the model did.
    pub action: Action,
    /// The state register after it.
    pub next_state: String,
    /// The pointer after it.
    pub next_pointer: String,
}

/// What a model did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A syscall of this instruction set.
    Syscall(Syscall),
    /// Anything else.
    Foreign {
        /// The action as it was written.
        json: String,
        /// The name of the decoder's fault.
        reason: &'static str,
    },
}

/// A trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTrap {
    /// The line of its frame, or of the tick that shows it.
    pub line: u64,
    /// Its name in upper case: `L1_CACHE_HIT`.
    pub name: String,
    /// What happened.
    pub details: String,
    /// False if the recording has no frame of it: the tick that follows shows it.
    pub is_logged: bool,
    /// True if the machine stopped.
    pub stops_machine: bool,
}

/// Reads a whole journal, and calls `look` with every event. An error may come after some.
///
/// # Errors
/// The first thing that is wrong with the journal.
pub fn events(source: impl Read, mut look: impl FnMut(Event)) -> Result<Journal, JournalFault> {
    let mut is_strong_lane = None;
    verify(source, |line, entry| match entry {
        Entry::Tuple(tuple) => {
            if tuple.follows_unlogged_trap {
                look(Event::Trap(RecordedTrap::shown_by(line, tuple)));
            }
            let lane = is_strong_lane.take();
            look(Event::Tick(Box::new(RecordedTick::of(line, tuple, lane))));
        }
        Entry::Trap(frame) => look(Event::Trap(RecordedTrap::of(line, frame))),
        Entry::Route(route) => is_strong_lane = Some(route.is_strong),
        Entry::Other => {}
    })
}

impl RecordedTick {
    fn of(line: u64, tuple: &Tuple<'_>, is_strong_lane: Option<bool>) -> Self {
        Self {
            line,
            number: tuple.tick_seq,
            is_strong_lane,
            state: tuple.q_t.decoded().into_owned(),
            pointer: tuple.d_t.decoded().into_owned(),
            frame: tuple.s_t.decoded().into_owned(),
            action: match tuple.syscall() {
                Ok(syscall) => Action::Syscall(syscall),
                Err(reason) => Action::Foreign {
                    json: tuple.a_t.to_owned(),
                    reason,
                },
            },
            next_state: tuple.q_next.decoded().into_owned(),
            next_pointer: tuple.d_next.decoded().into_owned(),
        }
    }
}

impl RecordedTrap {
    fn of(line: u64, frame: &TrapFrame<'_>) -> Self {
        Self {
            line,
            name: name(frame.trap_base),
            details: frame.details.decoded().into_owned(),
            is_logged: true,
            stops_machine: frame.stops_machine,
        }
    }

    /// The trap that the state register of a tick names, or else its pointer.
    fn shown_by(line: u64, tuple: &Tuple<'_>) -> Self {
        let (state, pointer) = (tuple.q_t.decoded(), tuple.d_t.decoded());
        let (name, details) = match trap_mark(&state) {
            Some((name, rest)) => {
                let first = rest.lines().next().unwrap_or_default();
                (name.to_owned(), first.trim().to_owned())
            }
            None => {
                let (base, details) = pointer.split_once(DETAILS).unwrap_or((&pointer, ""));
                let details = percent_decode_str(details).decode_utf8_lossy();
                (self::name(base), details.into_owned())
            }
        };
        Self {
            line,
            name,
            details,
            is_logged: false,
            stops_machine: false,
        }
    }
}

/// The name of the trap with this base.
fn name(base: &str) -> String {
    base.strip_prefix(BASE).unwrap_or(base).to_ascii_uppercase()
}
