//! A strict pull reader of JSON: one cursor over one document, one fault with its exact byte.
//!
//! Refuses at every depth what JSON libraries let through: half a surrogate pair, nesting past the
//! limit and, as far as its [`Rules`] say, a key that stands twice, a number that is no 64-bit
//! integer, a forbidden character. Never skips a value unread, never knows what a document is
//! about, and never recurses.

use alloc::borrow::Cow;
use core::fmt;

use super::MAX_NESTING;
use super::fault::{Fault, FaultCode, Shown};
use super::names::Names;
use super::string::EndsOrSpoils;
use crate::byte_scan::Stops;

/// The cursor. The first fault in the order of bytes ends the reading; what is read after it has
/// no meaning.
pub(crate) struct Reader<'de> {
    pub(super) text: &'de str,
    /// The byte of `text` that is looked at next.
    pub(super) at: usize,
    /// What may end or spoil a string.
    pub(super) stops: Stops<'de, EndsOrSpoils>,
    /// Where `text` begins in the reply: faults name the reply's bytes, from 0.
    base: usize,
    /// Containers entered and not yet left.
    depth: usize,
    pub(super) rules: Rules,
}

/// What a reader lets through beyond what every document keeps to.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// How deep objects and arrays may nest.
    pub(crate) nesting: usize,
    /// Numbers that are no 64-bit integers are [`Event::Unrounded`], up to the range of a double.
    pub(crate) any_number: bool,
    /// Strings may hold every character that JSON lets them hold.
    pub(crate) any_character: bool,
}

impl Rules {
    /// What a reply of a model keeps to.
    const REPLY: Self = Self {
        nesting: MAX_NESTING,
        any_number: false,
        any_character: false,
    };
}

/// What a value turned out to be. A scalar has been read whole; a container has been entered, and
/// must be read to its end before anything else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'de> {
    /// Borrowed where the document has no escape.
    Text(Cow<'de, str>),
    /// Zero or more.
    Natural(u64),
    /// Less than zero.
    Negative(i64),
    /// A number that is neither, as it is written; only where the rules let it through.
    Unrounded(&'de str),
    Boolean(bool),
    Null,
    /// Go on with [`Reader::next_item`].
    Array,
    /// Go on with [`Reader::next_key`] and [`Reader::member_value`].
    Object,
}

/// How far the reading of one container has come.
#[derive(Default)]
pub(crate) struct Items {
    has_begun: bool,
}

/// How far the reading of one object has come, with the keys seen so far.
#[derive(Default)]
pub(crate) struct Members<'de> {
    items: Items,
    names: Names<'de>,
}

impl<'de> Reader<'de> {
    /// Reads `text`, which begins at byte `base` of the reply.
    pub(super) const fn new(text: &'de str, base: usize) -> Self {
        Self {
            base,
            ..Self::with_rules(text, Rules::REPLY)
        }
    }

    /// Reads `text`, which is all there is, by rules of the caller.
    pub(crate) const fn with_rules(text: &'de str, rules: Rules) -> Self {
        Self {
            text,
            at: 0,
            stops: Stops::new(text.as_bytes()),
            base: 0,
            depth: 0,
            rules,
        }
    }

    /// Reads a value, or enters it.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Event<'de>, Fault> {
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
    pub(crate) fn next_item(&mut self, items: &mut Items) -> Result<Option<Event<'de>>, Fault> {
        match self.peek_token() {
            None => Err(self.truncated("in an array")),
            Some(b']') => {
                self.leave();
                Ok(None)
            }
            Some(b',') if items.has_begun => {
                self.advance();
                if self.peek_token() == Some(b']') {
                    return Err(self.syntax("trailing comma"));
                }
                self.value().map(Some)
            }
            Some(_) if items.has_begun => Err(self.syntax("expected `,` or `]`")),
            Some(_) => {
                items.has_begun = true;
                self.value().map(Some)
            }
        }
    }

    /// The next key of the object that was entered last, or nothing once it has been left; one
    /// that stands twice is a fault. After a key its value must be read with
    /// [`Reader::member_value`].
    #[inline]
    pub(crate) fn next_key(
        &mut self,
        members: &mut Members<'de>,
    ) -> Result<Option<Cow<'de, str>>, Fault> {
        let Some(place) = self.find_key(&mut members.items)? else {
            return Ok(None);
        };
        let key = self.string()?;
        if members.names.insert(key.clone()) {
            Ok(Some(key))
        } else {
            Err(self.fault(
                FaultCode::DuplicateKey,
                place,
                format_args!("key {} stands twice, again", Shown(&key)),
            ))
        }
    }

    /// As [`Reader::next_key`], for a caller that looks for keys that stand twice itself.
    #[inline]
    pub(crate) fn next_uncompared_key(
        &mut self,
        items: &mut Items,
    ) -> Result<Option<Cow<'de, str>>, Fault> {
        match self.find_key(items)? {
            Some(_) => self.string().map(Some),
            None => Ok(None),
        }
    }

    /// Where the next key begins, which is where the cursor then is.
    #[inline]
    fn find_key(&mut self, items: &mut Items) -> Result<Option<usize>, Fault> {
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
    #[inline]
    pub(crate) fn member_value(&mut self) -> Result<Event<'de>, Fault> {
        match self.peek_token() {
            Some(b':') => {
                self.advance();
                self.value()
            }
            Some(_) => Err(self.syntax("expected `:`")),
            None => Err(self.truncated("before a value")),
        }
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.fault(
                FaultCode::TrailingBytes,
                self.at,
                format_args!("the document is over, but more follows"),
            )),
        }
    }

    fn enter(&mut self, container: Event<'de>) -> Result<Event<'de>, Fault> {
        let most = self.rules.nesting;
        if self.depth == most {
            return Err(self.fault(
                FaultCode::TooDeep,
                self.at,
                format_args!("nested deeper than {most}"),
            ));
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

    fn literal(&mut self, word: &str, event: Event<'de>) -> Result<Event<'de>, Fault> {
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
    fn peek_token(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
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
    pub(super) fn fault(&self, code: FaultCode, place: usize, what: fmt::Arguments<'_>) -> Fault {
        let byte = self.base.saturating_add(place);
        Fault::new(code, format_args!("{what} at byte {byte}"))
    }

    #[cold]
    pub(super) fn syntax(&self, what: &str) -> Fault {
        self.fault(FaultCode::Syntax, self.at, format_args!("{what}"))
    }

    #[cold]
    pub(super) fn truncated(&self, place: &str) -> Fault {
        self.fault(
            FaultCode::Truncated,
            self.text.len(),
            format_args!("the document ends {place}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    /// Reads a whole document and says at which byte it was refused.
    fn refusal(text: &str) -> (FaultCode, String) {
        let mut reader = Reader::new(text, 100);
        let fault = super::super::value::read_whole(&mut reader).expect_err(text);
        let (_, place) = fault.detail.rsplit_once(" at byte ").expect("a place");
        (fault.code, place.into())
    }

    #[test]
    fn every_fault_names_its_byte() {
        use FaultCode::{
            DuplicateKey, FloatNumber, ForbiddenCharacter, IntegerOverflow, LoneSurrogate, Syntax,
            TooDeep, TrailingBytes, Truncated,
        };
        let deep = "[".repeat(MAX_NESTING + 1);
        let rows = [
            ("", Truncated, 0),
            (" [1", Truncated, 3),
            ("{\"a\"", Truncated, 4),
            ("\"ab", Truncated, 3),
            ("\"a\\", Truncated, 3),
            ("\"\\u12", Truncated, 5),
            ("tru", Truncated, 3),
            ("-", Truncated, 1),
            ("1.", Truncated, 2),
            ("1e+", Truncated, 3),
            ("{\"a\":1,", Truncated, 7),
            ("[1,]", Syntax, 3),
            ("[,1]", Syntax, 1),
            ("[1 2]", Syntax, 3),
            ("{\"a\":1,}", Syntax, 7),
            ("{,}", Syntax, 1),
            ("{1:2}", Syntax, 1),
            ("{\"a\" 1}", Syntax, 5),
            ("{\"a\":1 \"b\":2}", Syntax, 7),
            ("[truth]", Syntax, 4),
            ("[01]", Syntax, 1),
            ("[-00]", Syntax, 2),
            ("[-a]", Syntax, 2),
            ("[1.e1]", Syntax, 3),
            ("[1e]", Syntax, 3),
            ("[\"a\\x\"]", Syntax, 3),
            ("[\"a\\u12g4\"]", Syntax, 3),
            ("{\"a\":1, \"\\u0061\":2}", DuplicateKey, 8),
            ("[1, 2.5]", FloatNumber, 4),
            ("[1, -0]", FloatNumber, 4),
            ("[18446744073709551616]", IntegerOverflow, 1),
            ("[\"é\\ud800\"]", LoneSurrogate, 4),
            ("[\"a\\ud83d\\u0041\"]", LoneSurrogate, 3),
            ("\"a\tb\"", ForbiddenCharacter, 2),
            ("\"a\u{7f}\"", ForbiddenCharacter, 2),
            ("\"—é\u{202e}\"", ForbiddenCharacter, 6),
            ("\"ab\\n\\u0000\"", ForbiddenCharacter, 5),
            ("1 2", TrailingBytes, 2),
            (&deep, TooDeep, MAX_NESTING),
        ];
        for (text, code, place) in rows {
            assert_eq!(refusal(text), (code, format!("{}", 100 + place)), "{text}");
        }
    }

    #[test]
    fn the_first_fault_in_the_order_of_bytes_is_the_fault() {
        assert_eq!(refusal("[\"\u{7f}").0, FaultCode::ForbiddenCharacter);
        assert_eq!(
            refusal("[\"\\u0000\\ud800\"]").0,
            FaultCode::ForbiddenCharacter
        );
        assert_eq!(refusal("[\"\\ud800\\u0000\"]").0, FaultCode::LoneSurrogate);
        assert_eq!(refusal("[1.5,]").0, FaultCode::FloatNumber);
    }
}
