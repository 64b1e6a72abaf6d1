//! Why a file of a sweep cannot be written, read or merged.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file of a sweep cannot be written, read or merged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The system refused.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        cause: io::Error,
    },
    /// The file is not what this program writes, or not any more.
    #[error("{}: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file is of another sweep than the one that is to be written.
    #[error("{} is of another sweep: {what}; name another --out, or remove the file", path.display())]
    OtherSweep {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// Another process writes the file.
    #[error("{} is being written by another process; wait for it or stop it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

impl SweepError {
    /// What cannot be done with a path, and why.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io {
            action,
            path: path.to_owned(),
            cause,
        }
    }

    /// A file that is not what it should be.
    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}
