//! Simulated test commands (`pytest`, `npm test`, `cargo test`) over the files of the world.
//!
//! The test suite is every file `tests/*.expect`. Each non-blank line `PATH<TAB>TEXT` is one test,
//! which passes if the file PATH exists and contains TEXT. A malformed line is a failing test.
//! Without any test the command exits with 5, as pytest does. Further arguments are ignored.

use turingos::pointer::{WorkspacePath, clip_bytes};

use super::files::{FileTree, Kind};

/// The directory that holds test suites.
pub(super) const SUITE_DIRECTORY: &str = "tests";

/// The suffix of a test suite's file name.
pub(super) const SUITE_SUFFIX: &str = ".expect";

/// The exit code when there is no test to run.
pub(super) const NO_TESTS_EXIT: u8 = 5;

/// How many tests are run; more than these fail the command.
const MAX_TESTS: usize = 200;

/// How many failures are described; the rest are only counted.
const SHOWN_FAILURES: usize = 20;

const MICROSECONDS_TO_START: u64 = 200_000;
const MICROSECONDS_PER_TEST: u64 = 5_000;

/// The tool whose summary line a test command imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SummaryStyle {
    /// `== 1 failed, 2 passed ==`; fails with 1.
    Pytest,
    /// `Tests: 1 failed, 2 passed, 3 total`; fails with 1.
    Npm,
    /// `test result: FAILED. 2 passed; 1 failed`; fails with 101.
    Cargo,
}

/// The commands that run the tests, as words.
const TEST_COMMANDS: [(&[&str], SummaryStyle); 3] = [
    (&["npm", "test"], SummaryStyle::Npm),
    (&["pytest"], SummaryStyle::Pytest),
    (&["cargo", "test"], SummaryStyle::Cargo),
];

/// The result of running the tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TestRun {
    /// 0 if every test passed, [`NO_TESTS_EXIT`] if there was none, otherwise the tool's own code.
    pub(super) exit_code: u8,
    /// One line per shown failure, then the summary.
    pub(super) report: String,
    /// The duration in virtual microseconds.
    pub(super) duration_us: u64,
}

/// The style of the test command that `words` start with, if any.
#[must_use]
pub(super) fn test_command(words: &[String]) -> Option<SummaryStyle> {
    TEST_COMMANDS
        .into_iter()
        .find(|(command, _)| {
            words.len() >= command.len()
                && words
                    .iter()
                    .zip(*command)
                    .all(|(word, wanted)| word == wanted)
        })
        .map(|(_, style)| style)
}

/// Runs every test of the world.
#[must_use]
pub(super) fn run_tests(files: &FileTree, style: SummaryStyle) -> TestRun {
    let mut report = String::new();
    let mut passed = 0_usize;
    let mut failed = 0_usize;
    for test in suites(files)
        .flat_map(str::lines)
        .filter(|line| !line.trim().is_empty())
    {
        let outcome = if passed + failed < MAX_TESTS {
            check(files, test)
        } else {
            Err("too many tests".to_owned())
        };
        match outcome {
            Ok(()) => passed += 1,
            Err(reason) => {
                failed += 1;
                if failed <= SHOWN_FAILURES {
                    report.push_str("FAILED ");
                    report.push_str(&reason);
                    report.push('\n');
                }
            }
        }
        if passed + failed > MAX_TESTS {
            break;
        }
    }
    let total = passed + failed;
    report.push_str(&summary(style, passed, failed));
    report.push('\n');
    let exit_code = match (total, failed, style) {
        (0, ..) => NO_TESTS_EXIT,
        (_, 0, _) => 0,
        (_, _, SummaryStyle::Cargo) => 101,
        (_, _, SummaryStyle::Pytest | SummaryStyle::Npm) => 1,
    };
    let tests = u64::try_from(total).unwrap_or(u64::MAX);
    TestRun {
        exit_code,
        report,
        duration_us: MICROSECONDS_PER_TEST
            .saturating_mul(tests)
            .saturating_add(MICROSECONDS_TO_START),
    }
}

fn suites(files: &FileTree) -> impl Iterator<Item = &str> {
    files
        .children(Some(SUITE_DIRECTORY))
        .into_iter()
        .flatten()
        .filter(|(name, kind)| *kind == Kind::File && name.ends_with(SUITE_SUFFIX))
        .filter_map(|(name, _)| files.read(&format!("{SUITE_DIRECTORY}/{name}")).ok())
}

fn check(files: &FileTree, test: &str) -> Result<(), String> {
    let malformed = || format!("{}: not PATH<TAB>TEXT", clip_bytes(test, 80));
    let (path, text) = test.split_once('\t').ok_or_else(malformed)?;
    let path: WorkspacePath = path.parse().map_err(|_| malformed())?;
    if text.is_empty() {
        return Err(malformed());
    }
    match files.read(path.as_str()) {
        Ok(content) if content.contains(text) => Ok(()),
        Ok(_) => Err(format!("{path}: lacks {:?}", clip_bytes(text, 80))),
        Err(code) => Err(format!("{path}: {}", code.name())),
    }
}

fn summary(style: SummaryStyle, passed: usize, failed: usize) -> String {
    let total = passed + failed;
    match style {
        SummaryStyle::Pytest if total == 0 => "== no tests ran ==".to_owned(),
        SummaryStyle::Pytest if failed == 0 => format!("== {passed} passed =="),
        SummaryStyle::Pytest => format!("== {failed} failed, {passed} passed =="),
        SummaryStyle::Npm if total == 0 => "No tests found".to_owned(),
        SummaryStyle::Npm if failed == 0 => format!("Tests: {passed} passed, {total} total"),
        SummaryStyle::Npm => format!("Tests: {failed} failed, {passed} passed, {total} total"),
        SummaryStyle::Cargo => format!(
            "test result: {}. {passed} passed; {failed} failed",
            if failed == 0 { "ok" } else { "FAILED" }
        ),
    }
}
