//! A whole journal: its lines in order, each checked against those before.

use std::io::Read;

use super::fault::{FaultCode, JournalFault, LineFault, utf8};
use super::tuple::{Before, check_place};
use super::{Route, TrapFrame, Tuple, is_time};
use crate::line_reader::{Line, LineError, LineReader};

/// The longest line, in bytes. A frame has a few thousand characters; a payload, which a tuple may
/// hold three times, is larger.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// The longest name of a kind, in bytes.
const MAX_KIND_BYTES: usize = 64;

/// How many lines of each kind a journal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All lines.
    pub lines: u64,
    /// REPLAY_TUPLE lines.
    pub tuples: u64,
    /// Tuples whose syscall is not of this instruction set, so that `d_next` could not be checked.
    pub foreign_syscalls: u64,
    /// TRAP_FRAME lines.
    pub traps: u64,
    /// BUS_ROUTE lines.
    pub routes: u64,
    /// Lines of kinds that carry nothing to verify.
    pub others: u64,
}

/// One line that was read and agrees with those before.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'l> {
    /// A tick.
    Tuple(Tuple<'l>),
    /// A trap.
    Trap(TrapFrame<'l>),
    /// A lane.
    Route(Route),
    /// Anything else.
    Other,
}

/// A journal that is being read, line by line.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    counts: Counts,
    before: Before,
    is_trap_between: bool,
    buffer: String,
}

impl Journal {
    /// A journal of which nothing was read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was read so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The root of the chain after the last tuple, `None` before the first.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        (self.counts.tuples > 0).then_some(self.before.root.as_str())
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// The first thing that is wrong with it; the journal is of no further use then.
    pub fn line<'l>(&mut self, line: Line<'l>) -> Result<Entry<'l>, JournalFault> {
        let taken = self.take(line).map_err(|fault| fault.at_line(line.number));
        self.counts.lines = self.counts.lines.saturating_add(1);
        taken
    }

    fn take<'l>(&mut self, line: Line<'l>) -> Result<Entry<'l>, LineFault> {
        let (kind, text) = split(line)?;
        match kind {
            "REPLAY_TUPLE" => {
                let mut tuple = Tuple::read(text)?;
                self.take_tuple(&mut tuple)?;
                Ok(Entry::Tuple(tuple))
            }
            "TRAP_FRAME" => {
                let frame = TrapFrame::read(text)?;
                if frame.seq != self.counts.traps {
                    return Err(LineFault::new(
                        FaultCode::TrapOrder,
                        format_args!("`seq` is {}, expected {}", frame.seq, self.counts.traps),
                    ));
                }
                self.counts.traps += 1;
                self.is_trap_between = true;
                Ok(Entry::Trap(frame))
            }
            "BUS_ROUTE" => {
                let route = Route::read(text)?;
                self.counts.routes += 1;
                Ok(Entry::Route(route))
            }
            _ => {
                self.counts.others += 1;
                Ok(Entry::Other)
            }
        }
    }

    fn take_tuple(&mut self, tuple: &mut Tuple<'_>) -> Result<(), LineFault> {
        tuple.check_hashes(&mut self.buffer)?;
        let before = (self.counts.tuples > 0).then_some(&self.before);
        tuple.follows_unlogged_trap = check_place(
            tuple,
            self.counts.tuples,
            before,
            self.is_trap_between,
            &mut self.buffer,
        )?;
        match tuple.syscall() {
            Ok(syscall) => tuple.check_pointer(&syscall)?,
            Err(_) => self.counts.foreign_syscalls += 1,
        }
        self.before.keep(tuple);
        self.is_trap_between = false;
        self.counts.tuples += 1;
        Ok(())
    }

    /// Checks that there was something to verify.
    ///
    /// # Errors
    /// There was none.
    pub fn finish(&self) -> Result<(), JournalFault> {
        let Counts {
            lines,
            tuples,
            traps,
            routes,
            ..
        } = self.counts;
        let (code, detail) = if lines == 0 {
            (FaultCode::Empty, "the file is empty")
        } else if tuples == 0 && traps == 0 && routes == 0 {
            (
                FaultCode::NothingToVerify,
                "no REPLAY_TUPLE, TRAP_FRAME or BUS_ROUTE up to the last line",
            )
        } else {
            return Ok(());
        };
        Err(LineFault::new(code, format_args!("{detail}")).at_line(lines.max(1)))
    }
}

/// Reads a whole journal, and calls `look` with every valid line.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(
    source: impl Read,
    mut look: impl FnMut(u64, &Entry<'_>),
) -> Result<Journal, JournalFault> {
    let mut reader = LineReader::new(source, MAX_LINE_BYTES);
    let mut journal = Journal::new();
    while let Some(line) = reader.next_line().map_err(unreadable)? {
        let entry = journal.line(line)?;
        look(line.number, &entry);
    }
    journal.finish()?;
    Ok(journal)
}

pub(super) fn unreadable(error: LineError) -> JournalFault {
    let code = match error {
        LineError::System { .. } => FaultCode::Unreadable,
        LineError::TooLong { .. } => FaultCode::LineTooLong,
    };
    LineFault::new(code, format_args!("the line {error}")).at_line(error.line())
}

/// The kind of a line and what follows it.
fn split(line: Line<'_>) -> Result<(&str, &str), LineFault> {
    // The form tells a torn first line from a file that is not a journal.
    if !line.is_whole && (line.number > 1 || has_form(line.bytes)) {
        return Err(LineFault::torn());
    }
    let text = utf8(line.bytes)?;
    // Looked for without stopping at the first, which is several times faster.
    if { line.bytes.iter() }.fold(false, |found, byte| found | (*byte < b' ')) {
        let at = line.bytes.iter().position(|byte| *byte < b' ');
        return Err(LineFault::new(
            FaultCode::ControlCharacter,
            format_args!(
                "a raw control character at byte {}",
                at.unwrap_or_default() + 1
            ),
        ));
    }
    parts(text).ok_or_else(|| {
        let form = "not of the form `[2026-01-31T23:59:59.999Z] [KIND] text`";
        LineFault::new(FaultCode::NotALine, format_args!("{form}"))
    })
}

fn has_form(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|text| parts(text).is_some())
}

fn parts(text: &str) -> Option<(&str, &str)> {
    let (time, rest) = text.strip_prefix('[')?.split_once("] [")?;
    let end = rest.find(']')?;
    let (kind, rest) = rest.split_at(end);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_kind = (1..=MAX_KIND_BYTES).contains(&kind.len()) && kind.bytes().all(is_word);
    let text = rest.strip_prefix("] ").or_else(|| {
        // A kind without a text, which only a kind that is not read may be.
        rest.strip_prefix(']').filter(|rest| rest.is_empty())
    })?;
    (is_time(time) && is_kind).then_some((kind, text))
}
