//! Exit codes, in one place, and the failures that carry them.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use strum::VariantArray;
use turingos_run::{Blame, NotAFile, RunIoError};

/// How the command ends. Scripts rely on the numbers: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub(crate) enum Exit {
    /// Every check passed.
    Passed = 0,
    /// A gate or an invariant failed, or the input was refused.
    Failed = 1,
    /// The arguments are wrong; nothing was done.
    Usage = 2,
    /// The run stopped recovering.
    NotLive = 3,
    /// Two runs of the same inputs differ.
    Nondeterminism = 4,
    /// A replay differs from its recording.
    Divergence = 5,
    /// A recording or another input file is corrupt, or from a newer version.
    Corrupt = 6,
    /// The file system or a provider refused.
    System = 7,
}

impl Exit {
    /// Every exit code, in order.
    pub(crate) const ALL: &'static [Self] = Self::VARIANTS;

    /// The number that the shell sees.
    #[must_use]
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// Its meaning, for `--help`.
    #[must_use]
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "a gate or an invariant failed, or the input was refused",
            Self::Usage => "usage",
            Self::NotLive => "liveness: no recovery",
            Self::Nondeterminism => "nondeterminism",
            Self::Divergence => "replay divergence",
            Self::Corrupt => "corrupt input",
            Self::System => "I/O or provider error",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Blame> for Exit {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Caller => Self::Usage,
            Blame::Recording => Self::Corrupt,
            Blame::System => Self::System,
            Blame::Program => Self::Divergence,
        }
    }
}

/// A verb that failed: the message for standard error, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// One line for people: what, where and why.
    pub(crate) message: String,
    /// Further lines, where one is not enough.
    pub(crate) details: Vec<String>,
}

impl Failure {
    /// A failure with a message of its own.
    #[must_use]
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The same failure with further lines.
    #[must_use]
    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// Writes every line.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "sim: {}", self.message)?;
        for line in &self.details {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// A file that cannot be read or written, with the cause.
    #[must_use]
    pub(crate) fn of_file(action: &str, path: &Path, cause: &io::Error) -> Self {
        let exit = match NotAFile::of(cause) {
            Some(_) => Exit::Corrupt,
            None => Exit::System,
        };
        Self::new(exit, format!("cannot {action} {}: {cause}", path.display()))
    }
}

impl From<RunIoError> for Failure {
    fn from(error: RunIoError) -> Self {
        let exit = error.blame().into();
        match error {
            RunIoError::Diverged(divergence) => {
                let mut lines = divergence.lines();
                let message = lines.remove(0);
                Self::new(exit, message).with_details(lines)
            }
            error => Self::new(exit, error.to_string()),
        }
    }
}

/// Standard output that cannot be written.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::System, format!("cannot write the output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_match_the_documentation() {
        let numbers = Exit::ALL.iter().map(|exit| exit.code());
        assert_eq!(numbers.collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(Exit::Divergence.code(), 5);
        assert_eq!(Exit::System.meaning(), "I/O or provider error");
    }
}
