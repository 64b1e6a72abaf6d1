//! `corpus/syscalls`: documents and the verdicts of the model and the canonical envelope.
//!
//! A document stands alone here; [`replies`](super::replies) have prose around it.

use serde_json::Value;
use turingos::isa::{
    FaultCode, OPCODE_KEY, OPCODE_KEY_SYNONYMS, decode, decode_canonical, decode_model,
};

use super::headline::{Headline, canonical_line, fault_code, no_output};
use super::outcome::{Wanted, check_fixed_point};
use super::{Disagreement, Expectation};

/// The verdict of each envelope on a document.
///
/// `accept` with canonical JSON as its output, or `refuse CODE`, says what the model envelope does,
/// and the canonical one too unless the attribute `canonical=CODE` says with what that one refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyscallExpectation {
    model: Model,
    /// What the canonical envelope refuses the document with, if it differs.
    canonical: Option<FaultCode>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Model {
    Accept(String),
    Refuse(FaultCode),
}

impl SyscallExpectation {
    /// The code that the model envelope refuses the document with; nothing if it is accepted.
    #[must_use]
    pub const fn refusal(&self) -> Option<FaultCode> {
        match &self.model {
            Model::Accept(_) => None,
            Model::Refuse(code) => Some(*code),
        }
    }

    /// The code that the canonical envelope refuses the document with; nothing if it is accepted.
    #[must_use]
    pub fn canonical_refusal(&self) -> Option<FaultCode> {
        self.canonical.or(self.refusal())
    }

    /// The canonical text of a document that the model envelope accepts.
    #[must_use]
    pub fn accepted(&self) -> Option<&str> {
        match &self.model {
            Model::Accept(canonical) => Some(canonical),
            Model::Refuse(_) => None,
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        match &self.model {
            Model::Accept(canonical) => Wanted::Accept(canonical),
            Model::Refuse(code) => Wanted::Refuse(*code),
        }
    }
}

impl Expectation for SyscallExpectation {
    const FOLDER: &'static str = "syscalls";

    fn parse(_: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let mut headline = Headline::parse(expect)?;
        let canonical = headline.take("canonical").map(fault_code).transpose()?;
        headline.finish()?;
        let model = match headline.refused_with {
            None => Model::Accept(canonical_line(output)?),
            Some(code) => {
                no_output(output)?;
                Model::Refuse(fault_code(code)?)
            }
        };
        if canonical.is_some_and(|code| model == Model::Refuse(code)) {
            return Err("`canonical` repeats what the line says already".into());
        }
        Ok(Self { model, canonical })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let wanted = self.wanted();
        wanted.compare("model envelope", decode_model(input))?;
        self.canonical
            .map_or_else(|| wanted.clone(), Wanted::Refuse)
            .compare("canonical envelope", decode_canonical(input))?;
        match &self.model {
            Model::Accept(canonical) => {
                wanted.compare("reply decoder", decode(input))?;
                check_fixed_point(canonical)?;
                check_nothing_dropped(input, canonical)
            }
            Model::Refuse(code) => match decode(input) {
                // The reply decoder may know a better reason; a document it refuses as well.
                Err(_) => Ok(()),
                // What follows a document is prose to the reply decoder.
                Ok(_) if *code == FaultCode::TrailingBytes => Ok(()),
                taken @ Ok(_) => wanted.compare("reply decoder", taken),
            },
        }
    }
}

/// Checks that the canonical text has as many members as the document it was made from.
fn check_nothing_dropped(input: &[u8], canonical: &str) -> Result<(), Disagreement> {
    let before = members(input);
    let after = members(canonical.as_bytes());
    if before.is_some() && before == after {
        return Ok(());
    }
    Err(Disagreement {
        expected: format!("members kept: {before:?} of the envelope and of operands"),
        got: format!("{after:?}"),
    })
}

/// How many members the envelope has, and how many operands `a_t`.
fn members(document: &[u8]) -> Option<(usize, usize)> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let envelope = document.as_object()?;
    let action = envelope.get("a_t")?.as_object()?;
    let is_operand =
        |key: &&String| *key != OPCODE_KEY && !OPCODE_KEY_SYNONYMS.contains(&key.as_str());
    Some((envelope.len(), action.keys().filter(is_operand).count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOTO: &str = r#"{"q_next":"s","a_t":{"op":"SYS_GOTO","pointer":"a"}}"#;

    fn parsed(expect: &str, output: Option<&str>) -> SyscallExpectation {
        SyscallExpectation::parse("goto", expect, output).unwrap()
    }

    #[test]
    fn both_envelopes_match_the_line() {
        let taken = parsed("accept", Some(GOTO));
        assert_eq!(taken.check(GOTO.as_bytes()), Ok(()));
        let synonym = GOTO.replace("pointer", "handle");
        let by_model = parsed("accept canonical=NOT_CANONICAL", Some(GOTO));
        assert_eq!(by_model.check(synonym.as_bytes()), Ok(()));
        let refused = parsed("refuse SYNTAX", None);
        assert_eq!(refused.check(b"{'a':1}"), Ok(()));
        assert_eq!(refused.canonical_refusal(), Some(FaultCode::Syntax));
    }

    #[test]
    fn every_other_outcome_is_a_disagreement() {
        let synonym = GOTO.replace("pointer", "handle");
        let other = GOTO.replace("\"a\"", "\"b\"");
        let goto = Some(GOTO);
        for (expect, output, input) in [
            ("accept", goto, synonym.as_str()),
            ("accept", goto, other.as_str()),
            ("accept canonical=NOT_CANONICAL", goto, GOTO),
            ("refuse SYNTAX", None, GOTO),
            ("refuse TRUNCATED", None, "{'a':1}"),
            ("refuse SYNTAX canonical=TRUNCATED", None, "{'a':1}"),
            // Not a document, but a reply that the whole decoder accepts.
            ("refuse SYNTAX", None, &format!("So: {GOTO}")),
        ] {
            let checked = parsed(expect, output).check(input.as_bytes());
            assert!(checked.is_err(), "{expect}: {input}");
        }
    }

    #[test]
    fn dropped_member_is_reported() {
        let more = GOTO.replace("\"a\"", "\"a\",\"x\":1");
        assert!(check_nothing_dropped(more.as_bytes(), GOTO).is_err());
        let thought = GOTO.replace("{\"q", "{\"thought\":\"t\",\"q");
        assert!(check_nothing_dropped(thought.as_bytes(), GOTO).is_err());
        let renamed = GOTO.replace("op\"", "sys\"");
        assert_eq!(check_nothing_dropped(renamed.as_bytes(), GOTO), Ok(()));
    }

    #[test]
    fn other_expectations_are_refused() {
        for (expect, output) in [
            ("accept", None),
            ("accept", Some("{}\n{}")),
            ("refuse NO_SUCH_CODE", None),
            ("refuse SYNTAX canonical=NO", None),
            ("refuse SYNTAX canonical=SYNTAX", None),
            ("refuse SYNTAX status=429", None),
            ("refuse SYNTAX", Some("why")),
        ] {
            let parsed = SyscallExpectation::parse("goto", expect, output);
            assert!(parsed.is_err(), "{expect}: {output:?}");
        }
    }
}
