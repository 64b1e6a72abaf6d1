//! Which value of the recording a value of this run stands for.
//!
//! One value is bound to one value, in both directions, for as long as the replay lasts.

use std::collections::BTreeMap;

use crate::form::Aliased;
use crate::rules::Rules;

/// The bindings of all aliases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    sent: BTreeMap<Aliased, String>,
    recorded: BTreeMap<Aliased, String>,
}

/// A pair of values of which one is bound to another value already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) rule: usize,
    /// The value on the tape, and what it is bound to.
    pub(crate) recorded: String,
    pub(crate) recorded_is_bound_to: Option<String>,
    /// The value that was sent, and what it is bound to.
    pub(crate) sent: String,
    pub(crate) sent_is_bound_to: Option<String>,
}

impl Bindings {
    /// The first pair of two requests of one key that cannot be bound to one another.
    pub(crate) fn conflict(&self, recorded: &[Aliased], sent: &[Aliased]) -> Option<Conflict> {
        recorded.iter().zip(sent).find_map(|(recorded, sent)| {
            let to_sent = self.sent.get(recorded);
            let to_recorded = self.recorded.get(sent);
            let is_consistent = to_sent.is_none_or(|bound| *bound == sent.value)
                && to_recorded.is_none_or(|bound| *bound == recorded.value);
            (!is_consistent).then(|| Conflict {
                rule: recorded.rule,
                recorded: recorded.value.clone(),
                recorded_is_bound_to: to_sent.cloned(),
                sent: sent.value.clone(),
                sent_is_bound_to: to_recorded.cloned(),
            })
        })
    }

    /// Binds the values of two requests of one key, which have no conflict.
    pub(crate) fn bind(&mut self, recorded: &[Aliased], sent: &[Aliased]) {
        for (recorded, sent) in recorded.iter().zip(sent) {
            self.sent.insert(recorded.clone(), sent.value.clone());
            self.recorded.insert(sent.clone(), recorded.value.clone());
        }
    }

    /// A recorded text in the values of this run. A value that is bound to nothing yet is served as
    /// it is, and bound to itself: the client may repeat it, and only in its place.
    pub(crate) fn translate(&mut self, text: &str, rules: &Rules) -> Vec<Replacement> {
        let mut replacements = Vec::new();
        for value in rules.values_in(text) {
            let aliased = Aliased {
                rule: value.rule,
                value: text[value.start..value.end].to_owned(),
            };
            match self.sent.get(&aliased) {
                Some(sent) if *sent == aliased.value => {}
                Some(sent) => replacements.push(Replacement {
                    start: value.start,
                    end: value.end,
                    text: sent.clone(),
                }),
                // If the run uses the same text for another value, the two cannot be told apart:
                // the text stays unbound, and repeating it is a miss.
                None if self.recorded.contains_key(&aliased) => {}
                None => {
                    let both = std::slice::from_ref(&aliased);
                    self.bind(both, both);
                }
            }
        }
        replacements
    }
}

/// A part of a text and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

/// Applies replacements to a body that came in chunks. A value that lies across two chunks is sent
/// with the first of them.
pub(crate) fn replaced(chunks: &[Vec<u8>], replacements: &[Replacement]) -> Vec<Vec<u8>> {
    let mut replacements = replacements.iter().peekable();
    let mut at = 0;
    // Where the value that was replaced last ends.
    let mut passed = 0;
    let mut out = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let end = at + chunk.len();
        let mut piece = Vec::with_capacity(chunk.len());
        let mut from = at.max(passed).min(end);
        while let Some(next) = replacements.next_if(|it| it.start < end) {
            piece.extend_from_slice(&chunk[from - at..next.start - at]);
            piece.extend_from_slice(next.text.as_bytes());
            passed = next.end;
            from = passed.min(end);
        }
        piece.extend_from_slice(&chunk[from - at..]);
        out.push(piece);
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_across_chunks_is_replaced_whole() {
        let replacement = |start, end, text: &str| Replacement {
            start,
            end,
            text: text.into(),
        };
        let apply = |chunks: &[&str], replacements: &[Replacement]| {
            let chunks: Vec<_> = chunks.iter().map(|it| it.as_bytes().to_vec()).collect();
            let out = replaced(&chunks, replacements).into_iter();
            out.map(|it| String::from_utf8(it).unwrap())
                .collect::<Vec<_>>()
        };
        let values = [replacement(2, 7, "NEW"), replacement(8, 9, "x")];
        assert_eq!(apply(&["01234567890"], &values), ["01NEW7x90"]);
        assert_eq!(apply(&["0123", "4567890"], &values), ["01NEW", "7x90"]);
        assert_eq!(
            apply(&["0123", "4", "567890"], &values),
            ["01NEW", "", "7x90"]
        );
        assert_eq!(
            apply(&["01", "23456", "78", "90"], &values),
            ["01", "NEW", "7x", "90"]
        );
        assert_eq!(apply(&["0", "1"], &[]), ["0", "1"]);
    }
}
