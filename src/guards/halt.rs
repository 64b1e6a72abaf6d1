//! ILLEGAL_HALT: a machine stops only with recent evidence that its tests passed.
//!
//! Never runs anything: it only remembers how the observed commands ended.

use alloc::string::String;
use alloc::vec::Vec;

/// How many of the last commands are looked at.
pub(crate) const WINDOW: usize = 6;

/// How an observed command ended, as far as halting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A test command that exited 0.
    TestPassed,
    /// A test command that did not.
    TestFailed,
    /// Any other command.
    Other,
}

/// Which commands count as tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestCommands(Vec<String>);

impl TestCommands {
    /// `prefixes` are command lines such as `cargo test`; more words may follow.
    #[must_use]
    pub(crate) fn new(prefixes: Vec<String>) -> Self {
        Self(prefixes)
    }

    /// Classifies a finished command. A line with shell operators proves nothing, because its exit
    /// code need not be the test's (`pytest || true`).
    #[must_use]
    pub(crate) fn classify(&self, command: &str, exit_code: u8) -> Signal {
        let is_test = self.0.iter().any(|prefix| {
            command
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        let is_plain = || !command.contains(['|', '&', ';', '<', '>', '`', '$', '\n', '(']);
        match (is_test && is_plain(), exit_code) {
            (false, _) => Signal::Other,
            (true, 0) => Signal::TestPassed,
            (true, _) => Signal::TestFailed,
        }
    }
}

/// The last [`WINDOW`] signals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    recent: [Option<Signal>; WINDOW],
}

impl Evidence {
    /// Remembers how a command ended.
    pub(crate) fn note(&mut self, signal: Signal) {
        self.recent.rotate_left(1);
        if let Some(newest) = self.recent.last_mut() {
            *newest = Some(signal);
        }
    }

    /// True if one of the last [`WINDOW`] commands was a test that passed.
    #[must_use]
    pub(crate) fn allows_halt(&self) -> bool {
        self.recent.contains(&Some(Signal::TestPassed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests() -> TestCommands {
        TestCommands::new(alloc::vec!["cargo test".into(), "pytest".into()])
    }

    #[test]
    fn only_a_plain_test_line_is_evidence() {
        assert_eq!(tests().classify("pytest", 0), Signal::TestPassed);
        assert_eq!(tests().classify("pytest -q tests", 0), Signal::TestPassed);
        assert_eq!(tests().classify("cargo test", 1), Signal::TestFailed);
        for line in ["pytest || true", "pytest; true", "echo pytest", "pytests"] {
            assert_eq!(tests().classify(line, 0), Signal::Other, "{line}");
        }
    }

    #[test]
    fn evidence_lasts_for_six_commands_and_not_for_seven() {
        let mut evidence = Evidence::default();
        assert!(!evidence.allows_halt());
        evidence.note(Signal::TestPassed);
        for _ in 0..WINDOW - 1 {
            evidence.note(Signal::Other);
        }
        assert!(evidence.allows_halt());
        evidence.note(Signal::Other);
        assert!(!evidence.allows_halt());
    }
}
