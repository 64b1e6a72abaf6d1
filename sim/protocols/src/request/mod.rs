//! A request body, read once and strictly.
//!
//! A member that does not affect the answer is accepted unread, as the providers do, but it is part
//! of the hash.

mod conversation;
mod embeddings;
mod responses;
mod tools;

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use turingos::Digest;

use super::endpoint::Endpoint;
use super::refusal::{Reason, Refusal};
use conversation::Spoken;
use turingos_agents::wire::Shape;
use turingos_run::strict_json::strict_value;

pub use embeddings::{EmbedRequest, Encoding};
pub use tools::Tool;

/// The longest body that is read, in bytes.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Members that affect only the transport of the answer; the hash leaves them out.
const TRANSPORT_MEMBERS: [&str; 2] = ["stream", "stream_options"];

/// Members whose length a request is charged for.
const PROMPT_MEMBERS: [&str; 7] = [
    "input",
    "instructions",
    "messages",
    "prompt",
    "suffix",
    "system",
    "tools",
];

/// A valid request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRequest {
    /// The endpoint it was sent to.
    pub endpoint: Endpoint,
    /// SHA-256 of the body as canonical JSON (members sorted, no spaces), without the members
    /// that affect only the transport.
    pub hash: Digest,
    /// The whole body as canonical JSON; it identifies the request in a recording.
    pub canonical: String,
    /// The requested model; the answer has its name.
    pub model: String,
    /// The length of the request in tokens: a quarter of its bytes.
    pub tokens: u64,
    /// What is asked for.
    pub task: Task,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A reply of the model.
    Reply(Prompt),
    /// Vectors of texts.
    Embed(EmbedRequest),
    /// The length of the request.
    CountTokens,
}

/// The prompt of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The layout of a successful answer.
    pub shape: Shape,
    /// The instructions; empty for none.
    pub system: String,
    /// The last user message.
    pub user: String,
    /// The form of the text.
    pub format: Format,
    /// The tools that the reply may call: none after the results of a call, unless one is required.
    pub tools: Vec<Tool>,
    /// Whether the reply has to call a tool.
    pub must_call: bool,
    /// The names of the tools that the conversation has called.
    pub called: BTreeSet<String>,
    /// What a Responses body repeats of the request; empty for other endpoints.
    pub echo: String,
}

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

impl ParsedRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Refusal`]: not JSON, a duplicate key, or a member that is missing or of the
    /// wrong type.
    pub fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Self, Refusal> {
        let document = strict_value(body).map_err(|error| {
            Refusal::new(
                Reason::Malformed,
                format!("the body is not a JSON document: {error}"),
            )
        })?;
        let Value::Object(members) = document else {
            return Err(Refusal::new(
                Reason::Malformed,
                "the body is not a JSON object",
            ));
        };
        let model = match members.get("model") {
            Some(Value::String(model)) if !model.trim().is_empty() => model.clone(),
            Some(_) => return Err(wrong("model", "a text that is not blank")),
            None => return Err(missing("model")),
        };
        let task = Task::of(endpoint, &members)?;
        let lengths = PROMPT_MEMBERS.iter().filter_map(|name| members.get(*name));
        let bytes: usize = lengths.map(|value| value.to_string().len()).sum();
        // The map is sorted, and a value that was read can be written.
        let document = Value::Object(members);
        let canonical = document.to_string();
        let hash = match document {
            Value::Object(mut members) if has_transport_members(&members) => {
                for name in TRANSPORT_MEMBERS {
                    members.remove(name);
                }
                Digest::of(Value::Object(members).to_string().as_bytes())
            }
            _ => Digest::of(canonical.as_bytes()),
        };
        Ok(Self {
            endpoint,
            hash,
            canonical,
            model,
            tokens: bytes as u64 / 4 + 1,
            task,
        })
    }

    /// The prompt; none for a request that is not for a reply.
    #[must_use]
    pub const fn prompt(&self) -> Option<&Prompt> {
        match &self.task {
            Task::Reply(prompt) => Some(prompt),
            Task::Embed(_) | Task::CountTokens => None,
        }
    }
}

impl Task {
    fn of(endpoint: Endpoint, members: &Map<String, Value>) -> Result<Self, Refusal> {
        let streamed = boolean(members, "stream")?.unwrap_or(endpoint.streams_by_default());
        let with_usage = match members.get("stream_options") {
            Some(Value::Object(options)) => boolean(options, "include_usage")?.unwrap_or(false),
            None | Some(Value::Null) => false,
            Some(_) => return Err(wrong("stream_options", "an object")),
        };
        let Some(shape) = endpoint.shape(streamed, with_usage) else {
            return Ok(match endpoint {
                Endpoint::CountTokens => {
                    Spoken::of_messages_api(members)?;
                    Self::CountTokens
                }
                _ => Self::Embed(EmbedRequest::of(endpoint, members)?),
            });
        };
        let spoken = match endpoint {
            Endpoint::ChatCompletions => Spoken::of_messages(members, &["system", "developer"])?,
            Endpoint::OllamaChat => Spoken::of_messages(members, &["system"])?,
            Endpoint::Messages => {
                match members.get("max_tokens") {
                    None => return Err(missing("max_tokens")),
                    Some(limit) if limit.as_u64().is_some_and(|limit| limit > 0) => {}
                    Some(_) => return Err(wrong("max_tokens", "an integer of at least 1")),
                }
                Spoken::of_messages_api(members)?
            }
            Endpoint::Responses => responses::spoken(members)?,
            _ => Spoken::of_prompt(members)?,
        };
        let offer = tools::offer(endpoint, members, spoken.has_results)?;
        let echo = match endpoint {
            Endpoint::Responses => responses::echo(members),
            _ => String::new(),
        };
        Ok(Self::Reply(Prompt {
            shape,
            format: format_of(endpoint, members)?,
            tools: offer.tools,
            must_call: offer.must_call,
            called: spoken.called,
            system: spoken.system,
            user: spoken.user,
            echo,
        }))
    }
}

fn has_transport_members(members: &Map<String, Value>) -> bool {
    TRANSPORT_MEMBERS
        .iter()
        .any(|name| members.contains_key(*name))
}

/// A body as canonical JSON: members sorted, no spaces.
///
/// # Errors
/// Why it is not JSON without duplicate keys, in one line for people.
pub fn canonical(body: &[u8]) -> Result<String, String> {
    match strict_value(body) {
        Ok(document) => Ok(document.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn missing(name: &'static str) -> Refusal {
    Refusal::of_member(name, format!("`{name}` is required"))
}

fn wrong(name: &'static str, expected: &str) -> Refusal {
    Refusal::of_member(name, format!("`{name}` must be {expected}"))
}

fn boolean(members: &Map<String, Value>, name: &'static str) -> Result<Option<bool>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(*truth)),
        Some(_) => Err(wrong(name, "true or false")),
    }
}

/// The form of the text. OpenAI's formats have a `type`; the schema lies at `path` below them.
fn format_of(endpoint: Endpoint, members: &Map<String, Value>) -> Result<Format, Refusal> {
    const TYPES: &str = "an object whose `type` is text, json_object or json_schema";
    let typed = |member: &'static str, format: Option<&Value>, path: &str| match format {
        None | Some(Value::Null) => Ok(Format::Text),
        Some(format) => match format.get("type").and_then(Value::as_str) {
            Some("text") => Ok(Format::Text),
            Some("json_object") => Ok(Format::Json),
            Some("json_schema") => Ok(match format.pointer(path) {
                Some(schema @ Value::Object(_)) => Format::Schema {
                    member,
                    schema: schema.clone(),
                },
                _ => Format::Json,
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
            None | Some(Value::Null) => Ok(Format::Text),
            Some(Value::Object(text)) => typed("text", text.get("format"), "/schema"),
            Some(_) => Err(wrong("text", "an object")),
        },
        Endpoint::Messages => match members.get("output_config") {
            Some(config) => typed("output_config", config.get("format"), "/schema"),
            None => typed("output_format", members.get("output_format"), "/schema"),
        },
        _ => match members.get("format") {
            None | Some(Value::Null) => Ok(Format::Text),
            Some(Value::String(format)) if format.is_empty() => Ok(Format::Text),
            Some(Value::String(format)) if format == "json" => Ok(Format::Json),
            Some(schema @ Value::Object(_)) => Ok(Format::Schema {
                member: "format",
                schema: schema.clone(),
            }),
            Some(_) => Err(wrong("format", "\"json\" or a JSON schema")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(endpoint: Endpoint, body: &str) -> Result<ParsedRequest, Refusal> {
        ParsedRequest::parse(endpoint, body.as_bytes())
    }

    #[test]
    fn hash_ignores_order_spaces_and_transport() {
        let hash = |body: &str| parse(Endpoint::ChatCompletions, body).unwrap().hash;
        let plain = hash(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#);
        for same in [
            r#"{ "messages": [{"content":"hi","role":"user"}], "model":"\u006d" }"#,
            r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#,
        ] {
            assert_eq!(hash(same), plain, "{same}");
        }
        for other in [
            r#"{"model":"n","messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"model":"m","seed":1,"messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"user","content":"hi"}]}"#,
        ] {
            assert_ne!(hash(other), plain, "{other}");
        }
    }

    #[test]
    fn every_provider_request_is_parsed() {
        let request = parse(
            Endpoint::Messages,
            r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"be"},{"type":"text","text":" brief"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":[{"type":"image","source":{}},{"type":"text","text":"b"}]}]}"#,
        )
        .unwrap();
        let prompt = request.prompt().unwrap();
        assert_eq!((&*prompt.system, &*prompt.user), ("be brief", "b"));
        let request = parse(
            Endpoint::OllamaGenerate,
            r#"{"model":"m","prompt":"p","system":"s","format":"json","stream":false}"#,
        )
        .unwrap();
        let prompt = request.prompt().unwrap();
        assert_eq!((&*prompt.system, &*prompt.user), ("s", "p"));
        assert_eq!(prompt.format, Format::Json);
        assert_eq!(prompt.shape, Shape::OllamaGenerate);
        let request = parse(
            Endpoint::OllamaChat,
            r#"{"model":"m","messages":[{"role":"user","content":"p"}]}"#,
        )
        .unwrap();
        assert_eq!(request.prompt().unwrap().shape, Shape::OllamaChatStream);
    }

    #[test]
    fn malformed_request_names_its_member() {
        for (endpoint, body, param) in [
            (Endpoint::ChatCompletions, "", None),
            (Endpoint::ChatCompletions, "[]", None),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","model":"m"}"#,
                None,
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"messages":[]}"#,
                Some("model"),
            ),
            (Endpoint::ChatCompletions, r#"{"model":" "}"#, Some("model")),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m"}"#,
                Some("messages"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[]}"#,
                Some("messages"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"content":"x"}]}"#,
                Some("messages"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"king","content":"x"}]}"#,
                Some("messages"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"user","content":1}]}"#,
                Some("messages"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":1}"#,
                Some("stream"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{}}"#,
                Some("response_format"),
            ),
            (
                Endpoint::Messages,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#,
                Some("max_tokens"),
            ),
            (
                Endpoint::Messages,
                r#"{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}"#,
                Some("max_tokens"),
            ),
            (
                Endpoint::Messages,
                r#"{"model":"m","max_tokens":1,"messages":[{"role":"system","content":"x"}]}"#,
                Some("messages"),
            ),
            (Endpoint::OllamaGenerate, r#"{"model":"m"}"#, Some("prompt")),
            (Endpoint::Responses, r#"{"model":"m"}"#, Some("input")),
            (
                Endpoint::Responses,
                r#"{"model":"m","input":[{}]}"#,
                Some("input"),
            ),
            (
                Endpoint::Responses,
                r#"{"model":"m","input":"x","previous_response_id":"msg_1"}"#,
                Some("previous_response_id"),
            ),
            (
                Endpoint::Responses,
                r#"{"model":"m","input":"x","background":true}"#,
                Some("background"),
            ),
            (
                Endpoint::Responses,
                r#"{"model":"m","input":"x","text":{"format":{"type":"xml"}}}"#,
                Some("text"),
            ),
            (
                Endpoint::Responses,
                r#"{"model":"m","input":"x","tools":[{"type":"function"}]}"#,
                Some("tools"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":{}}"#,
                Some("tools"),
            ),
            (
                Endpoint::ChatCompletions,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tool_choice":"required"}"#,
                Some("tool_choice"),
            ),
            (
                Endpoint::Messages,
                r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"tool","name":"a"},"tools":[{"name":"b","input_schema":{}}]}"#,
                Some("tool_choice"),
            ),
            (Endpoint::Embeddings, r#"{"model":"m"}"#, Some("input")),
            (
                Endpoint::Embeddings,
                r#"{"model":"m","input":[]}"#,
                Some("input"),
            ),
            (
                Endpoint::Embeddings,
                r#"{"model":"m","input":[1.5]}"#,
                Some("input"),
            ),
            (
                Endpoint::Embeddings,
                r#"{"model":"m","input":"x","dimensions":0}"#,
                Some("dimensions"),
            ),
            (
                Endpoint::Embeddings,
                r#"{"model":"m","input":"x","encoding_format":"hex"}"#,
                Some("encoding_format"),
            ),
            (
                Endpoint::OllamaEmbed,
                r#"{"model":"m","input":[[1]]}"#,
                Some("input"),
            ),
            (
                Endpoint::OllamaEmbeddings,
                r#"{"model":"m"}"#,
                Some("prompt"),
            ),
            (Endpoint::CountTokens, r#"{"model":"m"}"#, Some("messages")),
            (
                Endpoint::OllamaChat,
                r#"{"model":"m","messages":[{"role":"user","content":"x"}],"format":"xml"}"#,
                Some("format"),
            ),
        ] {
            let refusal = parse(endpoint, body).unwrap_err();
            assert_eq!(
                (refusal.reason, refusal.param),
                (Reason::Malformed, param),
                "{body}"
            );
        }
    }
}
