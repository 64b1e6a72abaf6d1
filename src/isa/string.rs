//! Strings: borrowed where they stand, or unescaped in one go.
//!
//! One scan looks for the end, for escapes and for forbidden characters at once. Never repairs or
//! replaces a character.

use alloc::borrow::Cow;
use alloc::string::String;

use super::characters::is_forbidden;
use super::fault::{Fault, FaultCode};
use super::reader::Reader;
use crate::byte_scan::first_escaped_or;

/// The most room, in bytes, that a string is given ahead after its first escape: a long document of
/// short strings must not cost its length for each.
const FIRST_ROOM: usize = 4096;

/// The room for a string that turns out to have escapes is what was copied so far, times this.
const GROWTH: usize = 4;

impl<'de> Reader<'de> {
    /// Reads the string whose opening quote is at the cursor.
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Fault> {
        self.advance();
        let start = self.at;
        let stop = self.plain_run()?;
        let first_run = self.text.get(start..self.at).unwrap_or_default();
        if stop == Stop::Quote {
            self.advance();
            return Ok(Cow::Borrowed(first_run));
        }
        self.unescaped(first_run).map(Cow::Owned)
    }

    /// Reads the rest of a string from its first escape on.
    fn unescaped(&mut self, first_run: &str) -> Result<String, Fault> {
        let left = self.text.len().saturating_sub(self.at);
        let room = first_run.len().saturating_add(left.min(FIRST_ROOM));
        let mut out = String::with_capacity(room);
        out.push_str(first_run);
        loop {
            out.push(self.escape()?);
            let start = self.at;
            let stop = self.plain_run()?;
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            if stop == Stop::Quote {
                self.advance();
                if out.capacity() / GROWTH > out.len() {
                    out.shrink_to_fit();
                }
                return Ok(out);
            }
        }
    }

    /// Moves the cursor to the next quote or backslash.
    #[inline]
    fn plain_run(&mut self) -> Result<Stop, Fault> {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(length) = first_escaped_or(rest, BEYOND_ESCAPED) else {
                return Err(self.truncated("in a string"));
            };
            self.at = self.at.wrapping_add(length);
            match rest.get(length) {
                Some(b'"') => return Ok(Stop::Quote),
                Some(b'\\') => return Ok(Stop::Backslash),
                _ => self.pass_unusual()?,
            }
        }
    }

    /// Steps over the byte at the cursor, which is a control or one of [`BEYOND_ESCAPED`], unless
    /// it is part of a forbidden character.
    fn pass_unusual(&mut self) -> Result<(), Fault> {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let after = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let start = match after {
            [0x9c, ..] if before.last() != Some(&0xd8) => {
                self.advance();
                return Ok(());
            }
            [0x9c, ..] => self.at.wrapping_sub(1),
            // What is forbidden after 0xe2 ends in few bytes, and none of them ends a dash or a
            // quotation mark.
            [0xe2, _, third, ..] if !matches!(third, 0x8e | 0x8f | 0xa6..=0xae) => {
                self.at = self.at.wrapping_add(3);
                return Ok(());
            }
            _ => self.at,
        };
        let character = { self.text.get(start..) }.and_then(|text| text.chars().next());
        match character {
            Some(character) if self.is_refused(character) || character < ' ' => {
                Err(self.forbidden(character, start))
            }
            Some(character) => {
                self.at = start.wrapping_add(character.len_utf8());
                Ok(())
            }
            None => Err(self.truncated("in a string")),
        }
    }

    /// Reads the escape at the cursor.
    fn escape(&mut self) -> Result<char, Fault> {
        let place = self.at;
        self.advance();
        let character = match self.peek() {
            Some(b'n') => '\n',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => {
                self.advance();
                self.code_point(place)?
            }
            Some(_) => return Err(self.invalid_escape(place)),
            None => return Err(self.truncated("in an escape")),
        };
        if self.is_refused(character) {
            return Err(self.forbidden(character, place));
        }
        self.advance();
        Ok(character)
    }

    /// Reads what follows `\u`, both halves of a surrogate pair, and leaves the cursor on the last
    /// digit. The escape begins at `place`.
    fn code_point(&mut self, place: usize) -> Result<char, Fault> {
        let lone = |reader: &Self| {
            reader.fault(
                FaultCode::LoneSurrogate,
                place,
                format_args!("half of a surrogate pair"),
            )
        };
        let first = self.hex_digits(place)?;
        let Some(high) = first.checked_sub(0xd800).filter(|&high| high < 0x400) else {
            return char::from_u32(first).ok_or_else(|| lone(self));
        };
        for expected in *b"\\u" {
            self.advance();
            match self.peek() {
                Some(byte) if byte == expected => {}
                Some(_) => return Err(lone(self)),
                None => return Err(self.truncated("in an escape")),
            }
        }
        self.advance();
        let low = self.hex_digits(place)?.checked_sub(0xdc00);
        let low = low.filter(|&low| low < 0x400).ok_or_else(|| lone(self))?;
        let code = (high.wrapping_shl(10) | low).wrapping_add(0x1_0000);
        char::from_u32(code).ok_or_else(|| lone(self))
    }

    /// Reads four digits and leaves the cursor on the last.
    fn hex_digits(&mut self, place: usize) -> Result<u32, Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let Some(digits) = rest.first_chunk::<4>() else {
            return Err(self.truncated("in an escape"));
        };
        let mut code = 0_u32;
        for &digit in digits {
            let value = char::from(digit).to_digit(16);
            code = code.wrapping_shl(4) | value.ok_or_else(|| self.invalid_escape(place))?;
        }
        self.at = self.at.wrapping_add(3);
        Ok(code)
    }

    fn is_refused(&self, character: char) -> bool {
        is_forbidden(character) && !self.rules.any_character
    }

    fn invalid_escape(&self, place: usize) -> Fault {
        self.fault(FaultCode::Syntax, place, format_args!("no such escape"))
    }

    fn forbidden(&self, character: char, place: usize) -> Fault {
        self.fault(
            FaultCode::ForbiddenCharacter,
            place,
            format_args!("U+{:04X} in a string", u32::from(character)),
        )
    }
}

/// What ends a run of characters that stand for themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Quote,
    Backslash,
}

/// What stops a run beside bytes that JSON escapes: DEL, the last byte of U+061C, and the first of
/// every other forbidden character. The first byte of U+061C begins half of all Arabic letters.
const BEYOND_ESCAPED: [u8; 3] = [0x7f, 0x9c, 0xe2];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn read(text: &str) -> Result<Cow<'_, str>, FaultCode> {
        Reader::new(text, 0).string().map_err(|fault| fault.code)
    }

    #[test]
    fn every_character_is_judged_alike_at_every_offset() {
        for code in 0..=0x1_ffff_u32 {
            let Some(character) = char::from_u32(code) else {
                continue;
            };
            if matches!(character, '"' | '\\') {
                continue;
            }
            let padding = usize::try_from(code % 37).unwrap();
            let (before, after) = ("x".repeat(padding), "é—".repeat(padding % 5));
            let raw = format!("\"{before}{character}{after}\" tail");
            let is_refused = is_forbidden(character) || character < ' ';
            if is_refused {
                assert_eq!(
                    read(&raw),
                    Err(FaultCode::ForbiddenCharacter),
                    "U+{code:04X}"
                );
            } else {
                assert_eq!(read(&raw), Ok(format!("{before}{character}{after}").into()));
            }
            let mut units = [0_u16; 2];
            let mut escaped = format!("\"{before}");
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
            escaped.push_str(&format!("{after}\""));
            if is_forbidden(character) {
                assert_eq!(read(&escaped), Err(FaultCode::ForbiddenCharacter));
            } else {
                assert_eq!(
                    read(&escaped),
                    Ok(format!("{before}{character}{after}").into())
                );
            }
        }
    }

    #[test]
    fn a_string_without_escapes_is_not_copied() {
        assert!(matches!(
            read("\"—plain 界\""),
            Ok(Cow::Borrowed("—plain 界"))
        ));
        assert!(matches!(read("\"\\/\""), Ok(Cow::Owned(text)) if text == "/"));
    }

    #[test]
    fn an_unescaped_string_keeps_no_more_room_than_it_needs() {
        let text = format!("\"a\\nb\" {}", "x".repeat(100_000));
        let Ok(Cow::Owned(unescaped)) = read(&text) else {
            panic!("not unescaped");
        };
        assert!(unescaped.capacity() < 100, "{}", unescaped.capacity());
    }

    #[test]
    fn half_a_surrogate_pair_is_not_a_character() {
        for lone in [
            r#""\ud800""#,
            r#""\udbff\n""#,
            r#""\udc00""#,
            r#""\ud800A""#,
            r#""\ud800\ud800""#,
            r#""\udfff\ud800""#,
        ] {
            assert_eq!(read(lone), Err(FaultCode::LoneSurrogate), "{lone}");
        }
        assert_eq!(read(r#""\uD83D\uDE00""#), Ok("😀".into()));
        assert_eq!(read(r#""\ud83d\u12""#), Err(FaultCode::Truncated));
        assert_eq!(read(r#""\ud83d\uzzzz""#), Err(FaultCode::Syntax));
    }
}
