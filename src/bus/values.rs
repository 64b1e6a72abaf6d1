//! Values of known shape inside a response object, and values that are read to be dropped.
//!
//! Nothing is skipped unread: a dropped value must be JSON of bounded depth too.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::envelope::{ErrorInfo, Record, read_members};
use super::fault::{BusFault, BusFaultCode};
use crate::json::{Event, Items, JsonFault, Reader};

/// The value of one key, to be read as what the format says, or dropped.
pub(super) struct Field<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) key: &'a str,
    /// A bit for each known key that the object has had.
    pub(super) seen: &'a mut u32,
}

/// What a `content` field may be.
#[derive(Default)]
pub(super) enum Content<'de, R> {
    #[default]
    Absent,
    Text(Cow<'de, str>),
    List(Vec<R>),
}

impl<'de> Field<'_, 'de> {
    /// The same field, unless its key was there before. `number` is that of the key among the known
    /// keys of its object, below 32.
    #[inline]
    pub(super) fn once(self, number: u32) -> Result<Self, BusFault> {
        let bit = 1_u32.wrapping_shl(number);
        if *self.seen & bit != 0 {
            return Err(duplicate(self.key));
        }
        *self.seen |= bit;
        Ok(self)
    }

    /// Drops the value.
    pub(super) fn skip(self) -> Result<(), BusFault> {
        self.reader.pass_member()?;
        Ok(())
    }

    /// A string or null.
    pub(super) fn text(self) -> Result<Option<Cow<'de, str>>, BusFault> {
        match self.reader.member_value() {
            Ok(Event::Text(text)) => Ok(Some(text)),
            Ok(Event::Null) => Ok(None),
            other => Err(wrong(other, self.key, "a string")),
        }
    }

    /// A count or null.
    pub(super) fn count(self) -> Result<Option<u64>, BusFault> {
        match self.reader.member_value() {
            Ok(Event::Natural(number)) => Ok(Some(number)),
            Ok(Event::Null) => Ok(None),
            other => Err(wrong(other, self.key, "a count")),
        }
    }

    /// A truth value or null.
    pub(super) fn flag(self) -> Result<Option<bool>, BusFault> {
        match self.reader.member_value() {
            Ok(Event::Boolean(truth)) => Ok(Some(truth)),
            Ok(Event::Null) => Ok(None),
            other => Err(wrong(other, self.key, "a boolean")),
        }
    }

    /// An object or null.
    pub(super) fn record<R: Record<'de>>(self, place: &mut Option<R>) -> Result<(), BusFault> {
        match self.reader.member_value() {
            Ok(Event::Object) => read_members(self.reader, place.insert(R::default())),
            Ok(Event::Null) => Ok(()),
            other => Err(wrong(other, self.key, "an object")),
        }
    }

    /// An array of objects, or null.
    pub(super) fn list<R: Record<'de>>(self) -> Result<Option<Vec<R>>, BusFault> {
        match self.reader.member_value() {
            Ok(Event::Array) => self.records().map(Some),
            Ok(Event::Null) => Ok(None),
            other => Err(wrong(other, self.key, "an array")),
        }
    }

    /// A string, an array of objects, or null.
    pub(super) fn content<R: Record<'de>>(self) -> Result<Content<'de, R>, BusFault> {
        match self.reader.member_value() {
            Ok(Event::Text(text)) => Ok(Content::Text(text)),
            Ok(Event::Array) => self.records().map(Content::List),
            Ok(Event::Null) => Ok(Content::Absent),
            other => Err(wrong(other, self.key, "a string or an array")),
        }
    }

    /// An error: an object or a string, or null.
    pub(super) fn error(self, place: &mut Option<ErrorInfo<'de>>) -> Result<(), BusFault> {
        match self.reader.member_value() {
            Ok(Event::Object) => read_members(self.reader, place.insert(ErrorInfo::default())),
            Ok(Event::Text(message)) => {
                place.insert(ErrorInfo::default()).message = Some(message);
                Ok(())
            }
            Ok(Event::Null) => Ok(()),
            other => Err(wrong(other, self.key, "an object or a string")),
        }
    }

    /// Anything; true if it is more than null, false, an empty string or an empty container.
    pub(super) fn presence(self) -> Result<bool, BusFault> {
        Ok(self.reader.pass_member()?)
    }

    /// Anything; its text if it is a string.
    pub(super) fn text_if_any(self) -> Result<Option<Cow<'de, str>>, BusFault> {
        Ok(self.reader.member_text()?)
    }

    fn records<R: Record<'de>>(self) -> Result<Vec<R>, BusFault> {
        // Mostly there is exactly one.
        let mut records = Vec::with_capacity(1);
        let mut items = Items::default();
        while let Some(item) = self.reader.next_item(&mut items)? {
            if item != Event::Object {
                return Err(BusFault::new(
                    BusFaultCode::WrongType,
                    format_args!(
                        "{} stands among the objects of `{}`",
                        kind_of(&item),
                        self.key
                    ),
                ));
            }
            records.push(R::default());
            if let Some(record) = records.last_mut() {
                read_members(self.reader, record)?;
            }
        }
        Ok(records)
    }
}

/// A value's JSON type, for a fault's detail.
pub(super) const fn kind_of(event: &Event<'_>) -> &'static str {
    match event {
        Event::Text(_) => "a string",
        Event::Natural(_) | Event::Negative(_) | Event::Unrounded(_) => "a number",
        Event::Boolean(_) => "a boolean",
        Event::Null => "null",
        Event::Array => "an array",
        Event::Object => "an object",
    }
}

/// Why a value that was read is not what was expected.
#[cold]
fn wrong(value: Result<Event<'_>, JsonFault>, key: &str, expected: &str) -> BusFault {
    match value {
        Ok(event) => BusFault::new(
            BusFaultCode::WrongType,
            format_args!("`{key}` is {}, not {expected}", kind_of(&event)),
        ),
        Err(fault) => fault.into(),
    }
}

#[cold]
fn duplicate(key: &str) -> BusFault {
    BusFault::new(
        BusFaultCode::DuplicateKey,
        format_args!("duplicate key `{key}`"),
    )
}
