//! The form of the text that a request asks for.

use serde_json::{Map, Value};

use super::wrong;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;

/// The form of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Any text.
    Text,
    /// Any JSON object.
    Json,
    /// JSON that a schema accepts.
    Schema {
        /// The member of the request that has it.
        member: &'static str,
        /// The schema.
        schema: Value,
    },
}

impl Format {
    /// The form that a request asks for. OpenAI's formats have a `type`; the schema lies at `path`
    /// below them.
    pub(super) fn of(endpoint: Endpoint, members: &Map<String, Value>) -> Result<Self, Refusal> {
        const TYPES: &str = "an object whose `type` is text, json_object or json_schema";
        let typed = |member: &'static str, format: Option<&Value>, path: &str| match format {
            None | Some(Value::Null) => Ok(Self::Text),
            Some(format) => match format.get("type").and_then(Value::as_str) {
                Some("text") => Ok(Self::Text),
                Some("json_object") => Ok(Self::Json),
                Some("json_schema") => Ok(match format.pointer(path) {
                    Some(schema @ Value::Object(_)) => Self::Schema {
                        member,
                        schema: schema.clone(),
                    },
                    _ => Self::Json,
                }),
                _ => Err(wrong(member, TYPES)),
            },
        };
        match endpoint {
            Endpoint::ChatCompletions => {
                let format = members.get("response_format");
                typed("response_format", format, "/json_schema/schema")
            }
            Endpoint::Responses => match members.get("text") {
                None | Some(Value::Null) => Ok(Self::Text),
                Some(Value::Object(text)) => typed("text", text.get("format"), "/schema"),
                Some(_) => Err(wrong("text", "an object")),
            },
            Endpoint::Messages => match members.get("output_config") {
                Some(config) => typed("output_config", config.get("format"), "/schema"),
                None => typed("output_format", members.get("output_format"), "/schema"),
            },
            _ => match members.get("format") {
                None | Some(Value::Null) => Ok(Self::Text),
                Some(Value::String(format)) if format.is_empty() => Ok(Self::Text),
                Some(Value::String(format)) if format == "json" => Ok(Self::Json),
                Some(schema @ Value::Object(_)) => Ok(Self::Schema {
                    member: "format",
                    schema: schema.clone(),
                }),
                Some(_) => Err(wrong("format", "\"json\" or a JSON schema")),
            },
        }
    }
}
