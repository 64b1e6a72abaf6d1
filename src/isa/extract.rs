//! Finds the one transition in prose, and tells reasoning from answer.
//!
//! Never takes the best of several, never one that anything encloses, and never looks inside an
//! object that is whole. The number of tries and the bytes they may cost are bounded, so hostile
//! prose stays cheap.

use super::Transition;
use super::decode::{MAX_REPLY_BYTES, read_document};
use super::fault::{Fault, FaultCode};
use super::operands::Envelope;
use super::surroundings::Surroundings;
use crate::json;

/// Objects that are tried before the prose is given up.
const MAX_CANDIDATES: usize = 64;

/// Bytes that all tries together may cost: overlapping candidates that never end would otherwise
/// make the search quadratic.
const MAX_BYTES_TRIED: usize = 8 * MAX_REPLY_BYTES;

/// Takes the one transition of a reply that does not begin with `{`.
pub(super) fn from_prose(text: &str, base: usize) -> Result<Transition, Fault> {
    Search::over(text, base).conclude(text, base)
}

/// Decides about a reply that begins with `{` and is not one transition: `fault` stands, unless
/// that beginning turns out to be reasoning whose opening tag is missing, or is followed by prose.
pub(super) fn from_document(text: &str, base: usize, fault: Fault) -> Result<Transition, Fault> {
    let search = Search::over(text, base);
    if search.answer != Some(0) {
        search.conclude(text, base)
    } else if is_followed(&fault) {
        search.conclude_prose()
    } else {
        Err(fault)
    }
}

/// True if all that is wrong with a document is that something follows it: it is part of prose then.
fn is_followed(fault: &Fault) -> bool {
    fault.code == FaultCode::TrailingBytes
}

/// What one pass over the text found since the last reasoning.
struct Search {
    /// Where the answer begins: the first byte that is neither reasoning nor white space.
    answer: Option<usize>,
    first: Option<Transition>,
    /// Objects that are, or look like, transitions.
    count: usize,
    fault: Option<Fault>,
    is_exhausted: bool,
    surroundings: Surroundings,
}

impl Search {
    fn over(text: &str, base: usize) -> Self {
        let mut search = Self {
            answer: None,
            first: None,
            count: 0,
            fault: None,
            is_exhausted: false,
            surroundings: Surroundings::default(),
        };
        let mut budget = Budget {
            candidates: MAX_CANDIDATES,
            bytes: MAX_BYTES_TRIED,
        };
        let mut at = 0_usize;
        while let Some(&byte) = text.as_bytes().get(at) {
            at = match byte {
                // A tag in a string says nothing, nor does a bracket.
                b'<' | b'[' | b']' | b'}' if search.surroundings.is_in_string(at) => {
                    search.skip(at)
                }
                b'<' => match Tag::at(text, at) {
                    Some(Tag::Open { end, name }) => {
                        // Without a closing tag the rest is reasoning.
                        Tag::closing(text, end, name).unwrap_or(text.len())
                    }
                    Some(Tag::Close { end }) => {
                        search.forget();
                        end
                    }
                    None => search.skip(at),
                },
                b'{' => {
                    search.answer.get_or_insert(at);
                    match search.try_candidate(text, at, base, &mut budget) {
                        Some(end) => end,
                        None => return search,
                    }
                }
                b'[' => {
                    (search.surroundings).open_bracket(base.saturating_add(at));
                    search.skip(at)
                }
                b'}' | b']' => {
                    search.close(byte, base.saturating_add(at));
                    search.skip(at)
                }
                b'"' => {
                    search.surroundings.quote(text, at);
                    search.skip(at)
                }
                b' ' | b'\t' | b'\n' | b'\r' => at.saturating_add(1),
                _ => search.skip(at),
            };
        }
        search
    }

    fn skip(&mut self, at: usize) -> usize {
        self.answer.get_or_insert(at);
        at.saturating_add(1)
    }

    /// What came before was reasoning.
    fn forget(&mut self) {
        self.answer = None;
        self.first = None;
        self.count = 0;
        self.fault = None;
        self.surroundings.forget();
    }

    /// Leaves what the bracket at byte `place` of the reply closes. What closes after a transition
    /// and was never opened encloses it: its opener was lost to a comment or a strange string.
    fn close(&mut self, bracket: u8, place: usize) {
        let (was_open, code) = if bracket == b'}' {
            (self.surroundings.close_brace(), FaultCode::Syntax)
        } else {
            (self.surroundings.close_bracket(), FaultCode::NotAnObject)
        };
        if !was_open && self.first.is_some() {
            self.fault.get_or_insert_with(|| {
                let bracket = char::from(bracket);
                Fault::new(
                    code,
                    format_args!(
                        "`{bracket}` at byte {place}, after the transition, closes nothing"
                    ),
                )
            });
        }
    }

    /// Tries the object at `at`; returns where the search continues, or nothing if the budget is
    /// spent. A whole object is stepped over, a broken one is entered. In a string nothing is
    /// stepped over or entered: what looks like a string may be what stands between two.
    fn try_candidate(
        &mut self,
        text: &str,
        at: usize,
        base: usize,
        budget: &mut Budget,
    ) -> Option<usize> {
        let next = at.saturating_add(1);
        let rest = text.get(at..).unwrap_or_default();
        let place = base.saturating_add(at);
        let is_in_string = self.surroundings.is_in_string(at);
        if !may_be_object(rest) {
            if !is_in_string {
                self.surroundings.open_brace(place, None);
            }
            return Some(next);
        }
        let length = object_length(rest);
        let candidate = rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest);
        if !budget.take(candidate.len()) {
            self.is_exhausted = true;
            return None;
        }
        let end = at.saturating_add(candidate.len());
        match read_document(candidate, place, Envelope::Model) {
            Ok(transition) => {
                if let Some(fault) = self.surroundings.enclosing(place) {
                    self.blame(fault);
                } else {
                    self.count = self.count.saturating_add(1);
                    self.first.get_or_insert(transition);
                }
                Some(if is_in_string { next } else { end })
            }
            Err(failure) => {
                // What stopped the parser may stand before the keys that tell, but only within a
                // candidate that ends; the rest of the reply is not evidence.
                let looks = failure.looks_like_a_transition
                    || (length.is_some() && !failure.is_json && mentions_envelope(candidate));
                if looks {
                    self.blame(failure.fault.clone());
                }
                if is_in_string {
                    return Some(next);
                }
                if failure.is_json {
                    return Some(end);
                }
                self.surroundings.open_brace(place, Some(failure.fault));
                Some(next)
            }
        }
    }

    fn blame(&mut self, fault: Fault) {
        self.count = self.count.saturating_add(1);
        self.fault.get_or_insert(fault);
    }

    fn conclude(self, text: &str, base: usize) -> Result<Transition, Fault> {
        let answer = self.answer.and_then(|at| text.get(at..));
        if let Some(document) = answer.filter(|answer| answer.starts_with('{')) {
            let at = base.saturating_add(text.len().saturating_sub(document.len()));
            match read_document(document, at, Envelope::Model) {
                Err(failure) if is_followed(&failure.fault) => {}
                judged => return judged.map_err(|failure| failure.fault),
            }
        }
        self.conclude_prose()
    }

    /// Takes the one transition of the prose.
    fn conclude_prose(self) -> Result<Transition, Fault> {
        if self.is_exhausted {
            return Err(Fault::new(
                FaultCode::TooManyCandidates,
                format_args!("gave up after {MAX_CANDIDATES} objects or {MAX_BYTES_TRIED} bytes"),
            ));
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.count > 1 {
            return Err(Fault::new(
                FaultCode::SeveralTransitions,
                format_args!("{} objects are transitions", self.count),
            ));
        }
        self.first.ok_or_else(|| {
            Fault::new(
                FaultCode::NoTransition,
                format_args!("no object with `q_next` and `a_t`"),
            )
        })
    }
}

struct Budget {
    candidates: usize,
    bytes: usize,
}

impl Budget {
    fn take(&mut self, length: usize) -> bool {
        let left = (self.candidates.checked_sub(1)).zip(self.bytes.checked_sub(length));
        let Some((candidates, bytes)) = left else {
            return false;
        };
        self.candidates = candidates;
        self.bytes = bytes;
        true
    }
}

/// Cheap test that lets code in prose pass by: an object begins with a key or ends at once.
fn may_be_object(rest: &str) -> bool {
    rest.get(1..)
        .unwrap_or_default()
        .trim_start_matches(json::WHITE_SPACE)
        .starts_with(['"', '}'])
}

/// The length of the object that `rest` begins with, by its braces outside strings.
fn object_length(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = rest.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth = depth.saturating_add(1),
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at.saturating_add(1));
                }
            }
            _ => {}
        }
    }
    None
}

fn mentions_envelope(candidate: &str) -> bool {
    candidate.contains("\"q_next\"") || candidate.contains("\"a_t\"")
}

/// A tag that begins or ends reasoning, in any ASCII case.
enum Tag {
    Open { end: usize, name: &'static str },
    Close { end: usize },
}

impl Tag {
    const NAMES: [&'static str; 2] = ["think>", "thought>"];

    fn at(text: &str, at: usize) -> Option<Self> {
        let rest = text.as_bytes().get(at..)?.strip_prefix(b"<")?;
        let (name_part, is_close) = match rest.strip_prefix(b"/") {
            Some(name_part) => (name_part, true),
            None => (rest, false),
        };
        let name = Self::NAMES.into_iter().find(|name| {
            name_part
                .get(..name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        })?;
        let end = text
            .len()
            .saturating_sub(name_part.len())
            .saturating_add(name.len());
        Some(if is_close {
            Self::Close { end }
        } else {
            Self::Open { end, name }
        })
    }

    /// Where the first closing tag of that name at or after `from` ends.
    fn closing(text: &str, from: usize, name: &str) -> Option<usize> {
        let tail = text.get(from..)?;
        tail.match_indices("</").find_map(|(at, opening)| {
            let start = at.saturating_add(opening.len());
            let end = start.saturating_add(name.len());
            let found = tail.as_bytes().get(start..end)?;
            found
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| from.saturating_add(end))
        })
    }
}
