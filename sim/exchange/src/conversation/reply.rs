//! The reply of a model, from one document or from the events of a stream.

use serde::Serialize;
use serde_json::Value;

use super::ToolCall;
use super::json::{called, items, text_at, text_of, tool_call};

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

impl Reply {
    /// Reads a document of the response: the whole, or an event of a stream.
    pub(super) fn read(&mut self, document: &Value) {
        if let Some(error) = document.get("error").filter(|error| !error.is_null()) {
            let text = text_at(error, "/message").unwrap_or_else(|| text_of(error));
            self.error = Some(text);
        }
        for choice in items(document, "choices") {
            self.finish(choice.get("finish_reason"));
            for part in ["message", "delta"] {
                self.openai(choice.get(part));
            }
        }
        if document.get("done").is_some() {
            self.openai(document.get("message"));
            self.text += &text_at(document, "/response").unwrap_or_default();
            self.finish(document.get("done_reason"));
        }
        for candidate in items(document, "candidates") {
            self.finish(candidate.get("finishReason"));
            if let Some(content) = candidate.get("content") {
                self.blocks(items(content, "parts"));
            }
        }
        self.messages_event(document);
        self.responses_event(document);
    }

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
