//! Requests of OpenAI's Responses API.
//!
//! The server keeps no conversations: `previous_response_id` is a part of the request like any
//! other, and what was said before it is not known.

use serde_json::{Map, Value};

use super::conversation::{Spoken, text_of};
use super::{boolean, missing, wrong};
use crate::refusal::Refusal;

/// What the response repeats of the request, and what it says where the request has nothing.
const ECHOED: [(&str, &str); 15] = [
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("service_tier", r#""default""#),
    ("store", "false"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
];

/// The members of the response that follow from the request.
pub(super) fn echo(members: &Map<String, Value>) -> String {
    let mut echo = String::new();
    for (name, default) in ECHOED {
        if !echo.is_empty() {
            echo.push(',');
        }
        echo.push_str(&format!("\"{name}\":"));
        match members.get(name) {
            None | Some(Value::Null) => echo.push_str(default),
            Some(value) => echo.push_str(&value.to_string()),
        }
    }
    echo
}

pub(super) fn spoken(members: &Map<String, Value>) -> Result<Spoken, Refusal> {
    if boolean(members, "background")? == Some(true) {
        return Err(wrong("background", "false: this server keeps no responses"));
    }
    match members.get("previous_response_id") {
        None | Some(Value::Null) => {}
        Some(Value::String(id)) if id.starts_with("resp_") => {}
        Some(_) => {
            return Err(wrong(
                "previous_response_id",
                "an id that begins with \"resp_\"",
            ));
        }
    }
    let mut spoken = Spoken::default();
    match members.get("instructions") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => spoken.instruct(text),
        Some(_) => return Err(wrong("instructions", "text")),
    }
    match members.get("input") {
        None | Some(Value::Null) => return Err(missing("input")),
        Some(Value::String(text)) => spoken.user.clone_from(text),
        Some(Value::Array(items)) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                add(item, &mut spoken).map_err(|what| {
                    Refusal::of_member("input", format!("`input[{position}]` {what}"))
                })?;
            }
        }
        Some(_) => {
            return Err(wrong(
                "input",
                "text or an array of items that is not empty",
            ));
        }
    }
    Ok(spoken)
}

/// Adds an item: a message, a call, or the result of one. An item of another type is accepted
/// unread.
fn add(item: &Value, spoken: &mut Spoken) -> Result<(), String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    spoken.has_results = false;
    match (text("type"), text("role")) {
        (None | Some("message"), Some(role)) => {
            let said = text_of(item.get("content"))
                .ok_or("has a `content` that is neither text nor an array of parts")?;
            match role {
                "user" => spoken.user = said,
                "system" | "developer" => spoken.instruct(&said),
                "assistant" => {}
                role => return Err(format!("has the unknown role {role:?}")),
            }
        }
        (None | Some("message"), None) => return Err("has no `role`".to_owned()),
        (Some("function_call"), _) => {
            let name = text("name").ok_or("has no `name`")?;
            spoken.called.insert(name.to_owned());
        }
        (Some("function_call_output"), _) => {
            text("call_id").ok_or("has no `call_id`")?;
            spoken.has_results = true;
        }
        (Some(kind), _) => spoken.has_results = kind.ends_with("_output"),
    }
    Ok(())
}
