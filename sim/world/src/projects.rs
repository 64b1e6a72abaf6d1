//! Test commands: `pytest` and its kin, deciding from the files of the world alone.
//!
//! A project's test suite is every file `tests/*.expect`. Each of its non-blank lines is one test,
//! `PATH<TAB>TEXT`, and passes if the file PATH exists and contains TEXT. A line of any other form
//! is a failing test, never a skipped one. With no test at all the command exits with 5, as pytest
//! does. Arguments after the command's own words select nothing and change nothing.

use turingos::pointer::{WorkspacePath, clip_bytes};

use super::files::{FileTree, Kind};

/// The directory that holds test suites.
pub const SUITE_DIRECTORY: &str = "tests";

/// What the name of a test suite ends with.
pub const SUITE_SUFFIX: &str = ".expect";

/// The exit code when there is no test to run.
pub const NO_TESTS_EXIT: u8 = 5;

/// How many tests are run; a suite that has more fails.
const MAX_TESTS: usize = 200;

/// How many failures are described; the rest are counted.
const SHOWN_FAILURES: usize = 20;

const MICROSECONDS_TO_START: u64 = 200_000;
const MICROSECONDS_PER_TEST: u64 = 5_000;

/// Whose summary line a test command imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryStyle {
    /// `== 1 failed, 2 passed ==`; fails with 1.
    Pytest,
    /// `Tests: 1 failed, 2 passed, 3 total`; fails with 1.
    Npm,
    /// `test result: FAILED. 2 passed; 1 failed`; fails with 101.
    Cargo,
}

/// Which command lines run the tests. The first whose words a command starts with is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCommands(Vec<(Vec<String>, SummaryStyle)>);

impl Default for TestCommands {
    fn default() -> Self {
        Self::new([
            ("npm test", SummaryStyle::Npm),
            ("pytest", SummaryStyle::Pytest),
            ("cargo test", SummaryStyle::Cargo),
        ])
    }
}

/// What a run of the tests did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// 0 if every test passed, [`NO_TESTS_EXIT`] if there was none, else the tool's own.
    pub exit_code: u8,
    /// One line for each failure shown, then the summary.
    pub report: String,
    /// How long it took, in virtual microseconds.
    pub duration_us: u64,
}

impl TestCommands {
    /// A table of commands, each given as words separated by spaces. One without words matches
    /// nothing.
    #[must_use]
    pub fn new<'a>(commands: impl IntoIterator<Item = (&'a str, SummaryStyle)>) -> Self {
        let split = |words: &str| words.split_whitespace().map(str::to_owned).collect();
        Self(
            commands
                .into_iter()
                .map(|(words, style)| (split(words), style))
                .filter(|(words, _): &(Vec<String>, SummaryStyle)| !words.is_empty())
                .collect(),
        )
    }

    /// The style of the test command that `words` start with, if any.
    #[must_use]
    pub fn find(&self, words: &[String]) -> Option<SummaryStyle> {
        self.0
            .iter()
            .find(|(prefix, _)| words.starts_with(prefix))
            .map(|(_, style)| *style)
    }
}

/// Runs every test of the world.
#[must_use]
pub fn run_tests(files: &FileTree, style: SummaryStyle) -> TestRun {
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
