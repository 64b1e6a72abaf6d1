//! Why a line of a TuringOS journal is refused. The recording is to blame.

use std::fmt;

use turingos::json::{JsonFault, JsonFaultKind};

use crate::one_line::one_line;

macro_rules! codes {
    ($($(#[$doc:meta])+ $variant:ident = $text:literal,)+) => {
        /// Every reason for which a journal is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FaultCode {
            $($(#[$doc])+ $variant,)+
        }

        impl FaultCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it is written in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The file has no line.
    Empty = "EMPTY",
    /// The file has no line of a kind that can be verified.
    NothingToVerify = "NOTHING_TO_VERIFY",
    /// The source refused.
    Unreadable = "UNREADABLE",
    /// The line is over [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES).
    LineTooLong = "LINE_TOO_LONG",
    /// The last line has no line feed: writing it was cut short.
    TornLine = "TORN_LINE",
    /// The line is not UTF-8.
    NotUtf8 = "NOT_UTF8",
    /// The line holds a raw control character.
    ControlCharacter = "CONTROL_CHARACTER",
    /// The line is not of the form `[time] [KIND] text`.
    NotALine = "NOT_A_LINE",
    /// What follows the kind is no compact JSON object.
    Syntax = "SYNTAX",
    /// A duplicate key in one object.
    DuplicateKey = "DUPLICATE_KEY",
    /// A member is missing.
    MissingMember = "MISSING_MEMBER",
    /// A member is not of its type or not among its values.
    BadMember = "BAD_MEMBER",
    /// A trap frame or a route has a member that those have not.
    UnknownMember = "UNKNOWN_MEMBER",
    /// A tuple's last three members are not `leaf_hash`, `prev_merkle_root` and `merkle_root`.
    MemberOrder = "MEMBER_ORDER",
    /// `h_q` is not the SHA-256 of `q_t`.
    BadStateHash = "BAD_STATE_HASH",
    /// `h_s` is not the SHA-256 of `s_t`.
    BadSliceHash = "BAD_SLICE_HASH",
    /// `leaf_hash` is not the SHA-256 of the tuple without its last three members.
    BadLeafHash = "BAD_LEAF_HASH",
    /// `prev_merkle_root` is not the root of the tuple before, or `GENESIS` in the first.
    BrokenChain = "BROKEN_CHAIN",
    /// `merkle_root` does not follow from the previous root and the leaf.
    BadRoot = "BAD_ROOT",
    /// `tick_seq` does not count from 0 without gaps.
    TickOrder = "TICK_ORDER",
    /// `q_t` is not the `q_next` before, and no trap stands between.
    StateJump = "STATE_JUMP",
    /// `d_t` is not the `d_next` before, and no trap stands between.
    PointerJump = "POINTER_JUMP",
    /// `d_next` does not follow from the syscall.
    WrongPointer = "WRONG_POINTER",
    /// A trap frame's `seq` does not count from 0 without gaps.
    TrapOrder = "TRAP_ORDER",
    /// A trap frame's pointer does not belong to its base or its details.
    BadTrapPointer = "BAD_TRAP_POINTER",
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
    /// What was found and what was expected, one line for people.
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

    pub(super) fn at_line(self, line: u64) -> JournalFault {
        JournalFault {
            line,
            code: self.code,
            detail: self.detail,
        }
    }
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
