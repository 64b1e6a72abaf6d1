//! A JSON value with its place: how a scenario is read member by member.
//!
//! Never fills in a default and never ignores a value: a member has the requested type, or the read
//! is an error with its place.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use turingos::pointer::WorkspacePath;

use super::fault::{ScenarioCode, ScenarioError, shown};

/// A value somewhere in a document.
pub(super) struct Member<'a> {
    value: &'a Value,
    place: String,
}

impl<'a> Member<'a> {
    pub(super) const fn root(value: &'a Value) -> Self {
        Self {
            value,
            place: String::new(),
        }
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn error(&self, code: ScenarioCode, detail: impl Into<String>) -> ScenarioError {
        ScenarioError::new(&self.place, code, detail)
    }

    /// An object with all of `required`, any of `optional`, and nothing else.
    pub(super) fn object(
        &self,
        required: &[&str],
        optional: &[&str],
    ) -> Result<Object<'a>, ScenarioError> {
        let members = self.map()?;
        let unknown = (members.keys())
            .find(|key| !required.contains(&key.as_str()) && !optional.contains(&key.as_str()));
        if let Some(key) = unknown {
            let known = [required, optional].concat().join(", ");
            return Err(self.error(
                ScenarioCode::UnknownKey,
                format!("{} is not one of: {known}", shown(key)),
            ));
        }
        if let Some(key) = required.iter().find(|key| !members.contains_key(**key)) {
            return Err(self.error(ScenarioCode::MissingKey, format!("`{key}` is missing")));
        }
        Ok(Object {
            members,
            place: self.place.clone(),
        })
    }

    /// The entries of an object whose keys are free.
    pub(super) fn entries(
        &self,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<(&'a str, Self)>, ScenarioError> {
        let members = self.map()?;
        self.counted(members.len(), count)?;
        Ok(members
            .iter()
            .map(|(key, value)| (key.as_str(), self.inner(key, value)))
            .collect())
    }

    /// The items of an array.
    pub(super) fn items(&self, count: RangeInclusive<usize>) -> Result<Vec<Self>, ScenarioError> {
        let Value::Array(items) = self.value else {
            return Err(self.wrong("an array"));
        };
        self.counted(items.len(), count)?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| self.inner(&index.to_string(), value))
            .collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, ScenarioError> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong("a string")),
        }
    }

    /// One line of 1 to `most` characters.
    pub(super) fn line(&self, most: usize) -> Result<&'a str, ScenarioError> {
        let text = self.text()?;
        let is_line = !text.trim().is_empty() && !text.contains(char::is_control);
        if is_line && text.chars().count() <= most {
            Ok(text)
        } else {
            let detail = format!("expected one line of 1 to {most} characters");
            Err(self.error(ScenarioCode::BadText, detail))
        }
    }

    pub(super) fn number(&self, range: RangeInclusive<u64>) -> Result<u64, ScenarioError> {
        let number = self.value.as_u64().ok_or_else(|| self.wrong("a number"))?;
        if range.contains(&number) {
            return Ok(number);
        }
        let detail = format!("{number}; expected {} to {}", range.start(), range.end());
        Err(self.error(ScenarioCode::OutOfRange, detail))
    }

    pub(super) fn path(&self) -> Result<WorkspacePath, ScenarioError> {
        path(&self.place, self.text()?)
    }

    /// The entry of `table` that is named here.
    pub(super) fn one_of<T: Copy>(&self, table: &[(&str, T)]) -> Result<T, ScenarioError> {
        let text = self.text()?;
        let found = table.iter().find(|(name, _)| *name == text);
        found.map(|(_, entry)| *entry).ok_or_else(|| {
            let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
            let detail = format!("{} is not one of: {}", shown(text), names.join(", "));
            self.error(ScenarioCode::UnknownName, detail)
        })
    }

    fn map(&self) -> Result<&'a Map<String, Value>, ScenarioError> {
        match self.value {
            Value::Object(members) => Ok(members),
            _ => Err(self.wrong("an object")),
        }
    }

    fn counted(&self, count: usize, range: RangeInclusive<usize>) -> Result<(), ScenarioError> {
        if range.contains(&count) {
            return Ok(());
        }
        let detail = format!(
            "{count} entries; expected {} to {}",
            range.start(),
            range.end()
        );
        Err(self.error(ScenarioCode::BadCount, detail))
    }

    fn inner(&self, key: &str, value: &'a Value) -> Self {
        Self {
            value,
            place: below(&self.place, key),
        }
    }

    fn wrong(&self, wanted: &str) -> ScenarioError {
        self.error(ScenarioCode::WrongType, format!("expected {wanted}"))
    }
}

/// An object whose keys are known to be right.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    place: String,
}

impl<'a> Object<'a> {
    /// A member, if it is there.
    pub(super) fn find(&self, key: &str) -> Option<Member<'a>> {
        self.members.get(key).map(|value| Member {
            value,
            place: below(&self.place, key),
        })
    }

    /// A member that must be there.
    pub(super) fn get(&self, key: &str) -> Result<Member<'a>, ScenarioError> {
        let missing = || format!("`{key}` is missing");
        self.find(key)
            .ok_or_else(|| ScenarioError::new(&self.place, ScenarioCode::MissingKey, missing()))
    }
}

/// A path in its one canonical form.
pub(super) fn path(place: &str, text: &str) -> Result<WorkspacePath, ScenarioError> {
    let refused = |why: &str| {
        let detail = format!("{}: {why}", shown(text));
        ScenarioError::new(place, ScenarioCode::BadPath, detail)
    };
    let path: WorkspacePath = text.parse().map_err(|fault| {
        let fault: turingos::pointer::PointerError = fault;
        refused(fault.name())
    })?;
    if path.as_str() == text {
        Ok(path)
    } else {
        Err(refused("the path is not in canonical form"))
    }
}

/// The JSON Pointer of a member.
pub(super) fn below(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}
