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
            let (character, length) = unescaped(&rest.as_bytes()[at..]);
            out.push(character);
            rest = &rest[at + length..];
        }
        out.push_str(rest);
    }
}

/// The character of a checked escape, and its length in bytes.
fn unescaped(escape: &[u8]) -> (char, usize) {
    let character = match escape[1] {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let first = hex_digits(escape, 2).unwrap_or_default();
            let second = hex_digits(escape, 8).unwrap_or_default();
            return match surrogates(first, second) {
                Some(pair) => (pair, 12),
                None => (char::from_u32(first).unwrap_or_default(), 6),
            };
        }
        same => char::from(same),
    };
    (character, 2)
}

/// The character of a surrogate pair, if it is one.
pub(super) fn surrogates(high: u32, low: u32) -> Option<char> {
    let high = high.checked_sub(0xd800).filter(|high| *high < 0x400)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + high * 0x400 + low)
}

/// The number in the four hexadecimal digits at `at`.
pub(super) fn hex_digits(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}
