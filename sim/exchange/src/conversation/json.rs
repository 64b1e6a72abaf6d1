//! What the bodies of several protocols have in common: texts, lists and calls of tools.

use serde_json::Value;

use super::ToolCall;

/// A tool call in the form of chat completions.
pub(super) fn tool_call(call: &Value) -> ToolCall {
    let arguments = call.pointer("/function/arguments");
    ToolCall {
        name: text_at(call, "/function/name").unwrap_or_default(),
        arguments: arguments.map(json_text).unwrap_or_default(),
    }
}

/// The tool call of a block or an item, if it is one.
pub(super) fn called(block: &Value) -> Option<ToolCall> {
    let (name, arguments) = match text_at(block, "/type").as_deref() {
        Some("tool_use") => (text_at(block, "/name"), block.get("input")),
        Some("function_call") => (text_at(block, "/name"), block.get("arguments")),
        _ => {
            let call = block.get("functionCall")?;
            (text_at(call, "/name"), call.get("args"))
        }
    };
    Some(ToolCall {
        name: name.unwrap_or_default(),
        arguments: arguments.map(json_text).unwrap_or_default(),
    })
}

/// Arguments are JSON text in some protocols, and JSON in others.
fn json_text(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The text in a content: a string, an object with one, or a list of them.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().concat(),
        Value::Object(part) => {
            let names = ["text", "content", "parts", "output", "response"].into_iter();
            let inner = { names }.find_map(|name| part.get(name));
            match (inner, part.get("functionResponse")) {
                (Some(inner), _) => text_of(inner),
                (None, Some(result)) => result.to_string(),
                (None, None) => String::new(),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

pub(super) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

pub(super) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
