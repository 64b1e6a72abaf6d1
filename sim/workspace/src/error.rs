//! Why a directory cannot become a workspace.
//!
//! Never about a single file of an open one: that is a `WorldFault`.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A path that cannot be opened as a workspace. Nothing was changed in it.
#[derive(Debug, Error)]
pub enum WorkspaceError {
    /// Something other than a directory stands there.
    #[error("{path} is not a directory; a workspace is a directory of its own")]
    NotADirectory {
        /// What was given as the workspace.
        path: PathBuf,
    },
    /// The directory was to be filled and holds something already.
    #[error("{path} is not empty; choose an empty or a new directory as the workspace")]
    NotEmpty {
        /// The directory that was to become a workspace.
        path: PathBuf,
    },
    /// Another process works in the directory.
    #[error("{path} is the workspace of another run; wait for its end or choose another directory")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} the workspace {path}: {source}")]
    System {
        /// The verb: what was being done.
        action: &'static str,
        /// The directory.
        path: PathBuf,
        /// The cause, as the operating system says it.
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
