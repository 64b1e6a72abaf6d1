//! The world as the kernel sees it: files, commands and a history behind one trait.
//!
//! The kernel resolves every pointer and checks every capability before it calls a manifold, so
//! an implementation sees only workspace paths and command lines. The in-memory world and a real
//! directory implement the same promises; one conformance suite holds both to them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::digest::Digest;
use crate::isa::GitLogQuery;
use crate::named_enum::named_enum;
use crate::pointer::WorkspacePath;

/// What the kernel may ask of a world. `now_us` is the caller's virtual time in microseconds.
pub trait Manifold {
    /// The whole content of a file, into `content`, which is empty on entry.
    ///
    /// # Errors
    /// [`WorldFault`]; `content` is then left empty.
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault>;

    /// The names in a directory (the root if `None`), sorted, directories with a trailing `/`,
    /// at most `limit` of them.
    ///
    /// # Errors
    /// [`WorldFault`] if it cannot be listed.
    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault>;

    /// Replaces a file's content or creates it with its parents. All or nothing: after an error
    /// the file is what it was before.
    ///
    /// `effect` is the digest that the record keeps of the change: of its channel, path and payload.
    /// A world that keeps a history chains it, so that no content is hashed again.
    ///
    /// # Errors
    /// [`WorldFault`]; the file is unchanged.
    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        effect: Digest,
        now_us: u64,
    ) -> Result<(), WorldFault>;

    /// Runs a command line to its end. A command that fails is an outcome, not an error.
    fn exec(&mut self, command: &str, now_us: u64) -> CommandOutcome;

    /// The history, newest first, one commit a line.
    ///
    /// # Errors
    /// [`WorldFault`] if the query cannot be answered.
    fn git_log(&mut self, query: &GitLogQuery) -> Result<String, WorldFault>;
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandOutcome {
    /// 0 is success; 124 a time-out; 127 an unknown command.
    pub exit_code: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took, in microseconds of the world's time.
    pub duration_us: u64,
}

/// Why the world refused. The world is to blame, not the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldFault {
    /// The reason, stable across versions.
    pub code: WorldFaultCode,
    /// What was asked for, for people.
    pub detail: String,
}

impl fmt::Display for WorldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl core::error::Error for WorldFault {}

named_enum! {
    /// Every reason for which a world refuses.
    pub enum WorldFaultCode {
        /// There is no such file or directory.
        NotFound = "NOT_FOUND",
        /// The world does not allow it.
        Denied = "DENIED",
        /// A quota or the disk is full.
        NoSpace = "NO_SPACE",
        /// The write stopped half-way; the old content was kept.
        TornWrite = "TORN_WRITE",
        /// The path names a directory, not a file.
        IsDirectory = "IS_DIRECTORY",
        /// The path names a file, not a directory.
        NotDirectory = "NOT_DIRECTORY",
        /// The content is over the world's limit.
        TooLarge = "TOO_LARGE",
        /// The content is not UTF-8 text.
        NotText = "NOT_TEXT",
        /// The query of a history look-up cannot be answered.
        BadQuery = "BAD_QUERY",
        /// Anything else the system reported.
        Other = "OTHER",
    }
}
