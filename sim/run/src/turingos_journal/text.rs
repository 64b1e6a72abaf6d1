//! A JSON string, unescaped only when needed.
//!
//! Never checks an escape: the scanner has checked all of them.

use std::borrow::Cow;

/// A string in the line, still escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'l> {
    /// The text between the quotes, with checked escapes.
    raw: &'l str,
    is_escaped: bool,
}

impl<'l> Text<'l> {
    /// The text between two quotes; every escape in it is valid.
    pub(super) const fn new(raw: &'l str, is_escaped: bool) -> Self {
        Self { raw, is_escaped }
    }

    /// The text between the quotes, still escaped.
    #[must_use]
    pub const fn raw(self) -> &'l str {
        self.raw
    }

    /// The text itself.
    #[must_use]
    pub fn decoded(self) -> Cow<'l, str> {
        if !self.is_escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut out = String::with_capacity(self.raw.len());
        self.decode_into(&mut out);
        Cow::Owned(out)
    }

    /// The text itself, borrowed from the line where it has no escape and from `buffer` otherwise.
    pub(super) fn decoded_in<'b>(self, buffer: &'b mut String) -> &'b str
    where
        'l: 'b,
    {
        if !self.is_escaped {
            return self.raw;
        }
        buffer.clear();
        self.decode_into(buffer);
        buffer
    }

    pub(super) fn decode_into(self, out: &mut String) {
        out.reserve(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let (character, length) = unescaped(&rest[at..]);
            out.push(character);
            rest = &rest[at + length..];
        }
        out.push_str(rest);
    }
}

/// The character of a checked escape, and its length in bytes.
fn unescaped(escape: &str) -> (char, usize) {
    let character = match escape.as_bytes()[1] {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let unit = |at| u16::from_str_radix(escape.get(at..at + 4)?, 16).ok();
            // The second unit counts only if the first is half of a pair.
            let units = [unit(2), unit(8)].map(Option::unwrap_or_default);
            let first = char::decode_utf16(units).next();
            let character = first.and_then(Result::ok).unwrap_or_default();
            return (character, 6 * character.len_utf16());
        }
        same => char::from(same),
    };
    (character, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(raw: &str, decoded: &str) {
        let text = Text::new(raw, true);
        assert_eq!(text.raw(), raw);
        assert_eq!(text.decoded(), decoded);
        let mut buffer = String::from("of another text");
        assert_eq!(text.decoded_in(&mut buffer), decoded);
        let mut after = String::from("before ");
        text.decode_into(&mut after);
        assert_eq!(after, format!("before {decoded}"));
    }

    #[test]
    fn short_escapes() {
        check(r#"a\"\\\/\b\f\n\r\tz"#, "a\"\\/\u{8}\u{c}\n\r\tz");
        check("", "");
        check("no escape", "no escape");
    }

    #[test]
    fn pair_beside_other_escapes() {
        check(r"\ud83d\ude00", "\u{1f600}");
        check(r"\uD83D\uDE00\u0041x", "\u{1f600}Ax");
        check(r"\ud7ff\ue000", "\u{d7ff}\u{e000}");
        check(r"\udbff\udfff", "\u{10ffff}");
        check(r"\ud800\udc00", "\u{10000}");
        // What follows is no escape, and no digits of one.
        check(r"\u00e9", "é");
        check(r"\u00e9ab12", "éab12");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let text = Text::new("plain", false);
        assert!(matches!(text.decoded(), Cow::Borrowed("plain")));
        let mut buffer = String::from("kept");
        assert_eq!(text.decoded_in(&mut buffer), "plain");
        assert_eq!(buffer, "kept");
    }

    proptest! {
        #[test]
        fn every_character_may_be_escaped(text in "(?s).{0,40}", is_escaped in any::<[bool; 40]>()) {
            let mut raw = String::new();
            for (character, is_escaped) in text.chars().zip(is_escaped) {
                let needs_it = matches!(character, '"' | '\\' | '\0'..=' ');
                match is_escaped || needs_it {
                    true => {
                        let units = character.encode_utf16(&mut [0; 2]).to_vec();
                        raw.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
                    }
                    false => raw.push(character),
                }
            }
            check(&raw, &text);
        }
    }
}
