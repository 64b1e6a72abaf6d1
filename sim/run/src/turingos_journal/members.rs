//! A line's object with typed members.

use super::fault::{FaultCode, LineFault};
use super::json::{Object, Value};
use super::text::Text;

/// An object whose members are read by name and type.
pub(super) struct Members<'l> {
    pub(super) object: Object<'l>,
}

impl<'l> Members<'l> {
    pub(super) fn read(json: &'l str) -> Result<Self, LineFault> {
        let object = Object::read(json)?;
        Ok(Self { object })
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Text<'l>, LineFault> {
        match self.required(key)? {
            Value::String(text) => Ok(text),
            _ => Err(wrong(key, "a string")),
        }
    }

    /// A whole number of 64 bits without a sign.
    pub(super) fn count(&self, key: &'static str) -> Result<u64, LineFault> {
        let number = match self.required(key)? {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| wrong(key, "a whole number of 64 bits"))
    }

    pub(super) fn digest(&self, key: &'static str) -> Result<&'l str, LineFault> {
        let text = self.text(key)?.raw();
        if is_digest(text) {
            Ok(text)
        } else {
            Err(wrong(key, "64 lower-case hexadecimal digits"))
        }
    }

    /// The text of a member that is an object.
    pub(super) fn object(&self, key: &'static str) -> Result<&'l str, LineFault> {
        match self.required(key)? {
            Value::Object(json) => Ok(json),
            _ => Err(wrong(key, "an object")),
        }
    }

    /// Refuses a member that is there but not what `is_right` wants, `what` in words.
    pub(super) fn optional(
        &self,
        key: &'static str,
        what: &'static str,
        is_right: impl Fn(Value<'l>) -> bool,
    ) -> Result<(), LineFault> {
        match self.object.get(key) {
            Some(value) if !is_right(value) => Err(wrong(key, what)),
            _ => Ok(()),
        }
    }

    /// Refuses members of any other name.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), LineFault> {
        let unknown = |name: &&str| !names.contains(name);
        match { self.object.members.iter() }
            .map(|member| &*member.key)
            .find(unknown)
        {
            None => Ok(()),
            Some(name) => Err(LineFault::new(
                FaultCode::UnknownMember,
                format_args!("`{name}` is not among {}", names.join(", ")),
            )),
        }
    }

    fn required(&self, key: &'static str) -> Result<Value<'l>, LineFault> {
        self.object.get(key).ok_or_else(|| {
            LineFault::new(FaultCode::MissingMember, format_args!("`{key}` is missing"))
        })
    }
}

pub(super) fn is_digest(text: &str) -> bool {
    let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_digit)
}

pub(super) fn wrong(key: &str, what: &str) -> LineFault {
    LineFault::new(FaultCode::BadMember, format_args!("`{key}` is not {what}"))
}
