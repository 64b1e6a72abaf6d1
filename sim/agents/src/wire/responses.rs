//! Bodies of OpenAI's Responses API.

use super::openai::MODEL;
use super::{Body, CREATED_BASE, Ending, ToolCall};

/// One item of the output.
#[derive(Clone, Copy)]
enum Item<'t> {
    Reasoning(&'t str),
    Message(&'t [u8]),
    Refusal,
    Call(ToolCall<'t>),
}

const REFUSAL: &str = "I'm sorry, I can't help with that.";

impl<'b> Body<'_, 'b> {
    /// openai-python `types/responses/response.py`.
    pub(super) fn responses(&mut self) {
        self.responses_document(true);
    }

    fn output_items(&self) -> Vec<Item<'b>> {
        let envelope = self.envelope;
        let mut items: Vec<Item<'b>> = envelope
            .reasoning
            .map(Item::Reasoning)
            .into_iter()
            .collect();
        if envelope.ending == Ending::Refusal {
            items.push(Item::Refusal);
        } else if !envelope.text.is_empty() {
            items.push(Item::Message(envelope.text));
        }
        items.extend(envelope.calls.iter().copied().map(Item::Call));
        items
    }

    /// The whole response, or the one that a stream begins with.
    fn responses_document(&mut self, is_done: bool) {
        let is_cut = is_done && self.ending() == Ending::Length;
        self.raw(r#"{"id":"resp_"#);
        self.id();
        self.raw(r#"","object":"response","created_at":"#);
        self.number(CREATED_BASE + self.envelope.tick);
        self.raw(r#","status":""#);
        self.raw(match (is_done, is_cut) {
            (false, _) => "in_progress",
            (true, true) => "incomplete",
            (true, false) => "completed",
        });
        self.raw(r#"","error":null,"incomplete_details":"#);
        self.raw(if is_cut {
            r#"{"reason":"max_output_tokens"}"#
        } else {
            "null"
        });
        self.raw(r#","model":"#);
        self.model(MODEL);
        if !self.envelope.echo.is_empty() {
            self.raw(",");
            self.raw(self.envelope.echo);
        }
        self.raw(r#","output":["#);
        if is_done {
            for (number, item) in self.output_items().into_iter().enumerate() {
                self.raw(if number == 0 { "" } else { "," });
                self.output_item(number, item, true);
            }
        }
        self.raw(r#"],"usage":"#);
        if is_done {
            self.responses_usage();
        } else {
            self.raw("null");
        }
        self.raw("}");
    }

    fn responses_usage(&mut self) {
        let (prompt, output) = (self.prompt_tokens(), self.output_tokens());
        self.raw(r#"{"input_tokens":"#);
        self.number(prompt);
        self.raw(r#","input_tokens_details":{"cached_tokens":0},"output_tokens":"#);
        self.number(output);
        self.raw(r#","output_tokens_details":{"reasoning_tokens":0},"total_tokens":"#);
        self.number(prompt + output);
        self.raw("}");
    }

    /// openai-python `types/responses/response_output_item.py`.
    fn output_item(&mut self, number: usize, item: Item<'_>, is_done: bool) {
        self.raw(r#"{"id":""#);
        self.item_id(number, item);
        self.raw(match item {
            Item::Reasoning(_) => r#"","type":"reasoning","summary":["#,
            Item::Message(_) | Item::Refusal => {
                r#"","type":"message","role":"assistant","content":["#
            }
            Item::Call(_) => r#"","type":"function_call","call_id":"call_"#,
        });
        match item {
            Item::Reasoning(text) => {
                if is_done {
                    self.raw(r#"{"type":"summary_text","text":"#);
                    self.string(text.as_bytes());
                    self.raw("}");
                }
                self.raw("]}");
                return;
            }
            Item::Message(_) | Item::Refusal => {
                if is_done {
                    self.content_part(item, true);
                }
                self.raw("]");
            }
            Item::Call(call) => {
                self.part_id(number);
                self.raw(r#"","name":"#);
                self.string(call.name.as_bytes());
                self.raw(r#","arguments":"#);
                let arguments = if is_done { call.arguments } else { "" };
                self.string(arguments.as_bytes());
            }
        }
        self.raw(if is_done {
            r#","status":"completed"}"#
        } else {
            r#","status":"in_progress"}"#
        });
    }

    fn item_id(&mut self, number: usize, item: Item<'_>) {
        self.raw(match item {
            Item::Reasoning(_) => "rs_",
            Item::Message(_) | Item::Refusal => "msg_",
            Item::Call(_) => "fc_",
        });
        self.part_id(number);
    }

    /// The one part of a message, empty at its start.
    fn content_part(&mut self, item: Item<'_>, is_done: bool) {
        let (kind, text) = match item {
            Item::Refusal => ("refusal", REFUSAL.as_bytes()),
            Item::Message(text) => ("text", text),
            Item::Reasoning(_) | Item::Call(_) => return,
        };
        self.raw(if kind == "text" {
            r#"{"type":"output_text","annotations":[],"logprobs":[],""#
        } else {
            r#"{"type":"refusal",""#
        });
        self.raw(kind);
        self.raw("\":");
        self.string(if is_done { text } else { b"" });
        self.raw("}");
    }

    /// openai-python `types/responses/response_stream_event.py`.
    pub(super) fn responses_stream(&mut self) {
        let mut events = 0;
        for name in ["response.created", "response.in_progress"] {
            self.event(&mut events, name);
            self.raw(r#","response":"#);
            self.responses_document(false);
            self.end_event();
        }
        for (number, item) in self.output_items().into_iter().enumerate() {
            self.item_event(
                &mut events,
                "response.output_item.added",
                number,
                item,
                false,
            );
            match item {
                Item::Reasoning(_) => {}
                Item::Message(text) => {
                    let kind = ("response.output_text", "text", r#","logprobs":[]"#);
                    self.part_events(&mut events, number, item, text, kind);
                }
                Item::Refusal => {
                    let kind = ("response.refusal", "refusal", "");
                    self.part_events(&mut events, number, item, REFUSAL.as_bytes(), kind);
                }
                Item::Call(call) => self.argument_events(&mut events, number, call),
            }
            self.item_event(&mut events, "response.output_item.done", number, item, true);
        }
        self.event(
            &mut events,
            match self.ending() {
                Ending::Length => "response.incomplete",
                Ending::Stop | Ending::ToolCall | Ending::Refusal => "response.completed",
            },
        );
        self.raw(r#","response":"#);
        self.responses_document(true);
        self.end_event();
    }

    /// An event up to the members of its own; events are numbered from 0.
    fn event(&mut self, events: &mut u64, name: &str) {
        self.raw("event: ");
        self.raw(name);
        self.raw("\ndata: {\"type\":\"");
        self.raw(name);
        self.raw(r#"","sequence_number":"#);
        self.number(*events);
        *events += 1;
    }

    fn end_event(&mut self) {
        self.raw("}\n\n");
    }

    fn item_event(
        &mut self,
        events: &mut u64,
        name: &str,
        number: usize,
        item: Item<'_>,
        is_done: bool,
    ) {
        self.event(events, name);
        self.raw(r#","output_index":"#);
        self.number(number as u64);
        self.raw(r#","item":"#);
        self.output_item(number, item, is_done);
        self.end_event();
    }

    /// The part of a message, its text in pieces and whole. `kind` has the events' name, the
    /// member of the text and what else each event has.
    fn part_events(
        &mut self,
        events: &mut u64,
        number: usize,
        item: Item<'_>,
        text: &[u8],
        (name, member, more): (&str, &str, &str),
    ) {
        self.content_event(events, "response.content_part.added", number, item);
        self.raw(r#","part":"#);
        self.content_part(item, false);
        self.end_event();
        for piece in Self::pieces(text) {
            self.content_event(events, &format!("{name}.delta"), number, item);
            self.raw(more);
            self.raw(r#","delta":"#);
            self.string(piece);
            self.end_event();
        }
        self.content_event(events, &format!("{name}.done"), number, item);
        self.raw(more);
        self.raw(",\"");
        self.raw(member);
        self.raw("\":");
        self.string(text);
        self.end_event();
        self.content_event(events, "response.content_part.done", number, item);
        self.raw(r#","part":"#);
        self.content_part(item, true);
        self.end_event();
    }

    fn content_event(&mut self, events: &mut u64, name: &str, number: usize, item: Item<'_>) {
        self.place_event(events, name, number, item);
        self.raw(r#","content_index":0"#);
    }

    /// An event that names its item.
    fn place_event(&mut self, events: &mut u64, name: &str, number: usize, item: Item<'_>) {
        self.event(events, name);
        self.raw(r#","item_id":""#);
        self.item_id(number, item);
        self.raw(r#"","output_index":"#);
        self.number(number as u64);
    }

    fn argument_events(&mut self, events: &mut u64, number: usize, call: ToolCall<'_>) {
        const NAME: &str = "response.function_call_arguments";
        let item = Item::Call(call);
        for piece in Self::pieces(call.arguments.as_bytes()) {
            self.place_event(events, &format!("{NAME}.delta"), number, item);
            self.raw(r#","delta":"#);
            self.string(piece);
            self.end_event();
        }
        self.place_event(events, &format!("{NAME}.done"), number, item);
        self.raw(r#","name":"#);
        self.string(call.name.as_bytes());
        self.raw(r#","arguments":"#);
        self.string(call.arguments.as_bytes());
        self.end_event();
    }
}
