//! Reading a recorded trap frame: only the exact bytes that the kernel writes.
//!
//! Never repairs a frame, never drops a member, and never takes a second spelling of one: what is
//! read is written as the very same bytes.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use serde::Deserialize;

use super::{MAX_PANIC_RESETS, TrapBase, TrapCause, TrapFrame, TrapKind, TrapPointer};
use crate::Digest;
use crate::text::clipped;

/// Why bytes are no trap frame. The recording is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrapFrameFault {
    /// Longer than [`TrapFrame::MAX_BYTES`].
    TooLong,
    /// Not JSON, or with members that are missing, unknown, repeated or mistyped.
    NotValid {
        /// What the parser says, clipped.
        reason: String,
    },
    /// A member is out of its range.
    OutOfRange {
        /// Which one, as a JSON pointer.
        member: &'static str,
    },
    /// The right value in another spelling: white space, member order, escapes.
    NotCanonical {
        /// The first byte that differs from the canonical spelling, from 0.
        offset: usize,
    },
}

impl TrapFrameFault {
    /// Every code.
    pub const CODES: [&str; 4] = ["TOO_LONG", "NOT_VALID", "OUT_OF_RANGE", "NOT_CANONICAL"];

    /// The reason for machines, stable across versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        let [too_long, not_valid, out_of_range, not_canonical] = Self::CODES;
        match self {
            Self::TooLong => too_long,
            Self::NotValid { .. } => not_valid,
            Self::OutOfRange { .. } => out_of_range,
            Self::NotCanonical { .. } => not_canonical,
        }
    }
}

impl fmt::Display for TrapFrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {} bytes", TrapFrame::MAX_BYTES),
            Self::NotValid { reason } => write!(f, "not a trap frame: {reason}"),
            Self::OutOfRange { member } => write!(f, "{member} is out of its range"),
            Self::NotCanonical { offset } => write!(
                f,
                "not canonical from byte {offset} on; it was edited or written by something else"
            ),
        }
    }
}

impl core::error::Error for TrapFrameFault {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    seq: u64,
    tick: u64,
    t: u64,
    #[serde(borrow)]
    trap_base: Cow<'a, str>,
    #[serde(borrow)]
    trap_pointer: Cow<'a, str>,
    details: String,
    panic_reset_count: u8,
    cause: WrittenCause,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCause {
    code: String,
    signature: Option<Digest>,
}

impl TrapFrame {
    /// Reads the JSON of one frame, as it is serialised.
    ///
    /// # Errors
    /// [`TrapFrameFault`], for every text that the kernel could not have written.
    pub fn parse(json: &[u8]) -> Result<Self, TrapFrameFault> {
        if json.len() > Self::MAX_BYTES {
            return Err(TrapFrameFault::TooLong);
        }
        let written = serde_json::from_slice(json).map_err(|error| not_valid(&error))?;
        let frame = Self::of(written)?;
        let canonical = serde_json::to_vec(&frame).map_err(|error| not_valid(&error))?;
        if canonical == json {
            return Ok(frame);
        }
        let same = canonical.iter().zip(json).take_while(|(a, b)| a == b);
        Err(TrapFrameFault::NotCanonical {
            offset: same.count(),
        })
    }

    fn of(written: Written<'_>) -> Result<Self, TrapFrameFault> {
        let cause = written.cause;
        let ranges = [
            ("/details", written.details.len() <= Self::MAX_DETAILS),
            (
                "/panic_reset_count",
                written.panic_reset_count <= MAX_PANIC_RESETS,
            ),
            ("/cause/code", is_code(&cause.code)),
        ];
        if let Some((member, _)) = ranges.into_iter().find(|(_, holds)| !holds) {
            return Err(TrapFrameFault::OutOfRange { member });
        }
        let trap_base = kind("/trap_base", &written.trap_base)?;
        let trap_pointer = pointer(trap_base, &written.trap_pointer)?;
        Ok(Self {
            seq: written.seq,
            tick: written.tick,
            t: written.t,
            trap_base: TrapBase(trap_base),
            trap_pointer,
            details: written.details,
            panic_reset_count: written.panic_reset_count,
            cause: TrapCause {
                code: Cow::Owned(cause.code),
                signature: cause.signature,
            },
        })
    }
}

fn kind(member: &'static str, text: &str) -> Result<TrapKind, TrapFrameFault> {
    TrapKind::ALL
        .into_iter()
        .find(|kind| kind.base() == text)
        .ok_or(TrapFrameFault::OutOfRange { member })
}

/// A trap that stops the machine leaves the pointer at `HALT`, and no other trap does.
fn pointer(base: TrapKind, text: &str) -> Result<TrapPointer, TrapFrameFault> {
    const MEMBER: &str = "/trap_pointer";
    let stopped = TrapPointer::Halt;
    if TrapPointer::of(base) == stopped || text == stopped.text() {
        let holds = TrapPointer::of(base).text() == text;
        return (holds.then_some(stopped)).ok_or(TrapFrameFault::OutOfRange { member: MEMBER });
    }
    kind(MEMBER, text).map(TrapPointer::At)
}

fn is_code(text: &str) -> bool {
    text.len() <= TrapFrame::MAX_CODE
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

fn not_valid(error: &serde_json::Error) -> TrapFrameFault {
    TrapFrameFault::NotValid {
        reason: clipped(format_args!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const TEXT: &str = concat!(
        r#"{"seq":3,"tick":7,"t":1000,"trap_base":"sys://trap/io_fault","#,
        r#""trap_pointer":"sys://trap/io_fault","details":"writing \"a\"\n界","#,
        r#""panic_reset_count":0,"cause":{"code":"NO_SPACE","#,
        r#""signature":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}"#
    );

    fn fault(text: &str) -> TrapFrameFault {
        TrapFrame::parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn a_frame_is_read_and_written_as_the_same_bytes() {
        let frame = TrapFrame::parse(TEXT.as_bytes()).expect("a frame");
        assert_eq!(frame.trap_base, TrapBase(TrapKind::IoFault));
        assert_eq!(frame.details, "writing \"a\"\n界");
        assert_eq!(serde_json::to_string(&frame).expect("JSON"), TEXT);
        let bare = TEXT.replace(&format!(r#","signature":"{}""#, Digest::EMPTY), "");
        let frame = TrapFrame::parse(bare.as_bytes()).expect("a frame");
        assert_eq!(frame.cause.signature, None);
    }

    #[test]
    fn the_longest_frame_is_within_the_limit() {
        let details = TEXT.replace("writing \\\"a\\\"\\n界", &"\\u0001".repeat(400));
        let most = format!(":{}", u64::MAX);
        let long = [":3", ":7", ":1000"]
            .into_iter()
            .fold(details, |text, number| text.replacen(number, &most, 1))
            .replace("io_fault", "content_contract")
            .replace("NO_SPACE", &"N".repeat(TrapFrame::MAX_CODE));
        assert!(TrapFrame::parse(long.as_bytes()).is_ok(), "{long}");
        assert_eq!(fault(&" ".repeat(4_097)), TrapFrameFault::TooLong);
    }

    #[test]
    fn only_an_unrecoverable_loop_leaves_the_pointer_at_halt() {
        let stopped = TEXT
            .replacen("io_fault", "unrecoverable_loop", 1)
            .replace("sys://trap/io_fault", "HALT");
        let frame = TrapFrame::parse(stopped.as_bytes()).expect("a frame");
        assert_eq!(frame.trap_pointer, TrapPointer::Halt);
        assert_eq!(serde_json::to_string(&frame).expect("JSON"), stopped);
        let halt: crate::Pointer = frame.trap_pointer.text().parse().expect("a pointer");
        assert_eq!(halt, crate::Pointer::Halt);
        for text in [
            stopped.replace("HALT", "sys://trap/unrecoverable_loop"),
            stopped.replace("HALT", "halt"),
            TEXT.replace("sys://trap/io_fault\",\"d", "HALT\",\"d"),
        ] {
            let member = "/trap_pointer";
            assert_eq!(
                fault(&text),
                TrapFrameFault::OutOfRange { member },
                "{text}"
            );
        }
    }

    #[test]
    fn another_spelling_is_refused_with_its_place() {
        let code = TEXT.find("NO_SPACE").expect("a code");
        for (text, offset) in [
            (TEXT.replace("\"t\":1000", "\"t\": 1000"), 22),
            (
                TEXT.replace("\"seq\":3,\"tick\":7", "\"tick\":7,\"seq\":3"),
                2,
            ),
            (TEXT.replace("NO_SPACE", "\\u004eO_SPACE"), code),
            (format!("{TEXT}\n"), TEXT.len()),
        ] {
            assert_eq!(
                fault(&text),
                TrapFrameFault::NotCanonical { offset },
                "{text}"
            );
        }
        let null = TEXT.replace(&format!("\"{}\"", Digest::EMPTY), "null");
        assert!(matches!(fault(&null), TrapFrameFault::NotCanonical { .. }));
    }

    #[test]
    fn members_out_of_their_range_are_named() {
        for (text, member) in [
            (TEXT.replace("writing", &"x".repeat(400)), "/details"),
            (TEXT.replace("count\":0", "count\":3"), "/panic_reset_count"),
            (TEXT.replace("NO_SPACE", "no_space"), "/cause/code"),
            (TEXT.replace("NO_SPACE", ""), "/cause/code"),
            (TEXT.replace("NO_SPACE", &"N".repeat(49)), "/cause/code"),
            (TEXT.replacen("io_fault", "io_fold", 1), "/trap_base"),
            (TEXT.replace("io_fault\",\"d", "x\",\"d"), "/trap_pointer"),
        ] {
            assert_eq!(
                fault(&text),
                TrapFrameFault::OutOfRange { member },
                "{text}"
            );
        }
    }

    #[test]
    fn unknown_missing_repeated_and_mistyped_members_are_refused() {
        for text in [
            TEXT.replace("\"seq\":3", "\"seq\":3,\"seq\":3"),
            TEXT.replace("\"seq\":3,", ""),
            TEXT.replace("\"seq\":3", "\"seq\":3,\"more\":1"),
            TEXT.replace("\"seq\":3", "\"seq\":3.0"),
            TEXT.replace("\"seq\":3", "\"seq\":-3"),
            TEXT.replace("\"code\"", "\"cod\""),
            TEXT.replace("b855\"", "B855\""),
            format!("[{TEXT}]"),
            format!("{TEXT}{TEXT}"),
            String::new(),
        ] {
            assert!(
                matches!(fault(&text), TrapFrameFault::NotValid { .. }),
                "{text}"
            );
        }
    }
}
