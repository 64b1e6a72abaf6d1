//! Why a reply was not taken: one machine-readable code for each reason.
//!
//! A detail never carries more of the model's text than a clipped key.

use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::Serialize;

/// Declares a fieldless enum of codes whose list and names cannot drift apart.
macro_rules! code_list {
    (
        $(#[$enum_doc:meta])*
        $name:ident {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every code, in the order of declaration.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The code as it is written in records, traps and fixtures; stable across versions.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}
pub(crate) use code_list;

/// A reply that is not exactly one well-formed transition. The model is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The reason, stable across versions.
    pub code: FaultCode,
    /// Where and what, for people: a key, a byte position, a limit. At most
    /// [`Fault::MAX_DETAIL_CHARS`] characters.
    pub detail: String,
}

impl Fault {
    /// The longest detail, in characters.
    pub const MAX_DETAIL_CHARS: usize = 200;

    /// A fault whose detail is clipped to the limit.
    #[must_use]
    pub fn new(code: FaultCode, detail: fmt::Arguments<'_>) -> Self {
        Self {
            code,
            detail: clipped(detail),
        }
    }
}

/// Formats at most [`Fault::MAX_DETAIL_CHARS`] characters, and stops formatting there.
pub(crate) fn clipped(detail: fmt::Arguments<'_>) -> String {
    struct Clip {
        text: String,
        left: usize,
    }
    impl fmt::Write for Clip {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            for character in piece.chars() {
                self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(character);
            }
            Ok(())
        }
    }
    let mut clip = Clip {
        text: String::new(),
        left: Fault::MAX_DETAIL_CHARS,
    };
    // An error only says that the limit was reached, which is the point.
    let _ = clip.write_fmt(detail);
    clip.text
}

/// A key that the model wrote, safe to show: escaped, and cut after 48 characters.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 48;
        f.write_char('`')?;
        for character in self.0.chars().take(MOST) {
            if super::characters::is_forbidden(character) {
                write!(f, "\\u{{{:x}}}", u32::from(character))?;
            } else {
                write!(f, "{}", character.escape_debug())?;
            }
        }
        if self.0.chars().nth(MOST).is_some() {
            f.write_str("…")?;
        }
        f.write_char('`')
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl core::error::Error for Fault {}

code_list! {
    /// Every reason for which a reply is refused, from the bytes up to the operands. Where a reply
    /// has several, what is wrong with it as JSON is reported before what is wrong with it as a
    /// transition, and of that whatever stands first. A detail counts bytes from 0.
    FaultCode {
        /// The reply is longer than [`MAX_REPLY_BYTES`](super::MAX_REPLY_BYTES).
        ReplyTooLarge = "REPLY_TOO_LARGE",
        /// The bytes are not UTF-8.
        NotUtf8 = "NOT_UTF8",
        /// The reply starts with a byte order mark.
        ByteOrderMark = "BYTE_ORDER_MARK",
        /// There is nothing but white space.
        EmptyReply = "EMPTY_REPLY",
        /// The document is not JSON.
        Syntax = "SYNTAX",
        /// The document ends before it is complete.
        Truncated = "TRUNCATED",
        /// Something other than white space follows the document.
        TrailingBytes = "TRAILING_BYTES",
        /// Objects and arrays nest deeper than [`MAX_NESTING`](super::MAX_NESTING).
        TooDeep = "TOO_DEEP",
        /// A key stands twice in one object, however it is spelled.
        DuplicateKey = "DUPLICATE_KEY",
        /// A string holds a C0 control other than tab, line feed and carriage return, DEL, or a
        /// bidirectional control, raw or escaped.
        ForbiddenCharacter = "FORBIDDEN_CHARACTER",
        /// A `\u` escape is half of a surrogate pair.
        LoneSurrogate = "LONE_SURROGATE",
        /// A number has a fraction or an exponent, or is negative zero.
        FloatNumber = "FLOAT_NUMBER",
        /// An integer does not fit in 64 bits.
        IntegerOverflow = "INTEGER_OVERFLOW",
        /// The document, or what encloses the only transition, is not an object.
        NotAnObject = "NOT_AN_OBJECT",
        /// No object in the prose is a transition.
        NoTransition = "NO_TRANSITION",
        /// More than one object is a transition, be they identical.
        SeveralTransitions = "SEVERAL_TRANSITIONS",
        /// The prose holds more possible objects than the decoder is willing to try.
        TooManyCandidates = "TOO_MANY_CANDIDATES",
        /// A key belongs to no opcode, or not to the envelope.
        UnknownKey = "UNKNOWN_KEY",
        /// There is no `q_next`.
        MissingQNext = "MISSING_Q_NEXT",
        /// There is no `a_t`.
        MissingAction = "MISSING_A_T",
        /// `a_t` has no opcode key.
        MissingOpcode = "MISSING_OPCODE",
        /// `a_t` has more than one opcode key.
        SeveralOpcodeKeys = "SEVERAL_OPCODE_KEYS",
        /// The opcode is not in the instruction set.
        UnknownOpcode = "UNKNOWN_OPCODE",
        /// A key of another opcode: `a_t` mixes two syscalls.
        MutexViolation = "MUTEX_VIOLATION",
        /// One operand is given under two names.
        SynonymConflict = "SYNONYM_CONFLICT",
        /// A required operand is absent.
        MissingOperand = "MISSING_OPERAND",
        /// A value is `null`.
        NullValue = "NULL_VALUE",
        /// A value has another JSON type than the key calls for.
        WrongType = "WRONG_TYPE",
        /// A string is empty after trimming.
        EmptyString = "EMPTY_STRING",
        /// A placement or a status is none of its words.
        BadEnum = "BAD_ENUM",
        /// `limit` is not a positive integer or its plain decimal text.
        BadLimit = "BAD_LIMIT",
        /// `limit` is decimal text that does not fit in 64 bits.
        LimitOverflow = "LIMIT_OVERFLOW",
        /// The model envelope would allow it, the canonical one does not.
        NotCanonical = "NOT_CANONICAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_detail_stops_at_the_limit() {
        let long = "ä".repeat(1000);
        let fault = Fault::new(FaultCode::Syntax, format_args!("{long}"));
        assert_eq!(fault.detail.chars().count(), Fault::MAX_DETAIL_CHARS);
    }

    #[test]
    fn a_shown_key_hides_what_would_forge_a_line() {
        assert_eq!(
            Shown("a\nb\u{202e}\u{0}").to_string(),
            "`a\\nb\\u{202e}\\u{0}`"
        );
        assert_eq!(Shown(&"k".repeat(60)).to_string().chars().count(), 51);
    }

    #[test]
    fn names_are_distinct_and_upper_case() {
        for (index, code) in FaultCode::ALL.iter().enumerate() {
            assert!(
                FaultCode::ALL[..index]
                    .iter()
                    .all(|other| other.name() != code.name())
            );
            assert_eq!(code.name(), code.name().to_uppercase());
        }
    }
}
