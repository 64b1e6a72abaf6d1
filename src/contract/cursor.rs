//! A contract file while it is read: typed values, each fault with the place it was found at.
//!
//! Never looks at what a member means, and never skips one.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::fault::{ContractCode, ContractError};
use super::{MAX_CONTRACT_NESTING, MAX_STEP_BYTES, MAX_STEPS, canonical};
use crate::json::{Event, Items, JsonFault, Members, Reader, Rules};
use crate::pointer::WorkspacePath;
use crate::text::Shown;

/// How much of a key a place shows, in characters; every key that there is fits.
const MAX_SEGMENT_CHARS: usize = 64;

/// A file that is being read, and the JSON Pointer of what is being read of it.
pub(super) struct File<'de> {
    reader: Reader<'de>,
    place: String,
}

impl<'de> File<'de> {
    pub(super) const fn of(text: &'de str) -> Self {
        Self {
            reader: Reader::new(text, Rules::any_json(MAX_CONTRACT_NESTING)),
            place: String::new(),
        }
    }

    /// Checks that the document is over.
    pub(super) fn end(&mut self) -> Result<(), ContractError> {
        self.reader.end().map_err(|fault| self.unreadable(fault))
    }

    /// Reads the object that `event` begins, at most `most` members; `take` reads each value, with
    /// the place standing on its key.
    pub(super) fn members(
        &mut self,
        event: &Event<'_>,
        most: usize,
        mut take: impl FnMut(&mut Self, &str) -> Result<(), ContractError>,
    ) -> Result<(), ContractError> {
        if *event != Event::Object {
            return Err(self.wrong_type(event, "an object"));
        }
        let mut members = Members::default();
        let mut count = 0_usize;
        loop {
            let next = self.reader.next_key(&mut members);
            let Some(key) = next.map_err(|fault| self.unreadable(fault))? else {
                return Ok(());
            };
            self.count_one(&mut count, most)?;
            self.within(&key, |file| take(file, &key))?;
        }
    }

    /// A map from steps to what `take` makes of each value.
    pub(super) fn map<T>(
        &mut self,
        mut take: impl FnMut(&mut Self, Event<'_>) -> Result<T, ContractError>,
    ) -> Result<BTreeMap<String, T>, ContractError> {
        let mut map = BTreeMap::new();
        let event = self.member_value()?;
        self.members(&event, MAX_STEPS, |file, key| {
            let event = file.member_value()?;
            map.insert(String::from(key), take(file, event)?);
            Ok(())
        })?;
        Ok(map)
    }

    /// A list of at most `most` things that `take` makes of its items.
    pub(super) fn list<T>(
        &mut self,
        most: usize,
        mut take: impl FnMut(&mut Self, Event<'_>) -> Result<T, ContractError>,
    ) -> Result<Vec<T>, ContractError> {
        let event = self.member_value()?;
        if event != Event::Array {
            return Err(self.wrong_type(&event, "an array"));
        }
        let mut list = Vec::new();
        let mut items = Items::default();
        let mut count = 0_usize;
        loop {
            let next = self.reader.next_item(&mut items);
            let Some(event) = next.map_err(|fault| self.unreadable(fault))? else {
                return Ok(list);
            };
            let position = list.len().to_string();
            self.count_one(&mut count, most)?;
            list.push(self.within(&position, |file| take(file, event))?);
        }
    }

    fn count_one(&self, count: &mut usize, most: usize) -> Result<(), ContractError> {
        *count = count.saturating_add(1);
        if *count > most {
            return Err(self.refuse(ContractCode::TooMany, format_args!("at most {most}")));
        }
        Ok(())
    }

    /// Any JSON value as its canonical text, and as itself if it is a string.
    pub(super) fn json(&mut self) -> Result<(String, Option<String>), ContractError> {
        let event = self.member_value()?;
        let text = if let Event::Text(text) = &event {
            Some(text.to_string())
        } else {
            None
        };
        let mut value = String::new();
        canonical::write(&mut self.reader, &event, &mut value)
            .map_err(|fault| self.unreadable(fault))?;
        Ok((value, text))
    }

    pub(super) fn truth(&mut self) -> Result<bool, ContractError> {
        let event = self.member_value()?;
        if let Event::Boolean(truth) = event {
            Ok(truth)
        } else {
            Err(self.wrong_type(&event, "true or false"))
        }
    }

    pub(super) fn text(&mut self) -> Result<String, ContractError> {
        let event = self.member_value()?;
        self.text_of(event)
    }

    pub(super) fn text_of(&mut self, event: Event<'_>) -> Result<String, ContractError> {
        if let Event::Text(text) = event {
            Ok(text.into_owned())
        } else {
            Err(self.wrong_type(&event, "a string"))
        }
    }

    pub(super) fn path(&mut self) -> Result<WorkspacePath, ContractError> {
        let event = self.member_value()?;
        self.path_of(event)
    }

    /// A path in its canonical form, so that two spellings cannot name one file.
    pub(super) fn path_of(&mut self, event: Event<'_>) -> Result<WorkspacePath, ContractError> {
        let text = self.text_of(event)?;
        match text.parse::<WorkspacePath>() {
            Ok(path) if path.as_str() == text => Ok(path),
            Ok(path) => Err(self.refuse(
                ContractCode::BadPath,
                format_args!("write {}", Shown(path.as_str())),
            )),
            Err(reason) => Err(self.refuse(
                ContractCode::BadPath,
                format_args!("{reason}: {} is no path in the workspace", Shown(&text)),
            )),
        }
    }

    /// A name is one word of plain characters, so that its line and the frame cannot be forged.
    pub(super) fn check_step_name(&self, name: &str) -> Result<(), ContractError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if (1..=MAX_STEP_BYTES).contains(&name.len()) && name.bytes().all(is_plain) {
            return Ok(());
        }
        Err(self.refuse(
            ContractCode::BadStepName,
            format_args!(
                "{} is not 1 to {MAX_STEP_BYTES} of A-Z a-z 0-9 _ - .",
                Shown(name)
            ),
        ))
    }

    pub(super) fn refuse_empty(&self, text: &str) -> Result<(), ContractError> {
        if text.is_empty() {
            return Err(self.refuse(
                ContractCode::EmptyString,
                format_args!("empty; an empty text would match everywhere"),
            ));
        }
        Ok(())
    }

    pub(super) fn value(&mut self) -> Result<Event<'de>, ContractError> {
        self.reader.value().map_err(|fault| self.unreadable(fault))
    }

    pub(super) fn member_value(&mut self) -> Result<Event<'de>, ContractError> {
        self.reader
            .member_value()
            .map_err(|fault| self.unreadable(fault))
    }

    /// Continues at a member or item of the current place. A fault leaves the place where it was
    /// found.
    pub(super) fn within<T>(
        &mut self,
        segment: &str,
        read: impl FnOnce(&mut Self) -> Result<T, ContractError>,
    ) -> Result<T, ContractError> {
        let length = self.place.len();
        self.place.push('/');
        for character in segment.chars().take(MAX_SEGMENT_CHARS) {
            match character {
                '~' => self.place.push_str("~0"),
                '/' => self.place.push_str("~1"),
                _ => self.place.push(character),
            }
        }
        if segment.chars().nth(MAX_SEGMENT_CHARS).is_some() {
            self.place.push('…');
        }
        let outcome = read(self)?;
        self.place.truncate(length);
        Ok(outcome)
    }

    pub(super) fn refuse(&self, code: ContractCode, detail: fmt::Arguments<'_>) -> ContractError {
        ContractError::new(&self.place, code, detail)
    }

    fn unreadable(&self, fault: JsonFault) -> ContractError {
        ContractError::unreadable(&self.place, &fault)
    }

    pub(super) fn unknown_key(&self) -> ContractError {
        self.refuse(ContractCode::UnknownKey, format_args!("unknown key"))
    }

    pub(super) fn missing_key(&self, key: &str) -> ContractError {
        self.refuse(
            ContractCode::MissingKey,
            format_args!("missing key {}", Shown(key)),
        )
    }

    fn wrong_type(&self, event: &Event<'_>, expected: &str) -> ContractError {
        if *event == Event::Null {
            self.refuse(
                ContractCode::NullValue,
                format_args!("expected {expected}, not null; to leave it unset, remove the key"),
            )
        } else {
            self.refuse(ContractCode::WrongType, format_args!("expected {expected}"))
        }
    }
}
