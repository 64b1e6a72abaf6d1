//! `corpus/replies`: raw model output and the verdict of the reply decoder.
//!
//! The input has no provider's envelope around it.

use turingos::isa::{FaultCode, decode};

use super::headline::{Headline, canonical_line, fault_code, no_output};
use super::outcome::{Wanted, check_fixed_point};
use super::{Disagreement, Expectation};

/// The verdict of the decoder on a model's raw output: `accept` with canonical JSON as its output, or
/// `refuse CODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyExpectation {
    /// Exactly this transition is accepted.
    Accept {
        /// The canonical text.
        canonical: String,
    },
    /// No transition is accepted.
    Refuse {
        /// The reason.
        code: FaultCode,
    },
}

impl Expectation for ReplyExpectation {
    const FOLDER: &'static str = "replies";

    fn parse(_: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let headline = Headline::parse(expect)?;
        headline.finish()?;
        match headline.refused_with {
            None => Ok(Self::Accept {
                canonical: canonical_line(output)?,
            }),
            Some(code) => {
                no_output(output)?;
                let code = fault_code(code)?;
                Ok(Self::Refuse { code })
            }
        }
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        match self {
            Self::Accept { canonical } => {
                Wanted::Accept(canonical).compare("reply decoder", decode(input))?;
                check_fixed_point(canonical)
            }
            Self::Refuse { code } => Wanted::Refuse(*code).compare("reply decoder", decode(input)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALT: &str = r#"{"q_next":"s","a_t":{"op":"SYS_HALT"}}"#;

    #[test]
    fn reply_matches_its_line() {
        let reply = format!("Done. {HALT}");
        let accept = ReplyExpectation::parse("prose", "accept", Some(HALT)).unwrap();
        assert_eq!(accept.check(reply.as_bytes()), Ok(()));
        assert!(accept.check(b"Done.").is_err());
        let refuse = ReplyExpectation::parse("prose", "refuse NO_TRANSITION", None).unwrap();
        assert_eq!(refuse.check(b"Done."), Ok(()));
        assert!(refuse.check(b"").is_err());
        assert!(refuse.check(reply.as_bytes()).is_err());
    }

    #[test]
    fn other_expectations_are_refused() {
        for (expect, output) in [
            ("accept", None),
            ("accept canonical=SYNTAX", Some("{}")),
            ("refuse STRANGE", None),
            ("refuse SYNTAX", Some("")),
        ] {
            let parsed = ReplyExpectation::parse("prose", expect, output);
            assert!(parsed.is_err(), "{expect}");
        }
    }
}
