//! The expected content of a file after a run, and the difference from the actual content.
//!
//! Never shown to an agent, and never read before the run has ended.

use serde_json::Value;
use turingos::manifold::Manifold;
use turingos::pointer::WorkspacePath;

use super::content::content;
use super::fault::{ScenarioCode, ScenarioError};
use super::member::Member;

/// What a file must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Exactly this text.
    Text(String),
    /// A JSON document with this value, in any spelling.
    Json(Value),
}

impl Expected {
    pub(super) fn read(member: &Member<'_>) -> Result<Self, ScenarioError> {
        if member.value().get("json").is_none() {
            return content(member, false).map(Self::Text).map_err(|error| {
                let is_choice = error.code == ScenarioCode::MissingKey;
                let detail = "expected exactly one of `text`, `lines` and `json`";
                if is_choice {
                    member.error(error.code, detail)
                } else {
                    error
                }
            });
        }
        let members = member.object(&["json"], &[])?;
        Ok(Self::Json(members.get("json")?.value().clone()))
    }

    /// How the file at `path` differs, if it does: one line for people.
    pub fn difference(&self, path: &WorkspacePath, world: &mut dyn Manifold) -> Option<String> {
        let mut text = String::new();
        if let Err(fault) = world.read(path, &mut text) {
            return Some(format!("{path}: {}", fault.code.name()));
        }
        match self {
            Self::Text(expected) if *expected == text => None,
            Self::Text(expected) => {
                let same = expected.bytes().zip(text.bytes());
                let at = same.take_while(|(a, b)| a == b).count();
                Some(format!(
                    "{path}: differs at byte {at}; {} bytes, expected {}",
                    text.len(),
                    expected.len()
                ))
            }
            Self::Json(expected) => match serde_json::from_str::<Value>(&text) {
                Ok(value) if value == *expected => None,
                Ok(_) => Some(format!(
                    "{path}: the JSON value differs from the expected one"
                )),
                Err(error) => Some(format!("{path}: not JSON: {error}")),
            },
        }
    }
}
