//! What one command line can reach: the files behind the fault plan, its virtual clock, and the
//! list of paths it changed.
//!
//! Every file change of a command goes through here, so none bypasses quotas, faults or history.

use std::collections::BTreeSet;

use turingos::manifold::WorldFaultCode;
use turingos::pointer::{PointerError, WorkspacePath};

use crate::faults::{FaultPlan, InjectedFault, InjectionLog, Operation};
use crate::files::{FileTree, Kind};

/// Virtual microseconds after which a line is stopped.
pub const TIME_LIMIT_US: u64 = 120_000_000;

/// Bytes that the commands of one line may read from files. It bounds the host's work, which
/// virtual time does not.
const READ_LIMIT: usize = 16 * 1024 * 1024;

/// The world during one command line.
pub(crate) struct Session<'a> {
    pub(crate) files: &'a mut FileTree,
    pub(crate) plan: &'a mut dyn FaultPlan,
    pub(crate) injected: &'a mut InjectionLog,
    /// Every path that the line wrote, created or removed.
    pub(crate) changed: BTreeSet<String>,
    pub(crate) elapsed_us: u64,
    /// Bytes read from files so far.
    pub(crate) read_bytes: usize,
}

/// A path operand of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Inner(WorkspacePath),
}

impl Place {
    /// Parses an operand; a trailing `/` is ignored.
    ///
    /// # Errors
    /// Why it is not a path in the workspace.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let trimmed = match text.trim_end_matches('/') {
            "" => text,
            trimmed => trimmed,
        };
        if trimmed == "." {
            return Ok(Self::Root);
        }
        trimmed
            .parse()
            .map(Self::Inner)
            .map_err(|error| refusal(error).to_owned())
    }

    /// The path, or `None` for the root.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Root => None,
            Self::Inner(path) => Some(path.as_str()),
        }
    }

    /// The kind of entry there, if any.
    pub(super) fn kind(&self, files: &FileTree) -> Option<Kind> {
        match self {
            Self::Root => Some(Kind::Directory),
            Self::Inner(path) => files.kind(path.as_str()),
        }
    }
}

impl Session<'_> {
    /// The content of the file at an operand.
    ///
    /// # Errors
    /// The reason in a shell's words.
    pub(super) fn read(&mut self, operand: &str) -> Result<&str, String> {
        let Place::Inner(path) = Place::parse(operand)? else {
            return Err(reason(WorldFaultCode::IsDirectory).to_owned());
        };
        let content = self
            .files
            .read(path.as_str())
            .map_err(|code| reason(code).to_owned())?;
        self.read_bytes = self.read_bytes.saturating_add(content.len());
        if self.read_bytes > READ_LIMIT {
            return Err("too much input for one line".to_owned());
        }
        Ok(content)
    }

    /// Replaces a file or appends to it; an error leaves it unchanged.
    ///
    /// # Errors
    /// The reason in a shell's words.
    pub(super) fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        append: bool,
    ) -> Result<(), String> {
        let extended = if append {
            self.files
                .read(path.as_str())
                .ok()
                .map(|old| format!("{old}{content}"))
        } else {
            None
        };
        let content = extended.as_deref().unwrap_or(content);
        let written = match self.injected.ask(self.plan, Operation::Write) {
            None => self.files.write(path, content),
            Some(fault) => {
                if fault == InjectedFault::TornWrite {
                    self.files.leave_torn(path, content);
                }
                Err(fault.code())
            }
        };
        written.map_err(|code| reason(code).to_owned())?;
        self.changed.insert(path.as_str().to_owned());
        Ok(())
    }

    /// Creates a directory with its parents.
    ///
    /// # Errors
    /// The reason in a shell's words.
    pub(super) fn make_directory(&mut self, path: &WorkspacePath) -> Result<(), String> {
        self.fallible(|files| files.make_directory(path))?;
        self.changed.insert(path.as_str().to_owned());
        Ok(())
    }

    /// Removes a file, or a directory with its contents.
    ///
    /// # Errors
    /// The reason in a shell's words.
    pub(super) fn remove(&mut self, path: &WorkspacePath) -> Result<(), String> {
        self.fallible(|files| {
            files.remove(path.as_str());
            Ok(())
        })?;
        self.changed.insert(path.as_str().to_owned());
        Ok(())
    }

    /// Moves a file, or a directory with its contents; replaces a file at `to`.
    ///
    /// # Errors
    /// The reason in a shell's words.
    pub(super) fn rename(&mut self, from: &str, to: &WorkspacePath) -> Result<(), String> {
        self.fallible(|files| files.rename(from, to))?;
        self.changed.insert(from.to_owned());
        self.changed.insert(to.as_str().to_owned());
        Ok(())
    }

    /// Advances virtual time, at most to the limit.
    pub(super) fn spend(&mut self, microseconds: u64) {
        self.elapsed_us = self
            .elapsed_us
            .saturating_add(microseconds)
            .min(TIME_LIMIT_US);
    }

    /// True if the line has used up its time.
    pub(super) const fn timed_out(&self) -> bool {
        self.elapsed_us >= TIME_LIMIT_US
    }

    fn fallible(
        &mut self,
        change: impl FnOnce(&mut FileTree) -> Result<(), WorldFaultCode>,
    ) -> Result<(), String> {
        match self.injected.ask(self.plan, Operation::Write) {
            None => change(self.files),
            Some(fault) => Err(fault.code()),
        }
        .map_err(|code| reason(code).to_owned())
    }
}

/// A world fault in a shell's words.
pub(super) const fn reason(code: WorldFaultCode) -> &'static str {
    match code {
        WorldFaultCode::NotFound => "No such file or directory",
        WorldFaultCode::Denied => "Permission denied",
        WorldFaultCode::NoSpace => "No space left on device",
        WorldFaultCode::TornWrite | WorldFaultCode::Other => "Input/output error",
        WorldFaultCode::IsDirectory => "Is a directory",
        WorldFaultCode::NotDirectory => "Not a directory",
        WorldFaultCode::TooLarge => "File too large",
        WorldFaultCode::NotText => "Not a text file",
        WorldFaultCode::BadQuery => "Invalid argument",
    }
}

fn refusal(error: PointerError) -> &'static str {
    match error {
        PointerError::AbsolutePath | PointerError::EscapesRoot => "outside the workspace",
        PointerError::TooLong => "File name too long",
        _ => "not a workspace path",
    }
}
