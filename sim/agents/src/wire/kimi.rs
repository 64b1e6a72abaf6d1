//! Bodies in the format of the messages API.

use super::{Body, Ending};

pub(super) const MODEL: &str = "kimi-k2-0905-preview";

impl Body<'_, '_> {
    const fn kimi_ending(&self) -> &'static str {
        match self.envelope.ending {
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
            if !text.is_empty() {
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
        self.raw(r#"],"stop_reason":""#);
        self.raw(self.kimi_ending());
        self.raw(r#"","stop_sequence":null,"usage":"#);
        self.kimi_usage(self.output_tokens());
        self.raw("}");
    }

    /// anthropic-sdk-python `types/raw_message_stream_event.py`.
    pub(super) fn kimi_stream(&mut self) {
        self.raw("event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        self.kimi_head();
        self.raw(r#"],"stop_reason":null,"stop_sequence":null,"usage":"#);
        self.kimi_usage(1);
        self.raw("}}\n\nevent: content_block_start\ndata: ");
        self.raw(r#"{"type":"content_block_start","index":0,"#);
        self.raw("\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
        self.raw("event: ping\ndata: {\"type\":\"ping\"}\n\n");
        for piece in Self::pieces(self.envelope.text) {
            self.raw("event: content_block_delta\ndata: ");
            self.raw(r#"{"type":"content_block_delta","index":0,"#);
            self.raw(r#""delta":{"type":"text_delta","text":"#);
            self.string(piece);
            self.raw("}}\n\n");
        }
        self.raw("event: content_block_stop\n");
        self.raw("data: {\"type\":\"content_block_stop\",\"index\":0}\n\n");
        self.raw("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":");
        self.raw(r#"{"stop_reason":""#);
        self.raw(self.kimi_ending());
        self.raw(r#"","stop_sequence":null},"usage":{"output_tokens":"#);
        self.number(self.output_tokens());
        self.raw("}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }
}
