//! The pointer register.
//!
//! Never drops what a model wrote: a text that is no pointer is kept with its reason.

use alloc::string::{String, ToString};
use core::fmt::Write as _;

use super::{MAX_POINTER_BYTES, Pointer, PointerError, clip_bytes};
use crate::trap::TrapKind;

/// The pointer register `d`: the text a model wrote and what it parses as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    text: String,
    pointer: Result<Pointer, PointerError>,
}

impl Location {
    /// How many bytes of an unparsable text are kept for showing.
    const KEPT_BYTES: usize = 200;

    /// Parses a model's text; an invalid one is kept, shortened, with its reason.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let pointer = text.parse::<Pointer>();
        let mut kept = text.trim();
        if pointer.is_err() {
            kept = clip_bytes(kept, Self::KEPT_BYTES);
        }
        Self {
            text: kept.to_string(),
            pointer,
        }
    }

    /// As [`Location::from_text`], keeping the text's memory.
    #[must_use]
    pub(crate) fn from_string(text: String) -> Self {
        match text.parse::<Pointer>() {
            Ok(pointer) if text.trim().len() == text.len() => Self {
                text,
                pointer: Ok(pointer),
            },
            _ => Self::from_text(&text),
        }
    }

    /// Where observing `command` leads.
    #[must_use]
    pub(crate) fn of_command(command: String) -> Self {
        let text = ["$ ", &command].concat();
        let is_plain = !command.is_empty() && command.trim().len() == command.len();
        if is_plain && text.len() <= MAX_POINTER_BYTES {
            Self {
                text,
                pointer: Ok(Pointer::Command(command)),
            }
        } else {
            Self::from_text(&text)
        }
    }

    /// The text as a model sees it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it parses as, or why it does not.
    ///
    /// # Errors
    /// The reason for which the text is no pointer.
    pub fn pointer(&self) -> Result<&Pointer, PointerError> {
        self.pointer.as_ref().map_err(|error| *error)
    }

    /// Which trap it shows, if it is a trap pointer.
    #[must_use]
    pub fn trap(&self) -> Option<TrapKind> {
        match &self.pointer {
            Ok(Pointer::Trap { kind, .. }) => Some(*kind),
            _ => None,
        }
    }
}

impl From<Pointer> for Location {
    fn from(pointer: Pointer) -> Self {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(text, "{pointer}");
        Self {
            text,
            pointer: Ok(pointer),
        }
    }
}
