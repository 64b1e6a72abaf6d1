//! A strict reader of response objects on top of serde_json's parser.
//!
//! Providers add fields, so unknown keys are read and dropped; but read they are, to a bounded
//! depth, as JSON. A known key that stands twice, or an array where an object belongs, is refused.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::MAX_BODY_NESTING;
use super::fault::{BusFault, BusFaultCode};
use super::values::{AnySeed, ContentSeed, ErrorSeed, TextSeed};

/// An object of a wire format: its known keys, and where their values go.
pub(super) trait Record<'de>: Default {
    /// The keys that are not dropped; at most 32.
    const KEYS: &'static [&'static str];

    /// Takes the value of a known key. Called at most once for each.
    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error>;
}

/// Reads `text` as exactly one record.
pub(super) fn read<'de, R: Record<'de>>(text: &'de str) -> Result<R, BusFault> {
    let (record, is_whole) = read_first(text)?;
    if is_whole {
        return Ok(record);
    }
    Err(BusFault::new(
        BusFaultCode::NotJson,
        format_args!("something follows the document"),
    ))
}

/// Reads the first record of `text`; the flag says whether nothing but white space follows it.
pub(super) fn read_first<'de, R: Record<'de>>(text: &'de str) -> Result<(R, bool), BusFault> {
    let refusal = Cell::new(None);
    let reading = Reading {
        refusal: &refusal,
        depth: 1,
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let record = RecordSeed::<R>::new(reading)
        .deserialize(&mut parser)
        .map_err(|error| explain(&error, refusal.get()))?
        .ok_or_else(|| BusFault::new(BusFaultCode::WrongType, format_args!("the body is null")))?;
    Ok((record, parser.end().is_ok()))
}

fn explain(error: &serde_json::Error, refusal: Option<BusFaultCode>) -> BusFault {
    let code = refusal.unwrap_or(match error.classify() {
        serde_json::error::Category::Eof => BusFaultCode::TruncatedBody,
        serde_json::error::Category::Data => BusFaultCode::WrongType,
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            BusFaultCode::NotJson
        }
    });
    BusFault::new(code, format_args!("{error}"))
}

/// Where the reader is; a refusal's code goes beside serde's error, which carries none.
#[derive(Clone, Copy)]
pub(super) struct Reading<'n> {
    refusal: &'n Cell<Option<BusFaultCode>>,
    depth: usize,
}

impl Reading<'_> {
    fn refuse<E: de::Error>(self, code: BusFaultCode, detail: fmt::Arguments<'_>) -> E {
        self.refusal.set(Some(code));
        E::custom(detail)
    }

    /// The reading of what stands inside the container at this depth.
    pub(super) fn enter<E: de::Error>(self) -> Result<Self, E> {
        if self.depth > MAX_BODY_NESTING {
            return Err(self.refuse(
                BusFaultCode::TooDeep,
                format_args!("nested deeper than {MAX_BODY_NESTING}"),
            ));
        }
        Ok(Self {
            depth: self.depth.saturating_add(1),
            ..self
        })
    }
}

/// The value of one key, to be read as what the format says.
pub(super) struct Field<'a, 'n, A> {
    members: &'a mut A,
    reading: Reading<'n>,
}

impl<'de, A: MapAccess<'de>> Field<'_, '_, A> {
    /// A string or null.
    pub(super) fn text(self) -> Result<Option<Cow<'de, str>>, A::Error> {
        self.members.next_value_seed(TextSeed)
    }

    /// A count or null.
    pub(super) fn count(self) -> Result<Option<u64>, A::Error> {
        self.members.next_value()
    }

    /// A truth value or null.
    pub(super) fn flag(self) -> Result<Option<bool>, A::Error> {
        self.members.next_value()
    }

    /// An object or null.
    pub(super) fn record<R: Record<'de>>(self) -> Result<Option<R>, A::Error> {
        self.members.next_value_seed(RecordSeed::new(self.reading))
    }

    /// An array of objects, or null.
    pub(super) fn list<R: Record<'de>>(self) -> Result<Option<Vec<R>>, A::Error> {
        match self.content()? {
            Content::Absent => Ok(None),
            Content::List(records) => Ok(Some(records)),
            Content::Text(_) => Err(de::Error::custom("a string stands where an array belongs")),
        }
    }

    /// A string, an array of objects, or null.
    pub(super) fn content<R: Record<'de>>(self) -> Result<Content<'de, R>, A::Error> {
        self.members
            .next_value_seed(ContentSeed(self.reading, PhantomData))
    }

    /// An error: an object or a string, or null.
    pub(super) fn error(self) -> Result<Option<ErrorInfo<'de>>, A::Error> {
        self.members.next_value_seed(ErrorSeed(self.reading))
    }

    /// Anything; true if it is more than null, an empty string or an empty container.
    pub(super) fn presence(self) -> Result<bool, A::Error> {
        self.members
            .next_value_seed(AnySeed(self.reading))
            .map(|any| any.is_present)
    }

    /// Anything; its text if it is a string.
    pub(super) fn text_if_any(self) -> Result<Option<Cow<'de, str>>, A::Error> {
        self.members
            .next_value_seed(AnySeed(self.reading))
            .map(|any| any.text)
    }
}

/// What a `content` field may be.
#[derive(Default)]
pub(super) enum Content<'de, R> {
    #[default]
    Absent,
    Text(Cow<'de, str>),
    List(Vec<R>),
}

/// What a provider says about an error.
#[derive(Default)]
pub(super) struct ErrorInfo<'de> {
    pub(super) message: Option<Cow<'de, str>>,
    /// `type`.
    pub(super) kind: Option<Cow<'de, str>>,
    pub(super) code: Option<Cow<'de, str>>,
}

impl<'de> Record<'de> for ErrorInfo<'de> {
    const KEYS: &'static [&'static str] = &["message", "type", "code"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "message" => self.message = field.text_if_any()?,
            "type" => self.kind = field.text_if_any()?,
            // Some servers repeat the status here as a number.
            _ => self.code = field.text_if_any()?,
        }
        Ok(())
    }
}

/// A body of which only the error matters.
#[derive(Default)]
pub(super) struct ErrorEnvelope<'de>(pub(super) Option<ErrorInfo<'de>>);

impl<'de> Record<'de> for ErrorEnvelope<'de> {
    const KEYS: &'static [&'static str] = &["error"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        _: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        self.0 = field.error()?;
        Ok(())
    }
}

pub(super) struct RecordSeed<'n, R>(Reading<'n>, PhantomData<R>);

impl<'n, R> RecordSeed<'n, R> {
    pub(super) const fn new(reading: Reading<'n>) -> Self {
        Self(reading, PhantomData)
    }
}

impl<'de, R: Record<'de>> DeserializeSeed<'de> for RecordSeed<'_, R> {
    type Value = Option<R>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Option<R>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de, R: Record<'de>> Visitor<'de> for RecordSeed<'_, R> {
    type Value = Option<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<R>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<R>, A::Error> {
        let reading = self.0.enter()?;
        let mut record = R::default();
        let mut seen = 0_u32;
        while let Some(key) = members.next_key_seed(TextSeed)? {
            let Some(key) = key else { continue };
            let mut bit = 1_u32;
            let known = R::KEYS.iter().find(|known| {
                let is_it = **known == key;
                if !is_it {
                    bit = bit.wrapping_shl(1);
                }
                is_it
            });
            let Some(known) = known else {
                members.next_value_seed(AnySeed(reading))?;
                continue;
            };
            if seen & bit != 0 {
                return Err(reading.refuse(
                    BusFaultCode::DuplicateKey,
                    format_args!("key `{known}` stands twice"),
                ));
            }
            seen |= bit;
            let field = Field {
                members: &mut members,
                reading,
            };
            record.take(known, field)?;
        }
        Ok(Some(record))
    }
}
