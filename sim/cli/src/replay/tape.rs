//! A recording of an agent's traffic, opened to be replayed.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::paths::existing;
use turingos::Digest;
use turingos_exchange::{Exchange, Header, Tape};
use turingos_matching::{MAX_RULES_BYTES, Rules};
use turingos_replayer::{Pace, ReplayReport};
use turingos_run::fixed_point::Decimal;

/// How requests are compared and answers are served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct MatchArgs {
    /// The rules for values that change from run to run, from a TOML file; `sim schema show
    /// match-rules.v1` shows its form. Default: the rules of the recording.
    #[arg(long, value_name = "FILE", value_parser = existing())]
    pub(crate) rules: Option<PathBuf>,
    /// Accept it if exchanges of the recording are never asked for.
    #[arg(long)]
    pub(crate) allow_unused: bool,
    /// Let answers take their recorded times, by this factor: 1.0 is as recorded. Default: as fast
    /// as possible.
    #[arg(long, value_name = "FACTOR")]
    pub(crate) pace: Option<PaceArg>,
}

impl MatchArgs {
    /// The pace of answers.
    pub(crate) fn pace(&self) -> Pace {
        self.pace.map_or(Pace::AT_ONCE, |pace| pace.0)
    }
}

/// A recording and the rules under which it is replayed.
#[derive(Debug)]
pub(crate) struct OpenTape {
    /// What was recorded and how.
    pub(crate) header: Header,
    /// Its exchanges.
    pub(crate) exchanges: Vec<Exchange>,
    /// The rules of the given file, else those of the header.
    pub(crate) rules: Rules,
    /// Where its hash chain ends.
    pub(crate) head: Digest,
    /// False for a recording that was not finished.
    pub(crate) is_finished: bool,
}

impl OpenTape {
    /// Opens a recording.
    ///
    /// # Errors
    /// It is corrupt or cannot be read, or the rules do not parse.
    pub(crate) fn open(path: &Path, rules: Option<&PathBuf>) -> Result<Self, Failure> {
        let given = rules.map(|path| read_rules(path)).transpose()?;
        let tape = Tape::open(path)?;
        let rules = match (given, &tape.header.rules) {
            (Some(rules), _) => rules,
            (None, Some(text)) => Rules::parse(text.text().as_bytes()).map_err(|fault| {
                let path = path.display();
                Failure::new(
                    Exit::Corrupt,
                    format!("{path}: rules of the header: {fault}"),
                )
            })?,
            (None, None) => Rules::default(),
        };
        Ok(Self {
            header: tape.header,
            exchanges: tape.exchanges,
            rules,
            head: tape.chain.head(),
            is_finished: tape.is_finished,
        })
    }
}

/// Reads a file of rules.
///
/// # Errors
/// It cannot be read, or it has no rules that can be used: a usage error, with its line.
pub(crate) fn read_rules(path: &Path) -> Result<Rules, Failure> {
    let refused = |cause| Failure::of_file("read", path, &cause);
    let length = std::fs::metadata(path).map_err(refused)?.len();
    if length > MAX_RULES_BYTES as u64 {
        let message = format!(
            "{}: {length} bytes; rules have at most {MAX_RULES_BYTES}",
            path.display()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let bytes = std::fs::read(path).map_err(refused)?;
    Rules::parse(&bytes)
        .map_err(|fault| Failure::new(Exit::Usage, format!("{}: {fault}", path.display())))
}

/// A pace on the command line: `1.0` keeps the recorded times, `0.5` halves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaceArg(pub(crate) Pace);

impl FromStr for PaceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let thousandths = Decimal::read(text)
            .filter(|pace| pace.whole_digits() <= 3 && pace.decimals() <= 3)
            .and_then(|pace| pace.scaled(3));
        match thousandths {
            Some(thousandths) => Ok(Self(Pace::of_thousandths(thousandths))),
            None => Err("a pace is a number from 0 to 999, such as 1.0 or 0.5".into()),
        }
    }
}

/// The last line of a replay: whether it was as recorded, and the numbers behind it.
pub(crate) fn verdict(report: &ReplayReport, allow_unused: bool) -> String {
    let ReplayReport {
        recorded,
        served,
        live,
        missed,
        refused,
        left_over,
        ..
    } = report;
    let mut parts = vec![format!("{served} of {recorded} exchanges served")];
    for (count, what) in [
        (live, "sent to their service"),
        (missed, "missed"),
        (refused, "refused"),
        (left_over, "never asked for"),
    ] {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let injected: Vec<_> = { report.injected.iter() }
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if !injected.is_empty() {
        parts.push(format!("made on purpose: {}", injected.join(", ")));
    }
    let word = match report.is_as_recorded(allow_unused) {
        true => "AS RECORDED",
        false => "DIVERGED",
    };
    format!("{word}  {}", parts.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_a_decimal_number() {
        assert_eq!("1.0".parse(), Ok(PaceArg(Pace::RECORDED)));
        assert_eq!("0".parse(), Ok(PaceArg(Pace::AT_ONCE)));
        assert_eq!("2.5".parse(), Ok(PaceArg(Pace::of_thousandths(2_500))));
        for text in ["", "-1", "1e3", "1000", "0.0001", "x"] {
            assert!(text.parse::<PaceArg>().is_err(), "{text}");
        }
    }
}
