//! Bodies in the format of the messages API.

use super::{Body, Ending, ToolCall};

pub(super) const MODEL: &str = "kimi-k2-0905-preview";

impl Body<'_, '_> {
    fn kimi_ending(&self) -> &'static str {
        match self.ending() {
            Ending::Stop => "end_turn",
            Ending::Length => "max_tokens",
            Ending::ToolCall => "tool_use",
            Ending::Refusal => "refusal",
        }
    }

    fn kimi_head(&mut self) {
        self.raw(r#"{"id":"msg_"#);
        self.id();
        self.raw(r#"","type":"message","role":"assistant","model":"#);
        self.model(MODEL);
        self.raw(r#","content":["#);
    }

    fn kimi_usage(&mut self, output: u64) {
        self.raw(r#"{"input_tokens":"#);
        self.number(self.prompt_tokens());
        self.raw(r#","cache_creation_input_tokens":0,"cache_read_input_tokens":0"#);
        self.raw(r#","output_tokens":"#);
        self.number(output);
        self.raw("}");
    }

    /// anthropic-sdk-python `types/message.py`.
    pub(super) fn kimi_messages(&mut self) {
        self.kimi_head();
        let text = self.envelope.text;
        if let Some(reasoning) = self.envelope.reasoning {
            self.raw(r#"{"type":"thinking","thinking":"#);
            self.string(reasoning.as_bytes());
            self.raw(r#","signature":""#);
            self.id();
            self.raw("\"}");
            if !text.is_empty() || !self.envelope.calls.is_empty() {
                self.raw(",");
            }
        }
        if self.envelope.ending == Ending::ToolCall {
            self.raw(r#"{"type":"tool_use","id":"toolu_"#);
            self.id();
            self.raw(r#"","name":"act","input":{"reply":"#);
            self.string(text);
            self.raw("}}");
        } else if !text.is_empty() {
            self.raw(r#"{"type":"text","text":"#);
            self.string(text);
            self.raw("}");
        }
        for (index, call) in self.envelope.calls.iter().enumerate() {
            if index > 0 || !text.is_empty() {
                self.raw(",");
            }
            self.kimi_call(index, call, call.arguments);
        }
        self.raw(r#"],"stop_reason":""#);
        self.raw(self.kimi_ending());
        self.raw(r#"","stop_sequence":null,"usage":"#);
        self.kimi_usage(self.output_tokens());
        self.raw("}");
    }

    /// anthropic-sdk-python `types/tool_use_block.py`.
    fn kimi_call(&mut self, index: usize, call: &ToolCall<'_>, input: &str) {
        self.raw(r#"{"type":"tool_use","id":"toolu_"#);
        self.part_id(index);
        self.raw(r#"","name":"#);
        self.string(call.name.as_bytes());
        self.raw(r#","input":"#);
        self.raw(input);
        self.raw("}");
    }

    /// The block at `index`: how it starts, and its content in pieces.
    fn kimi_block(
        &mut self,
        index: usize,
        start: impl FnOnce(&mut Self),
        delta: &str,
        content: &[u8],
    ) {
        self.raw("event: content_block_start\ndata: ");
        self.raw(r#"{"type":"content_block_start","index":"#);
        self.number(index as u64);
        self.raw(r#","content_block":"#);
        start(self);
        self.raw("}\n\n");
        if index == 0 {
            self.raw("event: ping\ndata: {\"type\":\"ping\"}\n\n");
        }
        for piece in Self::pieces(content) {
            self.raw("event: content_block_delta\ndata: ");
            self.raw(r#"{"type":"content_block_delta","index":"#);
            self.number(index as u64);
            self.raw(r#","delta":"#);
            self.raw(delta);
            self.string(piece);
            self.raw("}}\n\n");
        }
        self.raw("event: content_block_stop\n");
        self.raw("data: {\"type\":\"content_block_stop\",\"index\":");
        self.number(index as u64);
        self.raw("}\n\n");
    }

    /// anthropic-sdk-python `types/raw_message_stream_event.py`.
    pub(super) fn kimi_stream(&mut self) {
        self.raw("event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        self.kimi_head();
        self.raw(r#"],"stop_reason":null,"stop_sequence":null,"usage":"#);
        self.kimi_usage(1);
        self.raw("}}\n\n");
        let (text, calls) = (self.envelope.text, self.envelope.calls);
        let first_call = usize::from(calls.is_empty() || !text.is_empty());
        if first_call == 1 {
            let start = |body: &mut Self| body.raw(r#"{"type":"text","text":""}"#);
            self.kimi_block(0, start, r#"{"type":"text_delta","text":"#, text);
        }
        for (index, call) in calls.iter().enumerate() {
            let start = |body: &mut Self| body.kimi_call(index, call, "{}");
            let delta = r#"{"type":"input_json_delta","partial_json":"#;
            self.kimi_block(first_call + index, start, delta, call.arguments.as_bytes());
        }
        self.raw("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":");
        self.raw(r#"{"stop_reason":""#);
        self.raw(self.kimi_ending());
        self.raw(r#"","stop_sequence":null},"usage":{"output_tokens":"#);
        self.number(self.output_tokens());
        self.raw("}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }
}
