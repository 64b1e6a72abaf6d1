//! Values as far as an envelope needs to tell them apart.
//!
//! Never a tree: an object or array below the envelope is its own compact text.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::json::{Event, JsonFault, Reader, rewrite};

/// A value that has been read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'de> {
    Text(Cow<'de, str>),
    Natural(u64),
    /// No natural number, and no operand takes any other.
    Negative,
    Boolean,
    Null,
    /// An object or array as compact JSON text, members as written.
    Composite(String),
}

impl<'de> Value<'de> {
    /// Reads what is left of the value that `event` begins.
    #[inline]
    pub(super) fn of(event: Event<'de>, reader: &mut Reader<'de>) -> Result<Self, JsonFault> {
        Ok(match event {
            Event::Text(text) => Self::Text(text),
            Event::Natural(number) => Self::Natural(number),
            Event::Negative(_) | Event::Unrounded(_) => Self::Negative,
            Event::Boolean(_) => Self::Boolean,
            Event::Null => Self::Null,
            Event::Array | Event::Object => {
                let mut text = String::new();
                rewrite(reader, &event, &mut text)?;
                Self::Composite(text)
            }
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::decode::REPLY;
    use crate::json::JsonFaultKind;
    use core::fmt::Write as _;

    fn read(text: &str) -> Result<Value<'_>, JsonFaultKind> {
        let mut reader = Reader::new(text, REPLY);
        let value = { reader.value() }.and_then(|event| Value::of(event, &mut reader));
        { value.and_then(|value| reader.end().map(|()| value)) }.map_err(|fault| fault.kind)
    }

    #[test]
    fn compact_text_keeps_order_and_drops_only_white_space_and_needless_escapes() {
        let text = " { \"b\" : [ 1 , -2, true ,null ,{} , [ ] ] , \"a\\u0041\" : \"\\/\\n\" } ";
        let compact = r#"{"b":[1,-2,true,null,{},[]],"aA":"/\n"}"#;
        assert_eq!(read(text), Ok(Value::Composite(compact.into())));
        assert_eq!(read(compact), Ok(Value::Composite(compact.into())));
    }

    #[test]
    fn many_keys_are_compared_too() {
        let mut text = String::from("{");
        for number in 0..100 {
            write!(text, "\"k{number}\":0,").unwrap();
        }
        text.push_str("\"k\\u00370\":0}");
        assert_eq!(read(&text), Err(JsonFaultKind::DuplicateKey("k70".into())));
    }

    #[test]
    fn siblings_do_not_add_to_the_depth() {
        let text = alloc::format!("[{}[]]", "[[{}],{\"a\":[]}],".repeat(100));
        assert!(matches!(read(&text), Ok(Value::Composite(_))));
    }
}
