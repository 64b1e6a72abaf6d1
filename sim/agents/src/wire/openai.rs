//! Bodies in OpenAI's format.

use super::{Body, CREATED_BASE, Ending, Shape};

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

    const fn openai_ending(&self) -> &'static str {
        match self.envelope.ending {
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
        self.raw(r#"data: {"id":"chatcmpl-"#);
        self.id();
        self.raw(r#"","object":"chat.completion.chunk","created":"#);
        self.number(CREATED_BASE + self.envelope.tick);
        self.raw(r#","model":"#);
        self.model(MODEL);
        self.raw(r#","choices":[{"index":0,"delta":{"#);
        self.raw(delta);
        if let Some(piece) = piece {
            self.string(piece);
        }
        self.raw(r#"},"finish_reason":"#);
        self.raw(ending);
        self.raw(if self.envelope.shape == Shape::OpenAiStream {
            "}],\"usage\":null}\n\n"
        } else {
            "}]}\n\n"
        });
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
        let ending = match self.envelope.ending {
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
