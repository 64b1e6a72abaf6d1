//! `corpus/turingos-journals`: journals of TuringOS, whole and damaged, and their reader's verdict.

use turingos_run::turingos_journal::{Counts, FaultCode, verify, verify_line_chain};

use super::headline::{Headline, no_output};
use super::{Disagreement, Expectation};

/// The verdict on a journal: `accept tuples=4 traps=1 routes=0 others=2` (and `foreign=1`
/// for syscalls of another instruction set), or `refuse CODE line=3`. From its first line that
/// begins with `{` on, an input is the line chain beside the journal: the two are held to each
/// other, and `line` is the chain's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalExpectation {
    /// The journal verifies.
    Accept(Counts),
    /// It does not.
    Refuse {
        /// The reason.
        code: FaultCode,
        /// The line, from 1.
        line: u64,
    },
}

impl Expectation for JournalExpectation {
    const FOLDER: &'static str = "turingos-journals";

    fn parse(_: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let mut headline = Headline::parse(expect)?;
        no_output(output)?;
        let refused_with = headline.refused_with;
        let mut number = |key: &str, default: Option<u64>| match (headline.take(key), default) {
            (Some(digits), _) => digits
                .parse()
                .map_err(|_| format!("`{key}={digits}` is not a number")),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("`{key}=` is missing")),
        };
        let expectation = match refused_with {
            None => {
                let mut counts = Counts {
                    lines: 0,
                    tuples: number("tuples", None)?,
                    foreign_syscalls: number("foreign", Some(0))?,
                    traps: number("traps", None)?,
                    routes: number("routes", None)?,
                    others: number("others", None)?,
                };
                counts.lines = counts.tuples + counts.traps + counts.routes + counts.others;
                Self::Accept(counts)
            }
            Some(code) => Self::Refuse {
                line: number("line", None)?,
                code: { FaultCode::ALL.iter().copied() }
                    .find(|known| known.name() == code)
                    .ok_or_else(|| format!("`{code}` is not a code of the journal's reader"))?,
            },
        };
        headline.finish()?;
        Ok(expectation)
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let (journal, chain) = halves(input);
        let said = match verify(journal, |_, _| ()).and_then(|read| {
            match chain {
                [] => {}
                chain => drop(verify_line_chain(chain, journal)?),
            }
            Ok(read)
        }) {
            Ok(journal) => Self::Accept(journal.counts()),
            Err(fault) => Self::Refuse {
                code: fault.code,
                line: fault.line,
            },
        };
        if said == *self {
            return Ok(());
        }
        Err(Disagreement {
            expected: self.sentence(),
            got: said.sentence(),
        })
    }
}

/// A journal, and the line chain that follows it.
fn halves(input: &[u8]) -> (&[u8], &[u8]) {
    let chain = { input.windows(3) }.position(|bytes| bytes == b"\n{\"");
    input.split_at(chain.map_or(input.len(), |at| at + 1))
}

impl JournalExpectation {
    fn sentence(&self) -> String {
        match self {
            Self::Accept(counts) => format!(
                "accept tuples={} traps={} routes={} others={} foreign={}",
                counts.tuples, counts.traps, counts.routes, counts.others, counts.foreign_syscalls
            ),
            Self::Refuse { code, line } => format!("refuse {code} line={line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::turingos_journal::Composer;

    #[test]
    fn journal_matches_counts_or_code_and_line() {
        let mut composer = Composer::default();
        composer.tuple("s", "SYS_GOTO", "a");
        composer.line("Tick", "-");
        let journal = composer.finish();
        let parse = |expect| JournalExpectation::parse("whole", expect, None).unwrap();
        let accept = parse("accept tuples=1 traps=0 routes=0 others=1");
        assert_eq!(accept.check(journal.as_bytes()), Ok(()));
        assert!(accept.check(b"").is_err());
        let refuse = parse("refuse EMPTY line=1");
        assert_eq!(refuse.check(b""), Ok(()));
        assert!(refuse.check(journal.as_bytes()).is_err());
        assert!(refuse.check(b"x").is_err());
    }

    #[test]
    fn other_expectations_are_refused() {
        for expect in [
            "accept",
            "accept tuples=1 traps=0 routes=0",
            "accept tuples=1 traps=0 routes=0 others=0 lines=1",
            "accept tuples=one traps=0 routes=0 others=0",
            "refuse EMPTY",
            "refuse STRANGE line=1",
        ] {
            let parsed = JournalExpectation::parse("whole", expect, None);
            assert!(parsed.is_err(), "{expect}");
        }
        let parsed = JournalExpectation::parse("whole", "refuse EMPTY line=1", Some("x"));
        assert!(parsed.is_err());
    }
}
