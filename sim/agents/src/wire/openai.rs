//! Bodies in OpenAI's format.

use super::{Body, CREATED_BASE, Ending, Shape, ToolCall};

pub(super) const MODEL: &str = "gpt-4.1-mini-2025-04-14";

impl Body<'_, '_> {
    /// openai-python `types/chat/chat_completion.py`.
    pub(super) fn openai_chat(&mut self) {
        self.raw(r#"{"id":"chatcmpl-"#);
        self.id();
        self.raw(r#"","object":"chat.completion","created":"#);
        self.number(CREATED_BASE + self.envelope.tick);
        self.raw(r#","model":"#);
        self.model(MODEL);
        self.raw(r#","choices":[{"index":0,"message":{"role":"assistant","content":"#);
        let text = self.envelope.text;
        match self.envelope.ending {
            _ if !self.envelope.calls.is_empty() => self.openai_calls(),
            Ending::Stop | Ending::Length if !text.is_empty() => {
                self.string(text);
                self.raw(r#","refusal":null"#);
            }
            Ending::Stop | Ending::Length => self.raw(r#"null,"refusal":null"#),
            Ending::Refusal => {
                self.raw(r#"null,"refusal":"I'm sorry, I can't help with that.""#);
            }
            Ending::ToolCall => {
                self.raw(r#"null,"refusal":null,"tool_calls":[{"id":"call_"#);
                self.id();
                self.raw(r#"","type":"function","function":{"name":"act","arguments":"#);
                self.string(text);
                self.raw("}}]");
            }
        }
        if let Some(reasoning) = self.envelope.reasoning {
            self.raw(r#","reasoning_content":"#);
            self.string(reasoning.as_bytes());
        }
        self.raw(r#"},"logprobs":null,"finish_reason":""#);
        self.raw(self.openai_ending());
        self.raw(r#""}],"usage":"#);
        self.openai_usage();
        self.raw(r#","system_fingerprint":"fp_"#);
        self.id();
        self.raw("\"}");
    }

    fn openai_calls(&mut self) {
        match self.envelope.text {
            b"" => self.raw("null"),
            text => self.string(text),
        }
        self.raw(r#","refusal":null,"tool_calls":["#);
        for (index, call) in self.envelope.calls.iter().enumerate() {
            self.raw(if index == 0 { "{" } else { ",{" });
            self.openai_call(index, call, call.arguments);
        }
        self.raw("]");
    }

    /// A call from its id on, up to the end of its object.
    fn openai_call(&mut self, index: usize, call: &ToolCall<'_>, arguments: &str) {
        self.raw(r#""id":"call_"#);
        self.part_id(index);
        self.raw(r#"","type":"function","function":{"name":"#);
        self.string(call.name.as_bytes());
        self.raw(r#","arguments":"#);
        self.string(arguments.as_bytes());
        self.raw("}}");
    }

    fn openai_ending(&self) -> &'static str {
        match self.ending() {
            Ending::Stop => "stop",
            Ending::Length => "length",
            Ending::ToolCall => "tool_calls",
            Ending::Refusal => "content_filter",
        }
    }

    fn openai_usage(&mut self) {
        let (prompt, output) = (self.prompt_tokens(), self.output_tokens());
        self.raw(r#"{"prompt_tokens":"#);
        self.number(prompt);
        self.raw(r#","completion_tokens":"#);
        self.number(output);
        self.raw(r#","total_tokens":"#);
        self.number(prompt + output);
        self.raw("}");
    }

    fn openai_chunk(&mut self, delta: &str, piece: Option<&[u8]>, ending: &str) {
        self.openai_chunk_head();
        self.raw(delta);
        if let Some(piece) = piece {
            self.string(piece);
        }
        self.openai_chunk_tail(ending);
    }

    /// A chunk up to the members of its `delta`.
    fn openai_chunk_head(&mut self) {
        self.raw(r#"data: {"id":"chatcmpl-"#);
        self.id();
        self.raw(r#"","object":"chat.completion.chunk","created":"#);
        self.number(CREATED_BASE + self.envelope.tick);
        self.raw(r#","model":"#);
        self.model(MODEL);
        self.raw(r#","choices":[{"index":0,"delta":{"#);
    }

    fn openai_chunk_tail(&mut self, ending: &str) {
        self.raw(r#"},"finish_reason":"#);
        self.raw(ending);
        self.raw(if self.envelope.shape == Shape::OpenAiStream {
            "}],\"usage\":null}\n\n"
        } else {
            "}]}\n\n"
        });
    }

    /// The name first, with empty arguments; then the arguments in pieces.
    fn openai_call_chunks(&mut self, index: usize, call: &ToolCall<'_>) {
        self.openai_chunk_head();
        self.raw(r#""tool_calls":[{"index":"#);
        self.number(index as u64);
        self.raw(",");
        self.openai_call(index, call, "");
        self.raw("]");
        self.openai_chunk_tail("null");
        for piece in Self::pieces(call.arguments.as_bytes()) {
            self.openai_chunk_head();
            self.raw(r#""tool_calls":[{"index":"#);
            self.number(index as u64);
            self.raw(r#","function":{"arguments":"#);
            self.string(piece);
            self.raw("}}]");
            self.openai_chunk_tail("null");
        }
    }

    /// openai-python `types/chat/chat_completion_chunk.py`, the usage only if it was asked for.
    pub(super) fn openai_stream(&mut self, with_usage: bool) {
        self.openai_chunk(r#""role":"assistant","content":"""#, None, "null");
        if let Some(reasoning) = self.envelope.reasoning {
            self.openai_chunk(
                r#""reasoning_content":"#,
                Some(reasoning.as_bytes()),
                "null",
            );
        }
        for piece in Self::pieces(self.envelope.text) {
            self.openai_chunk(r#""content":"#, Some(piece), "null");
        }
        for (index, call) in self.envelope.calls.iter().enumerate() {
            self.openai_call_chunks(index, call);
        }
        let ending = match self.ending() {
            Ending::Stop => r#""stop""#,
            Ending::Length => r#""length""#,
            Ending::ToolCall => r#""tool_calls""#,
            Ending::Refusal => r#""content_filter""#,
        };
        self.openai_chunk("", None, ending);
        if !with_usage {
            self.raw("data: [DONE]\n\n");
            return;
        }
        self.raw(r#"data: {"id":"chatcmpl-"#);
        self.id();
        self.raw(r#"","object":"chat.completion.chunk","created":"#);
        self.number(CREATED_BASE + self.envelope.tick);
        self.raw(r#","model":"#);
        self.model(MODEL);
        self.raw(r#","choices":[],"usage":"#);
        self.openai_usage();
        self.raw("}\n\ndata: [DONE]\n\n");
    }
}
