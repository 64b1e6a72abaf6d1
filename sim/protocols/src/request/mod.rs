//! A request body, read once and strictly.
//!
//! A member that does not affect the answer is accepted unread, as the providers do, but it is part
//! of the hash.

use serde_json::{Map, Value};
use turingos::Digest;

use super::endpoint::Endpoint;
use super::refusal::{Reason, Refusal};
use turingos_agents::wire::Shape;
use turingos_run::strict_json::strict_value;

/// The longest body that is read, in bytes.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Members that affect only the transport of the answer; the hash leaves them out.
const TRANSPORT_MEMBERS: [&str; 2] = ["stream", "stream_options"];

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
    /// The layout of a successful answer.
    pub shape: Shape,
    /// The instructions; empty for none.
    pub system: String,
    /// The last user message.
    pub user: String,
    /// Whether the answer has to be JSON.
    pub wants_json: bool,
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
        let streamed = boolean(&members, "stream")?.unwrap_or(endpoint.streams_by_default());
        let with_usage = match members.get("stream_options") {
            Some(Value::Object(options)) => boolean(options, "include_usage")?.unwrap_or(false),
            None | Some(Value::Null) => false,
            Some(_) => return Err(wrong("stream_options", "an object")),
        };
        let model = match members.get("model") {
            Some(Value::String(model)) if !model.trim().is_empty() => model.clone(),
            Some(_) => return Err(wrong("model", "a text that is not blank")),
            None => return Err(missing("model")),
        };
        let spoken = match endpoint {
            Endpoint::ChatCompletions => Spoken::of_messages(&members, &["system", "developer"])?,
            Endpoint::OllamaChat => Spoken::of_messages(&members, &["system"])?,
            Endpoint::Messages => Spoken::of_messages_api(&members)?,
            Endpoint::OllamaGenerate => Spoken::of_prompt(&members)?,
        };
        let wants_json = wants_json(endpoint, &members)?;
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
            shape: endpoint.shape(streamed, with_usage),
            system: spoken.system,
            user: spoken.user,
            wants_json,
        })
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

/// The texts of a conversation that affect the answer.
#[derive(Default)]
struct Spoken {
    system: String,
    user: String,
}

impl Spoken {
    fn of_messages(members: &Map<String, Value>, instructors: &[&str]) -> Result<Self, Refusal> {
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
            let text = text_of(message.get("content"))
                .ok_or_else(|| at("has a `content` that is neither text nor an array of parts"))?;
            match role {
                "user" => spoken.user = text,
                "assistant" | "tool" | "function" => {}
                role if instructors.contains(&role) => {
                    if !spoken.system.is_empty() {
                        spoken.system.push('\n');
                    }
                    spoken.system.push_str(&text);
                }
                role => return Err(at(&format!("has the unknown role {role:?}"))),
            }
        }
        Ok(spoken)
    }

    fn of_messages_api(members: &Map<String, Value>) -> Result<Self, Refusal> {
        match members.get("max_tokens") {
            None => return Err(missing("max_tokens")),
            Some(limit) if limit.as_u64().is_some_and(|limit| limit > 0) => {}
            Some(_) => return Err(wrong("max_tokens", "an integer of at least 1")),
        }
        let mut spoken = Self::of_messages(members, &[])?;
        if let Some(system) = members.get("system") {
            spoken.system = text_of(Some(system))
                .ok_or_else(|| wrong("system", "text or an array of parts"))?;
        }
        Ok(spoken)
    }

    fn of_prompt(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name, "text")),
        };
        Ok(Self {
            system: text("system")?.unwrap_or_default(),
            user: text("prompt")?.ok_or_else(|| missing("prompt"))?,
        })
    }
}

/// The text of a `content`: a string, the texts of an array of parts one after another, or nothing
/// where a message only calls a tool.
fn text_of(content: Option<&Value>) -> Option<String> {
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

fn wants_json(endpoint: Endpoint, members: &Map<String, Value>) -> Result<bool, Refusal> {
    match endpoint {
        Endpoint::ChatCompletions => match members.get("response_format") {
            None | Some(Value::Null) => Ok(false),
            Some(format) => match format.get("type").and_then(Value::as_str) {
                Some("json_object" | "json_schema") => Ok(true),
                Some("text") => Ok(false),
                _ => Err(wrong(
                    "response_format",
                    "an object whose `type` is text, json_object or json_schema",
                )),
            },
        },
        Endpoint::Messages => Ok(members
            .get("output_config")
            .or_else(|| members.get("output_format"))
            .is_some_and(|config| config.is_object())),
        Endpoint::OllamaChat | Endpoint::OllamaGenerate => match members.get("format") {
            None | Some(Value::Null) => Ok(false),
            Some(Value::String(format)) if format.is_empty() => Ok(false),
            Some(Value::String(format)) if format == "json" => Ok(true),
            Some(Value::Object(_)) => Ok(true),
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
        assert_eq!(
            (request.system.as_str(), request.user.as_str()),
            ("be brief", "b")
        );
        let request = parse(
            Endpoint::OllamaGenerate,
            r#"{"model":"m","prompt":"p","system":"s","format":"json","stream":false}"#,
        )
        .unwrap();
        assert_eq!((request.system.as_str(), request.user.as_str()), ("s", "p"));
        assert!(request.wants_json);
        assert_eq!(request.shape, Shape::OllamaGenerate);
        let request = parse(
            Endpoint::OllamaChat,
            r#"{"model":"m","messages":[{"role":"user","content":"p"}]}"#,
        )
        .unwrap();
        assert_eq!(request.shape, Shape::OllamaChatStream);
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
