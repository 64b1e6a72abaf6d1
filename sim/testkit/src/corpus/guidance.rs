//! `corpus/guard`: recorded trap frames, and the guard block that follows from each.
//!
//! An input is the JSON of one frame and, after a line feed, that of the trap which it closed. The
//! group names the state of the machine. No machine is run.

use turingos::guard_lane::{Situation, Writing, write_block};
use turingos::mind::MAX_TASKS;
use turingos::trap::{TrapFrame, TrapFrameFault};

use super::headline::{Headline, canonical_line, no_output};
use super::{Disagreement, Expectation};

/// What a recorded trap frame leads to: `accept` with the block as its output, or `refuse CODE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardExpectation {
    situation: Situation,
    outcome: Result<String, String>,
}

impl GuardExpectation {
    /// The block that must come out; nothing if the frame is refused.
    #[must_use]
    pub fn block(&self) -> Option<&str> {
        self.outcome.as_deref().ok()
    }

    /// The code that the frame is refused with; nothing if it is accepted.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.outcome.as_ref().err().map(String::as_str)
    }

    fn block_of(&self, input: &[u8]) -> Result<String, TrapFrameFault> {
        let mut frames = input.splitn(2, |byte| *byte == b'\n');
        let frame = TrapFrame::parse(frames.next().unwrap_or_default())?;
        let closed = frames.next().map(TrapFrame::parse).transpose()?;
        let mut block = String::new();
        write_block(&frame, closed.as_ref(), &self.situation, &mut block);
        Ok(block)
    }
}

/// The state of a machine, by the name of a group.
fn situation(group: &str) -> Option<Situation> {
    let stuck = Situation {
        tasks: 0,
        has_active: false,
        writing: Writing::Nowhere,
        can_halt: false,
        at_trap: true,
        attempts_left: Some(3),
        resets_left: 2,
    };
    match group {
        "stuck" => Some(stuck),
        "elsewhere" => Some(Situation {
            writing: Writing::Here,
            at_trap: false,
            attempts_left: None,
            ..stuck
        }),
        "busy" => Some(Situation {
            tasks: 1,
            has_active: true,
            writing: Writing::ThroughCapability,
            can_halt: true,
            attempts_left: Some(4),
            resets_left: 1,
            ..stuck
        }),
        "crowded" => Some(Situation {
            tasks: MAX_TASKS,
            attempts_left: Some(1),
            resets_left: 0,
            ..stuck
        }),
        _ => None,
    }
}

impl Expectation for GuardExpectation {
    const FOLDER: &'static str = "guard";

    fn parse(group: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let headline = Headline::parse(expect)?;
        headline.finish()?;
        let situation = situation(group).ok_or_else(|| {
            format!("`{group}` is not one of the groups stuck, elsewhere, busy, crowded")
        })?;
        let outcome = match headline.refused_with {
            None => Ok(canonical_line(output)?),
            Some(code) if TrapFrameFault::CODES.contains(&code) => {
                no_output(output)?;
                Err(code.to_owned())
            }
            Some(code) => {
                return Err(format!(
                    "`{code}` is not a fault code of the trap frame's reader"
                ));
            }
        };
        Ok(Self { situation, outcome })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let got = self.block_of(input);
        let agrees = match (&self.outcome, &got) {
            (Ok(block), Ok(written)) => block == written,
            (Err(code), Err(fault)) => code == fault.code(),
            _ => false,
        };
        if agrees {
            return Ok(());
        }
        Err(Disagreement {
            expected: match &self.outcome {
                Ok(block) => format!("accept {block}"),
                Err(code) => format!("refuse {code}"),
            },
            got: match got {
                Ok(block) => format!("accept {block}"),
                Err(fault) => format!("refuse {} ({fault})", fault.code()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_outcomes_and_groups_are_reported() {
        let refuse = GuardExpectation::parse("stuck", "refuse NOT_VALID", None).unwrap();
        assert_eq!(refuse.check(b"{}"), Ok(()));
        assert!(refuse.check(&[b' '; 5_000]).is_err());
        let accept = GuardExpectation::parse("stuck", "accept", Some("{}")).unwrap();
        assert!(accept.check(b"{}").is_err());
        for (group, expect, output) in [
            ("nowhere", "accept", Some("{}")),
            ("stuck", "refuse SYNTAX", None),
            ("stuck", "refuse NOT_VALID", Some("{}")),
            ("stuck", "accept", None),
            ("stuck", "accept status=1", Some("{}")),
        ] {
            let parsed = GuardExpectation::parse(group, expect, output);
            assert!(parsed.is_err(), "{group}: {expect}");
        }
    }
}
