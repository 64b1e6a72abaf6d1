//! Values that are checked and left where they stand: a caller gets the bytes they take.
//!
//! As strict as reading, and without a copy of any string.

use alloc::borrow::Cow;
use core::ops::Range;

use super::fault::JsonFault;
use super::reader::{Event, Items, Members, Reader};

impl<'de> Reader<'de> {
    /// Reads a value to its end; returns the bytes of the text that it takes.
    ///
    /// # Errors
    /// [`JsonFault`]
    pub fn span(&mut self) -> Result<Range<usize>, JsonFault> {
        // What precedes a value is white space, which this steps over.
        self.peek_token();
        let start = self.position();
        self.pass_value::<true>()?;
        Ok(start..self.position())
    }

    /// Reads the value of the key that was read last, as [`Reader::span`] does.
    ///
    /// # Errors
    /// [`JsonFault`]
    pub fn member_span(&mut self) -> Result<Range<usize>, JsonFault> {
        self.pass_colon()?;
        self.span()
    }

    /// The byte of the text that is looked at next: behind what was read last.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Steps over the value of the key that was read last, without comparing the keys in it; true if
    /// it is more than null, false, an empty string or an empty container.
    ///
    /// # Errors
    /// [`JsonFault`]
    pub(crate) fn pass_member(&mut self) -> Result<bool, JsonFault> {
        self.pass_colon()?;
        self.pass_value::<false>()
    }

    /// Reads the value of the key that was read last if it is a string; any other is stepped over, as
    /// [`Reader::pass_member`] does.
    ///
    /// # Errors
    /// [`JsonFault`]
    pub(crate) fn member_text(&mut self) -> Result<Option<Cow<'de, str>>, JsonFault> {
        self.pass_colon()?;
        if self.peek_token() == Some(b'"') {
            return self.string().map(Some);
        }
        self.pass_value::<false>()?;
        Ok(None)
    }

    /// Steps over a value; true if it is more than null, false, an empty string or an empty
    /// container. Calls itself once for each container, which the nesting limit bounds.
    fn pass_value<const COMPARE_KEYS: bool>(&mut self) -> Result<bool, JsonFault> {
        if self.peek_token() == Some(b'"') {
            let quote = self.at;
            self.pass_string()?;
            return Ok(self.at.wrapping_sub(quote) > 2);
        }
        let mut is_present = false;
        match self.value()? {
            Event::Array => {
                let mut items = Items::default();
                while self.find_item(&mut items)? {
                    self.pass_value::<COMPARE_KEYS>()?;
                    is_present = true;
                }
            }
            Event::Object if COMPARE_KEYS => {
                let mut members = Members::default();
                while self.next_key(&mut members)?.is_some() {
                    self.pass_colon()?;
                    self.pass_value::<COMPARE_KEYS>()?;
                    is_present = true;
                }
            }
            Event::Object => {
                let mut items = Items::default();
                while self.find_key(&mut items)?.is_some() {
                    self.pass_string()?;
                    self.pass_member()?;
                    is_present = true;
                }
            }
            Event::Text(_) | Event::Natural(_) | Event::Negative(_) | Event::Unrounded(_) => {
                is_present = true;
            }
            Event::Boolean(truth) => is_present = truth,
            Event::Null => {}
        }
        Ok(is_present)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Rules;
    use super::*;

    #[test]
    fn a_span_is_a_value_without_the_white_space_around_it() {
        let text = " { \"a\" : [ 1 , \"\\n\" ] , \"b\":-2.5e3 , \"c\":{} } ";
        let mut reader = Reader::new(text, Rules::any_json(2));
        assert_eq!(reader.value(), Ok(Event::Object));
        let mut members = Members::default();
        for (name, value) in [("a", "[ 1 , \"\\n\" ]"), ("b", "-2.5e3"), ("c", "{}")] {
            let key = reader.next_key(&mut members).expect("a key");
            assert_eq!(key.as_deref(), Some(name));
            assert_eq!(&text[reader.member_span().expect("a value")], value);
        }
        assert_eq!(reader.next_key(&mut members), Ok(None));
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(reader.position(), text.len());
    }
    #[test]
    fn compact_text_has_no_white_space_between_tokens() {
        let rules = Rules::any_json(2).compact();
        for (text, byte) in [(" 1", 0), ("[1 ]", 2), ("{\"a\": 1}", 5), ("[1]\n", 3)] {
            let mut reader = Reader::new(text, rules);
            let read = reader.span().and_then(|_| reader.end());
            assert_eq!(read.map_err(|fault| fault.byte), Err(byte), "{text}");
        }
        let text = r#"{"a b":[1," "]}"#;
        assert_eq!(Reader::new(text, rules).span(), Ok(0..text.len()));
    }
}
