//! Compact JSON on one line, looked at in place.
//!
//! Strict, as the kernel's reader is, and compact: white space between tokens is refused. Never
//! builds a tree and never copies: a caller gets spans of the line.

use std::borrow::Cow;

use turingos::json::{JsonFault, JsonFaultKind, Members, Reader, Rules};

use super::text::Text;

/// How deep values may nest.
const MAX_NESTING: usize = 64;

/// How many members a line's object may have: several times what any recording has.
const MAX_MEMBERS: usize = 128;

/// A member's value as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'l> {
    String(Text<'l>),
    Number(&'l str),
    /// `true`, `false` or `null`.
    Word(&'l str),
    Object(&'l str),
    Array(&'l str),
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(super) struct Member<'l> {
    pub(super) key: Cow<'l, str>,
    pub(super) value: Value<'l>,
    /// Where the member before ends: at the comma, or behind the opening brace.
    pub(super) begins: usize,
}

/// The members of a line's object, in order.
#[derive(Clone, Debug)]
pub(super) struct Object<'l> {
    pub(super) members: Vec<Member<'l>>,
}

impl<'l> Object<'l> {
    /// Reads text that is exactly one object.
    pub(super) fn read(text: &'l str) -> Result<Self, JsonFault> {
        if !text.starts_with('{') {
            return Err(syntax(0, "no object"));
        }
        let mut reader = Reader::new(text, Rules::any_json(MAX_NESTING).compact());
        reader.value()?;
        let mut keys = Members::default();
        let mut members = Vec::with_capacity(20);
        loop {
            let begins = reader.position();
            let Some(key) = reader.next_key(&mut keys)? else {
                break;
            };
            if members.len() == MAX_MEMBERS {
                return Err(syntax(begins, "too many members"));
            }
            let value = Value::of(&text[reader.member_span()?]);
            members.push(Member { key, value, begins });
        }
        reader.end()?;
        Ok(Self { members })
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'l>> {
        let member = self.members.iter().find(|member| member.key == key)?;
        Some(member.value)
    }
}

impl<'l> Value<'l> {
    /// Sorts the span of a value that has been read.
    fn of(span: &'l str) -> Self {
        match span.as_bytes() {
            [b'"', inner @ .., b'"'] => {
                let is_escaped = memchr::memchr(b'\\', inner).is_some();
                Self::String(Text::new(&span[1..span.len() - 1], is_escaped))
            }
            [b'{', ..] => Self::Object(span),
            [b'[', ..] => Self::Array(span),
            [b'-' | b'0'..=b'9', ..] => Self::Number(span),
            _ => Self::Word(span),
        }
    }
}

const fn syntax(byte: usize, what: &'static str) -> JsonFault {
    JsonFault {
        byte,
        kind: JsonFaultKind::Syntax(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(usize, JsonFaultKind)> {
        let fault = Object::read(text).err()?;
        Some((fault.byte, fault.kind))
    }

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        let text = r#"{"a":"x\n\"\\\/\b\f\r\t\u00e9\ud83d\ude00é","b":-0.5e+10,"c":[1,{"d":[]},null],"e":true,"\u0066":{}}"#;
        let object = Object::read(text).unwrap();
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let Some(Value::String(decoded)) = object.get("a") else {
            panic!("no string");
        };
        assert_eq!(decoded.decoded(), value["a"].as_str().unwrap());
        let mut buffer = String::from("before");
        assert_eq!(
            decoded.decoded_in(&mut buffer),
            value["a"].as_str().unwrap()
        );
        assert_eq!(object.get("b"), Some(Value::Number("-0.5e+10")));
        assert_eq!(object.get("c"), Some(Value::Array("[1,{\"d\":[]},null]")));
        assert_eq!(object.get("e"), Some(Value::Word("true")));
        assert_eq!(object.get("f"), Some(Value::Object("{}")));
        assert_eq!(object.get("g"), None);
        let begins: Vec<_> = object.members.iter().map(|member| member.begins).collect();
        assert_eq!(&text[begins[1]..begins[1] + 4], ",\"b\"");
        assert_eq!(begins[0], 1);
    }

    #[test]
    fn a_duplicate_key_is_named_at_any_depth() {
        let twice = |key: &str| JsonFaultKind::DuplicateKey(key.into());
        assert_eq!(fault(r#"{"a":1,"b":2,"a":3}"#), Some((13, twice("a"))));
        assert_eq!(fault(r#"{"a":1,"\u0061":3}"#), Some((7, twice("a"))));
        assert_eq!(fault(r#"{"x":[{"k":1,"k":1}]}"#), Some((13, twice("k"))));
    }

    #[test]
    fn what_is_no_compact_json_is_refused_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("[]", 0),
            ("{", 1),
            (r#"{"a"}"#, 4),
            (r#"{"a":}"#, 5),
            (r#"{"a":1,}"#, 7),
            (r#"{"a":1}x"#, 7),
            (r#"{"a": 1}"#, 5),
            (r#"{"a":01}"#, 5),
            (r#"{"a":1.}"#, 7),
            (r#"{"a":-}"#, 6),
            (r#"{"a":nul}"#, 8),
            (r#"{"a":"x}"#, 8),
            (r#"{"a":"\x"}"#, 6),
            (r#"{"a":"\u12g4"}"#, 6),
            (r#"{"a":"\ud800"}"#, 6),
            (r#"{"a":"\udc00\ud800"}"#, 6),
            (r#"{"a":"\ud800\n0000"}"#, 6),
            (r#"{"a":[1 ]}"#, 7),
        ] {
            assert_eq!(fault(text).map(|(at, _)| at), Some(at), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
        assert_eq!(
            fault(&deep).map(|(_, kind)| kind),
            Some(JsonFaultKind::TooDeep(64))
        );
        let wide: Vec<_> = (0..200).map(|number| format!("\"{number}\":0")).collect();
        let wide = format!("{{{}}}", wide.join(","));
        assert_eq!(
            fault(&wide).map(|(_, kind)| kind),
            Some(JsonFaultKind::Syntax("too many members"))
        );
    }
}
