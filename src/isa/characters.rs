//! Characters that no string of a reply may hold.
//!
//! Bidirectional controls make a record show something other than what it says; NUL and its kind
//! cut it short. Neither is ever repaired here, only found.

/// Tab, line feed and carriage return are the only C0 controls a string may hold; DEL and the
/// Unicode property Bidi_Control are refused with the rest.
pub(crate) const fn is_forbidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'
        | '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
