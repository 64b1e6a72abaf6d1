//! What an exchange says, as far as it is a call of a model: messages, tools, reply, tokens.
//!
//! Reads the request and response bodies of OpenAI's chat completions and responses, Anthropic's
//! messages, Ollama's chat and generate, and Gemini, whole and streamed. It is for people: a body
//! of another form has no messages, and is no error.

use serde::Serialize;
use serde_json::Value;

use crate::entry::{RecordedRequest, RecordedResponse};

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

/// The reply of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// The tools that it calls.
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended, in the service's words.
    pub finish: Option<String>,
    /// The error in place of a reply, or at its end.
    pub error: Option<String>,
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
        if let Some(error) = document.get("error").filter(|error| !error.is_null()) {
            let text = text_at(error, "/message").unwrap_or_else(|| text_of(error));
            self.reply.error = Some(text);
        }
        for choice in items(document, "choices") {
            self.reply.finish(choice.get("finish_reason"));
            for part in ["message", "delta"] {
                self.reply.openai(choice.get(part));
            }
        }
        if document.get("done").is_some() {
            self.reply.openai(document.get("message"));
            self.reply.text += &text_at(document, "/response").unwrap_or_default();
            self.reply.finish(document.get("done_reason"));
        }
        for candidate in items(document, "candidates") {
            self.reply.finish(candidate.get("finishReason"));
            if let Some(content) = candidate.get("content") {
                self.reply.blocks(items(content, "parts"));
            }
        }
        self.reply.messages_event(document);
        self.reply.responses_event(document);
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

impl Reply {
    fn finish(&mut self, reason: Option<&Value>) {
        if let Some(reason) = reason.and_then(Value::as_str) {
            self.finish = Some(reason.to_owned());
        }
    }

    /// A message, or a piece of one, as OpenAI and Ollama write it.
    fn openai(&mut self, part: Option<&Value>) {
        let Some(part) = part else {
            return;
        };
        self.text += &part.get("content").map(text_of).unwrap_or_default();
        for call in items(part, "tool_calls") {
            let piece = tool_call(call);
            let index = call.get("index").and_then(Value::as_u64);
            // A piece of a call that has begun has its index and no name.
            let begun = match piece.name.is_empty() {
                true => {
                    index.and_then(|index| self.tool_calls.get_mut(usize::try_from(index).ok()?))
                }
                false => None,
            };
            match begun {
                Some(begun) => begun.arguments += &piece.arguments,
                None => self.tool_calls.push(piece),
            }
        }
    }

    /// Blocks of content, as Anthropic and Gemini write them.
    fn blocks(&mut self, blocks: &[Value]) {
        for block in blocks {
            match called(block) {
                Some(call) => self.tool_calls.push(call),
                None => self.text += &text_at(block, "/text").unwrap_or_default(),
            }
        }
    }

    fn messages_event(&mut self, document: &Value) {
        match text_at(document, "/type").as_deref() {
            Some("message") => {
                self.blocks(items(document, "content"));
                self.finish(document.get("stop_reason"));
            }
            Some("content_block_start") => {
                if let Some(block) = document.get("content_block") {
                    let mut begun = called(block);
                    if let Some(call) = &mut begun {
                        // The arguments come in pieces.
                        call.arguments.clear();
                    }
                    match begun {
                        Some(call) => self.tool_calls.push(call),
                        None => self.text += &text_at(block, "/text").unwrap_or_default(),
                    }
                }
            }
            Some("content_block_delta") => {
                self.text += &text_at(document, "/delta/text").unwrap_or_default();
                if let (Some(piece), Some(call)) = (
                    text_at(document, "/delta/partial_json"),
                    self.tool_calls.last_mut(),
                ) {
                    call.arguments += &piece;
                }
            }
            Some("message_delta") => self.finish(document.pointer("/delta/stop_reason")),
            _ => {}
        }
    }

    /// A response of OpenAI's responses API, or the event that holds it whole.
    fn responses_event(&mut self, document: &Value) {
        let is_response = text_at(document, "/object").as_deref() == Some("response");
        let whole = match is_response {
            true => Some(document),
            false => document
                .get("response")
                .filter(|response| response.is_object()),
        };
        let Some(whole) = whole else {
            let is_piece =
                text_at(document, "/type").as_deref() == Some("response.output_text.delta");
            if is_piece {
                self.text += &text_at(document, "/delta").unwrap_or_default();
            }
            return;
        };
        let output = items(whole, "output");
        if output.is_empty() {
            return;
        }
        self.text.clear();
        self.tool_calls.clear();
        for item in output {
            match called(item) {
                Some(call) => self.tool_calls.push(call),
                None if text_at(item, "/type").as_deref() == Some("message") => {
                    self.text += &item.get("content").map(text_of).unwrap_or_default();
                }
                None => {}
            }
        }
        self.finish(whole.get("status"));
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

/// A tool call in the form of chat completions.
fn tool_call(call: &Value) -> ToolCall {
    let arguments = call.pointer("/function/arguments");
    ToolCall {
        name: text_at(call, "/function/name").unwrap_or_default(),
        arguments: arguments.map(json_text).unwrap_or_default(),
    }
}

/// The tool call of a block or an item, if it is one.
fn called(block: &Value) -> Option<ToolCall> {
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
fn text_of(content: &Value) -> String {
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

fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Chunk, End, Origin};

    fn read(request: &str, response: &str) -> Conversation {
        let request = RecordedRequest {
            target: "x".into(),
            method: "POST".into(),
            path: "/".into(),
            query: None,
            headers: Vec::new(),
            body: Body(request.into()),
        };
        let response = RecordedResponse {
            status: Some(200),
            headers: Vec::new(),
            head_us: 0,
            chunks: vec![Chunk {
                at_us: 0,
                bytes: Body(response.into()),
            }],
            end: End::Whole,
            end_us: 0,
            origin: Origin::Upstream,
            injected: None,
            note: None,
        };
        Conversation::of(&request, &response)
    }

    /// What a conversation comes down to, in one line.
    fn said(request: &str, response: &str) -> String {
        let it = read(request, response);
        let calls = |calls: &[ToolCall]| -> String {
            calls
                .iter()
                .map(|call| format!(" {}({})", call.name, call.arguments))
                .collect()
        };
        let messages: Vec<_> = (it.messages.iter())
            .map(|message| {
                format!(
                    "{}: {}{}",
                    message.role,
                    message.text,
                    calls(&message.tool_calls)
                )
            })
            .collect();
        format!(
            "{} [{}] {} => {}{} {} {:?}/{:?}",
            it.model.unwrap_or_default(),
            it.tools.join(","),
            messages.join(" | "),
            it.reply.text,
            calls(&it.reply.tool_calls),
            it.reply.finish.unwrap_or_default(),
            it.input_tokens.unwrap_or(0),
            it.output_tokens.unwrap_or(0),
        )
    }

    #[test]
    fn chat_completions_whole_and_streamed() {
        let request = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},
            {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"add","arguments":"{}"}}]},
            {"role":"tool","content":"3"}],"tools":[{"function":{"name":"add"}}]}"#;
        let whole = r#"{"model":"m-1","choices":[{"message":{"content":"done",
            "tool_calls":[{"function":{"name":"add","arguments":"{\"a\":1}"}}]},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
        let expected =
            "m-1 [add] user: hi | assistant:  add({}) | tool: 3 => done add({\"a\":1}) stop 5/2";
        assert_eq!(said(request, whole), expected);
        let streamed = concat!(
            "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"do\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"ne\",\"tool_calls\":[{\"index\":0,",
            "\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,",
            "\"function\":{\"arguments\":\":1}\"}}]},\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
            "data: [DONE]\n\n",
        );
        assert_eq!(said(request, streamed), expected);
    }

    #[test]
    fn messages_whole_and_streamed() {
        let request = r#"{"model":"c","system":"be brief","messages":[{"role":"user","content":"hi"},
            {"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"3"}]}]}]}"#;
        let whole = r#"{"type":"message","model":"c-1","content":[{"type":"text","text":"done"},
            {"type":"tool_use","name":"add","input":{"a":1}}],"stop_reason":"tool_use",
            "usage":{"input_tokens":5,"output_tokens":2}}"#;
        let expected =
            "c-1 [] system: be brief | user: hi | user: 3 => done add({\"a\":1}) tool_use 5/2";
        assert_eq!(said(request, whole), expected);
        let streamed = concat!(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"c-1\",",
            "\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
            "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"done\"}}\n\n",
            "data: {\"type\":\"content_block_start\",\"content_block\":",
            "{\"type\":\"tool_use\",\"name\":\"add\",\"input\":{}}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"partial_json\":\"{\\\"a\\\":\"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"partial_json\":\"1}\"}}\n\n",
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},",
            "\"usage\":{\"output_tokens\":2}}\n\n",
        );
        assert_eq!(said(request, streamed), expected);
    }

    #[test]
    fn responses_ollama_and_gemini() {
        let request = r#"{"model":"r","instructions":"be brief","input":[{"role":"user","content":"hi"},
            {"type":"function_call","name":"add","arguments":"{}"},{"type":"function_call_output","output":"3"}]}"#;
        let streamed = concat!(
            "data: {\"type\":\"response.output_text.delta\",\"delta\":\"do\"}\n\n",
            "data: {\"type\":\"response.completed\",\"response\":{\"model\":\"r-1\",\"status\":\"completed\",",
            "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"done\"}]}],",
            "\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}}\n\n",
        );
        assert_eq!(
            said(request, streamed),
            "r-1 [] system: be brief | user: hi | assistant:  add({}) | tool: 3 => done completed 5/2"
        );
        assert_eq!(
            said(
                r#"{"model":"l","prompt":"hi"}"#,
                "{\"model\":\"l\",\"response\":\"do\",\"done\":false}\n\
                 {\"response\":\"ne\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":2}\n"
            ),
            "l [] user: hi => done stop 5/2"
        );
        assert_eq!(
            said(
                r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
                r#"{"candidates":[{"content":{"parts":[{"text":"done"},{"functionCall":{"name":"add","args":{}}}]},
                    "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#
            ),
            " [] user: hi => done add({}) STOP 5/2"
        );
    }

    #[test]
    fn error_and_foreign_bodies_are_no_conversation() {
        let it = read("{}", r#"{"error":{"message":"too fast"}}"#);
        assert_eq!(it.reply.error.as_deref(), Some("too fast"));
        assert_eq!(read("no JSON", "\u{1}"), Conversation::default());
        let search = read(r#"{"input":5,"messages":"x","tools":7}"#, "[[1],\"a\"]");
        assert!(
            search
                .messages
                .iter()
                .all(|message| message.text.is_empty())
        );
    }
}
