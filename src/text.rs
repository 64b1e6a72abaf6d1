//! Text that a model or a provider controls: which characters are refused, and how much of it a
//! fault shows.

use alloc::string::String;
use core::fmt::{self, Write as _};

/// The longest detail of a fault, in characters.
pub(crate) const MAX_DETAIL_CHARS: usize = 200;

/// True for characters that no string of a reply may hold. Bidirectional controls make a record
/// show something other than what it says; NUL and its kind cut it short.
///
/// Tab, line feed and carriage return are the only C0 controls that a string may hold; DEL and the
/// Unicode property Bidi_Control are refused with the rest.
pub(crate) const fn is_forbidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'
        | '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Formats at most [`MAX_DETAIL_CHARS`] characters, and stops formatting there.
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
        left: MAX_DETAIL_CHARS,
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
            if is_forbidden(character) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_detail_stops_at_the_limit() {
        let long = "ä".repeat(1000);
        let detail = clipped(format_args!("{long}"));
        assert_eq!(detail.chars().count(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn a_shown_key_cannot_forge_a_line() {
        assert_eq!(
            Shown("a\nb\u{202e}\u{0}").to_string(),
            "`a\\nb\\u{202e}\\u{0}`"
        );
        assert_eq!(Shown(&"k".repeat(60)).to_string().chars().count(), 51);
    }
}
