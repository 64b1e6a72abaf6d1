//! Response objects read by the kernel's own reader: known keys are taken, all others dropped.
//!
//! Providers add fields, so unknown keys are read and dropped; but read they are, to a bounded
//! depth, as JSON. A duplicate of a known key, or an array in place of an object, is refused. The
//! decoder judges the characters of a text, not this module.

use alloc::borrow::Cow;

use super::MAX_BODY_NESTING;
use super::fault::{BusFault, BusFaultCode};
use super::values::{Field, kind_of};
use crate::json::{Event, Items, Reader, Rules};

/// An object of a wire format: its known keys, and where their values go.
pub(super) trait Record<'de>: Default {
    /// Takes the value of a known key, once; drops that of any other.
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault>;
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
    let mut reader = Reader::new(text, Rules::any_json(MAX_BODY_NESTING));
    let event = reader.value()?;
    if event != Event::Object {
        return Err(BusFault::new(
            BusFaultCode::WrongType,
            format_args!("the body is {}", kind_of(&event)),
        ));
    }
    let mut record = R::default();
    read_members(&mut reader, &mut record)?;
    Ok((record, reader.end().is_ok()))
}

/// Reads the object that was entered last into `record`, in place: records are long to move.
pub(super) fn read_members<'de, R: Record<'de>>(
    reader: &mut Reader<'de>,
    record: &mut R,
) -> Result<(), BusFault> {
    let mut items = Items::default();
    let mut seen = 0_u32;
    while let Some(key) = reader.next_uncompared_key(&mut items)? {
        record.take(Field {
            reader,
            key: &key,
            seen: &mut seen,
        })?;
    }
    Ok(())
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
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "message" => self.message = field.once(0)?.text_if_any()?,
            "type" => self.kind = field.once(1)?.text_if_any()?,
            // Some servers repeat the status here as a number.
            "code" => self.code = field.once(2)?.text_if_any()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

/// A body of which only the error matters.
#[derive(Default)]
pub(super) struct ErrorEnvelope<'de>(pub(super) Option<ErrorInfo<'de>>);

impl<'de> Record<'de> for ErrorEnvelope<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "error" => field.once(0)?.error(&mut self.0),
            _ => field.skip(),
        }
    }
}
