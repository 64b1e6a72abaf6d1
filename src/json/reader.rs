//! A strict pull reader of JSON: one cursor over one document, one fault with its exact byte.
//!
//! Refuses at every depth what JSON libraries let through: half a surrogate pair, a duplicate key,
//! nesting past the limit and, as far as its [`Rules`] say, a number that is no 64-bit integer or a
//! forbidden character. Never skips a value unread.

use alloc::borrow::Cow;

use super::fault::{JsonFault, JsonFaultKind};
use super::keys::KeySet;
use super::string::EndsOrSpoils;
use crate::byte_scan::Stops;

/// The cursor. The first fault in the order of bytes ends the reading; what is read after it has
/// no meaning.
pub struct Reader<'de> {
    pub(super) text: &'de str,
    /// The byte of `text` that is looked at next.
    pub(super) at: usize,
    /// What may end or spoil a string.
    pub(super) stops: Stops<'de, EndsOrSpoils>,
    /// Where `text` begins in the text whose bytes faults name.
    base: usize,
    /// Containers entered and not yet left.
    depth: usize,
    pub(super) rules: Rules,
}

/// What a reader lets through.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How deep objects and arrays may nest.
    pub nesting: usize,
    /// Take numbers that are no 64-bit integers as [`Event::Unrounded`], up to the range of a
    /// double.
    pub any_number: bool,
    /// Take every character in a string that JSON allows there; otherwise DEL, bidirectional
    /// controls, and escaped controls but tab, line feed and carriage return are refused.
    pub any_character: bool,
    /// Take white space between tokens.
    pub white_space: bool,
}

impl Rules {
    /// Rules that take every character and number, down to a depth of `nesting`.
    #[must_use]
    pub const fn any_json(nesting: usize) -> Self {
        Self {
            nesting,
            any_number: true,
            any_character: true,
            white_space: true,
        }
    }

    /// The same rules for compact text: white space between tokens is refused.
    #[must_use]
    pub const fn compact(self) -> Self {
        Self {
            white_space: false,
            ..self
        }
    }
}

/// What a value turned out to be. A scalar has been read whole; a container has been entered, and
/// must be read to its end before anything else.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'de> {
    /// A string, borrowed where the document has no escape.
    Text(Cow<'de, str>),
    /// An integer, zero or more.
    Natural(u64),
    /// An integer less than zero.
    Negative(i64),
    /// A number that is neither, as it is written; only where the rules let it through.
    Unrounded(&'de str),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
    /// An array; continue with [`Reader::next_item`].
    Array,
    /// An object; continue with [`Reader::next_key`] and [`Reader::member_value`].
    Object,
}

/// How far one array has been read.
#[derive(Debug, Default)]
pub struct Items {
    has_begun: bool,
}

/// How far one object has been read, with the keys seen so far.
#[derive(Debug, Default)]
pub struct Members<'de> {
    items: Items,
    keys: KeySet<'de>,
}

impl<'de> Reader<'de> {
    /// Reads `text`.
    #[must_use]
    pub const fn new(text: &'de str, rules: Rules) -> Self {
        Self::starting_at(text, 0, rules)
    }

    /// Reads `text`, which begins at byte `base` of a longer text: faults name bytes of that one.
    #[must_use]
    pub const fn starting_at(text: &'de str, base: usize, rules: Rules) -> Self {
        Self {
            text,
            at: 0,
            stops: Stops::new(text.as_bytes()),
            base,
            depth: 0,
            rules,
        }
    }

    /// Reads a scalar, or enters a container.
    ///
    /// # Errors
    /// [`JsonFault`]
    #[inline]
    pub fn value(&mut self) -> Result<Event<'de>, JsonFault> {
        match self.peek_token() {
            Some(b'"') => self.string().map(Event::Text),
            Some(b'{') => self.enter(Event::Object),
            Some(b'[') => self.enter(Event::Array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Event::Boolean(true)),
            Some(b'f') => self.literal("false", Event::Boolean(false)),
            Some(b'n') => self.literal("null", Event::Null),
            Some(_) => Err(self.syntax("expected a value")),
            None => Err(self.truncated("before a value")),
        }
    }

    /// The next item of the array that was entered last, or nothing once it has been left.
    ///
    /// # Errors
    /// [`JsonFault`]
    pub fn next_item(&mut self, items: &mut Items) -> Result<Option<Event<'de>>, JsonFault> {
        if self.find_item(items)? {
            self.value().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Finds the next item of an array; false once the array has been left.
    #[inline]
    pub(super) fn find_item(&mut self, items: &mut Items) -> Result<bool, JsonFault> {
        match self.peek_token() {
            None => return Err(self.truncated("in an array")),
            Some(b']') => {
                self.leave();
                return Ok(false);
            }
            Some(b',') if items.has_begun => {
                self.advance();
                if self.peek_token() == Some(b']') {
                    return Err(self.syntax("trailing comma"));
                }
            }
            Some(_) if items.has_begun => return Err(self.syntax("expected `,` or `]`")),
            Some(_) => items.has_begun = true,
        }
        Ok(true)
    }

    /// The next key of the object that was entered last, or nothing once it has been left. After a
    /// key its value must be read, with [`Reader::member_value`] or [`Reader::member_span`].
    ///
    /// # Errors
    /// [`JsonFault`], for a duplicate key too.
    #[inline]
    pub fn next_key(
        &mut self,
        members: &mut Members<'de>,
    ) -> Result<Option<Cow<'de, str>>, JsonFault> {
        let Some(place) = self.find_key(&mut members.items)? else {
            return Ok(None);
        };
        let key = self.string()?;
        if members.keys.insert(key.clone()) {
            Ok(Some(key))
        } else {
            Err(self.fault(place, JsonFaultKind::DuplicateKey(key.into_owned())))
        }
    }

    /// As [`Reader::next_key`], for a caller that looks for duplicate keys itself.
    #[inline]
    pub(crate) fn next_uncompared_key(
        &mut self,
        items: &mut Items,
    ) -> Result<Option<Cow<'de, str>>, JsonFault> {
        match self.find_key(items)? {
            Some(_) => self.string().map(Some),
            None => Ok(None),
        }
    }

    /// Where the next key begins, which is then the cursor's place.
    #[inline]
    pub(super) fn find_key(&mut self, items: &mut Items) -> Result<Option<usize>, JsonFault> {
        // In compact text a key stands right behind its comma.
        if items.has_begun && self.bytes_at(self.at) == Some(b",\"") {
            self.advance();
            return Ok(Some(self.at));
        }
        match self.peek_token() {
            None => return Err(self.truncated("in an object")),
            Some(b'}') => {
                self.leave();
                return Ok(None);
            }
            Some(b',') if items.has_begun => {
                self.advance();
                if self.peek_token() == Some(b'}') {
                    return Err(self.syntax("trailing comma"));
                }
            }
            Some(_) if items.has_begun => return Err(self.syntax("expected `,` or `}`")),
            Some(_) => items.has_begun = true,
        }
        match self.peek_token() {
            Some(b'"') => Ok(Some(self.at)),
            Some(_) => Err(self.syntax("a key must be a string")),
            None => Err(self.truncated("before a key")),
        }
    }

    /// Reads or enters the value of the key that was read last.
    ///
    /// # Errors
    /// [`JsonFault`]
    #[inline]
    pub fn member_value(&mut self) -> Result<Event<'de>, JsonFault> {
        self.pass_colon()?;
        self.value()
    }

    #[inline]
    pub(super) fn pass_colon(&mut self) -> Result<(), JsonFault> {
        match self.peek_token() {
            Some(b':') => {
                self.advance();
                Ok(())
            }
            Some(_) => Err(self.syntax("expected `:`")),
            None => Err(self.truncated("before a value")),
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// [`JsonFaultKind::TrailingBytes`]
    pub fn end(&mut self) -> Result<(), JsonFault> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.fault(self.at, JsonFaultKind::TrailingBytes)),
        }
    }

    fn enter(&mut self, container: Event<'de>) -> Result<Event<'de>, JsonFault> {
        let most = self.rules.nesting;
        if self.depth == most {
            return Err(self.fault(self.at, JsonFaultKind::TooDeep(most)));
        }
        self.depth = self.depth.wrapping_add(1);
        self.advance();
        Ok(container)
    }

    /// Steps over the bracket that ends the container entered last.
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.advance();
    }

    fn literal(&mut self, word: &str, event: Event<'de>) -> Result<Event<'de>, JsonFault> {
        for expected in word.bytes() {
            match self.peek() {
                Some(byte) if byte == expected => self.advance(),
                Some(_) => return Err(self.syntax("expected a value")),
                None => return Err(self.truncated("in a literal")),
            }
        }
        Ok(event)
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    #[inline]
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || !self.rules.white_space {
                return Some(byte);
            }
            self.advance();
        }
    }

    /// Steps over one byte. The cursor never passes the end of a text that fits in memory.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// A fault at byte `place` of the text.
    #[cold]
    pub(super) fn fault(&self, place: usize, kind: JsonFaultKind) -> JsonFault {
        JsonFault {
            byte: self.base.saturating_add(place),
            kind,
        }
    }

    #[cold]
    pub(super) fn syntax(&self, what: &'static str) -> JsonFault {
        self.fault(self.at, JsonFaultKind::Syntax(what))
    }

    #[cold]
    pub(super) fn truncated(&self, place: &'static str) -> JsonFault {
        self.fault(self.text.len(), JsonFaultKind::Truncated(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    const NESTING: usize = 16;

    const STRICT: Rules = Rules {
        nesting: NESTING,
        any_number: false,
        any_character: false,
        white_space: true,
    };

    /// Reads a whole document, once as compact text and once as a span, and says what was refused
    /// and at which byte.
    fn refusal(text: &str) -> (String, usize) {
        let rewritten = {
            let mut reader = Reader::starting_at(text, 100, STRICT);
            let event = reader.value();
            let rest = event.and_then(|event| {
                super::super::rewrite(&mut reader, &event, &mut String::new())?;
                reader.end()
            });
            rest.expect_err(text)
        };
        let mut reader = Reader::starting_at(text, 100, STRICT);
        let passed = reader.span().and_then(|_| reader.end());
        assert_eq!(passed.expect_err(text), rewritten);
        let name = format!("{:?}", rewritten.kind);
        let name = name.split('(').next().expect("a name");
        (name.into(), rewritten.byte - 100)
    }

    #[test]
    fn every_fault_names_its_byte() {
        let deep = "[".repeat(NESTING + 1);
        let rows = [
            ("", "Truncated", 0),
            (" [1", "Truncated", 3),
            ("{\"a\"", "Truncated", 4),
            ("\"ab", "Truncated", 3),
            ("\"a\\", "Truncated", 3),
            ("\"\\u12", "Truncated", 5),
            ("tru", "Truncated", 3),
            ("-", "Truncated", 1),
            ("1.", "Truncated", 2),
            ("1e+", "Truncated", 3),
            ("{\"a\":1,", "Truncated", 7),
            ("[1,]", "Syntax", 3),
            ("[,1]", "Syntax", 1),
            ("[1 2]", "Syntax", 3),
            ("{\"a\":1,}", "Syntax", 7),
            ("{,}", "Syntax", 1),
            ("{1:2}", "Syntax", 1),
            ("{\"a\" 1}", "Syntax", 5),
            ("{\"a\":1 \"b\":2}", "Syntax", 7),
            ("[truth]", "Syntax", 4),
            ("[01]", "Syntax", 1),
            ("[-00]", "Syntax", 2),
            ("[-a]", "Syntax", 2),
            ("[1.e1]", "Syntax", 3),
            ("[1e]", "Syntax", 3),
            ("[\"a\\x\"]", "Syntax", 3),
            ("[\"a\\u12g4\"]", "Syntax", 3),
            ("{\"a\":1, \"\\u0061\":2}", "DuplicateKey", 8),
            ("[1, 2.5]", "FloatNumber", 4),
            ("[1, -0]", "FloatNumber", 4),
            ("[18446744073709551616]", "NumberTooLarge", 1),
            ("[\"é\\ud800\"]", "LoneSurrogate", 4),
            ("[\"a\\ud83d\\u0041\"]", "LoneSurrogate", 3),
            ("\"a\tb\"", "ForbiddenCharacter", 2),
            ("\"a\u{7f}\"", "ForbiddenCharacter", 2),
            ("\"—é\u{202e}\"", "ForbiddenCharacter", 6),
            ("\"ab\\n\\u0000\"", "ForbiddenCharacter", 5),
            ("1 2", "TrailingBytes", 2),
            (&deep, "TooDeep", NESTING),
        ];
        for (text, name, byte) in rows {
            assert_eq!(refusal(text), (name.into(), byte), "{text}");
        }
    }

    #[test]
    fn the_first_fault_by_byte_is_reported() {
        assert_eq!(refusal("[\"\u{7f}").0, "ForbiddenCharacter");
        assert_eq!(refusal("[\"\\u0000\\ud800\"]").0, "ForbiddenCharacter");
        assert_eq!(refusal("[\"\\ud800\\u0000\"]").0, "LoneSurrogate");
        assert_eq!(refusal("[1.5,]").0, "FloatNumber");
    }
}
