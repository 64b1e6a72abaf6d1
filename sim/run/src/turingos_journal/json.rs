//! Compact JSON on one line, looked at where it stands.
//!
//! Strict: no member twice at any depth, no white space, no half of a surrogate pair, nothing after
//! the value. Never builds a tree and never copies: a caller gets spans of the line.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::text::{Text, hex_digits, surrogates};

/// How deep values may nest.
const MAX_NESTING: usize = 64;

/// How many members a line's object may have: several times what any recording has.
const MAX_MEMBERS: usize = 128;

/// Text that is not the JSON it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonFault {
    /// The byte, from 0, in the JSON text.
    pub(super) at: usize,
    pub(super) kind: JsonFaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonFaultKind {
    Syntax(&'static str),
    /// A key stands twice in one object.
    DuplicateKey(String),
}

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
        let mut scanner = Scanner { text, at: 0 };
        let mut members: Vec<Member<'l>> = Vec::with_capacity(20);
        if scanner.peek() != Some(b'{') {
            return Err(scanner.syntax("no object"));
        }
        scanner.members(MAX_NESTING, |begins, key, value| {
            if members.iter().any(|member| member.key == key) {
                return Err(JsonFaultKind::DuplicateKey(key.into_owned()));
            }
            if members.len() == MAX_MEMBERS {
                return Err(JsonFaultKind::Syntax("too many members"));
            }
            members.push(Member { key, value, begins });
            Ok(())
        })?;
        if scanner.at < text.len() {
            return Err(scanner.syntax("something after the object"));
        }
        Ok(Self { members })
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'l>> {
        let member = self.members.iter().find(|member| member.key == key)?;
        Some(member.value)
    }
}

struct Scanner<'l> {
    text: &'l str,
    at: usize,
}

impl<'l> Scanner<'l> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn syntax(&self, what: &'static str) -> JsonFault {
        self.fault(JsonFaultKind::Syntax(what))
    }

    fn fault(&self, kind: JsonFaultKind) -> JsonFault {
        JsonFault { at: self.at, kind }
    }

    fn value(&mut self, nesting: usize) -> Result<Value<'l>, JsonFault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => {
                let mut keys = BTreeSet::new();
                self.members(nesting, |_, key, _| {
                    if let Some(key) = keys.replace(key) {
                        return Err(JsonFaultKind::DuplicateKey(key.into_owned()));
                    }
                    Ok(())
                })?;
                Ok(Value::Object(&self.text[start..self.at]))
            }
            Some(b'[') => {
                self.items(nesting)?;
                Ok(Value::Array(&self.text[start..self.at]))
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(_) => self.word().map(Value::Word),
            None => Err(self.syntax("the text ends too early")),
        }
    }

    /// Reads an object whose brace is at the cursor, showing each member to `take`.
    fn members(
        &mut self,
        nesting: usize,
        mut take: impl FnMut(usize, Cow<'l, str>, Value<'l>) -> Result<(), JsonFaultKind>,
    ) -> Result<(), JsonFault> {
        let Some(nesting) = nesting.checked_sub(1) else {
            return Err(self.syntax("nested too deep"));
        };
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut begins = self.at;
        loop {
            let place = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.syntax("no member name"));
            }
            let key = self.string()?.decoded();
            if self.peek() != Some(b':') {
                return Err(self.syntax("no colon"));
            }
            self.at += 1;
            let value = self.value(nesting)?;
            take(begins, key, value).map_err(|kind| JsonFault { at: place, kind })?;
            begins = self.at;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.syntax("neither a comma nor a closing brace")),
            }
        }
    }

    fn items(&mut self, nesting: usize) -> Result<(), JsonFault> {
        let Some(nesting) = nesting.checked_sub(1) else {
            return Err(self.syntax("nested too deep"));
        };
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(nesting)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.syntax("neither a comma nor a closing bracket")),
            }
        }
    }

    /// Reads the string whose quote is at the cursor. Controls are refused with the line.
    fn string(&mut self) -> Result<Text<'l>, JsonFault> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut is_escaped = false;
        self.at = start;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[self.at..]) else {
                self.at = bytes.len();
                return Err(self.syntax("a string that does not end"));
            };
            self.at += found;
            if bytes[self.at] == b'"' {
                let raw = &self.text[start..self.at];
                self.at += 1;
                return Ok(Text::new(raw, is_escaped));
            }
            is_escaped = true;
            self.at += self.escape_length()?;
        }
    }

    /// How many bytes the escape at the cursor takes.
    fn escape_length(&self) -> Result<usize, JsonFault> {
        let escape = &self.text.as_bytes()[self.at..];
        match escape.get(1) {
            Some(b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f') => Ok(2),
            Some(b'u') => {
                let Some(first) = hex_digits(escape, 2) else {
                    return Err(self.syntax("no four hexadecimal digits"));
                };
                if !(0xd800..0xe000).contains(&first) {
                    return Ok(6);
                }
                let second = hex_digits(escape, 8).filter(|_| escape[6..8] == *b"\\u");
                match second.and_then(|second| surrogates(first, second)) {
                    Some(_) => Ok(12),
                    None => Err(self.syntax("half of a surrogate pair")),
                }
            }
            _ => Err(self.syntax("no escape of JSON")),
        }
    }

    fn number(&mut self) -> Result<&'l str, JsonFault> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.syntax("no digit"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self) -> Result<&'l str, JsonFault> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        let Some(word) = word else {
            return Err(self.syntax("no value"));
        };
        self.at += word.len();
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(usize, JsonFaultKind)> {
        let fault = Object::read(text).err()?;
        Some((fault.at, fault.kind))
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
    fn a_key_that_stands_twice_is_named_at_any_depth() {
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
            (r#"{"a":01}"#, 6),
            (r#"{"a":1.}"#, 7),
            (r#"{"a":-}"#, 6),
            (r#"{"a":nul}"#, 5),
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
            Some(JsonFaultKind::Syntax("nested too deep"))
        );
        let wide: Vec<_> = (0..200).map(|number| format!("\"{number}\":0")).collect();
        let wide = format!("{{{}}}", wide.join(","));
        assert_eq!(
            fault(&wide).map(|(_, kind)| kind),
            Some(JsonFaultKind::Syntax("too many members"))
        );
    }
}
