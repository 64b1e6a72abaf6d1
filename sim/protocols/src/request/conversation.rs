//! The texts, calls and results of a conversation that affect the answer.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{missing, wrong};
use crate::refusal::Refusal;

/// The state of a conversation at its end.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// The instructions.
    pub(super) system: String,
    /// The last user message.
    pub(super) user: String,
    /// The names of the tools that were called.
    pub(super) called: BTreeSet<String>,
    /// Whether the conversation ends with the result of a call.
    pub(super) has_results: bool,
}

impl Spoken {
    /// A list of `messages`; those of the roles `instructors` are instructions.
    pub(super) fn of_messages(
        members: &Map<String, Value>,
        instructors: &[&str],
    ) -> Result<Self, Refusal> {
        let Some(messages) = members.get("messages") else {
            return Err(missing("messages"));
        };
        let messages = messages
            .as_array()
            .filter(|messages| !messages.is_empty())
            .ok_or_else(|| wrong("messages", "an array that is not empty"))?;
        let mut spoken = Self::default();
        for (position, message) in messages.iter().enumerate() {
            let at = |what: &str| {
                Refusal::of_member("messages", format!("`messages[{position}]` {what}"))
            };
            let role = message
                .get("role")
                .and_then(Value::as_str)
                .ok_or_else(|| at("has no `role`"))?;
            let content = message.get("content");
            let text = text_of(content)
                .ok_or_else(|| at("has a `content` that is neither text nor an array of parts"))?;
            spoken.has_results = false;
            match role {
                "user" => {
                    spoken.has_results = has_part(content, "tool_result");
                    if !(spoken.has_results && text.is_empty()) {
                        spoken.user = text;
                    }
                }
                "assistant" => spoken.called.extend(calls_of(message)),
                "tool" | "function" => spoken.has_results = true,
                role if instructors.contains(&role) => spoken.instruct(&text),
                role => return Err(at(&format!("has the unknown role {role:?}"))),
            }
        }
        Ok(spoken)
    }

    /// A request of the messages API, whose instructions stand apart.
    pub(super) fn of_messages_api(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut spoken = Self::of_messages(members, &[])?;
        if let Some(system) = members.get("system") {
            spoken.system = text_of(Some(system))
                .ok_or_else(|| wrong("system", "text or an array of parts"))?;
        }
        Ok(spoken)
    }

    /// A single prompt.
    pub(super) fn of_prompt(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name, "text")),
        };
        Ok(Self {
            system: text("system")?.unwrap_or_default(),
            user: text("prompt")?.ok_or_else(|| missing("prompt"))?,
            ..Self::default()
        })
    }

    /// Adds a line of instructions.
    pub(super) fn instruct(&mut self, text: &str) {
        if !self.system.is_empty() {
            self.system.push('\n');
        }
        self.system.push_str(text);
    }
}

/// The text of a `content`: a string, the texts of an array of parts one after another, or nothing
/// where a message only calls a tool.
pub(super) fn text_of(content: Option<&Value>) -> Option<String> {
    match content {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(parts)) => {
            let mut text = String::new();
            for part in parts {
                // An image or a tool result has no text; it affects the hash only.
                if let Some(piece) = part.as_object()?.get("text") {
                    text.push_str(piece.as_str()?);
                }
            }
            Some(text)
        }
        Some(_) => None,
    }
}

fn parts_of<'v>(content: Option<&'v Value>, kind: &str) -> impl Iterator<Item = &'v Value> {
    let parts = content.and_then(Value::as_array).into_iter().flatten();
    parts.filter(move |part| part.get("type").and_then(Value::as_str) == Some(kind))
}

fn has_part(content: Option<&Value>, kind: &str) -> bool {
    parts_of(content, kind).next().is_some()
}

/// The names of the tools that a message of the model calls, in either form.
fn calls_of(message: &Value) -> impl Iterator<Item = String> + '_ {
    let calls = message.get("tool_calls").and_then(Value::as_array);
    let functions = calls.into_iter().flatten();
    let functions = functions.filter_map(|call| call.pointer("/function/name"));
    let blocks = parts_of(message.get("content"), "tool_use");
    let blocks = blocks.filter_map(|block| block.get("name"));
    functions
        .chain(blocks)
        .filter_map(|name| name.as_str().map(str::to_owned))
}
