//! One JSON document to its envelope parts: which keys it has, not yet what they mean.
//!
//! An unknown key or a wrong type does not stop the reading: whatever is wrong with the document
//! as JSON is found first, and prose extraction learns whether the whole was an object.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::value::Value;
use crate::json::{Event, JsonFault, Members, Reader};

/// The document's members.
#[derive(Default)]
pub(super) struct Parts<'de> {
    pub(super) thought: Option<Value<'de>>,
    pub(super) q_next: Option<Value<'de>>,
    pub(super) action: Option<Action<'de>>,
    /// The first key that the envelope does not have.
    pub(super) unknown: Option<Cow<'de, str>>,
    /// `q_next` or `a_t` was read at the top level.
    pub(super) looks_like_a_transition: bool,
}

/// The value of `a_t`.
pub(super) enum Action<'de> {
    Object(Vec<Member<'de>>),
    Other(Value<'de>),
}

/// A key of `a_t` with its value.
pub(super) type Member<'de> = (Cow<'de, str>, Value<'de>);

/// Members of `a_t` that are kept. No opcode has as many legal keys, so in a longer object one of
/// these is already at fault; the rest is read for what is wrong with it as JSON only.
const MEMBERS_KEPT: usize = 16;

/// Reads a whole document into `parts`; false if it is JSON but not an object. What was read
/// before a fault stays in `parts`.
pub(super) fn read_parts<'de>(
    reader: &mut Reader<'de>,
    parts: &mut Parts<'de>,
) -> Result<bool, JsonFault> {
    let document = reader.value()?;
    let is_object = document == Event::Object;
    if is_object {
        read_members(reader, parts)?;
    } else {
        Value::of(document, reader)?;
    }
    reader.end()?;
    Ok(is_object)
}

fn read_members<'de>(reader: &mut Reader<'de>, parts: &mut Parts<'de>) -> Result<(), JsonFault> {
    let mut members = Members::default();
    while let Some(key) = reader.next_key(&mut members)? {
        parts.looks_like_a_transition |= matches!(&*key, "q_next" | "a_t");
        let event = reader.member_value()?;
        // The reader has refused a second key of the same name, so nothing is overwritten.
        match &*key {
            "thought" => parts.thought = Some(Value::of(event, reader)?),
            "q_next" => parts.q_next = Some(Value::of(event, reader)?),
            "a_t" => parts.action = Some(read_action(event, reader)?),
            _ => {
                parts.unknown.get_or_insert(key);
                Value::of(event, reader)?;
            }
        }
    }
    Ok(())
}

fn read_action<'de>(event: Event<'de>, reader: &mut Reader<'de>) -> Result<Action<'de>, JsonFault> {
    if event != Event::Object {
        return Value::of(event, reader).map(Action::Other);
    }
    let mut kept: Vec<Member<'de>> = Vec::with_capacity(4);
    let mut members = Members::default();
    while let Some(key) = reader.next_key(&mut members)? {
        let event = reader.member_value()?;
        let value = Value::of(event, reader)?;
        if kept.len() < MEMBERS_KEPT {
            kept.push((key, value));
        }
    }
    Ok(Action::Object(kept))
}
