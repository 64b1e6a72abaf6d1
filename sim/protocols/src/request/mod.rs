//! A request body, read once and strictly.
//!
//! A member that does not affect the answer is accepted unread, as the providers do, but it is part
//! of the hash.

mod conversation;
mod embeddings;
mod format;
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
pub use format::Format;
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
            format: Format::of(endpoint, members)?,
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
