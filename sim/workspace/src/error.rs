//! Why a directory cannot become a workspace. A fault within an open one is a `WorldFault`.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a path cannot be opened as a workspace. Nothing in it was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// It is not a directory.
    #[error("{path} is not a directory; choose a directory as the workspace")]
    NotADirectory {
        /// The given path.
        path: PathBuf,
    },
    /// A new workspace needs an empty directory.
    #[error("{path} is not empty; choose an empty or new directory as the workspace")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// Another process uses the directory.
    #[error("{path} is in use by another run; wait until it ends or choose another directory")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The operating system reported an error.
    #[error("cannot {action} the workspace {path}: {source}")]
    System {
        /// The failed action, as a verb.
        action: &'static str,
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl WorkspaceError {
    pub(super) fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}
