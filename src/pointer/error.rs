//! Why a text is not a pointer.
//!
//! Never holds the text itself: a page fault shows it beside the reason.

use core::fmt;

/// Why a text is not a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointerError {
    /// Nothing but white space.
    Empty,
    /// Over [`MAX_POINTER_BYTES`](super::MAX_POINTER_BYTES), or a path over [`MAX_PATH_BYTES`](super::MAX_PATH_BYTES).
    TooLong,
    /// Starts with `/`.
    AbsolutePath,
    /// Has a `..` segment.
    EscapesRoot,
    /// Has an empty segment, a `.` segment inside, or a trailing `/`.
    EmptySegment,
    /// Has a backslash or a control character, or a segment with white space around it.
    ForbiddenCharacter,
    /// Not a `sys://` channel of this kernel, or not a scheme of this kernel.
    UnknownChannel,
    /// Not a trap of this kernel.
    UnknownTrap,
    /// Not `r`, `w` or `rw`.
    UnknownAccess,
    /// A page token or capability id that is not 16 hexadecimal digits.
    BadToken,
    /// A page number that is not a positive integer, or a limit out of range.
    BadNumber,
    /// A query key that the channel does not have.
    UnknownQueryKey,
    /// A query key given twice.
    DuplicateQueryKey,
    /// A query key that the channel needs.
    MissingQueryKey,
    /// A percent escape that is not two hexadecimal digits or does not spell UTF-8.
    BadEscape,
}

impl PointerError {
    /// The reason as it is written in page faults.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "EMPTY_POINTER",
            Self::TooLong => "POINTER_TOO_LONG",
            Self::AbsolutePath => "ABSOLUTE_PATH",
            Self::EscapesRoot => "ESCAPES_ROOT",
            Self::EmptySegment => "EMPTY_SEGMENT",
            Self::ForbiddenCharacter => "FORBIDDEN_CHARACTER",
            Self::UnknownChannel => "UNKNOWN_CHANNEL",
            Self::UnknownTrap => "UNKNOWN_TRAP",
            Self::UnknownAccess => "UNKNOWN_ACCESS",
            Self::BadToken => "BAD_TOKEN",
            Self::BadNumber => "BAD_NUMBER",
            Self::UnknownQueryKey => "UNKNOWN_QUERY_KEY",
            Self::DuplicateQueryKey => "DUPLICATE_QUERY_KEY",
            Self::MissingQueryKey => "MISSING_QUERY_KEY",
            Self::BadEscape => "BAD_ESCAPE",
        }
    }
}

impl fmt::Display for PointerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for PointerError {}
