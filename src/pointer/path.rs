//! Paths inside the workspace.
//!
//! Never touches a file system: a path that parses cannot leave the root by its spelling.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use super::PointerError;

/// The longest workspace path, in bytes.
pub const MAX_PATH_BYTES: usize = 512;

/// A path inside the workspace: relative, `/`-separated, without `.`, `..` or empty segments, and
/// without white space around a segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspacePath(String);

impl WorkspacePath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// The directory that holds it, or `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.to_string()))
    }
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspacePath {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let mut path = text.trim();
        while let Some(rest) = path.strip_prefix("./") {
            path = rest;
        }
        if path.is_empty() {
            return Err(PointerError::Empty);
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(PointerError::TooLong);
        }
        if path.starts_with('/') {
            return Err(PointerError::AbsolutePath);
        }
        if path
            .chars()
            .any(|character| character == '\\' || character.is_control())
        {
            return Err(PointerError::ForbiddenCharacter);
        }
        for segment in path.split('/') {
            match segment {
                ".." => return Err(PointerError::EscapesRoot),
                "" | "." => return Err(PointerError::EmptySegment),
                // Where a path is read again, alone or behind a handle, it would be trimmed and
                // be another one.
                _ if segment.trim().len() != segment.len() => {
                    return Err(PointerError::ForbiddenCharacter);
                }
                _ => {}
            }
        }
        Ok(Self(path.to_string()))
    }
}
