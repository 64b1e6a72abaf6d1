//! Why a text is not a pointer.
//!
//! Never holds the text itself: a page fault shows it beside the reason.

use crate::named_enum::named_enum;

named_enum! {
    /// Why a text is not a pointer.
    #[non_exhaustive]
    pub enum PointerError {
        /// Nothing but white space.
        Empty = "EMPTY_POINTER",
        /// Over [`MAX_POINTER_BYTES`](super::MAX_POINTER_BYTES), or a path over [`MAX_PATH_BYTES`](super::MAX_PATH_BYTES).
        TooLong = "POINTER_TOO_LONG",
        /// Starts with `/`.
        AbsolutePath = "ABSOLUTE_PATH",
        /// Has a `..` segment.
        EscapesRoot = "ESCAPES_ROOT",
        /// Has an empty segment, a `.` segment inside, or a trailing `/`.
        EmptySegment = "EMPTY_SEGMENT",
        /// Has a backslash or a control character, or a segment with white space around it.
        ForbiddenCharacter = "FORBIDDEN_CHARACTER",
        /// Not a `sys://` channel of this kernel, or not a scheme of this kernel.
        UnknownChannel = "UNKNOWN_CHANNEL",
        /// Not a trap of this kernel.
        UnknownTrap = "UNKNOWN_TRAP",
        /// Not `r`, `w` or `rw`.
        UnknownAccess = "UNKNOWN_ACCESS",
        /// A page token or capability id that is not 16 hexadecimal digits.
        BadToken = "BAD_TOKEN",
        /// A page number that is not a positive integer, or a limit out of range.
        BadNumber = "BAD_NUMBER",
        /// A query key that the channel does not have.
        UnknownQueryKey = "UNKNOWN_QUERY_KEY",
        /// A query key given twice.
        DuplicateQueryKey = "DUPLICATE_QUERY_KEY",
        /// A query key that the channel needs.
        MissingQueryKey = "MISSING_QUERY_KEY",
        /// A percent escape that is not two hexadecimal digits or does not spell UTF-8.
        BadEscape = "BAD_ESCAPE",
    }
}

impl core::error::Error for PointerError {}
