//! The tools that a request offers, and which of them the reply may or must call.
//!
//! Only functions with a JSON Schema are called. A tool that the provider runs itself, such as a
//! search, is accepted unread.

use serde_json::{Map, Value};

use super::wrong;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;

/// A function that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The JSON Schema of its arguments; none for a function without any.
    pub schema: Option<Value>,
}

/// What the reply may call.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) tools: Vec<Tool>,
    pub(super) must_call: bool,
}

/// Which of the tools.
enum Choice {
    Nothing,
    Auto,
    Required,
    /// One of these; required or not.
    Named(Vec<String>, bool),
}

/// The tools of a request after its choice is made. A reply to the result of a call is a text,
/// unless a call is required, so that the loop of an agent ends.
pub(super) fn offer(
    endpoint: Endpoint,
    members: &Map<String, Value>,
    has_results: bool,
) -> Result<Offer, Refusal> {
    if endpoint == Endpoint::OllamaGenerate {
        // A single prompt has no tools.
        return Ok(Offer::default());
    }
    let mut tools = match members.get("tools") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(listed)) => {
            let read = |(position, tool)| read(endpoint, tool, position).transpose();
            let tools = listed.iter().enumerate().filter_map(read);
            tools.collect::<Result<Vec<_>, _>>()?
        }
        Some(_) => return Err(wrong("tools", "an array")),
    };
    let choice = match members.get("tool_choice") {
        // Ollama has no such member.
        None | Some(Value::Null) => Choice::Auto,
        Some(_) if endpoint.provider() == turingos::bus::Provider::Ollama => Choice::Auto,
        Some(choice) => Choice::of(endpoint, choice).ok_or_else(|| {
            wrong(
                "tool_choice",
                "a choice of this API between the functions of `tools`",
            )
        })?,
    };
    let must_call = match choice {
        Choice::Nothing => return Ok(Offer::default()),
        Choice::Auto => false,
        Choice::Required => true,
        Choice::Named(names, must_call) => {
            tools.retain(|tool| names.contains(&tool.name));
            must_call
        }
    };
    if must_call && tools.is_empty() {
        return Err(wrong(
            "tool_choice",
            "a choice between the functions of `tools`",
        ));
    }
    if has_results && !must_call {
        tools.clear();
    }
    Ok(Offer { tools, must_call })
}

impl Choice {
    fn of(endpoint: Endpoint, choice: &Value) -> Option<Self> {
        let text = |pointer: &str| choice.pointer(pointer).and_then(Value::as_str);
        let named = |name: &str| Self::Named(vec![name.to_owned()], true);
        if endpoint == Endpoint::Messages {
            return match text("/type")? {
                "none" => Some(Self::Nothing),
                "auto" => Some(Self::Auto),
                "any" => Some(Self::Required),
                "tool" => text("/name").map(named),
                _ => None,
            };
        }
        match (choice.as_str(), text("/type")) {
            (Some("none"), _) => Some(Self::Nothing),
            (Some("auto"), _) => Some(Self::Auto),
            (Some("required"), _) => Some(Self::Required),
            (None, Some("function")) => text("/function/name").or(text("/name")).map(named),
            (None, Some("allowed_tools")) => {
                let allowed = choice.get("allowed_tools").unwrap_or(choice);
                let names = allowed.get("tools")?.as_array()?.iter().filter_map(|tool| {
                    let name = tool.pointer("/function/name").or(tool.get("name"));
                    name?.as_str().map(str::to_owned)
                });
                let must_call = match allowed.get("mode")?.as_str()? {
                    "auto" => false,
                    "required" => true,
                    _ => return None,
                };
                Some(Self::Named(names.collect(), must_call))
            }
            _ => None,
        }
    }
}

/// A tool; none for a tool of another type than a function.
fn read(endpoint: Endpoint, tool: &Value, position: usize) -> Result<Option<Tool>, Refusal> {
    let at = |what: &str| Refusal::of_member("tools", format!("`tools[{position}]` {what}"));
    if !tool.is_object() {
        return Err(at("is not an object"));
    }
    let kind = tool.get("type").and_then(Value::as_str);
    let (function, schema) = match (endpoint, kind) {
        (Endpoint::Messages, None | Some("custom")) => (tool, "input_schema"),
        (Endpoint::Responses, Some("function")) => (tool, "parameters"),
        (Endpoint::Messages | Endpoint::Responses, Some(_)) => return Ok(None),
        (Endpoint::Responses, None) => return Err(at("has no `type`")),
        (_, None | Some("function")) => {
            let function = tool.get("function");
            (
                function.ok_or_else(|| at("has no `function`"))?,
                "parameters",
            )
        }
        (_, Some(_)) => return Ok(None),
    };
    let name = function.get("name").and_then(Value::as_str);
    let name = name.filter(|name| !name.trim().is_empty());
    let schema = match function.get(schema) {
        None | Some(Value::Null) => None,
        Some(schema @ (Value::Object(_) | Value::Bool(_))) => Some(schema.clone()),
        Some(_) => return Err(at(&format!("has a `{schema}` that is not a JSON Schema"))),
    };
    Ok(Some(Tool {
        name: name.ok_or_else(|| at("has no `name`"))?.to_owned(),
        schema,
    }))
}
