//! The ways in which a model breaks the frame's contract, each with the one code it is refused with.

use turingos::isa::{FaultCode, MAX_REPLY_BYTES, OPCODE_KEY, Opcode};

/// Declares the violations, so that the list and the codes cannot drift apart.
macro_rules! violations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $code:ident;)+) => {
        /// A bad habit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Violation {
            $($(#[$doc])* $variant,)+
        }

        impl Violation {
            /// Every violation.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What the decoder refuses it with.
            #[must_use]
            pub const fn code(self) -> FaultCode {
                match self {
                    $(Self::$variant => FaultCode::$code,)+
                }
            }
        }
    };
}

violations! {
    /// Talk, and no transition.
    ProseOnly = "prose-only", NoTransition;
    /// A transition that ends in the middle.
    Truncated = "truncated", Truncated;
    /// One transition after the other.
    TwoTransitions = "two-transitions", SeveralTransitions;
    /// Two fenced blocks with a transition each.
    TwoFences = "two-fences", SeveralTransitions;
    /// Talk after the transition.
    TrailingProse = "trailing-prose", TrailingBytes;
    /// An opcode that does not exist.
    UnknownOpcode = "unknown-opcode", UnknownOpcode;
    /// The operand of another opcode beside the right one.
    Mutex = "mutex-violation", MutexViolation;
    /// An operand that is null.
    NullOperand = "null-operand", NullValue;
    /// No operand where one is needed.
    MissingOperand = "missing-operand", MissingOperand;
    /// The same key twice.
    DuplicateKey = "duplicate-key", DuplicateKey;
    /// A number where a text is due.
    WrongType = "wrong-type", WrongType;
    /// A key that nobody knows.
    ExtraKey = "extra-key", UnknownKey;
    /// The transition inside an array.
    ArrayForObject = "array-for-object", NotAnObject;
    /// A state register of nothing.
    EmptyState = "empty-q-next", EmptyString;
    /// No state register.
    MissingState = "missing-q-next", MissingQNext;
    /// No syscall.
    MissingAction = "missing-a-t", MissingAction;
    /// A transition in single quotes.
    SingleQuotes = "single-quotes", Syntax;
    /// More than a reply may be.
    Oversized = "oversized", ReplyTooLarge;
}

impl Violation {
    /// Its place in the list, from 0.
    pub(super) fn number(self) -> u64 {
        let before = Self::ALL.iter().take_while(|other| **other != self);
        before.map(|_| 1_u64).sum()
    }

    /// Appends a reply with this and no other fault.
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
            Self::TrailingProse => format!("{right}\nThis opens the note."),
            Self::UnknownOpcode => right.replace(goto, "SYS_OPEN"),
            Self::Mutex => right.replace(pointer, &format!(r#"{pointer},"payload":"a line""#)),
            Self::NullOperand => right.replace(pointer, r#""pointer":null"#),
            Self::MissingOperand => right.replace(&format!(",{pointer}"), ""),
            Self::DuplicateKey => right.replace(pointer, &format!("{pointer},{pointer}")),
            Self::WrongType => right.replace(pointer, r#""pointer":7"#),
            Self::ExtraKey => right.replace(pointer, &format!(r#"{pointer},"confidence":"high""#)),
            Self::ArrayForObject => format!("[{right}]"),
            Self::EmptyState => right.replace("go on", ""),
            Self::MissingState => right.replace(r#""q_next":"go on","#, ""),
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
    fn each_is_refused_with_its_own_code() {
        for violation in Violation::ALL {
            let mut text = String::new();
            violation.say(&mut text);
            let fault = isa::decode(text.as_bytes()).unwrap_err();
            assert_eq!(fault.code, violation.code(), "{}", violation.name());
        }
        assert!(Violation::ALL.len() >= 12);
    }

    #[test]
    fn numbers_are_places() {
        for (place, violation) in (0..).zip(Violation::ALL) {
            assert_eq!(violation.number(), place);
        }
    }
}
