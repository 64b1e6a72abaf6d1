//! The ways in which a model breaks the frame's contract, each with the one code that refuses it.

use strum::{IntoStaticStr, VariantArray};
use turingos::isa::{FaultCode, MAX_REPLY_BYTES, OPCODE_KEY, Opcode};

/// One way in which a model breaks the frame's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Violation {
    /// Prose without a transition.
    ProseOnly,
    /// A transition cut off in the middle.
    Truncated,
    /// One transition after the other.
    TwoTransitions,
    /// Two fenced blocks with a transition each.
    TwoFences,
    /// A bracket after the transition that closes nothing.
    TrailingBracket,
    /// An opcode that does not exist.
    UnknownOpcode,
    /// The operand of another opcode beside the right one.
    MutexViolation,
    /// An operand that is null.
    NullOperand,
    /// A required operand is missing.
    MissingOperand,
    /// The same key twice.
    DuplicateKey,
    /// A number where text is required.
    WrongType,
    /// A key that no opcode has.
    ExtraKey,
    /// The transition inside an array.
    ArrayForObject,
    /// An empty state register.
    EmptyQNext,
    /// No state register.
    MissingQNext,
    /// No syscall.
    #[strum(serialize = "missing-a-t")]
    MissingAction,
    /// A transition in single quotes.
    SingleQuotes,
    /// More than a reply may be.
    Oversized,
}

impl Violation {
    /// Every violation.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The code with which the decoder refuses it.
    #[must_use]
    pub const fn code(self) -> FaultCode {
        match self {
            Self::ProseOnly => FaultCode::NoTransition,
            Self::Truncated => FaultCode::Truncated,
            Self::TwoTransitions | Self::TwoFences => FaultCode::SeveralTransitions,
            Self::TrailingBracket => FaultCode::Syntax,
            Self::UnknownOpcode => FaultCode::UnknownOpcode,
            Self::MutexViolation => FaultCode::MutexViolation,
            Self::NullOperand => FaultCode::NullValue,
            Self::MissingOperand => FaultCode::MissingOperand,
            Self::DuplicateKey => FaultCode::DuplicateKey,
            Self::WrongType => FaultCode::WrongType,
            Self::ExtraKey => FaultCode::UnknownKey,
            Self::ArrayForObject => FaultCode::NotAnObject,
            Self::EmptyQNext => FaultCode::EmptyString,
            Self::MissingQNext => FaultCode::MissingQNext,
            Self::MissingAction => FaultCode::MissingAction,
            Self::SingleQuotes => FaultCode::Syntax,
            Self::Oversized => FaultCode::ReplyTooLarge,
        }
    }

    /// Its place in [`Violation::ALL`].
    pub(super) const fn number(self) -> u64 {
        self as u64
    }

    /// Appends a reply with this fault and no other.
    pub(super) fn say(self, out: &mut String) {
        let goto = Opcode::Goto.name();
        let right = format!(
            r#"{{"q_next":"go on","a_t":{{"{OPCODE_KEY}":"{goto}","pointer":"notes/monday.md"}}}}"#
        );
        let pointer = r#""pointer":"notes/monday.md""#;
        let text = match self {
            Self::ProseOnly => format!("I would use {goto} to look at the note next."),
            Self::Truncated => right[..right.len() - 9].to_owned(),
            Self::TwoTransitions => format!("{right}\n{right}"),
            Self::TwoFences => {
                format!("Either:\n```json\n{right}\n```\nor:\n```json\n{right}\n```\n")
            }
            Self::TrailingBracket => format!("{right}}}"),
            Self::UnknownOpcode => right.replace(goto, "SYS_OPEN"),
            Self::MutexViolation => {
                right.replace(pointer, &format!(r#"{pointer},"payload":"a line""#))
            }
            Self::NullOperand => right.replace(pointer, r#""pointer":null"#),
            Self::MissingOperand => right.replace(&format!(",{pointer}"), ""),
            Self::DuplicateKey => right.replace(pointer, &format!("{pointer},{pointer}")),
            Self::WrongType => right.replace(pointer, r#""pointer":7"#),
            Self::ExtraKey => right.replace(pointer, &format!(r#"{pointer},"confidence":"high""#)),
            Self::ArrayForObject => format!("[{right}]"),
            Self::EmptyQNext => right.replace("go on", ""),
            Self::MissingQNext => right.replace(r#""q_next":"go on","#, ""),
            Self::MissingAction => r#"{"q_next":"go on"}"#.to_owned(),
            Self::SingleQuotes => right.replace('"', "'"),
            Self::Oversized => right.replace("go on", &"on ".repeat(MAX_REPLY_BYTES / 3)),
        };
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos::isa;

    #[test]
    fn violation_codes() {
        for &violation in Violation::ALL {
            let mut text = String::new();
            violation.say(&mut text);
            let fault = isa::decode(text.as_bytes()).unwrap_err();
            assert_eq!(fault.code, violation.code(), "{}", violation.name());
        }
        assert!(Violation::ALL.len() >= 12);
    }
}
