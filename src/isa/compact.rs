//! A JSON value rewritten as compact text while it is read, every depth as strict as the next.
//!
//! Never sorts, merges or drops members.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::encode::write_json_string;
use super::json::{KeySeed, Notes};

/// Reads one value and appends it as compact JSON text, members in the order written.
pub(super) struct CompactSeed<'n, 'o> {
    pub(super) notes: &'n Notes,
    pub(super) depth: usize,
    pub(super) out: &'o mut String,
}

impl CompactSeed<'_, '_> {
    fn inner(&mut self) -> CompactSeed<'_, '_> {
        CompactSeed {
            notes: self.notes,
            depth: self.depth.saturating_add(1),
            out: self.out,
        }
    }
}

impl<'de> DeserializeSeed<'de> for CompactSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CompactSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.notes.check_characters(text)?;
        write_json_string(text, self.out);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        write!(self.out, "{number}").map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        write!(self.out, "{number}").map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.notes.float())
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<(), E> {
        self.out.push_str(if truth { "true" } else { "false" });
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.out.push_str("null");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.notes.check_depth(self.depth)?;
        self.out.push('[');
        let start = self.out.len();
        while items.next_element_seed(self.inner())?.is_some() {
            self.out.push(',');
        }
        close(self.out, start, ']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.notes.check_depth(self.depth)?;
        self.out.push('{');
        let start = self.out.len();
        let mut names = Names::default();
        while let Some(key) = members.next_key_seed(KeySeed(self.notes))? {
            write_json_string(&key, self.out);
            self.out.push(':');
            names
                .insert(key)
                .map_err(|key| self.notes.duplicate(&key))?;
            members.next_value_seed(self.inner())?;
            self.out.push(',');
        }
        close(self.out, start, '}');
        Ok(())
    }
}

/// Ends a container whose members begin at `start`, without the comma after the last.
fn close(out: &mut String, start: usize, bracket: char) {
    if out.len() > start {
        out.pop();
    }
    out.push(bracket);
}

/// The keys of one object so far. A few are compared one by one, many in a tree: an object of
/// hostile size stays below quadratic time.
#[derive(Default)]
pub(super) struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: BTreeSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    const FEW: usize = 8;

    /// Adds a key, or gives it back if it is there already.
    pub(super) fn insert(&mut self, key: Cow<'de, str>) -> Result<(), Cow<'de, str>> {
        if self.few.contains(&key) || self.many.contains(&key) {
            return Err(key);
        }
        if self.few.len() < Self::FEW {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        Ok(())
    }
}
