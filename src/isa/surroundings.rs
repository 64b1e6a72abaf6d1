//! The brackets of the prose around a transition: whether something encloses it, and what.
//!
//! Braces and square brackets are counted apart, so that one kind never closes the other. Never
//! reads a value, never looks at parentheses, and sees every byte a bounded number of times.

use super::fault::{Fault, FaultCode};

/// What is open where the search stands.
#[derive(Default)]
pub(super) struct Surroundings {
    braces: usize,
    brackets: usize,
    /// What opened first of all that is open.
    outermost: Option<Enclosure>,
    /// Where the string ends that the search is in.
    string_end: usize,
    /// No quotation mark before this place begins a string: a search from each of them would find
    /// the same end of line, and cost the line again.
    no_string_before: usize,
}

/// Something that was opened; the place is a byte of the reply.
enum Enclosure {
    Array {
        place: usize,
    },
    /// A brace that no key follows.
    Brace {
        place: usize,
    },
    /// What stopped the reader in the object.
    Object(Fault),
}

impl Surroundings {
    /// What came before was reasoning: nothing is open any more.
    pub(super) fn forget(&mut self) {
        *self = Self {
            no_string_before: self.no_string_before,
            ..Self::default()
        };
    }

    /// True if the byte at `at` stands in a string of something open.
    pub(super) const fn is_in_string(&self, at: usize) -> bool {
        at < self.string_end
    }

    /// Enters a `{` at byte `place` of the reply; `fault` is what stopped the reader in it, if it
    /// was read.
    pub(super) fn open_brace(&mut self, place: usize, fault: Option<Fault>) {
        self.braces = self.braces.saturating_add(1);
        self.outermost.get_or_insert(match fault {
            Some(fault) => Enclosure::Object(fault),
            None => Enclosure::Brace { place },
        });
    }

    /// Enters a `[` at byte `place` of the reply.
    pub(super) fn open_bracket(&mut self, place: usize) {
        self.brackets = self.brackets.saturating_add(1);
        (self.outermost).get_or_insert(Enclosure::Array { place });
    }

    /// Leaves a brace; false if none is open.
    pub(super) fn close_brace(&mut self) -> bool {
        let is_open = self.braces > 0;
        self.braces = self.braces.saturating_sub(1);
        self.settle();
        is_open
    }

    /// Leaves a square bracket; false if none is open.
    pub(super) fn close_bracket(&mut self) -> bool {
        let is_open = self.brackets > 0;
        self.brackets = self.brackets.saturating_sub(1);
        self.settle();
        is_open
    }

    fn settle(&mut self) {
        if self.braces == 0 && self.brackets == 0 {
            self.outermost = None;
        }
    }

    /// Looks for a string that the `"` at `at` begins. Outside of brackets a quotation mark is
    /// prose, and so is one whose line has no other to end the string.
    pub(super) fn quote(&mut self, text: &str, at: usize) {
        if self.outermost.is_none() || self.is_in_string(at) || at < self.no_string_before {
            return;
        }
        let start = at.saturating_add(1);
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let mut is_escaped = false;
        for (offset, &byte) in rest.iter().enumerate() {
            match byte {
                b'\n' | b'\r' => {
                    self.no_string_before = start.saturating_add(offset);
                    return;
                }
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.string_end = start.saturating_add(offset).saturating_add(1);
                    return;
                }
                _ => {}
            }
        }
        self.no_string_before = text.len();
    }

    /// Why a transition at byte `place` of the reply cannot be taken: something encloses it.
    pub(super) fn enclosing(&self, place: usize) -> Option<Fault> {
        Some(match self.outermost.as_ref()? {
            Enclosure::Array { place: opening } => Fault::new(
                FaultCode::NotAnObject,
                format_args!(
                    "the transition at byte {place} stands in what `[` opens at byte {opening}"
                ),
            ),
            Enclosure::Brace { place: opening } => Fault::new(
                FaultCode::Syntax,
                format_args!(
                    "the transition at byte {place} stands in what `{{` opens at byte {opening}"
                ),
            ),
            Enclosure::Object(fault) => fault.clone(),
        })
    }
}
