//! Bodies in Ollama's format.

use super::{Body, Ending};
use crate::json_text::push_json_fragment;

pub(super) const MODEL: &str = "qwen3:8b";

impl Body<'_, '_> {
    fn ollama_head(&mut self) {
        self.raw(r#"{"model":"#);
        self.model(MODEL);
        self.raw(r#","created_at":"2026-01-01T00:00:00."#);
        // Six digits; the fraction only has to vary.
        self.number(100_000 + self.envelope.key % 900_000);
        self.raw(r#"Z","#);
    }

    fn ollama_content(&mut self, field: &str, piece: &[u8], with_calls: bool) {
        let reasoning = self.envelope.reasoning;
        if field == "response" {
            self.raw(r#""response":"#);
            self.string(piece);
            if let Some(reasoning) = reasoning {
                self.raw(r#","thinking":"#);
                self.string(reasoning.as_bytes());
            }
            self.raw(",");
            return;
        }
        self.raw(r#""message":{"role":"assistant","content":""#);
        if with_calls && !self.envelope.calls.is_empty() {
            push_json_fragment(self.out, piece);
            self.raw("\"");
            self.ollama_calls();
        } else if self.envelope.ending == Ending::ToolCall {
            self.raw(r#"","tool_calls":[{"function":{"name":"act","arguments":{"reply":""#);
            push_json_fragment(self.out, piece);
            self.raw("\"}}}]");
        } else {
            push_json_fragment(self.out, piece);
            self.raw("\"");
        }
        if let Some(reasoning) = reasoning {
            self.raw(r#","thinking":"#);
            self.string(reasoning.as_bytes());
        }
        self.raw("},");
    }

    /// ollama `api/types.go`, `ToolCall`: the arguments are an object, not a text.
    fn ollama_calls(&mut self) {
        self.raw(r#","tool_calls":["#);
        for (index, call) in self.envelope.calls.iter().enumerate() {
            self.raw(if index == 0 { "" } else { "," });
            self.raw(r#"{"id":"call_"#);
            self.part_id(index);
            self.raw(r#"","function":{"index":"#);
            self.number(index as u64);
            self.raw(r#","name":"#);
            self.string(call.name.as_bytes());
            self.raw(r#","arguments":"#);
            self.raw(call.arguments);
            self.raw("}}");
        }
        self.raw("]");
    }

    /// ollama `api/types.go`, `ChatResponse` and `GenerateResponse`.
    pub(super) fn ollama(&mut self, field: &str, with_text: bool) {
        self.ollama_head();
        let text = if with_text { self.envelope.text } else { b"" };
        self.ollama_content(field, text, with_text);
        self.raw(r#""done":true,"done_reason":""#);
        // Ollama has no refusal and no tool ending: both end in a plain stop.
        self.raw(match self.envelope.ending {
            Ending::Stop | Ending::ToolCall | Ending::Refusal => "stop",
            Ending::Length => "length",
        });
        let output = self.output_tokens();
        self.raw(r#"","total_duration":"#);
        self.number(210_000_000 + output * 9_000_000);
        self.raw(r#","load_duration":"#);
        self.number(40_000_000 + self.envelope.key % 1_000_000);
        self.raw(r#","prompt_eval_count":"#);
        self.number(self.prompt_tokens());
        self.raw(r#","prompt_eval_duration":150000000,"eval_count":"#);
        self.number(output);
        self.raw(r#","eval_duration":"#);
        self.number(output * 9_000_000);
        self.raw("}");
    }

    pub(super) fn ollama_stream(&mut self, field: &str) {
        for piece in Self::pieces(self.envelope.text) {
            self.ollama_head();
            if field == "response" {
                self.raw(r#""response":"#);
                self.string(piece);
                self.raw(",\"done\":false}\n");
            } else {
                self.raw(r#""message":{"role":"assistant","content":"#);
                self.string(piece);
                self.raw("},\"done\":false}\n");
            }
        }
        if !self.envelope.calls.is_empty() {
            self.ollama_head();
            self.raw(r#""message":{"role":"assistant","content":"""#);
            self.ollama_calls();
            self.raw("},\"done\":false}\n");
        }
        self.ollama(field, false);
        self.raw("\n");
    }
}
