//! What can go wrong with a run's files, and who is to blame.
//!
//! Never says what exit code follows: that is the command line's one place to decide.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use turingos::journal::ChainFault;

use super::divergence::Divergence;
use super::document::DocumentError;
use super::tape::EntryError;

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The caller asked for something that is not done.
    Caller,
    /// The recording is corrupt, or from another version.
    Recording,
    /// The file system refused.
    System,
    /// The program does something else than it did when the recording was made.
    Program,
}

/// A run directory that cannot be created, written or read. Every variant names the place.
#[derive(Debug, Error)]
pub enum RunIoError {
    /// The path is a file.
    #[error("{path} is not a directory")]
    NotADirectory {
        /// What was given as the run directory.
        path: PathBuf,
    },
    /// The directory holds something else, which is left as it is.
    #[error("{path} is not empty and holds no run; choose another directory")]
    NotEmpty {
        /// The directory that was to become a run.
        path: PathBuf,
    },
    /// The directory holds a run already. Runs are never overwritten or continued by accident.
    #[error("{path} already holds a run; choose another directory or remove it")]
    AlreadyARun {
        /// The directory that was to become a run.
        path: PathBuf,
    },
    /// What was given as a recorded run is something else.
    #[error("{path} holds no run: there is no header.json in it")]
    NoRun {
        /// What was given as a run directory.
        path: PathBuf,
    },
    /// The file system refused: no space, no permission, no such file.
    #[error("cannot {action} {path}: {source}")]
    System {
        /// The verb: what was being done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause, as the operating system says it.
        source: io::Error,
    },
    /// A file that every run has is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A line of a plain file is not what this version writes.
    #[error("{path}: line {line} {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A header or manifest is not what this version writes.
    #[error("{path}: {source}")]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A journal or tape is not the chain that its header begins.
    #[error("{path}: {fault}")]
    Chain {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        fault: ChainFault,
    },
    /// A line of a tape verifies but is no entry.
    #[error("{path}: line {line} {source}")]
    TapeEntry {
        /// The tape.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with its record.
        source: Box<EntryError>,
    },
    /// A line that was about to be written holds a secret. Nothing of it was written.
    #[error("{path}: the next line would hold {secret}; it was not written, the run has stopped")]
    Secret {
        /// The file.
        path: PathBuf,
        /// What kind of secret.
        secret: &'static str,
    },
    /// A line that was about to be written is longer than a reader takes.
    #[error("{path}: line {line} would be longer than {limit} bytes, and the run has stopped")]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Which line it would have been, from 1.
        line: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A journal tells of ticks whose inputs are not on the tape: the tape lost its end, as it may
    /// when the power fails.
    #[error(
        "{path}: ends within tick {tick}, but the journal has {journal_ticks} records; the run \
         cannot be resumed"
    )]
    TapeTooShort {
        /// The tape.
        path: PathBuf,
        /// The tick that needs more.
        tick: u64,
        /// How many records the journal has.
        journal_ticks: u64,
    },
    /// A replay or a resumed run differs from what was recorded.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// The run has stopped for a reason that was told before.
    #[error("the run has stopped")]
    Stopped,
    /// Another process is at work on the run.
    #[error("{path} is in use by another process")]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// A run that is finished has no room for another record.
    #[error("{path}: the re-run produced a tick that the finished recording lacks")]
    Finished {
        /// The journal.
        path: PathBuf,
    },
    /// Nothing is written after a failed write.
    #[error("cannot write {path}: an earlier write failed")]
    AfterFailure {
        /// The file.
        path: PathBuf,
    },
    /// The manifest speaks of another journal than the one beside it.
    #[error("{path}: {claim} says {claimed}, but header and journal say {found}")]
    ManifestDisagrees {
        /// The manifest.
        path: PathBuf,
        /// Which member of it.
        claim: &'static str,
        /// What the manifest says.
        claimed: String,
        /// What is there.
        found: String,
    },
}

impl RunIoError {
    /// Who has to do something about it.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::NotADirectory { .. }
            | Self::NotEmpty { .. }
            | Self::AlreadyARun { .. }
            | Self::Busy { .. } => Blame::Caller,
            Self::System { .. }
            | Self::Secret { .. }
            | Self::LineTooLong { .. }
            | Self::Stopped
            | Self::AfterFailure { .. } => Blame::System,
            Self::NoRun { .. }
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::Document { .. }
            | Self::Chain { .. }
            | Self::TapeEntry { .. }
            | Self::TapeTooShort { .. }
            | Self::ManifestDisagrees { .. } => Blame::Recording,
            Self::Diverged(_) | Self::Finished { .. } => Blame::Program,
        }
    }

    /// Names the action and the path of an operating system's error.
    pub fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::System {
            action,
            path,
            source,
        }
    }
}
