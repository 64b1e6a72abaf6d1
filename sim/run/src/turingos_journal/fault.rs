//! Why a line of a TuringOS journal is refused. The recording is to blame.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};
use turingos::json::{JsonFault, JsonFaultKind};

use crate::one_line::one_line;

/// Every reason for which a journal is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum FaultCode {
    /// The file has no line.
    Empty,
    /// The file has no line of a kind that can be verified.
    NothingToVerify,
    /// The source refused.
    Unreadable,
    /// The line is over [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES).
    LineTooLong,
    /// The last line has no line feed: writing it was cut short.
    TornLine,
    /// The line is not UTF-8.
    NotUtf8,
    /// The line holds a raw control character.
    ControlCharacter,
    /// The line is not of the form `[time] [KIND] text`.
    NotALine,
    /// The text after the kind is not a compact JSON object.
    Syntax,
    /// A duplicate key in one object.
    DuplicateKey,
    /// A member is missing.
    MissingMember,
    /// A member is not of its type or not among its values.
    BadMember,
    /// A trap frame or a line of a line chain has an unknown member.
    UnknownMember,
    /// A tuple's last three members are not `leaf_hash`, `prev_merkle_root` and `merkle_root`, or a
    /// line of a line chain has its four members in another order.
    MemberOrder,
    /// `h_q` is not the SHA-256 of `q_t`.
    BadStateHash,
    /// `h_s` is not the SHA-256 of `s_t`.
    BadSliceHash,
    /// `leaf_hash` is not the SHA-256 of the tuple without its last three members.
    BadLeafHash,
    /// `prev_merkle_root` is not the root of the tuple before, or `GENESIS` in the first.
    BrokenChain,
    /// `merkle_root` does not follow from the previous root and the leaf.
    BadRoot,
    /// `tick_seq` does not count from 0 without gaps.
    TickOrder,
    /// `q_t` differs from the previous `q_next`, without a trap in between.
    StateJump,
    /// `d_t` differs from the previous `d_next`, without a trap in between.
    PointerJump,
    /// `d_next` does not follow from the syscall.
    WrongPointer,
    /// A trap frame's `seq` does not count from 0 without gaps.
    TrapOrder,
    /// A trap frame's pointer does not belong to its base or its details.
    BadTrapPointer,
    /// In a line chain, `hash` is not the SHA-256 of the line's first three members.
    BadLineHash,
    /// In a line chain, `prev_hash` is not the hash of the line before, or `GENESIS` in the first.
    BrokenLineChain,
    /// In a line chain, `ts` and `entry` are not the journal's line of the same number.
    LineMismatch,
    /// A line chain has more or fewer lines than its journal.
    LineCount,
}

impl FaultCode {
    /// Every code.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The code as it is written in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first thing that is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFault {
    /// The line, from 1.
    pub line: u64,
    /// The reason, stable across versions.
    pub code: FaultCode,
    /// The found and the expected value, one line for people.
    pub detail: String,
}

impl fmt::Display for JournalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.code, self.detail)
    }
}

impl std::error::Error for JournalFault {}

/// What is wrong with one line, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineFault {
    pub(super) code: FaultCode,
    pub(super) detail: String,
}

impl LineFault {
    pub(super) fn new(code: FaultCode, detail: fmt::Arguments<'_>) -> Self {
        Self {
            code,
            detail: one_line(&detail.to_string()),
        }
    }

    /// A last line without a line feed.
    pub(super) fn torn() -> Self {
        Self::new(
            FaultCode::TornLine,
            format_args!("the last line has no line feed: writing it was cut short"),
        )
    }

    pub(super) fn at_line(self, line: u64) -> JournalFault {
        JournalFault {
            line,
            code: self.code,
            detail: self.detail,
        }
    }
}

/// The text of a line.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, LineFault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to().saturating_add(1);
        LineFault::new(
            FaultCode::NotUtf8,
            format_args!("no UTF-8 from byte {byte} on"),
        )
    })
}

impl From<JsonFault> for LineFault {
    fn from(fault: JsonFault) -> Self {
        let code = match fault.kind {
            JsonFaultKind::DuplicateKey(_) => FaultCode::DuplicateKey,
            _ => FaultCode::Syntax,
        };
        let place = fault.byte.saturating_add(1);
        let kind = fault.kind;
        Self::new(code, format_args!("{kind} at byte {place} of its JSON"))
    }
}
