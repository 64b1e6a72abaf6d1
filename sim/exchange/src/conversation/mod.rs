//! What an exchange says, as far as it is a call of a model: messages, tools, reply, tokens.
//!
//! Reads the request and response bodies of OpenAI's chat completions and responses, Anthropic's
//! messages, Ollama's chat and generate, and Gemini, whole and streamed. It is for people: a body
//! of another form has no messages, which is not an error.

mod json;
mod reply;

use serde::Serialize;
use serde_json::Value;

use crate::entry::{RecordedRequest, RecordedResponse};
use json::{called, items, text_at, text_of, tool_call};

pub use reply::Reply;

/// A call of a model, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// The model that was asked for, or that answered.
    pub model: Option<String>,
    /// The messages of the request, in order.
    pub messages: Vec<Message>,
    /// The names of the tools that were offered.
    pub tools: Vec<String>,
    /// The reply.
    pub reply: Reply,
    /// How many tokens the request had, as the service counts them.
    pub input_tokens: Option<u64>,
    /// How many tokens the reply had.
    pub output_tokens: Option<u64>,
}

/// A message of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant`, `tool`, or what the request says.
    pub role: String,
    /// What is said, or what a tool returned.
    pub text: String,
    /// The tools that it calls.
    pub tool_calls: Vec<ToolCall>,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToolCall {
    /// The name of the tool.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
}

impl Conversation {
    /// Reads an exchange.
    #[must_use]
    pub fn of(request: &RecordedRequest, response: &RecordedResponse) -> Self {
        let mut conversation = Self::default();
        if let Ok(body) = serde_json::from_slice::<Value>(&request.body.0) {
            conversation.read_request(&body);
        }
        for document in documents(&response.body()) {
            conversation.read_response(&document);
        }
        conversation
    }

    fn read_request(&mut self, body: &Value) {
        self.model = text_at(body, "/model");
        for name in ["system", "instructions", "systemInstruction"] {
            self.say("system", body.get(name));
        }
        for list in ["messages", "contents"] {
            for message in items(body, list) {
                self.messages.push(message_of(message));
            }
        }
        self.say("user", body.get("prompt"));
        match body.get("input") {
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => {
                self.messages.extend(items.iter().map(message_of));
            }
            input => self.say("user", input),
        }
        for tool in items(body, "tools") {
            let declared = items(tool, "functionDeclarations");
            let named = declared.iter().chain([tool]).filter_map(|tool| {
                text_at(tool, "/function/name").or_else(|| text_at(tool, "/name"))
            });
            self.tools.extend(named);
        }
    }

    fn say(&mut self, role: &str, content: Option<&Value>) {
        if let Some(content) = content.filter(|content| !content.is_null()) {
            self.messages.push(Message {
                role: role.to_owned(),
                text: text_of(content),
                tool_calls: Vec::new(),
            });
        }
    }

    fn read_response(&mut self, document: &Value) {
        for path in [
            "/model",
            "/message/model",
            "/response/model",
            "/modelVersion",
        ] {
            self.model = text_at(document, path).or_else(|| self.model.take());
        }
        self.read_tokens(document);
        self.reply.read(document);
    }

    fn read_tokens(&mut self, document: &Value) {
        let places = [
            "/usage",
            "/message/usage",
            "/response/usage",
            "/usageMetadata",
            "",
        ];
        for usage in places.iter().filter_map(|place| document.pointer(place)) {
            let count = |names: &[&str]| names.iter().find_map(|name| usage.get(name)?.as_u64());
            let input = [
                "prompt_tokens",
                "input_tokens",
                "promptTokenCount",
                "prompt_eval_count",
            ];
            let output = [
                "completion_tokens",
                "output_tokens",
                "candidatesTokenCount",
                "eval_count",
            ];
            self.input_tokens = count(&input).or(self.input_tokens);
            self.output_tokens = count(&output).or(self.output_tokens);
        }
    }
}

/// The JSON documents of a body: the body itself, or those of its lines, which may be events.
fn documents(body: &[u8]) -> Vec<Value> {
    if let Ok(whole) = serde_json::from_slice(body) {
        return vec![whole];
    }
    let lines = body.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| {
            let line = line.strip_prefix(b"data:").unwrap_or(line);
            serde_json::from_slice(line.trim_ascii()).ok()
        })
        .collect()
}

fn message_of(message: &Value) -> Message {
    let kind = text_at(message, "/type");
    let role = match kind.as_deref() {
        Some("function_call") => Some("assistant".to_owned()),
        Some("function_call_output") => Some("tool".to_owned()),
        _ => text_at(message, "/role"),
    };
    let content = message.get("content").or_else(|| message.get("parts"));
    let mut calls: Vec<ToolCall> = items(message, "tool_calls").iter().map(tool_call).collect();
    calls.extend(called(message));
    if let Some(Value::Array(blocks)) = content {
        calls.extend(blocks.iter().filter_map(called));
    }
    Message {
        role: role.unwrap_or_default(),
        text: content
            .or_else(|| message.get("output"))
            .map(text_of)
            .unwrap_or_default(),
        tool_calls: calls,
    }
}
