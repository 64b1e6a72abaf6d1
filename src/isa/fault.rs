//! Why a reply was not taken: one machine-readable code for each reason.
//!
//! A detail never carries more of the model's text than a clipped key.

use alloc::string::String;
use core::fmt;

use serde::Serialize;

use crate::json::{JsonFault, JsonFaultKind};
use crate::named_enum::named_enum;
use crate::text::{self, Shown, clipped};

/// A reply that is not exactly one well-formed transition. The model is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The reason, stable across versions.
    pub code: FaultCode,
    /// Where and what, for people: a key, a byte position, a limit. At most
    /// [`Fault::MAX_DETAIL_CHARS`] characters.
    pub detail: String,
    /// The byte of the reply at which reading stopped, from 0, if there is one such byte.
    #[serde(skip)]
    pub byte: Option<usize>,
}

impl Fault {
    /// The longest detail, in characters.
    pub const MAX_DETAIL_CHARS: usize = text::MAX_DETAIL_CHARS;

    /// A fault whose detail is clipped to the limit.
    #[must_use]
    pub fn new(code: FaultCode, detail: fmt::Arguments<'_>) -> Self {
        Self {
            code,
            detail: clipped(detail),
            byte: None,
        }
    }

    /// The same fault at a byte of the reply.
    fn at(self, byte: usize) -> Self {
        Self {
            byte: Some(byte),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl core::error::Error for Fault {}

/// What is wrong with a reply as JSON.
impl From<JsonFault> for Fault {
    fn from(fault: JsonFault) -> Self {
        let code = match &fault.kind {
            JsonFaultKind::Syntax(_) => FaultCode::Syntax,
            JsonFaultKind::Truncated(_) => FaultCode::Truncated,
            JsonFaultKind::TrailingBytes => FaultCode::TrailingBytes,
            JsonFaultKind::TooDeep(_) => FaultCode::TooDeep,
            JsonFaultKind::DuplicateKey(_) => FaultCode::DuplicateKey,
            JsonFaultKind::ForbiddenCharacter(_) => FaultCode::ForbiddenCharacter,
            JsonFaultKind::LoneSurrogate => FaultCode::LoneSurrogate,
            JsonFaultKind::FloatNumber(_) => FaultCode::FloatNumber,
            JsonFaultKind::NumberTooLarge(_) => FaultCode::IntegerOverflow,
        };
        // Frames show this detail and records hash them, so the text is a format.
        if let JsonFaultKind::DuplicateKey(key) = &fault.kind {
            let (key, byte) = (Shown(key), fault.byte);
            return Self::new(
                code,
                format_args!("key {key} stands twice, again at byte {byte}"),
            )
            .at(fault.byte);
        }
        Self::new(code, format_args!("{fault}")).at(fault.byte)
    }
}

named_enum! {
    /// Every reason for which a reply is refused, from the bytes up to the operands. Of several, a
    /// fault of the JSON is reported before a fault of the transition, and of each kind the first.
    /// A detail counts bytes from 0.
    #[non_exhaustive]
    pub enum FaultCode {
        /// The reply is longer than [`MAX_REPLY_BYTES`](super::MAX_REPLY_BYTES).
        ReplyTooLarge = "REPLY_TOO_LARGE",
        /// The bytes are not UTF-8.
        NotUtf8 = "NOT_UTF8",
        /// The reply starts with a byte order mark.
        ByteOrderMark = "BYTE_ORDER_MARK",
        /// There is nothing but white space.
        EmptyReply = "EMPTY_REPLY",
        /// The document, or what encloses the transition in prose, is not JSON.
        Syntax = "SYNTAX",
        /// The document, or the object around the transition in prose, ends before it is complete.
        Truncated = "TRUNCATED",
        /// Something other than white space follows the document.
        TrailingBytes = "TRAILING_BYTES",
        /// Objects and arrays nest deeper than [`MAX_NESTING`](super::MAX_NESTING).
        TooDeep = "TOO_DEEP",
        /// An object has a duplicate key, however it is spelled.
        DuplicateKey = "DUPLICATE_KEY",
        /// A string holds a raw C0 control, an escaped one other than tab, line feed and carriage
        /// return, or DEL or a bidirectional control, raw or escaped.
        ForbiddenCharacter = "FORBIDDEN_CHARACTER",
        /// A `\u` escape is half of a surrogate pair.
        LoneSurrogate = "LONE_SURROGATE",
        /// A number has a fraction or an exponent, or is negative zero.
        FloatNumber = "FLOAT_NUMBER",
        /// An integer does not fit in 64 bits.
        IntegerOverflow = "INTEGER_OVERFLOW",
        /// The document is not an object, or what encloses the transition in prose is an array.
        NotAnObject = "NOT_AN_OBJECT",
        /// No object in the prose is a transition.
        NoTransition = "NO_TRANSITION",
        /// More than one object is a transition; identical ones count too.
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
        /// A placement or a status is none of its words, in any ASCII case but without padding.
        BadEnum = "BAD_ENUM",
        /// `limit` is not a positive integer or its plain decimal text.
        BadLimit = "BAD_LIMIT",
        /// `limit` is decimal text that does not fit in 64 bits.
        LimitOverflow = "LIMIT_OVERFLOW",
        /// A spelling that the model envelope knows and the canonical one does not: a synonym, an
        /// alias, another case, padding, a `limit` over the cap. Found before two synonyms of one
        /// operand are.
        NotCanonical = "NOT_CANONICAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
