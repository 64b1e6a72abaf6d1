//! The frame: the sections a model is shown, within a budget of characters, and its digest.
//!
//! Never looks at the world; it only arranges and clips texts, and hashes none that was hashed before.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::digest::Digest;
use crate::guard_lane::MAX_BLOCK_BYTES;
use crate::named_enum::named_enum;

/// The longest frame, in characters.
pub const FRAME_LIMIT: usize = 4_096;

/// The shortest limit a frame gets, however long the rest of the request is.
pub const FRAME_MINIMUM: usize = 1_024;

/// Characters of a whole request: system prompt, state and frame together.
const REQUEST_BUDGET: usize = 8_192;

/// Characters of a request kept free.
const REQUEST_MARGIN: usize = 512;

named_enum! {
    /// A part of the frame, in the order in which parts are shown.
    pub(super) enum Section {
        /// What the plan asks for next.
        Contract = "OS_CONTRACT",
        /// The last action signatures.
        TraceCache = "L1_TRACE_CACHE",
        /// The run queue.
        CallStack = "OS_CALL_STACK",
        /// What the pointer shows.
        ObservedSlice = "OBSERVED_SLICE",
        /// How to continue after a trap; left out if there is nothing to say.
        Guard = "OS_GUARD",
    }
}

/// How much of an overlong frame a section may keep.
enum Room {
    /// `1 / divisor` of the limit.
    Share(usize),
    /// So many characters, whatever the limit.
    Fixed(usize),
    /// What the others leave.
    Rest,
}

impl Section {
    /// What an overlong frame leaves the section. All shares, the fixed room, every heading and
    /// the marker of a clipped slice fit into [`FRAME_MINIMUM`] together.
    const fn room(self) -> Room {
        match self {
            Self::Contract => Room::Share(6),
            Self::TraceCache => Room::Share(16),
            Self::CallStack => Room::Share(9),
            Self::ObservedSlice => Room::Rest,
            // A block has at most so many bytes, so it is never cut into something else.
            Self::Guard => Room::Fixed(MAX_BLOCK_BYTES),
        }
    }
}

/// The frame's limit for a request whose other texts have these lengths, in characters.
#[must_use]
pub fn frame_limit(system_prompt_chars: usize, q_chars: usize) -> usize {
    REQUEST_BUDGET
        .saturating_sub(system_prompt_chars)
        .saturating_sub(q_chars)
        .saturating_sub(REQUEST_MARGIN)
        .clamp(FRAME_MINIMUM, FRAME_LIMIT)
}

/// Writes the sections to `out`, which is empty on entry, in at most `limit` characters (at least
/// [`FRAME_MINIMUM`]). True if something had to be clipped.
pub(super) fn compose(sections: &[(Section, &str)], limit: usize, out: &mut String) -> bool {
    for (position, (section, text)) in sections.iter().enumerate() {
        push_heading(*section, position == 0, out);
        out.push_str(text);
    }
    // A text cannot have more characters than bytes, so most frames need no count.
    if out.len() <= limit || out.chars().count() <= limit {
        return false;
    }
    out.clear();
    let mut used = sections
        .iter()
        .filter(|(section, _)| matches!(section.room(), Room::Fixed(_)))
        .map(|(section, text)| heading_len(*section).saturating_add(text.chars().count()))
        .sum::<usize>();
    for (position, (section, text)) in sections.iter().enumerate() {
        let start = out.len();
        push_heading(*section, position == 0, out);
        let heading = out.len().saturating_sub(start);
        let room = match section.room() {
            Room::Share(divisor) => limit.checked_div(divisor).unwrap_or_default(),
            Room::Fixed(most) => {
                push_clipped(*section, text, most, out);
                continue;
            }
            // Of what stands after the slice the room is reserved already.
            Room::Rest => limit.saturating_sub(used).saturating_sub(heading),
        };
        let written = push_clipped(*section, text, room, out);
        used = used.saturating_add(heading).saturating_add(written);
    }
    true
}

/// The digests of what a frame is made of. Parts that are not there are `None`.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) contract: Digest,
    pub(super) trace_cache: Digest,
    pub(super) call_stack: Digest,
    /// The whole slice, before notes.
    pub(super) slice: Digest,
    /// The pages of a slice of which the first is shown.
    pub(super) pages: Option<Digest>,
    /// What traps noted on the slice.
    pub(super) notes: Option<Digest>,
    pub(super) guard: Option<Digest>,
    /// The limit that the sections were clipped to.
    pub(super) clipped_to: Option<usize>,
}

impl Parts {
    /// The digest of the frame: SHA-256 over a tag and, for each part in this order, a letter and the
    /// part's digest: `c` contract, `t` trace cache, `q` run queue, then `s` the slice or `p` its
    /// pages, `n` notes, `g` guard block. A clipped frame ends with `l` and its limit, 8 bytes, the
    /// most significant first.
    pub(super) fn digest(&self, bytes: &mut Vec<u8>) -> Digest {
        let slice = match self.pages {
            Some(pages) => (b'p', Some(pages)),
            None => (b's', Some(self.slice)),
        };
        bytes.clear();
        bytes.extend_from_slice(b"turingos.frame\0");
        for (letter, digest) in [
            (b'c', Some(self.contract)),
            (b't', Some(self.trace_cache)),
            (b'q', Some(self.call_stack)),
            slice,
            (b'n', self.notes),
            (b'g', self.guard),
        ] {
            if let Some(digest) = digest {
                bytes.push(letter);
                bytes.extend_from_slice(digest.as_bytes());
            }
        }
        if let Some(limit) = self.clipped_to {
            bytes.push(b'l');
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&limit.to_be_bytes());
        }
        Digest::of(bytes)
    }
}

/// A text that seldom changes, with its digest.
#[derive(Clone)]
pub(super) struct Remembered {
    text: String,
    digest: Digest,
}

/// Shows no content: what is remembered changes no digest.
impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered")
    }
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            text: String::new(),
            digest: Digest::EMPTY,
        }
    }
}

impl Remembered {
    /// The digest of `text`, which is hashed only if it is not the text of the last call.
    pub(super) fn digest_of(&mut self, text: &str) -> Digest {
        if self.text != text {
            self.text.clear();
            self.text.push_str(text);
            self.digest = Digest::of(text.as_bytes());
        }
        self.digest
    }
}

/// Characters of a heading that is not the first.
const fn heading_len(section: Section) -> usize {
    section.name().len().saturating_add("\n\n[]\n".len())
}

fn push_heading(section: Section, first: bool, out: &mut String) {
    if !first {
        out.push_str("\n\n");
    }
    // Each in its own arm: a text of known length is copied without a call.
    match section {
        Section::Contract => out.push_str("[OS_CONTRACT]\n"),
        Section::TraceCache => out.push_str("[L1_TRACE_CACHE]\n"),
        Section::CallStack => out.push_str("[OS_CALL_STACK]\n"),
        Section::ObservedSlice => out.push_str("[OBSERVED_SLICE]\n"),
        Section::Guard => out.push_str("[OS_GUARD]\n"),
    }
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
    fn sections_are_in_order_with_a_line_between() {
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
    fn a_guard_block_is_whole_in_the_smallest_frame() {
        for block in [1, 100, MAX_BLOCK_BYTES] {
            for (slice, other) in [(0, 0), (50_000, 0), (50_000, 50_000), (0, 50_000)] {
                for limit in [FRAME_MINIMUM, 2_000, FRAME_LIMIT] {
                    let block = "b".repeat(block);
                    let (slice, other) = ("界".repeat(slice), "x".repeat(other));
                    let mut text = String::new();
                    let sections = [
                        (Section::Contract, other.as_str()),
                        (Section::TraceCache, other.as_str()),
                        (Section::CallStack, other.as_str()),
                        (Section::ObservedSlice, slice.as_str()),
                        (Section::Guard, block.as_str()),
                    ];
                    compose(&sections, limit, &mut text);
                    assert!(text.chars().count() <= limit);
                    let (_, shown) = text.rsplit_once("\n\n[OS_GUARD]\n").expect("a section");
                    assert_eq!(shown, block);
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
