//! Why a text is not the JSON it should be, with the exact byte.

use alloc::string::String;
use core::fmt;

use crate::text::Shown;

/// A text that is not the JSON it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// The byte, counted from 0.
    pub byte: usize,
    /// What is wrong there.
    pub kind: JsonFaultKind,
}

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonFaultKind {
    /// A byte breaks the grammar; the text says which part of it.
    Syntax(&'static str),
    /// The document ends too early; the text says inside of what.
    Truncated(&'static str),
    /// The document is complete, but more than white space follows.
    TrailingBytes,
    /// Objects and arrays nest deeper than this limit.
    TooDeep(usize),
    /// An object has this key twice, however it is spelled.
    DuplicateKey(String),
    /// A string holds a character that JSON or the rules forbid.
    ForbiddenCharacter(char),
    /// A `\u` escape is half of a surrogate pair.
    LoneSurrogate,
    /// A number is not an integer; the text says why.
    FloatNumber(&'static str),
    /// A number is too large; the text names the limit.
    NumberTooLarge(&'static str),
}

impl fmt::Display for JsonFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) | Self::FloatNumber(what) | Self::NumberTooLarge(what) => {
                f.write_str(what)
            }
            Self::Truncated(place) => write!(f, "the document ends {place}"),
            Self::TrailingBytes => f.write_str("the document is over, but more follows"),
            Self::TooDeep(limit) => write!(f, "nested deeper than {limit}"),
            Self::DuplicateKey(key) => write!(f, "duplicate key {}", Shown(key)),
            Self::ForbiddenCharacter(character) => {
                write!(f, "U+{:04X} in a string", u32::from(*character))
            }
            Self::LoneSurrogate => f.write_str("half of a surrogate pair"),
        }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.byte)
    }
}

impl core::error::Error for JsonFault {}
