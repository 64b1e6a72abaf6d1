//! Values of known shape inside a response object, and values that are read to be dropped.
//!
//! Nothing is skipped unread: a dropped value must be JSON of bounded depth too.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else a provider sends is of the wrong type, whichever it is"
)]

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::envelope::{ErrorInfo, Record, explain, read_members};
use super::fault::{BusFault, BusFaultCode};
use crate::isa::{Event, Items, Reader};

/// The value of one key, to be read as what the format says.
pub(super) struct Field<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    /// The value, or how it begins.
    pub(super) event: Event<'de>,
    pub(super) key: &'static str,
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
    /// A string or null.
    pub(super) fn text(self) -> Result<Option<Cow<'de, str>>, BusFault> {
        match self.event {
            Event::Text(text) => Ok(Some(text)),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "a string", &other)),
        }
    }

    /// A count or null.
    pub(super) fn count(self) -> Result<Option<u64>, BusFault> {
        match self.event {
            Event::Natural(number) => Ok(Some(number)),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "a count", &other)),
        }
    }

    /// A truth value or null.
    pub(super) fn flag(self) -> Result<Option<bool>, BusFault> {
        match self.event {
            Event::Boolean(truth) => Ok(Some(truth)),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "a boolean", &other)),
        }
    }

    /// An object or null.
    pub(super) fn record<R: Record<'de>>(self) -> Result<Option<R>, BusFault> {
        match self.event {
            Event::Object => read_members(self.reader).map(Some),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "an object", &other)),
        }
    }

    /// An array of objects, or null.
    pub(super) fn list<R: Record<'de>>(self) -> Result<Option<Vec<R>>, BusFault> {
        match self.event {
            Event::Array => self.records().map(Some),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "an array", &other)),
        }
    }

    /// A string, an array of objects, or null.
    pub(super) fn content<R: Record<'de>>(self) -> Result<Content<'de, R>, BusFault> {
        match self.event {
            Event::Text(text) => Ok(Content::Text(text)),
            Event::Array => self.records().map(Content::List),
            Event::Null => Ok(Content::Absent),
            other => Err(wrong(self.key, "a string or an array", &other)),
        }
    }

    /// An error: an object or a string, or null.
    pub(super) fn error(self) -> Result<Option<ErrorInfo<'de>>, BusFault> {
        match self.event {
            Event::Object => read_members(self.reader).map(Some),
            Event::Text(message) => Ok(Some(ErrorInfo {
                message: Some(message),
                ..ErrorInfo::default()
            })),
            Event::Null => Ok(None),
            other => Err(wrong(self.key, "an object or a string", &other)),
        }
    }

    /// Anything; true if it is more than null, false, an empty string or an empty container.
    pub(super) fn presence(self) -> Result<bool, BusFault> {
        skip(self.reader, &self.event)
    }

    /// Anything; its text if it is a string.
    pub(super) fn text_if_any(self) -> Result<Option<Cow<'de, str>>, BusFault> {
        if let Event::Text(text) = self.event {
            return Ok(Some(text));
        }
        skip(self.reader, &self.event)?;
        Ok(None)
    }

    fn records<R: Record<'de>>(self) -> Result<Vec<R>, BusFault> {
        // Mostly there is exactly one.
        let mut records = Vec::with_capacity(1);
        let mut items = Items::default();
        while let Some(item) = self.reader.next_item(&mut items).map_err(explain)? {
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
            records.push(read_members(self.reader)?);
        }
        Ok(records)
    }
}

/// Reads the rest of a value that begins with `event`; true if it is more than null, false, an
/// empty string or an empty container. Calls itself once for each container, which the reader's
/// nesting limit bounds.
pub(super) fn skip(reader: &mut Reader<'_>, event: &Event<'_>) -> Result<bool, BusFault> {
    let mut items = Items::default();
    let mut is_present = false;
    match event {
        Event::Text(text) => is_present = !text.is_empty(),
        Event::Natural(_) | Event::Negative(_) | Event::Unrounded(_) => is_present = true,
        Event::Boolean(truth) => is_present = *truth,
        Event::Null => {}
        Event::Array => {
            while let Some(item) = reader.next_item(&mut items).map_err(explain)? {
                skip(reader, &item)?;
                is_present = true;
            }
        }
        Event::Object => {
            while reader
                .next_uncompared_key(&mut items)
                .map_err(explain)?
                .is_some()
            {
                let value = reader.member_value().map_err(explain)?;
                skip(reader, &value)?;
                is_present = true;
            }
        }
    }
    Ok(is_present)
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

#[cold]
fn wrong(key: &str, expected: &str, found: &Event<'_>) -> BusFault {
    BusFault::new(
        BusFaultCode::WrongType,
        format_args!("`{key}` is {}, not {expected}", kind_of(found)),
    )
}
