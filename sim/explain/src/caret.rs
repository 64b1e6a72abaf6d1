//! A byte of a text, shown: its line, shortened, with a caret below.

use serde::Serialize;

/// At most so many characters are shown before the byte, and as many behind it.
const AROUND: usize = 36;

/// One line of a text with a caret under one byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The byte, from 0.
    pub byte: usize,
    /// The part of the line around it; control characters are escaped.
    pub text: String,
    /// How many characters of `text` stand before the byte.
    pub column: usize,
}

impl Excerpt {
    /// The line of `text` that holds `byte`; a byte past the end is the end.
    #[must_use]
    pub fn of(text: &str, byte: usize) -> Self {
        let at = text.floor_char_boundary(byte);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..]
            .find('\n')
            .map_or(text.len(), |length| at + length);
        let before: Vec<char> = text[start..at].chars().collect();
        let after: Vec<char> = text[at..end].chars().take(AROUND + 1).collect();
        let is_cut = before.len() > AROUND;
        let mut shown = String::new();
        if is_cut {
            shown.push('…');
        }
        for character in &before[before.len().saturating_sub(AROUND)..] {
            push_visible(*character, &mut shown);
        }
        let column = shown.chars().count();
        for character in after.iter().take(AROUND) {
            push_visible(*character, &mut shown);
        }
        if after.len() > AROUND {
            shown.push('…');
        }
        Self {
            byte,
            text: shown,
            column,
        }
    }
}

fn push_visible(character: char, out: &mut String) {
    match character.is_control() {
        true => out.extend(character.escape_default()),
        false => out.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, byte: usize) -> String {
        let excerpt = Excerpt::of(text, byte);
        format!("{}\n{}^", excerpt.text, " ".repeat(excerpt.column))
    }

    #[test]
    fn caret_is_under_the_byte() {
        assert_eq!(shown("{\"a\":1,}", 7), "{\"a\":1,}\n       ^");
        assert_eq!(shown("one\ntwo\nthree", 5), "two\n ^");
        assert_eq!(shown("", 0), "\n^");
        assert_eq!(shown("ab", 9), "ab\n  ^");
        assert_eq!(shown("é\tx", 3), "é\\tx\n   ^");
    }

    #[test]
    fn long_lines_are_shortened_on_both_sides() {
        let long = "a".repeat(100);
        let text = format!("{long}!{long}");
        let excerpt = Excerpt::of(&text, 100);
        assert_eq!(excerpt.column, AROUND + 1);
        assert_eq!(excerpt.text.chars().nth(excerpt.column), Some('!'));
        assert_eq!(excerpt.text.chars().count(), 2 * AROUND + 2);
    }
}
