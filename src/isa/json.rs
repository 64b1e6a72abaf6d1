//! A strict reader of JSON values on top of serde_json's parser.
//!
//! serde_json keeps the last of two equal keys, turns large integers into floats, and lets NUL
//! through; the seeds here refuse all of that at every depth. No value is ever skipped unread, and
//! nothing here knows what a transition is.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::MAX_NESTING;
use super::characters::{first_forbidden, first_forbidden_unescaped};
use super::compact::CompactSeed;
use super::fault::{Fault, FaultCode, Shown};

/// What one reading notes beside its result: serde's errors carry no code.
#[derive(Default)]
pub(super) struct Notes {
    refusal: RefCell<Option<Fault>>,
    /// Set once a key of the transition envelope was read at the top level.
    pub(super) looks_like_a_transition: Cell<bool>,
}

impl Notes {
    /// Notes the reason and makes the error that stops the parser.
    fn refuse<E: de::Error>(&self, code: FaultCode, detail: fmt::Arguments<'_>) -> E {
        self.refusal
            .borrow_mut()
            .get_or_insert_with(|| Fault::new(code, detail));
        E::custom(code.name())
    }

    fn check_unescaped<E: de::Error>(&self, text: &str) -> Result<(), E> {
        self.check(first_forbidden_unescaped(text))
    }

    pub(super) fn check_characters<E: de::Error>(&self, text: &str) -> Result<(), E> {
        self.check(first_forbidden(text))
    }

    fn check<E: de::Error>(&self, forbidden: Option<char>) -> Result<(), E> {
        match forbidden {
            None => Ok(()),
            Some(found) => Err(self.refuse(
                FaultCode::ForbiddenCharacter,
                format_args!("U+{:04X} in a string", u32::from(found)),
            )),
        }
    }

    /// Checks that a container at `depth`, from 1, may be entered.
    pub(super) fn check_depth<E: de::Error>(&self, depth: usize) -> Result<(), E> {
        if depth <= MAX_NESTING {
            return Ok(());
        }
        Err(self.refuse(
            FaultCode::TooDeep,
            format_args!("nested deeper than {MAX_NESTING}"),
        ))
    }

    pub(super) fn duplicate<E: de::Error>(&self, key: &str) -> E {
        self.refuse(
            FaultCode::DuplicateKey,
            format_args!("key {} stands twice", Shown(key)),
        )
    }

    pub(super) fn float<E: de::Error>(&self) -> E {
        self.refuse(FaultCode::FloatNumber, format_args!("not a 64-bit integer"))
    }

    /// What stopped the parser, with the place. `base` is where `text` begins in the reply.
    pub(super) fn explain(&self, error: &serde_json::Error, text: &str, base: usize) -> Fault {
        let offset = offset_of(text, error.line(), error.column());
        let place = base.saturating_add(offset);
        if let Some(fault) = self.refusal.take() {
            let code = if fault.code == FaultCode::FloatNumber {
                number_code(text, offset)
            } else {
                fault.code
            };
            return Fault::new(code, format_args!("{} near byte {place}", fault.detail));
        }
        let shown = error.to_string();
        let message = shown.split(" at line ").next().unwrap_or_default();
        let code = match error.classify() {
            serde_json::error::Category::Eof => FaultCode::Truncated,
            serde_json::error::Category::Io
            | serde_json::error::Category::Data
            | serde_json::error::Category::Syntax => syntax_code(message, text, offset),
        };
        Fault::new(code, format_args!("{message} at byte {place}"))
    }
}

/// serde_json names these reasons only in its message; a test holds it to them.
fn syntax_code(message: &str, text: &str, offset: usize) -> FaultCode {
    match message {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            FaultCode::LoneSurrogate
        }
        "number out of range" => number_code(text, offset),
        _ if message.starts_with("control character") => FaultCode::ForbiddenCharacter,
        _ => FaultCode::Syntax,
    }
}

/// Tells a fraction from an integer that is too long by the literal around `offset`.
fn number_code(text: &str, offset: usize) -> FaultCode {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let (before, after) = text
        .as_bytes()
        .split_at_checked(offset)
        .unwrap_or((text.as_bytes(), &[]));
    let literal: Vec<u8> = (before.iter().rev().copied())
        .take_while(is_part)
        .chain(after.iter().copied().take_while(is_part))
        .collect();
    let is_float = literal
        .iter()
        .any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_float || literal == b"0-" {
        FaultCode::FloatNumber
    } else {
        FaultCode::IntegerOverflow
    }
}

/// The byte offset of a line and column, both from 1, columns in bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let line_start = match line.checked_sub(2) {
        None => 0,
        Some(newlines_before) => text
            .bytes()
            .enumerate()
            .filter(|&(_, byte)| byte == b'\n')
            .nth(newlines_before)
            .map_or(0, |(at, _)| at.saturating_add(1)),
    };
    line_start.saturating_add(column).min(text.len())
}

/// A value as far as an envelope needs to tell values apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'de> {
    Text(Cow<'de, str>),
    Natural(u64),
    Negative,
    Boolean,
    Null,
    /// An object or array as compact JSON text, members as written.
    Composite(String),
}

impl Value<'_> {
    /// The JSON type, for a fault's detail.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Natural(_) | Self::Negative => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Composite(_) => "an object or array",
        }
    }
}

/// Reads one value whose own container, if it is one, stands at `depth`.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'n> {
    pub(super) notes: &'n Notes,
    pub(super) depth: usize,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.notes.check_unescaped(text)?;
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.notes.check_characters(text)?;
        Ok(Value::Text(Cow::Owned(text.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Natural(number))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Negative)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value<'de>, E> {
        Err(self.notes.float())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Boolean)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value<'de>, A::Error> {
        let mut text = String::new();
        self.compact(&mut text).visit_seq(items)?;
        Ok(Value::Composite(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value<'de>, A::Error> {
        let mut text = String::new();
        self.compact(&mut text).visit_map(members)?;
        Ok(Value::Composite(text))
    }
}

impl<'n> ValueSeed<'n> {
    fn compact<'o>(self, out: &'o mut String) -> CompactSeed<'n, 'o> {
        CompactSeed {
            notes: self.notes,
            depth: self.depth,
            out,
        }
    }
}

/// Reads a key, borrowed where it has no escapes.
pub(super) struct KeySeed<'n>(pub(super) &'n Notes);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Cow<'de, str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        self.0.check_unescaped(text)?;
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        self.0.check_characters(text)?;
        Ok(Cow::Owned(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write as _;

    fn read(text: &str) -> Result<Value<'_>, FaultCode> {
        let notes = Notes::default();
        let mut parser = serde_json::Deserializer::from_str(text);
        let seed = ValueSeed {
            notes: &notes,
            depth: 1,
        };
        seed.deserialize(&mut parser)
            .map_err(|error| notes.explain(&error, text, 0).code)
    }

    #[test]
    fn compact_text_keeps_order_and_drops_only_white_space_and_needless_escapes() {
        let text = " { \"b\" : [ 1 , -2, true ,null ,{} , [ ] ] , \"a\\u0041\" : \"\\/\\n\" } ";
        let compact = r#"{"b":[1,-2,true,null,{},[]],"aA":"/\n"}"#;
        assert_eq!(read(text), Ok(Value::Composite(compact.into())));
    }

    #[test]
    fn numbers_are_64_bit_integers_or_refused_by_kind() {
        assert_eq!(read("18446744073709551615"), Ok(Value::Natural(u64::MAX)));
        assert_eq!(read("-9223372036854775808"), Ok(Value::Negative));
        for overflow in [
            "18446744073709551616",
            "-9223372036854775809",
            "[1,99999999999999999999]",
        ] {
            assert_eq!(
                read(overflow),
                Err(FaultCode::IntegerOverflow),
                "{overflow}"
            );
        }
        for float in [
            "1.0",
            "1e0",
            "1e-400",
            "1e400",
            "-0",
            "-1e999",
            "[\n0.5]",
            "{\"a\":1E400}",
        ] {
            assert_eq!(read(float), Err(FaultCode::FloatNumber), "{float}");
        }
    }

    #[test]
    fn reasons_that_serde_json_only_words_are_recognised() {
        for lone in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800A""#,
            r#"{"\udfff":1}"#,
        ] {
            assert_eq!(read(lone), Err(FaultCode::LoneSurrogate), "{lone}");
        }
        assert_eq!(read("\"a\nb\""), Err(FaultCode::ForbiddenCharacter));
        assert_eq!(read("[1,]"), Err(FaultCode::Syntax));
        assert_eq!(read("[1"), Err(FaultCode::Truncated));
    }

    #[test]
    fn many_keys_are_compared_too() {
        let mut text = String::from("{");
        for number in 0..100 {
            write!(text, "\"k{number}\":0,").unwrap();
        }
        text.push_str("\"k\\u00370\":0}");
        assert_eq!(read(&text), Err(FaultCode::DuplicateKey));
    }
}
