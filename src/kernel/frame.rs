//! The frame: the sections a model is shown, within a budget of characters.
//!
//! Never looks at the world; it only arranges and clips texts.

use alloc::string::String;
use core::fmt::Write as _;

/// The longest frame, in characters.
pub const FRAME_LIMIT: usize = 4_096;

/// The shortest limit a frame gets, however long the rest of the request is.
pub const FRAME_MINIMUM: usize = 1_024;

/// Characters of a whole request: discipline, state and frame together.
pub const REQUEST_BUDGET: usize = 8_192;

/// Characters of a request kept free.
pub const REQUEST_MARGIN: usize = 512;

/// A part of the frame, in the order in which parts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What the plan asks for next.
    Contract,
    /// The last action signatures.
    TraceCache,
    /// The run queue.
    CallStack,
    /// What the pointer shows.
    ObservedSlice,
}

impl Section {
    /// The heading without brackets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contract => "OS_CONTRACT",
            Self::TraceCache => "L1_TRACE_CACHE",
            Self::CallStack => "OS_CALL_STACK",
            Self::ObservedSlice => "OBSERVED_SLICE",
        }
    }

    /// Which part of an overlong frame the section may keep, as `1 / divisor`; the observed slice
    /// takes what is left.
    const fn share(self) -> Option<usize> {
        match self {
            Self::Contract => Some(6),
            Self::TraceCache => Some(16),
            Self::CallStack => Some(9),
            Self::ObservedSlice => None,
        }
    }
}

/// The frame's limit for a request whose other texts have these lengths, in characters.
#[must_use]
pub fn frame_limit(discipline_chars: usize, q_chars: usize) -> usize {
    REQUEST_BUDGET
        .saturating_sub(discipline_chars)
        .saturating_sub(q_chars)
        .saturating_sub(REQUEST_MARGIN)
        .clamp(FRAME_MINIMUM, FRAME_LIMIT)
}

/// Writes the sections to `out`, which is empty on entry, in at most `limit` characters (at least
/// [`FRAME_MINIMUM`]). True if something had to be clipped.
pub fn compose(sections: &[(Section, &str)], limit: usize, out: &mut String) -> bool {
    for (position, (section, text)) in sections.iter().enumerate() {
        push_heading(*section, position == 0, out);
        out.push_str(text);
    }
    // A text cannot have more characters than bytes, so most frames need no count.
    if out.len() <= limit || out.chars().count() <= limit {
        return false;
    }
    out.clear();
    let mut used = 0_usize;
    for (position, (section, text)) in sections.iter().enumerate() {
        let start = out.len();
        push_heading(*section, position == 0, out);
        let heading = out.len().saturating_sub(start);
        // The slice comes last and takes what is left, so nothing after it can overflow.
        let room = match section.share() {
            Some(divisor) => limit.checked_div(divisor).unwrap_or_default(),
            None => limit.saturating_sub(used).saturating_sub(heading),
        };
        let written = push_clipped(*section, text, room, out);
        used = used.saturating_add(heading).saturating_add(written);
    }
    true
}

fn push_heading(section: Section, first: bool, out: &mut String) {
    out.push_str(if first { "[" } else { "\n\n[" });
    out.push_str(section.name());
    out.push_str("]\n");
}

/// Writes `text` in at most `room` characters, with a marker if it is clipped; returns the
/// characters written.
fn push_clipped(section: Section, text: &str, room: usize, out: &mut String) -> usize {
    let chars = text.chars().count();
    if chars <= room {
        out.push_str(text);
        return chars;
    }
    let start = out.len();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "[OS_SECTION_CLIPPED] {} chars={chars} limit={room}",
        section.name()
    );
    // The marker is ASCII, so its bytes are its characters.
    let marker = out.len().saturating_sub(start);
    let kept = room.saturating_sub(marker);
    let end = text
        .char_indices()
        .nth(kept)
        .map_or(text.len(), |(end, _)| end);
    out.push_str(text.get(..end).unwrap_or_default());
    marker.saturating_add(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(slice: &str, stack: &str, limit: usize) -> (String, bool) {
        let mut out = String::new();
        let sections = [
            (Section::Contract, "(none)"),
            (Section::TraceCache, "(empty)"),
            (Section::CallStack, stack),
            (Section::ObservedSlice, slice),
        ];
        let clipped = compose(&sections, limit, &mut out);
        (out, clipped)
    }

    #[test]
    fn sections_stand_in_order_with_a_line_between() {
        let (text, clipped) = frame("hello", "[CALL_STACK_DEPTH] 0", FRAME_LIMIT);
        assert!(!clipped);
        assert_eq!(
            text,
            "[OS_CONTRACT]\n(none)\n\n[L1_TRACE_CACHE]\n(empty)\n\n\
             [OS_CALL_STACK]\n[CALL_STACK_DEPTH] 0\n\n[OBSERVED_SLICE]\nhello"
        );
    }

    #[test]
    fn a_frame_of_exactly_the_limit_is_not_clipped() {
        let empty = frame("", "s", FRAME_LIMIT).0.chars().count();
        let (text, clipped) = frame(&"界".repeat(FRAME_LIMIT - empty), "s", FRAME_LIMIT);
        assert!(!clipped);
        assert_eq!(text.chars().count(), FRAME_LIMIT);
        let (text, clipped) = frame(&"界".repeat(FRAME_LIMIT - empty + 1), "s", FRAME_LIMIT);
        assert!(clipped);
        assert_eq!(text.chars().count(), FRAME_LIMIT);
    }

    #[test]
    fn no_frame_is_over_its_limit() {
        for limit in [FRAME_MINIMUM, 2_000, FRAME_LIMIT] {
            for slice in [0, 10, 1_000, 5_000, 50_000] {
                for stack in [0, 10, 450, 1_000, 30_000] {
                    let (text, clipped) = frame(&"界".repeat(slice), &"x".repeat(stack), limit);
                    assert!(text.chars().count() <= limit, "{limit} {slice} {stack}");
                    assert_eq!(clipped, text.contains("[OS_SECTION_CLIPPED]"));
                }
            }
        }
    }

    #[test]
    fn the_limit_follows_the_request_budget() {
        assert_eq!(frame_limit(0, 0), FRAME_LIMIT);
        assert_eq!(frame_limit(3_000, 700), 8_192 - 3_000 - 700 - 512);
        assert_eq!(frame_limit(8_000, 8_000), FRAME_MINIMUM);
    }
}
