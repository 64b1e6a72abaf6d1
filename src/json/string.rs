//! Strings: borrowed where they stand, or unescaped in one go.
//!
//! One scan looks for the end, for escapes and for forbidden characters at once. Never repairs or
//! replaces a character.

use alloc::borrow::Cow;
use alloc::string::String;

use super::fault::{JsonFault, JsonFaultKind};
use super::reader::Reader;
use crate::byte_scan::{ByteClass, MustEscape};
use crate::text::is_forbidden;

/// Room in bytes for a string with escapes, unless the document ends before. Most are shorter, and
/// a document of many short ones must not be given its own size many times over.
const FIRST_ROOM: usize = 512;

/// A longer string is given room for the rest of the document, most of which it often is. It gives
/// room back if it was given more than this many times what it needs.
const MOST_SLACK: usize = 4;

impl<'de> Reader<'de> {
    /// Reads the string whose opening quote is at the cursor.
    // Out of line, its result would be moved once more for every key and text.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, JsonFault> {
        let start = self.at.wrapping_add(1);
        let mut at = start;
        loop {
            let Some(stop) = self.stops.next_from(at) else {
                return Err(self.truncated("in a string"));
            };
            match self.text.as_bytes().get(stop) {
                Some(b'"') => {
                    self.at = stop.wrapping_add(1);
                    let text = self.text.get(start..stop).unwrap_or_default();
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.unescaped(start, stop).map(Cow::Owned),
                _ => at = self.pass_unusual(stop)?,
            }
        }
    }

    /// Steps over the string whose opening quote is at the cursor, with the same faults as
    /// [`Reader::string`].
    pub(super) fn pass_string(&mut self) -> Result<(), JsonFault> {
        let mut at = self.at.wrapping_add(1);
        loop {
            let Some(stop) = self.stops.next_from(at) else {
                return Err(self.truncated("in a string"));
            };
            match self.text.as_bytes().get(stop) {
                Some(b'"') => {
                    self.at = stop.wrapping_add(1);
                    return Ok(());
                }
                Some(b'\\') => {
                    at = match self.text.as_bytes().get(stop.wrapping_add(1)) {
                        Some(b'"' | b'\\' | b'/' | b'n') => stop.wrapping_add(2),
                        Some(_) | None => {
                            self.at = stop;
                            self.long_escape()?;
                            self.at
                        }
                    }
                }
                _ => at = self.pass_unusual(stop)?,
            }
        }
    }

    /// Reads a string that begins at `start` and has its first escape at `escape`.
    #[inline(never)]
    fn unescaped(&mut self, start: usize, escape: usize) -> Result<String, JsonFault> {
        let most = self.text.len().saturating_sub(start);
        let mut out = String::with_capacity(most.min(FIRST_ROOM));
        let mut run_start = start;
        let mut stop = escape;
        loop {
            match self.text.as_bytes().get(stop) {
                Some(b'\\') => {
                    push_run(&mut out, self.text.get(run_start..stop), most);
                    let after = stop.wrapping_add(2);
                    match self.text.as_bytes().get(stop.wrapping_add(1)) {
                        // The escaped character stands for itself: it begins the next run.
                        Some(b'"' | b'\\' | b'/') => run_start = stop.wrapping_add(1),
                        Some(b'n') => {
                            out.push('\n');
                            run_start = after;
                        }
                        Some(_) | None => {
                            self.at = stop;
                            out.push(self.long_escape()?);
                            run_start = self.at;
                        }
                    }
                    stop = after.max(run_start);
                }
                Some(b'"') => {
                    push_run(&mut out, self.text.get(run_start..stop), most);
                    self.at = stop.wrapping_add(1);
                    if out.capacity() > FIRST_ROOM.max(out.len().saturating_mul(MOST_SLACK)) {
                        out.shrink_to_fit();
                    }
                    return Ok(out);
                }
                _ => stop = self.pass_unusual(stop)?,
            }
            let Some(next) = self.stops.next_from(stop) else {
                return Err(self.truncated("in a string"));
            };
            stop = next;
        }
    }

    /// Where to continue after the character at `stop`, which [`EndsOrSpoils`] points at and is no
    /// quote or backslash, unless it is forbidden.
    fn pass_unusual(&self, stop: usize) -> Result<usize, JsonFault> {
        let character = { self.text.get(stop..) }.and_then(|text| text.chars().next());
        match character {
            Some(character) if self.is_refused(character) || character < ' ' => {
                Err(self.forbidden(character, stop))
            }
            Some(character) => Ok(stop.wrapping_add(character.len_utf8())),
            None => Err(self.truncated("in a string")),
        }
    }

    #[inline]
    pub(super) fn bytes_at<const COUNT: usize>(&self, start: usize) -> Option<&'de [u8; COUNT]> {
        self.text.as_bytes().get(start..)?.first_chunk()
    }

    /// Reads the escape at the cursor, one that is not among the most frequent.
    fn long_escape(&mut self) -> Result<char, JsonFault> {
        let place = self.at;
        self.advance();
        let character = match self.peek() {
            Some(b't') => '\t',
            Some(b'r') => '\r',
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
    fn code_point(&mut self, place: usize) -> Result<char, JsonFault> {
        let lone = |reader: &Self| reader.fault(place, JsonFaultKind::LoneSurrogate);
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
    fn hex_digits(&mut self, place: usize) -> Result<u32, JsonFault> {
        let Some(digits) = self.bytes_at::<4>(self.at) else {
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

    fn invalid_escape(&self, place: usize) -> JsonFault {
        self.fault(place, JsonFaultKind::Syntax("no such escape"))
    }

    fn forbidden(&self, character: char, place: usize) -> JsonFault {
        self.fault(place, JsonFaultKind::ForbiddenCharacter(character))
    }
}

/// Appends characters that stand for themselves; `most` bytes are room for any string of the rest
/// of the document.
#[inline]
fn push_run(out: &mut String, run: Option<&str>, most: usize) {
    let run = run.unwrap_or_default();
    let room = out.capacity().wrapping_sub(out.len());
    if run.len() >= room {
        out.reserve_exact(most.saturating_sub(out.len()));
    }
    out.push_str(run);
}

/// What may end a run of characters that stand for themselves: bytes that JSON escapes, DEL, and
/// what looks like the beginning of a bidirectional control.
pub(super) struct EndsOrSpoils;

impl ByteClass for EndsOrSpoils {
    #[inline]
    fn has_ascii(byte: u8) -> bool {
        MustEscape::has_ascii(byte) | (byte == 0x7f)
    }

    #[inline]
    fn may_begin(first: u8, second: u8, third: u8) -> bool {
        let letter_mark = (first == 0xd8) & (second == 0x9c);
        // The second byte is left to the closer look, which it would only spare the ellipsis.
        let general = (first == 0xe2) & ((third & 0xfe == 0x8e) | (third.wrapping_sub(0xa6) < 9));
        letter_mark | general
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Rules;
    use super::*;
    use alloc::format;

    const STRICT: Rules = Rules {
        nesting: 0,
        any_number: false,
        any_character: false,
        white_space: true,
    };

    fn read(text: &str) -> Result<Cow<'_, str>, JsonFaultKind> {
        let mut reader = Reader::new(text, STRICT);
        let string = reader.string();
        let mut passing = Reader::new(text, STRICT);
        let passed = passing.pass_string();
        assert_eq!(passed.err(), string.as_ref().err().cloned(), "{text}");
        if string.is_ok() {
            assert_eq!(passing.at, reader.at, "{text}");
        }
        string.map_err(|fault| fault.kind)
    }

    #[test]
    fn every_character_is_judged_the_same_at_every_offset() {
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
                    Err(JsonFaultKind::ForbiddenCharacter(character)),
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
                assert_eq!(
                    read(&escaped),
                    Err(JsonFaultKind::ForbiddenCharacter(character))
                );
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
    fn an_unescaped_string_wastes_little_memory() {
        for length in [1, 400, 600, 3_000, 100_000] {
            let string = "a".repeat(length);
            let text = format!("\"\\n{string}\\n\" {}", "x".repeat(100_000));
            let Ok(Cow::Owned(unescaped)) = read(&text) else {
                panic!("not unescaped");
            };
            assert_eq!(unescaped, format!("\n{string}\n"));
            let most = FIRST_ROOM.max(MOST_SLACK * unescaped.len());
            assert!(unescaped.capacity() <= most, "{length}");
        }
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
            assert_eq!(read(lone), Err(JsonFaultKind::LoneSurrogate), "{lone}");
        }
        assert_eq!(read(r#""\uD83D\uDE00""#), Ok("😀".into()));
        assert_eq!(
            read(r#""\ud83d\u12""#),
            Err(JsonFaultKind::Truncated("in an escape"))
        );
        assert_eq!(
            read(r#""\ud83d\uzzzz""#),
            Err(JsonFaultKind::Syntax("no such escape"))
        );
    }
}
