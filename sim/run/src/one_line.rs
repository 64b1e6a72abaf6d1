//! A text that others wrote, as part of one line for people.
//!
//! Never lets a text end the line or move the cursor.

/// The most characters of it that are shown.
pub const MAX_DETAIL_CHARS: usize = 240;

/// Controls and line separators are escaped, and the end is cut after [`MAX_DETAIL_CHARS`].
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MAX_DETAIL_CHARS {
            line.push('…');
            break;
        }
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}

/// Whether a character acts on a text in place of being shown: controls, line separators, and what
/// is invisible or changes the direction of text.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_long_text_cut() {
        assert_eq!(
            one_line("a\nb\u{1b}[2J\u{2028}é"),
            "a\\u{a}b\\u{1b}[2J\\u{2028}é"
        );
        let whole = "é".repeat(MAX_DETAIL_CHARS);
        assert_eq!(one_line(&whole), whole);
        assert_eq!(one_line(&(whole.clone() + "x")), whole + "…");
    }

    #[test]
    fn characters_that_act_on_text_are_unsafe() {
        for range in [
            '\0'..='\u{1f}',
            '\u{7f}'..='\u{9f}',
            '\u{ad}'..='\u{ad}',
            '\u{61c}'..='\u{61c}',
            '\u{180e}'..='\u{180e}',
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{feff}'..='\u{feff}',
            '\u{fff9}'..='\u{fffb}',
            '\u{e0000}'..='\u{e007f}',
        ] {
            for character in range {
                assert!(is_unsafe(character), "{character:?}");
            }
        }
        for character in [
            ' ', '~', '\u{a0}', 'é', '\u{200a}', '\u{2010}', '\u{202f}', '😀',
        ] {
            assert!(!is_unsafe(character), "{character:?}");
        }
    }
}
