//! Fuzz inputs that are built as values, so that a fuzzer changes what a document says and not its
//! bytes. `arbitrary` derives the mapping: every byte string is a value of each type.

mod contract;
mod syscall;
mod ticks;
mod transition;

use arbitrary::{Arbitrary, Unstructured};

pub use contract::built_contract;
pub use syscall::built_syscall;
pub use ticks::{built_records, built_ticks};
pub use transition::{built_opcode, built_transition};

use super::script::WORDS;

/// The value that these bytes stand for; nothing for too few of them.
fn value<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<T> {
    T::arbitrary(&mut Unstructured::new(bytes)).ok()
}

/// A text: one that means something to a machine, or any.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Text<'a> {
    Word(u8),
    Any(&'a str),
}

impl<'a> Text<'a> {
    const fn raw(self) -> &'a str {
        match self {
            Self::Word(choice) => WORDS[choice as usize % WORDS.len()],
            Self::Any(text) => text,
        }
    }

    /// Text that a reply may hold.
    fn clean(self) -> String {
        let is_bidi_control = |character| {
            matches!(character,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let is_clean = |character: &char| {
            matches!(character, '\t' | '\n' | '\r')
                || !(character.is_control() || is_bidi_control(*character))
        };
        self.raw().chars().filter(is_clean).collect()
    }

    /// The same without white space around it, and not empty.
    fn filled(self) -> String {
        match self.clean().trim() {
            "" => "x".to_owned(),
            text => text.to_owned(),
        }
    }
}
