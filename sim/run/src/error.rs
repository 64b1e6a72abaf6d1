//! What can go wrong with a run's files, and who is to blame.
//!
//! Never says what exit code follows: that is the command line's one place to decide.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use turingos::journal::ChainFault;

use super::divergence::Divergence;
use super::document::DocumentError;
use super::open_folder::NotAFile;
use super::tape::EntryError;

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The caller: the arguments ask for something that is refused.
    Caller,
    /// The recording: it is corrupt, or from another version.
    Recording,
    /// The file system: it refused.
    System,
    /// The program: it does something else than when the recording was made.
    Program,
}

/// A run directory that cannot be created, written or read. Every variant names the place.
#[derive(Debug, Error)]
#[non_exhaustive]
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
    /// A run lacks one of the files that every run has.
    #[error("{path} is missing")]
    Missing {
        /// The file.
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
    /// Something in place of a file is none, so it is neither read nor written.
    #[error("{path}: {reason}")]
    NotAFile {
        /// Its path.
        path: PathBuf,
        /// What it is.
        reason: NotAFile,
    },
    /// A header is of another kind or version.
    #[error("{path}: {source}; the known kinds of runs are {known}")]
    UnknownHeader {
        /// The header.
        path: PathBuf,
        /// What it says it is.
        source: DocumentError,
        /// The kinds that this version reads, separated by commas.
        known: String,
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
    /// The last line of a file was cut short, but the run is finished.
    #[error("{path}: line {line} is torn, but the run is finished")]
    Torn {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
    /// A line of the injections is not one that a run writes.
    #[error("{path}: line {line} {reason}")]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A line of a tape verifies but is not an entry.
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
    /// An effect on the world would hold a secret. It was not made.
    #[error("tick {tick}: {effect} would hold {secret}; it was not made, and the run has stopped")]
    SecretEffect {
        /// The tick, from 0.
        tick: u64,
        /// Which effect.
        effect: &'static str,
        /// What kind of secret.
        secret: &'static str,
    },
    /// A line that was about to be written is longer than readers accept.
    #[error("{path}: line {line} would be longer than {limit} bytes, and the run has stopped")]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Which line it would have been, from 1.
        line: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The journal has ticks whose inputs are not on the tape: the tape lost its end, as it may
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
    /// The run has stopped for a reason that was reported before.
    #[error("the run has stopped")]
    Stopped,
    /// Another process is at work on the run.
    #[error("{path} is in use by another process")]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// A finished run is resumed and makes a tick that its journal lacks.
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
    /// The manifest disagrees with the files beside it.
    #[error("{path}: {claim} says {claimed}, but the files beside it say {found}")]
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
    /// Who has to act on it.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::NotADirectory { .. }
            | Self::NotEmpty { .. }
            | Self::AlreadyARun { .. }
            | Self::Busy { .. } => Blame::Caller,
            Self::System { .. }
            | Self::Secret { .. }
            | Self::SecretEffect { .. }
            | Self::LineTooLong { .. }
            | Self::Stopped
            | Self::AfterFailure { .. } => Blame::System,
            Self::NoRun { .. }
            | Self::Missing { .. }
            | Self::NotAFile { .. }
            | Self::UnknownHeader { .. }
            | Self::Document { .. }
            | Self::Chain { .. }
            | Self::Torn { .. }
            | Self::BadLine { .. }
            | Self::TapeEntry { .. }
            | Self::TapeTooShort { .. }
            | Self::ManifestDisagrees { .. } => Blame::Recording,
            Self::Diverged(_) | Self::Finished { .. } => Blame::Program,
        }
    }

    /// The error of a file of a run that cannot be opened: it is missing, or the system refused.
    pub(crate) fn not_read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::system("read", &path)(source),
        }
    }

    /// Names the action and the path of an operating system's error.
    pub fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match NotAFile::of(&source) {
            Some(reason) => Self::NotAFile { path, reason },
            None => Self::System {
                action,
                path,
                source,
            },
        }
    }
}
