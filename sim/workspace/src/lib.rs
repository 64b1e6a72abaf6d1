//! The directory manifold: a real directory behind the same trait as the in-memory world.
//!
//! **Files are confined.** Every path is resolved beneath an open handle of the workspace, so `..`,
//! absolute paths and symbolic links cannot lead out of it, even if directories are renamed
//! meanwhile. A link that stays inside is followed, except as the target of a write. Pipes, sockets
//! and devices are refused without being opened.
//!
//! **Commands are confined by a [`Launcher`]**, in a sandbox that the system offers. They have an
//! environment of their own, a time limit and an output limit, and everything that they start ends
//! with them. Without a launcher only their process group ends with them, and they have all the
//! rights of the user who runs this program.
//!
//! File contents, outputs and durations are nondeterministic input, so a run in a directory can be
//! repeated only from its tape. No absolute path appears in an answer.

mod child;
mod command;
mod error;
mod fault;
mod files;
mod git;
mod interrupt;
mod launcher;
mod replacement;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_std::fs::{Dir, MetadataExt as _};
use rustix::fs::OFlags;
use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

pub use error::WorkspaceError;
pub use interrupt::Interrupt;
pub use launcher::{Launcher, SandboxChoice, SandboxError, launch};
pub use replacement::STAGING_NAME;

use turingos_world::{Quota, shell};

/// The limits of a workspace. The defaults are the in-memory world's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file to read or write, in bytes; beyond it TOO_LARGE.
    pub file_bytes: usize,
    /// Bytes kept of each output stream of a command; the rest is discarded.
    pub output_bytes: usize,
    /// The time limit of a command and of each call of `git`.
    pub command_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: Quota::default().max_file_bytes,
            output_bytes: shell::SHOWN_LIMIT,
            command_time: Duration::from_micros(shell::TIME_LIMIT_US),
        }
    }
}

/// A workspace directory, locked for this process while the value lives.
#[derive(Debug)]
pub struct Workspace {
    root: Dir,
    /// Canonical. Only for starting commands; files are reached through `root`.
    path: PathBuf,
    limits: Limits,
    launcher: Option<Launcher>,
    interrupt: Interrupt,
    /// The lock of the directory; the system releases it if the process is killed.
    lock: File,
}

impl Drop for Workspace {
    /// Unlocks explicitly, because a child started by another thread may briefly keep the file open.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Workspace {
    /// Opens an existing directory.
    ///
    /// # Errors
    /// It is missing or not a directory, another process uses it, or the system reports an error.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, WorkspaceError> {
        let system = || WorkspaceError::system("open", path);
        let canonical = fs::canonicalize(path).map_err(system())?;
        let lock = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::DIRECTORY.bits().cast_signed())
            .open(&canonical)
            .map_err(|error| match error.kind() {
                ErrorKind::NotADirectory => WorkspaceError::NotADirectory {
                    path: path.to_path_buf(),
                },
                _ => system()(error),
            })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(WorkspaceError::InUse {
                    path: path.to_path_buf(),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(WorkspaceError::system("lock", path)(error));
            }
        }
        Ok(Self {
            root: Dir::from_std_file(lock.try_clone().map_err(system())?),
            path: canonical,
            limits,
            launcher: None,
            interrupt: Interrupt::default(),
            lock,
        })
    }

    /// Opens an empty directory, creating it and its parents if it is missing.
    ///
    /// # Errors
    /// It is a file or not empty, and stays unchanged; or as for [`Workspace::open`].
    pub fn create(path: &Path, limits: Limits) -> Result<Self, WorkspaceError> {
        if fs::symlink_metadata(path).is_err() {
            fs::create_dir_all(path).map_err(WorkspaceError::system("create", path))?;
        }
        let workspace = Self::open(path, limits)?;
        let mut entries = workspace
            .root
            .entries()
            .map_err(WorkspaceError::system("list", path))?;
        if entries.next().is_some() {
            return Err(WorkspaceError::NotEmpty {
                path: path.to_path_buf(),
            });
        }
        Ok(workspace)
    }

    /// The same workspace with a launcher for its commands and for `git`.
    #[must_use]
    pub fn with_launcher(mut self, launcher: Launcher) -> Self {
        self.launcher = Some(launcher);
        self
    }

    /// The same workspace, whose running command ends when the user asks for it.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Writes initial files, pairs of path and content.
    ///
    /// # Errors
    /// OTHER if a path is not a workspace path; otherwise the fault of writing the file. Earlier
    /// files stay written.
    pub fn populate<'a>(
        &mut self,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), WorldFault> {
        for (path, content) in files {
            let parsed: WorkspacePath = path.parse().map_err(|error| WorldFault {
                code: WorldFaultCode::Other,
                detail: format!("{path}: {error}"),
            })?;
            self.replace(&parsed, content)?;
        }
        Ok(())
    }

    fn replace(&self, path: &WorkspacePath, content: &str) -> Result<(), WorldFault> {
        if content.len() > self.limits.file_bytes {
            return Err(fault::plain(WorldFaultCode::TooLarge, path.as_str()));
        }
        replacement::write(&self.root, path.as_str(), content)
    }

    /// False if `path`, where commands start, is no longer the open directory.
    fn is_in_place(&self) -> bool {
        let (Ok(named), Ok(held)) = (fs::metadata(&self.path), self.root.dir_metadata()) else {
            return false;
        };
        (named.dev(), named.ino()) == (held.dev(), held.ino())
    }
}

impl Manifold for Workspace {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        let text = files::read(&self.root, path.as_str(), self.limits.file_bytes)?;
        content.push_str(&text);
        Ok(())
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        files::list(&self.root, directory.map(WorkspacePath::as_str), limit)
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        _: Digest,
        _: u64,
    ) -> Result<(), WorldFault> {
        self.replace(path, content)
    }

    fn exec(&mut self, command: &str, _: u64) -> CommandOutcome {
        command::run(self, command)
    }

    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault> {
        git::log(self, query)
    }
}
