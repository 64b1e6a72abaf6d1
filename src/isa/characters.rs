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

const BLOCK: usize = 256;

/// The first forbidden character.
///
/// Costs a branch-free pass of some bytes a cycle: only a block that is not plain text (controls,
/// DEL, anything outside ASCII) is looked at more closely, and that again without a branch a byte.
pub(crate) fn first_forbidden(text: &str) -> Option<char> {
    let mut rest = text.as_bytes();
    while let Some((block, tail)) = rest.split_first_chunk::<BLOCK>() {
        if !is_plain(block) && may_hold_forbidden(rest) {
            let end = BLOCK.saturating_add(3).min(rest.len());
            let found = search(rest.get(..end).unwrap_or(rest));
            if found.is_some() {
                return found;
            }
        }
        rest = tail;
    }
    if is_plain(rest) {
        return None;
    }
    search(rest)
}

/// The same for text without escapes, in which the parser has let no C0 control pass but white
/// space between tokens, of which a string has none: only DEL and bidirectional controls are left.
pub(crate) fn first_forbidden_unescaped(text: &str) -> Option<char> {
    let highest = text.bytes().fold(0_u8, |highest, byte| highest.max(byte));
    if highest < 0x7f {
        return None;
    }
    first_forbidden(text)
}

/// True if every byte is printable ASCII, tab, line feed or carriage return. Each of three running
/// extremes rules out the bytes that wrap to its end; that is cheaper than comparing every byte.
fn is_plain(bytes: &[u8]) -> bool {
    let (mut highest, mut lowest, mut feeds) = (0_u8, u8::MAX, u8::MAX);
    for &byte in bytes {
        // NUL to backspace, DEL, and whatever is not ASCII.
        highest = highest.max(byte.wrapping_sub(0x09));
        // 0x0e to 0x1f.
        lowest = lowest.min(byte.wrapping_sub(0x0e));
        // Vertical tab and form feed.
        feeds = feeds.min(byte.wrapping_sub(0x0b));
    }
    highest < 0x7f - 0x09 && lowest >= 0x20 - 0x0e && feeds >= 0x0d - 0x0b
}

/// Looks at the characters that begin in the first block of `bytes` and may run past its end.
fn may_hold_forbidden(bytes: &[u8]) -> bool {
    let row = |from: usize| bytes.get(from..).and_then(<[u8]>::first_chunk::<BLOCK>);
    let (Some(first), Some(second), Some(third)) = (row(0), row(1), row(2)) else {
        // Too near the end for three full rows; the search settles it.
        return true;
    };
    let mut found = 0_u8;
    for ((&a, &b), &c) in first.iter().zip(second).zip(third) {
        let white = (a == b'\n') | (a == b'\t') | (a == b'\r');
        let control = ((a < 0x20) & !white) | (a == 0x7f);
        let letter_mark = (a == 0xd8) & (b == 0x9c);
        // The second byte is left to the search: it would only spare the ellipsis and its kind.
        let general = (a == 0xe2) & ((c & 0xfe == 0x8e) | (c.wrapping_sub(0xa6) < 9));
        found |= u8::from(control | letter_mark | general);
    }
    found != 0
}

/// The first forbidden character that lies wholly within the bytes. They may begin and end inside
/// a character: its lead byte decides which block looks at it.
fn search(bytes: &[u8]) -> Option<char> {
    bytes
        .utf8_chunks()
        .flat_map(|chunk| chunk.valid().chars())
        .find(|&character| is_forbidden(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn every_character_is_judged_alike_at_every_offset() {
        for code in 0..=0xffff_u32 {
            let Some(character) = char::from_u32(code) else {
                continue;
            };
            let padding = usize::try_from(code % 523).unwrap();
            let text = format!("{}{character}{}", "x".repeat(padding), "é".repeat(150));
            assert_eq!(
                first_forbidden(&text),
                Some(character).filter(|&found| is_forbidden(found)),
                "U+{code:04X}"
            );
            if code >= 0x20 {
                assert_eq!(first_forbidden_unescaped(&text), first_forbidden(&text));
            }
        }
    }

    #[test]
    fn harmless_neighbours_of_the_lead_bytes_pass() {
        assert_eq!(first_forbidden("“quoted” — عربى ⁂\t\r\n"), None);
        assert_eq!(first_forbidden(""), None);
    }
}
