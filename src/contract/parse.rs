//! The contract file: strict JSON in, a plan or the first fault with its place out.
//!
//! One pass with the reader that reads replies. Never skips a member and never fills one in.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::canonical;
use super::expectation::{Expectation, Pattern};
use super::fault::{ContractCode, ContractError};
use super::{
    Contract, MAX_CONTRACT_BYTES, MAX_CONTRACT_NESTING, MAX_PARTS, MAX_REQUIRED_FILES,
    MAX_STEP_BYTES, MAX_STEPS, Step,
};
use crate::isa::{Event, Fault, Items, Members, Reader, Shown};
use crate::pointer::WorkspacePath;

/// Reads a whole contract file.
pub(super) fn contract(json: &[u8]) -> Result<Contract, ContractError> {
    let refuse = |code, detail: fmt::Arguments<'_>| Err(ContractError::new("", code, detail));
    if json.len() > MAX_CONTRACT_BYTES {
        return refuse(
            ContractCode::TooLarge,
            format_args!("{} bytes, at most {MAX_CONTRACT_BYTES}", json.len()),
        );
    }
    let text = match core::str::from_utf8(json) {
        Ok(text) => text,
        Err(error) => {
            return refuse(
                ContractCode::NotUtf8,
                format_args!("not UTF-8 at byte {}", error.valid_up_to()),
            );
        }
    };
    if text.starts_with('\u{feff}') {
        return refuse(
            ContractCode::ByteOrderMark,
            format_args!("save the file without a byte order mark"),
        );
    }
    let mut file = File {
        reader: Reader::with_rules(text, canonical::rules(MAX_CONTRACT_NESTING)),
        place: String::new(),
    };
    let members = file.document()?;
    file.reader.end().map_err(|fault| file.unreadable(fault))?;
    file.relate(members)
}

/// A file that is being read, and the JSON Pointer of what is being read of it.
struct File<'de> {
    reader: Reader<'de>,
    place: String,
}

/// The members of a contract, before they are held against each other.
#[derive(Default)]
struct Document {
    enabled: Option<bool>,
    progress_file: Option<WorkspacePath>,
    ordered_steps: Vec<String>,
    required_files: Vec<WorkspacePath>,
    step_file_map: BTreeMap<String, WorkspacePath>,
    step_expectations: BTreeMap<String, Expectation>,
}

/// The members of an expectation, whatever its kind.
#[derive(Default)]
struct Parts {
    kind: Option<String>,
    /// The canonical text, and the text itself if it is a string.
    value: Option<(String, Option<String>)>,
    values: Option<Vec<String>>,
    pattern: Option<Pattern>,
}

impl<'de> File<'de> {
    fn document(&mut self) -> Result<Document, ContractError> {
        let mut document = Document::default();
        let event = self.value()?;
        self.members(&event, usize::MAX, |file, key| {
            match key {
                "enabled" => document.enabled = Some(file.truth()?),
                "progress_file" => document.progress_file = Some(file.path()?),
                "ordered_steps" => {
                    document.ordered_steps = file.list(MAX_STEPS, |file, event| {
                        let name = file.text_of(event)?;
                        file.check_step_name(&name).map(|()| name)
                    })?;
                }
                "required_files" => {
                    document.required_files = file.list(MAX_REQUIRED_FILES, Self::path_of)?;
                }
                "step_file_map" => {
                    document.step_file_map = file.map(Self::path_of)?;
                }
                "step_expectations" => {
                    document.step_expectations = file.map(Self::expectation)?;
                }
                _ => return Err(file.unknown_key()),
            }
            Ok(())
        })?;
        Ok(document)
    }

    /// Holds the members against each other.
    fn relate(&mut self, document: Document) -> Result<Contract, ContractError> {
        let Document {
            enabled,
            progress_file,
            ordered_steps,
            required_files,
            mut step_file_map,
            mut step_expectations,
        } = document;
        let Some(enabled) = enabled else {
            return Err(self.missing_key("enabled"));
        };
        if progress_file.is_none() && !ordered_steps.is_empty() {
            return Err(self.refuse(
                ContractCode::NoProgressFile,
                format_args!("there are ordered_steps, so progress_file is needed"),
            ));
        }
        self.refuse_repetition("ordered_steps", ContractCode::DuplicateStep, &ordered_steps)?;
        self.refuse_repetition(
            "required_files",
            ContractCode::DuplicatePath,
            &required_files,
        )?;
        self.within("step_file_map", |file| {
            for (name, path) in &step_file_map {
                file.within(name, |file| {
                    file.refuse_unknown_step(name, &ordered_steps)?;
                    if progress_file.as_ref() == Some(path) {
                        return Err(file.refuse(
                            ContractCode::ProgressFileIsStepFile,
                            format_args!("a step makes another file than the progress file"),
                        ));
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        self.within("step_expectations", |file| {
            for name in step_expectations.keys() {
                file.within(name, |file| {
                    file.refuse_unknown_step(name, &ordered_steps)?;
                    if !step_file_map.contains_key(name) {
                        return Err(file.refuse(
                            ContractCode::ExpectationWithoutFile,
                            format_args!("step_file_map names no file for this step"),
                        ));
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        let steps = ordered_steps
            .into_iter()
            .map(|name| Step {
                file: step_file_map.remove(&name),
                expectation: step_expectations.remove(&name),
                name,
            })
            .collect();
        Ok(Contract {
            enabled,
            progress_file,
            steps,
            required_files,
        })
    }

    fn refuse_unknown_step(&self, name: &str, steps: &[String]) -> Result<(), ContractError> {
        if steps.iter().any(|step| step == name) {
            return Ok(());
        }
        Err(self.refuse(
            ContractCode::UnknownStep,
            format_args!("ordered_steps has no step {}", Shown(name)),
        ))
    }

    fn refuse_repetition<T: PartialEq>(
        &mut self,
        list: &str,
        code: ContractCode,
        items: &[T],
    ) -> Result<(), ContractError> {
        for (position, item) in items.iter().enumerate() {
            let first = items.iter().position(|other| other == item);
            if let Some(first) = first.filter(|first| *first < position) {
                return self.within(list, |file| {
                    file.within(&position.to_string(), |file| {
                        Err(file.refuse(code, format_args!("stands at {first} already")))
                    })
                });
            }
        }
        Ok(())
    }

    fn expectation(&mut self, event: Event<'_>) -> Result<Expectation, ContractError> {
        let mut parts = Parts::default();
        self.members(&event, usize::MAX, |file, key| {
            match key {
                "kind" => parts.kind = Some(file.text()?),
                "value" => {
                    let event = file.member_value()?;
                    let text = if let Event::Text(text) = &event {
                        Some(text.to_string())
                    } else {
                        None
                    };
                    let mut canonical = String::new();
                    canonical::write(&mut file.reader, &event, &mut canonical)
                        .map_err(|fault| file.unreadable(fault))?;
                    parts.value = Some((canonical, text));
                }
                "values" => {
                    let values = file.list(MAX_PARTS, |file, event| {
                        let part = file.text_of(event)?;
                        file.refuse_empty(&part).map(|()| part)
                    })?;
                    if values.is_empty() {
                        return Err(file.refuse(
                            ContractCode::EmptyList,
                            format_args!("at least one part must be named"),
                        ));
                    }
                    parts.values = Some(values);
                }
                "pattern" => {
                    let pattern = file.text()?;
                    file.refuse_empty(&pattern)?;
                    let compiled = Pattern::compile(&pattern);
                    let refuse =
                        |(code, why): (_, String)| file.refuse(code, format_args!("{why}"));
                    parts.pattern = Some(compiled.map_err(refuse)?);
                }
                _ => return Err(file.unknown_key()),
            }
            Ok(())
        })?;
        self.of_kind(parts)
    }

    fn of_kind(&mut self, parts: Parts) -> Result<Expectation, ContractError> {
        let Parts {
            kind,
            value,
            values,
            pattern,
        } = parts;
        let Some(kind) = kind else {
            return Err(self.missing_key("kind"));
        };
        let keys = [
            ("value", value.is_some()),
            ("values", values.is_some()),
            ("pattern", pattern.is_some()),
        ];
        let wanted = match kind.as_str() {
            "text" | "json" => "value",
            "includes" => "values",
            "regex" => "pattern",
            _ => {
                return self.within("kind", |file| {
                    Err(file.refuse(
                        ContractCode::UnknownKind,
                        format_args!("{} is none of text, includes, regex, json", Shown(&kind)),
                    ))
                });
            }
        };
        for (key, is_there) in keys {
            if is_there && key != wanted {
                return self.within(key, |file| Err(file.unknown_key()));
            }
        }
        match (kind.as_str(), value, values, pattern) {
            ("json", Some((canonical, _)), _, _) => Ok(Expectation::Json(canonical)),
            ("text", Some((_, Some(text))), _, _) => Ok(Expectation::Text(text)),
            ("text", Some((_, None)), _, _) => self.within("value", |file| {
                Err(file.refuse(ContractCode::WrongType, format_args!("expected a string")))
            }),
            (_, _, Some(values), _) => Ok(Expectation::Includes(values)),
            (_, _, _, Some(pattern)) => Ok(Expectation::Regex(pattern)),
            _ => Err(self.missing_key(wanted)),
        }
    }

    /// Reads the object that `event` begins, at most `most` members; `take` reads each value, with
    /// the place standing on its key.
    fn members(
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
    fn map<T>(
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
    fn list<T>(
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

    fn truth(&mut self) -> Result<bool, ContractError> {
        match self.member_value()? {
            Event::Boolean(truth) => Ok(truth),
            other => Err(self.wrong_type(&other, "true or false")),
        }
    }

    fn text(&mut self) -> Result<String, ContractError> {
        let event = self.member_value()?;
        self.text_of(event)
    }

    fn text_of(&mut self, event: Event<'_>) -> Result<String, ContractError> {
        match event {
            Event::Text(text) => Ok(text.into_owned()),
            other => Err(self.wrong_type(&other, "a string")),
        }
    }

    fn path(&mut self) -> Result<WorkspacePath, ContractError> {
        let event = self.member_value()?;
        self.path_of(event)
    }

    /// A path in its canonical form, so that two spellings cannot name one file.
    fn path_of(&mut self, event: Event<'_>) -> Result<WorkspacePath, ContractError> {
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
    fn check_step_name(&self, name: &str) -> Result<(), ContractError> {
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

    fn refuse_empty(&self, text: &str) -> Result<(), ContractError> {
        if text.is_empty() {
            return Err(self.refuse(
                ContractCode::EmptyString,
                format_args!("an empty text occurs everywhere"),
            ));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Event<'de>, ContractError> {
        self.reader.value().map_err(|fault| self.unreadable(fault))
    }

    fn member_value(&mut self) -> Result<Event<'de>, ContractError> {
        self.reader
            .member_value()
            .map_err(|fault| self.unreadable(fault))
    }

    /// Goes on at a member or item of the current place. After a fault the place stays where it
    /// was found.
    fn within<T>(
        &mut self,
        segment: &str,
        read: impl FnOnce(&mut Self) -> Result<T, ContractError>,
    ) -> Result<T, ContractError> {
        let length = self.place.len();
        self.place.push('/');
        for character in segment.chars() {
            match character {
                '~' => self.place.push_str("~0"),
                '/' => self.place.push_str("~1"),
                _ => self.place.push(character),
            }
        }
        let outcome = read(self)?;
        self.place.truncate(length);
        Ok(outcome)
    }

    fn refuse(&self, code: ContractCode, detail: fmt::Arguments<'_>) -> ContractError {
        ContractError::new(&self.place, code, detail)
    }

    fn unreadable(&self, fault: Fault) -> ContractError {
        ContractError::unreadable(&self.place, fault)
    }

    fn unknown_key(&self) -> ContractError {
        self.refuse(
            ContractCode::UnknownKey,
            format_args!("this object has no such key"),
        )
    }

    fn missing_key(&self, key: &str) -> ContractError {
        self.refuse(
            ContractCode::MissingKey,
            format_args!("{} is needed", Shown(key)),
        )
    }

    fn wrong_type(&self, event: &Event<'_>, expected: &str) -> ContractError {
        if *event == Event::Null {
            self.refuse(
                ContractCode::NullValue,
                format_args!("null; expected {expected}, or leave the key out"),
            )
        } else {
            self.refuse(ContractCode::WrongType, format_args!("expected {expected}"))
        }
    }
}
