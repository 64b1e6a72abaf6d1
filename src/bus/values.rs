//! Values of known shape inside a response object, and values that are read to be dropped.
//!
//! Nothing is skipped unread: a dropped value must be JSON of bounded depth too.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::envelope::{Content, ErrorInfo, Reading, Record, RecordSeed};

/// Reads a string or null.
pub(super) struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.into())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a string, an array of objects, or null.
pub(super) struct ContentSeed<'n, R>(pub(super) Reading<'n>, pub(super) PhantomData<R>);

impl<'de, R: Record<'de>> DeserializeSeed<'de> for ContentSeed<'_, R> {
    type Value = Content<'de, R>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de, R: Record<'de>> Visitor<'de> for ContentSeed<'_, R> {
    type Value = Content<'de, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects, a string or null")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.into())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Content::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let reading = self.0.enter()?;
        let mut records = Vec::new();
        while let Some(record) = items.next_element_seed(RecordSeed::<R>::new(reading))? {
            records.push(record.ok_or_else(|| de::Error::custom("null in an array of objects"))?);
        }
        Ok(Content::List(records))
    }
}

/// Reads an error: an object, a string or null.
pub(super) struct ErrorSeed<'n>(pub(super) Reading<'n>);

impl<'de> DeserializeSeed<'de> for ErrorSeed<'_> {
    type Value = Option<ErrorInfo<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ErrorSeed<'_> {
    type Value = Option<ErrorInfo<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error object, a string or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(ErrorInfo {
            message: Some(Cow::Owned(text.into())),
            ..ErrorInfo::default()
        }))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        RecordSeed::new(self.0).visit_map(members)
    }
}

/// Reads any value; keeps its text and whether there is something to it.
#[derive(Clone, Copy)]
pub(super) struct AnySeed<'n>(pub(super) Reading<'n>);

/// What is kept of a value that may be anything.
pub(super) struct Any<'de> {
    pub(super) text: Option<Cow<'de, str>>,
    pub(super) is_present: bool,
}

impl Any<'_> {
    const fn bare(is_present: bool) -> Self {
        Self {
            text: None,
            is_present,
        }
    }
}

impl<'de> DeserializeSeed<'de> for AnySeed<'_> {
    type Value = Any<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Any<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnySeed<'_> {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any {
            text: Some(Cow::Borrowed(text)),
            is_present: !text.is_empty(),
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any {
            text: Some(Cow::Owned(text.into())),
            is_present: !text.is_empty(),
        })
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Any<'de>, E> {
        Ok(Any::bare(truth))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Any<'de>, E> {
        Ok(Any::bare(true))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Any<'de>, E> {
        Ok(Any::bare(true))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Any<'de>, E> {
        Ok(Any::bare(true))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Any<'de>, E> {
        Ok(Any::bare(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any<'de>, A::Error> {
        let inner = Self(self.0.enter()?);
        let mut is_present = false;
        while items.next_element_seed(inner)?.is_some() {
            is_present = true;
        }
        Ok(Any::bare(is_present))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Any<'de>, A::Error> {
        let inner = Self(self.0.enter()?);
        let mut is_present = false;
        while members.next_key_seed(TextSeed)?.is_some() {
            members.next_value_seed(inner)?;
            is_present = true;
        }
        Ok(Any::bare(is_present))
    }
}
