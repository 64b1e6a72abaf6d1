//! One JSON document to its envelope parts: which keys stand where, not yet what they mean.
//!
//! An unknown key or a wrong type does not stop the reading: whatever is wrong with the document
//! as JSON is found first, and prose extraction learns whether the whole was an object.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::compact::Names;
use super::json::{KeySeed, Notes, Value, ValueSeed};

/// The document's members.
#[derive(Default)]
pub(super) struct Parts<'de> {
    pub(super) thought: Option<Value<'de>>,
    pub(super) q_next: Option<Value<'de>>,
    pub(super) action: Option<Action<'de>>,
    /// The first key that the envelope does not have.
    pub(super) unknown: Option<Cow<'de, str>>,
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

/// Reads a whole document; `None` if it is JSON but not an object.
pub(super) struct DocumentSeed<'n>(pub(super) &'n Notes);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Option<Parts<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'n> DocumentSeed<'n> {
    const fn value(&self) -> ValueSeed<'n> {
        ValueSeed {
            notes: self.0,
            depth: 1,
        }
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Option<Parts<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transition")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let notes = self.0;
        let value = ValueSeed { notes, depth: 2 };
        let mut parts = Parts::default();
        let mut names = Names::default();
        while let Some(key) = members.next_key_seed(KeySeed(notes))? {
            let slot = match &*key {
                "thought" => &mut parts.thought,
                "q_next" => {
                    notes.looks_like_a_transition.set(true);
                    &mut parts.q_next
                }
                "a_t" => {
                    notes.looks_like_a_transition.set(true);
                    if parts.action.is_some() {
                        return Err(notes.duplicate(&key));
                    }
                    parts.action = Some(members.next_value_seed(ActionSeed(notes))?);
                    continue;
                }
                _ => {
                    parts.unknown.get_or_insert_with(|| key.clone());
                    names.insert(key).map_err(|key| notes.duplicate(&key))?;
                    members.next_value_seed(value)?;
                    continue;
                }
            };
            if slot.is_some() {
                return Err(notes.duplicate(&key));
            }
            *slot = Some(members.next_value_seed(value)?);
        }
        Ok(Some(parts))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        self.value().visit_seq(items).map(|_| None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.value().visit_str(text).map(|_| None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.value().visit_f64(number).map(|_| None)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads the value of `a_t`, whose own members stand at depth 2.
struct ActionSeed<'n>(&'n Notes);

impl<'n> ActionSeed<'n> {
    const fn value(&self) -> ValueSeed<'n> {
        ValueSeed {
            notes: self.0,
            depth: 2,
        }
    }
}

impl<'de> DeserializeSeed<'de> for ActionSeed<'_> {
    type Value = Action<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Action<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ActionSeed<'_> {
    type Value = Action<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a syscall object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Action<'de>, A::Error> {
        let notes = self.0;
        let value = ValueSeed { notes, depth: 3 };
        let mut kept: Vec<Member<'de>> = Vec::with_capacity(4);
        let mut names = Names::default();
        while let Some(key) = members.next_key_seed(KeySeed(notes))? {
            if kept.iter().any(|(seen, _)| *seen == key) {
                return Err(notes.duplicate(&key));
            }
            if kept.len() < MEMBERS_KEPT {
                kept.push((key, members.next_value_seed(value)?));
            } else {
                names.insert(key).map_err(|key| notes.duplicate(&key))?;
                members.next_value_seed(value)?;
            }
        }
        Ok(Action::Object(kept))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Action<'de>, A::Error> {
        self.value().visit_seq(items).map(Action::Other)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Action<'de>, E> {
        self.value().visit_str(text).map(Action::Other)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Action<'de>, E> {
        self.value().visit_u64(number).map(Action::Other)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Action<'de>, E> {
        self.value().visit_i64(number).map(Action::Other)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Action<'de>, E> {
        self.value().visit_f64(number).map(Action::Other)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Action<'de>, E> {
        self.value().visit_bool(truth).map(Action::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Action<'de>, E> {
        self.value().visit_unit().map(Action::Other)
    }
}
